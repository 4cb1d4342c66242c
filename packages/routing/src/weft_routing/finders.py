"""Finders: the short way to an answer, as code that is written for a table when it is frozen.

What a plan does for a path (unpack the segments, look up the literal ones, name the others) takes
half the time where the numbers of segments stand in the code instead of in loops and getters; and
a call less is as much again. So the whole of a match is one function: literal paths, the split, and
the commonest plans, one behind the other. What it has no room for is called: a finder per plan.

Code is compiled for each *form* of table or plan. A form is made of numbers alone: no text of a
pattern, and nothing that a client sends, ever becomes code. What has one form shares the compiled
code.

A finder answers what is usual; the rest it leaves to the long way (see tree.py), whose answers are
the rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from .answers import ANY_METHOD, NOT_FOUND, Match, Miss
from .leaves import Leaf

T = TypeVar("T")

Picker: TypeAlias = Callable[[list[str]], Any]  # literal texts of a path, as a key
Finder: TypeAlias = Callable[[str, str, list[str]], "Match[T] | Miss"]
"""From a method, a raw path and its segments to the answer."""
Row: TypeAlias = dict[str, "Match[T] | Miss"]
"""What each method of one literal path leads to; the key "*" is always there."""
ProbeForm: TypeAlias = tuple[tuple[int, ...], tuple[int, ...], bool, bool]
"""The `keys` and `others` of a probe, whether it is shaped, and whether all its leaves are plain."""
Form: TypeAlias = tuple[int, tuple[ProbeForm, ...]]
"""How many segments a path has, and the probes for it."""

# Code is written up to this size, counted in names. Each probe names the segments and looks up
# what comes after it, so that code for many would take longer to compile than it could ever save.
MOST_NAMES = 256


class Matcher(Protocol[T]):
    """`Router.match` of a frozen table."""

    def __call__(self, method: str, path: str, host: str | None = None) -> Match[T] | Miss: ...


class Probe(NamedTuple, Generic[T]):
    """One look-up: the leaves by key, and how to `pick` the key.

    `depth` is the number of literal segments before the first parameter. `keys` are the indexes of
    the segments that are the key, if it is made of some; `others`, of those that must be the
    `texts` of the leaf. All that are left are parameters, unless it `is_shaped`.
    """

    leaves: Mapping[Any, Leaf[T]]
    depth: int
    pick: Picker
    keys: tuple[int, ...]
    others: tuple[int, ...]
    is_shaped: bool

    def find(self, segments: list[str]) -> Leaf[T] | None:
        """The leaf that some segments lead to."""
        leaf = self.leaves.get(self.pick(segments))
        if leaf is None or leaf.texts == tuple([segments[at] for at in self.others]):
            return leaf
        return None


class Table(NamedTuple, Generic[T]):
    """What a match is written for: `rows` and `depth` of a tree, the probes of its plans.

    `ways` has the probes for each number of segments that has few; `finders`, the short way for
    every number that has many.
    """

    rows: Mapping[str, Row[T]]
    depth: int
    ways: Mapping[int, Sequence[Probe[T]]]
    finders: Mapping[int, Finder[T]]


def make_matcher(table: Table[T], search: Finder[T]) -> Matcher[T]:
    """The whole of a match; `search` is the long way. Hosts are not looked at."""
    forms: list[Form] = []
    finders = dict(table.finders)
    room = MOST_NAMES
    by_use = sorted(table.ways, key=lambda count: -_count_leaves(table.ways[count]))
    for count in by_use:
        probes = table.ways[count]
        if not probes:
            continue
        room -= _count_names(count, probes)
        if room >= 0:
            forms.append(_to_form(count, probes))
        else:
            finders[count] = make_finder(count, probes, search)
    make = _compile_matcher(tuple(forms), bool(finders))
    written = [probe for count, _ in forms for probe in table.ways[count]]
    matcher: Matcher[T] = make(
        table.rows.get, table.depth, finders.get, search, _to_refuser(search), written
    )
    return matcher


def make_finder(count: int, probes: Sequence[Probe[T]], search: Finder[T]) -> Finder[T]:
    """The finder for paths of `count` segments; `search` is the long way, and that of many probes."""
    if _count_names(count, probes) > MOST_NAMES:
        return search
    finder: Finder[T] = _compile_finder(_to_form(count, probes))(
        search, _to_refuser(search), probes
    )
    return finder


def _count_names(count: int, probes: Sequence[Probe[T]]) -> int:
    return len(probes) * (count + len(probes))


def _count_leaves(probes: Sequence[Probe[T]]) -> int:
    return sum(len(probe.leaves) for probe in probes)


def _to_form(count: int, probes: Sequence[Probe[T]]) -> Form:
    return count, tuple(
        (
            probe.keys,
            probe.others,
            probe.is_shaped,
            all(leaf.is_plain for leaf in probe.leaves.values()),
        )
        for probe in probes
    )


@lru_cache(maxsize=1024)
def _compile_matcher(forms: tuple[Form, ...], has_finders: bool) -> Callable[..., Any]:
    return _compile(_write_matcher(forms, has_finders))


@lru_cache(maxsize=1024)
def _compile_finder(form: Form) -> Callable[..., Any]:
    return _compile(_write_finder(form))


def _compile(lines: Sequence[str]) -> Callable[..., Any]:
    names = {"NOT_FOUND": NOT_FOUND, "Match": Match, "_fits": _fits}
    exec("\n".join(lines), names)
    make: Callable[..., Any] = names["make"]  # type: ignore[assignment]  # which exec() has put there
    return make


def _write_matcher(forms: Sequence[Form], has_finders: bool) -> list[str]:
    """The code of a whole match, with that of some plans in it."""
    lines = ["def make(get_row, depth, get_finder, search, refuse, probes):"]
    first = 0
    for _, probes in forms:
        lines += _bind(first, len(probes))
        first += len(probes)
    lines += [
        " def match(method, path, host=None):",
        "  row = get_row(path)",
        "  if row is not None:",
        f"   return row.get(method) or row[{ANY_METHOD!r}]",
        "  segments = path.split('/', depth)",
        "  count = len(segments)",
    ]
    first = 0
    for form in forms:
        lines.append(f"  if count == {form[0]}:")
        lines += [f" {line}" for line in _write(form, first)]
        first += len(form[1])
    if has_finders:
        lines += [
            "  find = get_finder(count)",
            "  if find is not None:",
            "   return find(method, path, segments)",
        ]
    return [*lines, _END, " return match"]


def _write_finder(form: Form) -> list[str]:
    """The code of one plan."""
    return [
        "def make(search, refuse, probes):",
        *_bind(0, len(form[1])),
        " def find(method, path, segments):",
        *_write(form, 0),
        " return find",
    ]


# What is in no leaf; paths with escapes may be in one once they are decoded.
_END = "  return search(method, path, segments) if '%' in path else NOT_FOUND"


def _bind(first: int, number: int) -> list[str]:
    """Names for the look-ups of some probes."""
    return [
        f" get{at}, pick{at} = probes[{at}].leaves.get, probes[{at}].pick"
        for at in range(first, first + number)
    ]


def _write(form: Form, first: int) -> list[str]:
    """The code for a form, whose probes are numbered from `first` on.

    It returns from the first probe that finds a leaf: what comes later has a shorter anchor, or
    was added later, and a leaf whose order says otherwise has no short way.
    """
    count, probes = form
    segments = [f"s{at}" for at in range(count)]
    look_ups = [_look_up(at, form[0]) for at, form in enumerate(probes, first)]
    lines = [f"  [{', '.join(segments)}] = segments"]
    for at, (keys, others, is_shaped, is_plain) in enumerate(probes):
        lines += [f"  leaf = {look_ups[at]}", "  if leaf is not None:"]
        if is_shaped:
            found = [*_PICK, "   if entry is not None and not s0:", *_READ]
        else:
            wild = [text for text in segments[1:] if int(text[1:]) not in (*keys, *others)]
            found = [*_PICK, *_write_leaf(wild, is_plain=is_plain)]
            later = " and ".join(f"{look_up} is None" for look_up in look_ups[at + 1 :])
            found.append(f"   if entry is None and {later}:" if later else "   if entry is None:")
            found.append("    return refuse(leaf, method, path, segments)")
        found.append("   return search(method, path, segments)")
        if others:
            texts = [f"t{other}" for other in others]
            same = " and ".join(f"s{other} == t{other}" for other in others)
            lines += [f"   [{', '.join(texts)}] = leaf.texts", f"   if {same}:"]
            found = [f" {line}" for line in found]
        lines += found
    return [*lines, _END]


def _look_up(at: int, keys: Sequence[int]) -> str:
    if not keys:
        return f"get{at}(pick{at}(segments))"
    key = ", ".join(f"s{index}" for index in keys)
    return f"get{at}({key})" if len(keys) == 1 else f"get{at}(({key}))"


# What a leaf has for a method. Names of methods are interned on both sides, as a rule.
_PICK = [
    "   if method is leaf.method:",
    "    entry = leaf.first",
    "   else:",
    "    entry = leaf.others.get(method)",
    "    if entry is None:",
    "     entry = leaf.first if method == leaf.method else leaf.star",
]
# An entry whose values are read by a shape.
_READ = [
    "    match = None if '%' in path else entry[1].match(segments, path)",
    "    if match is not None:",
    "     return match",
]


def _write_leaf(wild: Sequence[str], *, is_plain: bool) -> list[str]:
    """A leaf whose entries take the segments as they are; or may do so, unless it `is_plain`."""
    if len(wild) == 1:
        # Most values are letters and digits alone, which is one question instead of four.
        fits = f"({wild[0]}.isalnum() or _fits({wild[0]}))"
    else:
        fits = (
            f"{' and '.join(wild)} and '%' not in path and '{{' not in path and '}}' not in path"
        )
    named = ", ".join(f"n{at}: {text}" for at, text in enumerate(wild))
    return [
        "   if entry is None or s0:",
        "    pass",
        *(() if is_plain else ("   elif entry[0] is None:", *_READ)),
        f"   elif {fits}:",
        "    match = Match()",
        f"    [match.route, match.value, {', '.join(f'n{at}' for at in range(len(wild)))}] = entry",
        f"    match.params = match.values = {{{named}}}",
        "    return match",
    ]


def _fits(text: str) -> bool:
    """Whether a parameter may take a text as it is."""
    return bool(text) and "%" not in text and "{" not in text and "}" not in text


def _to_refuser(search: Finder[T]) -> Callable[[Leaf[T], str, str, list[str]], Match[T] | Miss]:
    def refuse(leaf: Leaf[T], method: str, path: str, segments: list[str]) -> Match[T] | Miss:
        """The answer of a leaf that has nothing for a method, and no rival."""
        if leaf.refusal is None or segments[0] or not segments[-1] or "//" in path:
            return search(method, path, segments)
        if "%" in path or "{" in path or "}" in path:
            return search(method, path, segments)
        return leaf.refusal

    return refuse
