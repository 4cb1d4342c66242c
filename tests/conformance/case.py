"""A case: bytes of one side of a connection, and what must come of them.

The wire is text in latin-1; ▲ stands before the byte that must be refused. Events are written
short: ``"POST /path"`` or ``"200 OK"`` for a head, bytes for a body however it was cut, ``"end"``
or ``"end name=value"``, and ``"behind 3"`` for three bytes behind the last message.
"""

from collections.abc import Iterable
from typing import Any

import attrs
from support.twins import Twin

MARK = "▲"
ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


@attrs.frozen
class Case:
    name: str
    source: str
    """Where the rule comes from, such as "9112 3.2", "erratum 7633" or the id of an advisory."""
    text: str
    events: tuple[str | bytes, ...] = ()
    error: str = ""
    """The name of the reason."""
    request: bytes = b""
    """What a client sent before; empty for a server."""
    has_eof: bool = False
    limits: dict[str, int] = attrs.field(factory=dict)
    strictness: str = "STRICT"
    """The name of the constant that a client reads by."""

    def __str__(self) -> str:
        side = "response" if self.request else "request"
        return f"{side} {self.source} {self.name}"

    @property
    def wire(self) -> bytes:
        return self.text.replace(MARK, "").encode("latin-1")

    @property
    def offset(self) -> int:
        """Where the error is: at the mark, or behind everything."""
        return self.text.index(MARK) if MARK in self.text else len(self.text)


def shorten(event: Any) -> str | bytes:
    if isinstance(event, bytes):
        return event
    if hasattr(event, "method"):
        return f"{event.method} {event.target}"
    if hasattr(event, "status"):
        return f"{event.status} {event.reason}".rstrip()
    trailers = "".join(f" {name}={value}" for name, value in event.trailers.items())
    return f"end{trailers}"


def make_connection(twin: Twin, case: Case) -> Any:
    limits = twin.Limits(**case.limits)
    if not case.request:
        return twin.Http1Connection(twin.Role.SERVER, limits)
    strictness = getattr(twin, case.strictness)
    connection = twin.Http1Connection(twin.Role.CLIENT, limits, strictness)
    connection.send_whole(case.request, b"")
    return connection


def collect(connection: Any, is_server: bool, pieces: Iterable[bytes], has_eof: bool) -> list[Any]:
    """All events; a server answers every request as soon as it is there.

    An error leaves with all of them, too: those before the call that raised it and its own.
    """
    events: list[Any] = []
    try:
        _feed(connection, is_server, pieces, has_eof, events)
    except Exception as exc:  # of either twin
        exc.events = (*events, *exc.events)  # type: ignore[attr-defined]
        raise
    return events


def _feed(
    connection: Any, is_server: bool, pieces: Iterable[bytes], has_eof: bool, events: list[Any]
) -> None:
    for piece in pieces:
        events += connection.receive(piece)
        while is_server and connection.is_peer_done and not connection.is_our_done:
            connection.send_whole(ANSWER, b"")
            if connection.can_cycle:
                events += connection.next_cycle()
    if has_eof:
        events += connection.receive_eof()


def summarize(events: list[Any], behind: int) -> tuple[str | bytes, ...]:
    """Events written short, pieces of a body put together."""
    found: list[str | bytes] = []
    for event in map(shorten, events):
        if isinstance(event, bytes) and found and isinstance(found[-1], bytes):
            found[-1] += event
        else:
            found.append(event)
    return (*found, f"behind {behind}") if behind else tuple(found)
