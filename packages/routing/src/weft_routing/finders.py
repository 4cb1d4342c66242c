"""Finders: the short way through a plan, as code that is written for it.

What a plan does for a path (unpack the segments, look up the literal ones, name the others) takes
half the time where the numbers of segments stand in the code instead of in loops and getters. So a
function is compiled for each *form* of plan. A form is made of numbers alone: no text of a pattern,
and nothing that a client sends, ever becomes code. Plans of one form share the compiled code.

A finder answers what is usual; the rest it leaves to the long way (see tree.py), whose answers are
the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from .answers import NOT_FOUND, Match, Miss
from .leaves import Entry, Leaf

T = TypeVar("T")

Picker: TypeAlias = Callable[[list[str]], Any]  # literal texts of a path, as a key
Finder: TypeAlias = Callable[[str, str, list[str]], "Match[T] | Miss"]
"""From a method, a raw path and its segments to the answer."""
Form: TypeAlias = tuple[int, tuple[tuple[int, ...] | None, ...]]
"""How many segments a path has, and which of them each probe looks up."""

# Code is written up to this size, counted in names. Each probe names the segments and looks up
# what comes after it, so that code for many would take longer to compile than it could ever save.
MOST_NAMES = 256


class Probe(NamedTuple, Generic[T]):
    """One look-up: how to pick a key, and the leaves by key.

    `depth` is the number of literal segments before the first parameter. `literals` are the
    indexes of the segments that are the key, where all others are parameters; None elsewhere.
    """

    pick: Picker
    leaves: Mapping[Any, Leaf[T]]
    depth: int
    literals: tuple[int, ...] | None


def make_finder(count: int, probes: Sequence[Probe[T]], search: Finder[T]) -> Finder[T]:
    """The finder for paths of `count` segments; `search` is the long way, and that of many probes."""
    if len(probes) * (count + len(probes)) > MOST_NAMES:
        return search
    make = _compile((count, tuple(probe.literals for probe in probes)))
    ways = [probe.leaves.get for probe in probes]
    picks = [probe.pick for probe in probes]
    finder: Finder[T] = make(search, ways, picks)
    return finder


@lru_cache(maxsize=1024)
def _compile(form: Form) -> Callable[..., Any]:
    names = {"NOT_FOUND": NOT_FOUND, "Match": Match, "_fits": _fits, "_read": _read}
    exec(_write(form), names)
    make: Callable[..., Any] = names["make"]  # type: ignore[assignment]  # which exec() has put there
    return make


def _write(form: Form) -> str:
    """The code for a form.

    It returns from the first probe that finds a leaf: what comes later has a shorter anchor, or
    was added later, and a leaf whose order says otherwise has nothing in `quick`.
    """
    count, probes = form
    segments = [f"s{at}" for at in range(count)]
    lines = ["def make(search, ways, picks):"]
    for at in range(len(probes)):
        lines.append(f" get{at}, pick{at} = ways[{at}], picks[{at}]")
    lines += [" def find(method, path, segments):", f"  [{', '.join(segments)}] = segments"]
    for at, literals in enumerate(probes):
        later = [_look_up(other, probes[other], segments) for other in range(at + 1, len(probes))]
        lines.append(f"  leaf = {_look_up(at, literals, segments)}")
        lines.append("  if leaf is not None:")
        if literals is None:
            lines += _READ
        else:
            wild = [segments[other] for other in range(1, count) if other not in literals]
            lines += _write_plain(wild, later)
        lines.append("   return search(method, path, segments)")
    lines.append("  return search(method, path, segments) if '%' in path else NOT_FOUND")
    lines.append(" return find")
    return "\n".join(lines)


def _look_up(at: int, literals: tuple[int, ...] | None, segments: Sequence[str]) -> str:
    if literals is None:
        return f"get{at}(pick{at}(segments))"
    if not literals:
        return f"get{at}(s0)"
    key = ", ".join(segments[index] for index in literals)
    return f"get{at}({key})" if len(literals) == 1 else f"get{at}(({key}))"


# A leaf whose entries read their values by a shape.
_READ = [
    "   entry = leaf.quick.get(method) or leaf.star",
    "   if entry is not None and not s0:",
    "    match = _read(entry, path, segments)",
    "    if match is not None:",
    "     return match",
]


def _write_plain(wild: Sequence[str], later: Sequence[str]) -> list[str]:
    """A leaf whose entries may take the segments as they are."""
    if len(wild) == 1:
        # Most values are letters and digits alone, which is one question instead of four.
        fits = f"({wild[0]}.isalnum() or _fits({wild[0]}))"
    else:
        fits = f"{' and '.join(wild)} and _fits(path)"
    no_other = "".join(f" and {look_up} is None" for look_up in later)
    texts = ", ".join(wild)
    named = ", ".join(f"n{at}: {text}" for at, text in enumerate(wild))
    return (
        [
            "   entry = leaf.quick.get(method) or leaf.star",
            "   if entry is None:",
            f"    if leaf.is_plain and leaf.quick and not s0 and {fits}{no_other}:",
            "     return leaf.miss",
            "   elif not s0:",
            "    if not entry.is_plain:",
            "     match = _read(entry, path, segments)",
            "     if match is not None:",
            "      return match",
            f"    elif {fits}:",
            f"     [{', '.join(f'n{at}' for at in range(len(wild)))}] = entry.names",
            "     match = Match()",
            "     match.route = route = entry.route",
            "     match.value = route.value",
            f"     match.params = match.values = {{{named}}}",
            "     return match",
        ]
        if texts
        else _READ
    )


def _fits(text: str) -> bool:
    """Whether parameters may take a text, or all texts of a path, as they are."""
    return bool(text) and "%" not in text and "{" not in text and "}" not in text


def _read(entry: Entry[T], path: str, segments: list[str]) -> Match[T] | None:
    """The match of an entry that reads by its shape; None for the long way."""
    return None if "%" in path else entry.match(segments, path)
