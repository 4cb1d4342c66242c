"""Every public name has a docstring of its own, and so has every public part of a public class.

A method that only fulfils a contract has the docstring of the class that sets it. Fields of a value
class, members of an enum and plain constants are described with their class or beside them.
"""

from __future__ import annotations

import enum
import inspect
from collections.abc import Iterator

import attrs
import pytest

import weft_http_parser


def described() -> Iterator[tuple[str, object]]:
    """Every public class and function."""
    for name in weft_http_parser.__all__:
        value = getattr(weft_http_parser, name)
        is_alias = getattr(value, "__module__", "") == "builtins"  # such as Framing, an int
        if (isinstance(value, type) and not is_alias) or inspect.isroutine(value):
            yield name, value


def public_parts(kind: type) -> Iterator[tuple[str, object]]:
    """What a class itself defines that a user calls or reads."""
    if issubclass(kind, enum.Enum) or (issubclass(kind, tuple) and hasattr(kind, "_fields")):
        return
    for name, value in vars(kind).items():
        if not name.startswith("_") and (callable(value) or isinstance(value, property)):
            yield name, value


def is_described(kind: type, name: str) -> bool:
    """Whether the part has words, here or where its contract is set, beyond those of builtins."""
    for base in kind.__mro__:
        words = getattr(vars(base).get(name), "__doc__", None)
        if words and base.__module__.startswith(("weft_http_parser", "asyncio", "_asyncio")):
            return True
    return False


@pytest.mark.parametrize(("name", "value"), list(described()), ids=lambda each: str(each))
def test_a_public_name_says_what_it_is(name: str, value: object) -> None:
    words = vars(value).get("__doc__") if isinstance(value, type) else value.__doc__
    assert words and not words.startswith(f"{name}("), f"{name} has no docstring of its own"
    if not isinstance(value, type) or attrs.has(value):
        return
    silent = [part for part, _ in public_parts(value) if not is_described(value, part)]
    assert not silent, f"{name} says nothing of {silent}"


def test_the_package_says_what_it_is() -> None:
    assert weft_http_parser.__doc__ and weft_http_parser.hdrs.__doc__
