"""The same bytes read by this package, by h11 and by llhttp (through httptools).

Each reader says what messages it saw and how it stopped. Nothing here judges a difference.
"""

import enum
from collections.abc import Callable
from typing import Any, Final

import attrs
import h11
import httptools

from weft_http_parser import (
    Http1Connection,
    ProtocolError,
    RequestHead,
    ResponseHead,
    Role,
)

Fields = tuple[tuple[bytes, bytes], ...]
_FRAMING: Final = (b"content-length", b"transfer-encoding")
_DECLINE: Final = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
_MOST: Final = 1 << 24  # nothing is long enough for h11 to give up


class Stop(enum.Enum):
    """Why no more messages were read."""

    WAITS = "it wants more bytes"
    REFUSED = "it refuses the bytes"
    LEFT = "the bytes behind are none of this connection's messages"


@attrs.define
class Message:
    """What a reader says of one message; fields that frame it are left to `body`."""

    start: tuple[bytes, ...]
    version: bytes
    fields: Fields
    body: bytes = b""
    trailers: Fields = ()
    is_over: bool = False


@attrs.define
class Reading:
    """All that a reader made of some bytes."""

    messages: list[Message] = attrs.field(factory=list)
    stop: Stop = Stop.WAITS
    begins: list[int] = attrs.field(factory=lambda: [0])
    """Where each message began, the one that was not read included; only this package says."""
    reason: str = ""
    offset: int = -1

    def at(self, index: int) -> Message | None:
        return self.messages[index] if index < len(self.messages) else None


def plain_fields(pairs: Any) -> Fields:
    """Names in small letters, without those that frame."""
    lower = ((bytes(name).lower(), bytes(value)) for name, value in pairs)
    return tuple(pair for pair in lower if pair[0] not in _FRAMING)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


# This package


def read_here(wire: bytes, asked: bytes, has_eof: bool, factory: Any = Http1Connection) -> Reading:
    """Byte by byte, so that nothing before a fault is lost with it.

    `asked` is the method of the request that was sent, empty for a server.
    """
    reading = Reading()
    connection = factory(Role.CLIENT if asked else Role.SERVER)
    if asked:
        connection.send_whole(asked + b" / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n", b"")
    try:
        for at in range(len(wire)):
            _take(reading, connection.receive(wire[at : at + 1]))
            if not asked:
                _decline(connection)
            if len(reading.begins) == sum(message.is_over for message in reading.messages):
                reading.begins.append(at + 1)
        if has_eof:
            _take(reading, connection.receive_eof())
    except ProtocolError as exc:
        reading.stop, reading.reason, reading.offset = Stop.REFUSED, exc.reason.name, exc.offset
    else:
        if connection.buffered or (asked and connection.is_peer_done):
            reading.stop = Stop.LEFT
    return reading


def _decline(connection: Http1Connection) -> None:
    if connection.is_peer_done and not connection.is_our_done:
        connection.send_whole(_DECLINE, b"")
        if connection.can_cycle:
            connection.next_cycle()


def _take(reading: Reading, events: list[Any]) -> None:
    for event in events:
        if isinstance(event, bytes):
            reading.messages[-1].body += event
        elif isinstance(event, RequestHead | ResponseHead):
            reading.messages.append(_to_message(event))
        else:
            pairs = ((_encode(name), _encode(value)) for name, value in event.trailers.items())
            reading.messages[-1].trailers = plain_fields(pairs)
            reading.messages[-1].is_over = True


def _to_message(head: RequestHead | ResponseHead) -> Message:
    version = b"%d.%d" % head.version
    fields = plain_fields(head.raw_headers)
    if isinstance(head, RequestHead):
        return Message((_encode(head.method), _encode(head.target)), version, fields)
    start = (b"%d" % head.status, _encode(head.reason).strip(b" \t"))
    # An interim response, and a switch, are over with their heads.
    return Message(start, version, fields, is_over=head.status < 200)


# h11


