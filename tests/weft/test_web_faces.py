"""The public names of `aiohttp.web` beside those of `weft.web`: methods, properties, parameters.

Every difference is a line of `web_faces.txt`, under its reason; a line that is no difference any
more has to go. Names that are missing as a whole are in `missing.txt`.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web as theirs

from weft import web as ours

pytestmark = pytest.mark.skipif(
    not aiohttp.__version__.startswith("3.14."), reason="the list is for aiohttp 3.14"
)

HERE = Path(__file__).parent
SPECIAL = {
    *("__aiter__", "__anext__", "__await__", "__bool__", "__call__", "__contains__"),
    *("__delitem__", "__eq__", "__getitem__", "__hash__", "__iter__", "__len__", "__setitem__"),
}
NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
PLACED = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def intended() -> list[str]:
    """The lines of the list, which may have stars."""
    lines = (HERE / "web_faces.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def parameters_of(called: object, *, is_method: bool) -> list[inspect.Parameter] | None:
    try:
        found = list(inspect.signature(called).parameters.values())  # type: ignore[arg-type]
    except ValueError:  # written in C
        return None
    return found[1:] if is_method else found


def lost_calls(old: list[inspect.Parameter], new: list[inspect.Parameter]) -> Iterator[str]:
    """What somebody could pass, and cannot any more."""
    by_name = {each.name: each for each in new if each.kind in NAMED}
    placed = [each for each in new if each.kind in PLACED]
    kinds = {each.kind for each in new}
    for at, each in enumerate(old):
        if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD):
            if each.kind not in kinds:
                stars = "*" if each.kind is each.VAR_POSITIONAL else "**"
                yield f"no {stars}{each.name}"
            continue
        if each.kind in PLACED and each.VAR_POSITIONAL not in kinds:
            if at >= len(placed) or (each.kind in NAMED and placed[at].name != each.name):
                yield f"{each.name} is not at its place"
        if each.kind in NAMED:
            match = by_name.get(each.name)
            if match is None:
                if each.VAR_KEYWORD not in kinds:
                    yield f"no {each.name}"
            else:
                yield from changed_default(each, match)
    names = {each.name for each in old}
    for each in new:
        needed = each.default is each.empty and each.kind in (*PLACED, each.KEYWORD_ONLY)
        if needed and each.name not in names:
            yield f"needs {each.name}"


def changed_default(old: inspect.Parameter, new: inspect.Parameter) -> Iterator[str]:
    if old.default is old.empty and new.default is new.empty:
        return
    if old.default is old.empty:
        return  # what had to be given may be left out
    if new.default is new.empty:
        yield f"{old.name} has no default"
    elif to_text(old.default) != to_text(new.default):
        yield f"{old.name} is {to_text(new.default)} by default, not {to_text(old.default)}"


def to_text(value: object) -> str:
    """A default, told alike for the same things of both."""
    if isinstance(value, type):
        return value.__name__
    return type(value).__name__ if "object at" in repr(value) else repr(value)


def kind_of(value: object) -> str:
    if isinstance(value, property):
        return "property" if value.fset is None else "property that can be set"
    if callable(value) or isinstance(value, staticmethod | classmethod):
        return "method"
    if inspect.isdatadescriptor(value) or hasattr(value, "__get__"):
        return "property"
    return "value"


def is_async(called: object) -> bool:
    """Whether a call gives what has to be awaited, as far as that is declared."""
    return inspect.iscoroutinefunction(called) or hasattr(called, "_is_coroutine")


def differing_members(old: type, new: type) -> Iterator[str]:
    declared = {name for base in new.__mro__ for name in vars(base).get("__annotations__", ())}
    for name in dir(old):
        if name.startswith("_") and name not in SPECIAL:
            continue
        was = inspect.getattr_static(old, name)
        if was is inspect.getattr_static(object, name, None) or was is None:
            continue
        if not hasattr(new, name):
            if name not in declared:
                yield f".{name}: missing"
            continue
        now = inspect.getattr_static(new, name)
        before, after = kind_of(was), kind_of(now)
        if before == after == "method":
            is_method = not isinstance(was, staticmethod | classmethod)
            for text in differing_calls(getattr(old, name), getattr(new, name), is_method):
                yield f".{name}: {text}"
        elif before != after and after != "property that can be set":
            yield f".{name}: a {after}, not a {before}"


def differing_calls(old: object, new: object, is_method: bool) -> Iterator[str]:
    before = parameters_of(old, is_method=is_method)
    after = parameters_of(new, is_method=is_method)
    if before is not None and after is not None:
        yield from lost_calls(before, after)
    if is_async(old) != is_async(new):
        yield "one is a coroutine function, the other is not"


def differing_bases(old: type, new: type) -> Iterator[str]:
    for base in old.__mro__[1:-1]:
        twin = getattr(ours, base.__name__, None) if base.__name__ in theirs.__all__ else None
        if twin is None and base.__module__ in ("builtins", "collections.abc"):
            twin = base
        if twin is not None and not issubclass(new, twin):
            yield f": no {base.__name__}"


def differences() -> Iterator[str]:
    for name in sorted(set(theirs.__all__) & set(ours.__all__)):
        old, new = getattr(theirs, name), getattr(ours, name)
        if inspect.isclass(old) and inspect.isclass(new):
            for text in differing_calls(old, new, is_method=False):
                yield f"{name}: {text}"
            for text in (*differing_members(old, new), *differing_bases(old, new)):
                yield name + text
        elif callable(old):
            assert callable(new), name
            for text in differing_calls(old, new, is_method=False):
                yield f"{name}: {text}"
        else:
            assert type(old).__name__ == type(new).__name__, name


def test_every_difference_is_intended() -> None:
    listed = intended()
    found = [each for each in differences() if not any(fnmatchcase(each, one) for one in listed)]
    assert not found, "\n".join(["these are in no line of web_faces.txt:", *found])


def test_what_is_intended_is_a_difference() -> None:
    found = list(differences())
    done = [one for one in intended() if not any(fnmatchcase(each, one) for each in found)]
    assert not done, f"no difference any more, so take them from web_faces.txt: {done}"


def test_a_difference_would_be_seen() -> None:
    """The comparison itself: each way in which a face can be narrower."""

    class Old:
        value = 1

        async def wait(self) -> None: ...
        def call(self, a: int, b: int = 2, *, c: int = 3) -> None: ...
        def more(self, *args: int, **kwargs: int) -> None: ...
        def gone(self) -> None: ...
        @property
        def shown(self) -> object: ...
        @shown.setter
        def shown(self, value: object) -> None: ...

    class New:
        value = 2

        def wait(self) -> None: ...
        def call(self, b: int, a: int = 1, *, d: int) -> None: ...
        def more(self) -> None: ...
        @property
        def shown(self) -> object: ...

    assert set(differing_members(Old, New)) == {
        ".call: a is not at its place",
        ".call: b is not at its place",
        ".call: b has no default",
        ".call: no c",
        ".call: needs d",
        ".gone: missing",
        ".more: no *args",
        ".more: no **kwargs",
        ".shown: a property, not a property that can be set",
        ".wait: one is a coroutine function, the other is not",
    }
    assert not list(differing_members(Old, Old))
