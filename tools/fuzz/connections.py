"""Whole connections on both twins, cut in any way: all that can be seen of one must be the same.

Knows how to watch a connection; knows nothing of what is right.
"""

import importlib
import sys
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

import attrs

from tools.fuzz.courses import make_input
from tools.fuzz.mutate import cut
from tools.fuzz.parser import random_limits
from tools.fuzz.seeds import TESTS

_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"
_HEAD = (
    "raw", "version", "framing", "persistent", "marks", "wants_upgrade", "raw_headers",
)  # fmt: skip
_REQUEST = (*_HEAD, "method", "target", "expects_continue")
_RESPONSE = (*_HEAD, "status", "reason")


@attrs.frozen
class Course:
    """What a peer sends, and how its bytes are cut."""

    wire: bytes
    asked: bytes = b""
    """The method of the request before a response; empty for requests."""
    cuts: tuple[int, ...] = ()
    has_eof: bool = False
    is_lenient: bool = False
    limits: Any = None


@attrs.define
class Seen:
    """All that a connection showed."""

    steps: list[Any] = attrs.field(factory=list)
    """What each call gave and left behind: the same for both twins."""
    events: list[Any] = attrs.field(factory=list)
    """All events, pieces of a body put together: the same for all cuts."""
    ends: list[int] = attrs.field(factory=list)
    fault: tuple[str, int] | None = None

    @property
    def sum(self) -> object:
        return self.events, self.ends if self.fault is None else None, self.fault


@cache
def load_twins() -> tuple[Any, ...]:
    """The package on its Python twin, and on its C twin where that is built."""
    if str(TESTS) not in sys.path:
        sys.path.append(str(TESTS))
    support = importlib.import_module("support.twins")  # a tree without tests has none
    twins = [support.Twin("weft_http_parser", backend) for backend in ("py", "c")]
    return tuple(twin for twin in twins if twin.module("_twin").BACKEND == twin.backend)


def watch(twin: Any, course: Course) -> Seen:
    """Everything that happens on one connection; a server answers each request at once."""
    limits = attrs.asdict(course.limits) if course.limits else {}
    role = twin.Role.CLIENT if course.asked else twin.Role.SERVER
    strictness = twin.LENIENT if course.is_lenient and course.asked else twin.STRICT
    connection = twin.Http1Connection(role, twin.Limits(**limits), strictness)
    if course.asked:
        head = course.asked + b" / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n"
        connection.send_whole(head, b"")
    seen = Seen()
    edges = [0, *(at for at in course.cuts if 0 < at < len(course.wire)), len(course.wire)]
    try:
        for begin, end in pairwise(edges):
            _note(seen, connection, connection.receive(course.wire[begin:end]))
            if not course.asked:
                _answer(seen, connection)
        if course.has_eof:
            _note(seen, connection, connection.receive_eof(), gives_ends=False)
    except twin.ProtocolError as exc:
        _add(seen, exc.events)
        seen.fault = exc.reason.name, exc.offset
        seen.steps.append((seen.fault, [describe(event) for event in exc.events]))
    return seen


def _answer(seen: Seen, connection: Any) -> None:
    """Every request that is there, in turn."""
    while connection.is_peer_done and not connection.is_our_done:
        connection.send_whole(_ANSWER, b"")
        if connection.can_cycle:
            _note(seen, connection, connection.next_cycle())


def _note(seen: Seen, connection: Any, events: list[Any], gives_ends: bool = True) -> None:
    ends = list(connection.chunk_ends) if gives_ends else []
    seen.ends += ends
    state = (connection.buffered, connection.is_peer_done, connection.can_cycle)
    seen.steps.append(([describe(event) for event in events], ends, state))
    _add(seen, events)


def _add(seen: Seen, events: Iterable[Any]) -> None:
    for event in map(describe, events):
        if isinstance(event, bytes) and seen.events and isinstance(seen.events[-1], bytes):
            seen.events[-1] += event
        else:
            seen.events.append(event)


def describe(event: Any) -> Any:
    """All that an event shows, as values that can be compared between copies of the package."""
    if isinstance(event, bytes):
        return event
    if hasattr(event, "trailers"):
        return [(str(name), value) for name, value in event.trailers.items()]
    names = _REQUEST if hasattr(event, "method") else _RESPONSE
    pairs = [(str(name), value) for name, value in event.headers.items()]
    return [tuple(getattr(event, name) for name in names), pairs]


def find_difference(course: Course) -> str | None:
    """What differs between the twins, or between ways of cutting; None where nothing does."""
    every = tuple(range(1, len(course.wire)))
    whole = None
    for cuts in ((), course.cuts, every):
        way = attrs.evolve(course, cuts=cuts)
        first, *others = (watch(twin, way) for twin in load_twins())
        for other in others:
            if first != other:
                return f"twins differ: {way}\n  py {first}\n  c  {other}"
        if whole is None:
            whole = first
        elif whole.sum != first.sum:
            return f"cuts differ: {way}\n  whole {whole.sum}\n  cut   {first.sum}"
    return None


def make_course(random: Random) -> Course:
    """A damaged message, cut somewhere, under limits that may bite."""
    wire, asked, has_eof = make_input(random)
    return Course(
        wire,
        asked,
        tuple(cut(random, len(wire))),
        has_eof,
        random.random() < 0.5,
        random_limits(random) if random.random() < 0.3 else None,
    )