def read_with_h11(wire: bytes, asked: bytes, has_eof: bool) -> Reading:
    reading = Reading()
    connection = h11.Connection(h11.CLIENT if asked else h11.SERVER, _MOST)
    if asked:
        pairs = [("Host", "a"), ("Connection", "upgrade"), ("Upgrade", "x")]
        connection.send(h11.Request(method=asked, target="/", headers=pairs))
        connection.send(h11.EndOfMessage())
    connection.receive_data(wire)
    if has_eof:
        connection.receive_data(b"")
    try:
        while _step_h11(reading, connection, bool(asked)):
            pass
    except h11.RemoteProtocolError:
        reading.stop = Stop.REFUSED
    return reading


def _step_h11(reading: Reading, connection: Any, is_client: bool) -> bool:
    """Take the next event; whether there may be more."""
    event = connection.next_event()
    if event is h11.NEED_DATA:
        return False
    if event is h11.PAUSED:
        return _go_on_h11(reading, connection, is_client)
    if isinstance(event, h11.Request):
        start = (bytes(event.method), bytes(event.target))
        reading.messages.append(_from_h11(start, event))
    elif isinstance(event, h11.Response | h11.InformationalResponse):
        start = (b"%d" % event.status_code, bytes(event.reason).strip(b" \t"))
        reading.messages.append(_from_h11(start, event))
        reading.messages[-1].is_over = isinstance(event, h11.InformationalResponse)
    elif isinstance(event, h11.Data):
        reading.messages[-1].body += bytes(event.data)
    elif isinstance(event, h11.EndOfMessage):
        reading.messages[-1].trailers = plain_fields(event.headers)
        reading.messages[-1].is_over = True
        return _go_on_h11(reading, connection, is_client)
    return not isinstance(event, h11.ConnectionClosed)


def _from_h11(start: tuple[bytes, ...], event: Any) -> Message:
    return Message(start, bytes(event.http_version), plain_fields(event.headers))


def _go_on_h11(reading: Reading, connection: Any, is_client: bool) -> bool:
    """Decline and turn to the next request, where there may be one."""
    if is_client:
        reading.stop = Stop.LEFT
        return False
    connection.send(h11.Response(status_code=404, headers=[("Content-Length", "0")]))
    connection.send(h11.EndOfMessage())
    if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
        connection.start_next_cycle()
        return True
    reading.stop = Stop.LEFT if connection.trailing_data[0] else Stop.WAITS
    return False


# llhttp


class _Collector:
    """What llhttp says, message by message."""

    def __init__(self, is_client: bool) -> None:
        self.reading = Reading()
        self.parser: Any = None
        self._is_client = is_client
        self._target = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self.is_full = False

    def on_message_begin(self) -> None:
        self._target, self._pairs = b"", []

    def on_url(self, part: bytes) -> None:
        self._target += part

    on_status = on_url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._pairs.append((name, value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        if self.is_full:
            return
        version = self.parser.get_http_version().encode()
        first, second = b"", self._target
        if self._is_client:
            first, second = b"%d" % self.parser.get_status_code(), self._target.strip(b" \t")
        else:
            first = self.parser.get_method()
        message = Message((first, second), version, plain_fields(self._pairs))
        self.reading.messages.append(message)
        self._pairs = []

    def on_body(self, body: bytes) -> None:
        if not self.is_full:
            self.reading.messages[-1].body += body

    def on_message_complete(self) -> None:
        if self.is_full:
            return
        message = self.reading.messages[-1]
        message.trailers, message.is_over = plain_fields(self._pairs), True
        # Behind a final response nothing is compared: a client asked for no more.
        self.is_full = self._is_client and not message.start[0].startswith(b"1")


def read_with_llhttp(wire: bytes, asked: bytes, has_eof: bool) -> Reading:
    """The end of the bytes cannot be told to httptools, nor what a response answers."""
    collector = _Collector(bool(asked))
    make = httptools.HttpResponseParser if asked else httptools.HttpRequestParser
    collector.parser = make(collector)
    reading = collector.reading
    try:
        collector.parser.feed_data(wire)
    except httptools.HttpParserUpgrade as exc:
        reading.stop = Stop.LEFT if exc.args[0] < len(wire) else Stop.WAITS
    except httptools.HttpParserError:
        reading.stop = Stop.REFUSED
    if collector.is_full:
        reading.stop = Stop.LEFT
    return reading


Reader = Callable[[bytes, bytes, bool], Reading]
READERS: Final[dict[str, Reader]] = {"h11": read_with_h11, "llhttp": read_with_llhttp}
