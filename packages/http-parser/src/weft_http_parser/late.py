"""Names that a package gives, and loads with their first use (PEP 562).

Knows no package but by its namespace and by a table of what stands where.
"""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def late_names(
    namespace: dict[str, object], table: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """The `__getattr__` and `__dir__` of a package; `table` has the names of each module.

    >>> made = {"__name__": "package"}
    >>> load, list_names = late_names(made, {"math": ["pi"]})
    >>> list_names(), load("pi") is made["pi"]
    (['__name__', 'pi'], True)
    """
    homes = {name: module for module, names in table.items() for name in names}

    def load(name: str) -> object:
        if name not in homes:
            raise AttributeError(f"module {namespace['__name__']!r} has no attribute {name!r}")
        value: object = getattr(import_module(homes[name]), name)
        namespace[name] = value
        return value

    def list_names() -> list[str]:
        return sorted({*namespace, *homes})

    return load, list_names
