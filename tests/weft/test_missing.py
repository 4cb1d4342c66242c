"""Which of aiohttp's public names weft does not offer yet: a tracked list that only shrinks.

`aiohttp_names.txt` holds the public names of aiohttp 3.14; `missing.txt` those that weft lacks.
"""

from __future__ import annotations

import importlib
from pathlib import Path

HERE = Path(__file__).parent
MODULES = ("weft.web", "weft.hdrs", "weft.test_utils", "weft")


def names_in(file: str) -> list[str]:
    return (HERE / file).read_text("utf-8").split()


def is_offered(dotted: str) -> bool:
    module_name, _, name = dotted.rpartition(".")
    if dotted in MODULES:
        module_name, name = "weft", dotted.partition(".")[2]
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError:
        return False
    return name in module.__all__


def test_the_missing_names_are_exactly_the_listed_ones() -> None:
    missing = [name for name in names_in("aiohttp_names.txt") if not is_offered(name)]
    listed = names_in("missing.txt")
    gone = sorted(set(missing) - set(listed))
    assert not gone, f"these names were offered before: {gone}"
    come = sorted(set(listed) - set(missing))
    assert not come, f"offered now, so take them from missing.txt: {come}"


def test_what_is_missing_is_one_of_aiohttps_names() -> None:
    assert set(names_in("missing.txt")) <= set(names_in("aiohttp_names.txt"))
