"""What holds for every message and every conversation, for hypothesis to contradict.

What one side says the other hears, at any split and on any pair of twins; nothing but a
ProtocolError comes out of `receive`; and an error's offset is that of the one byte that decides.
"""

from collections.abc import Sequence
from typing import Any

import attrs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.splitting import split_at
from support.twins import Twin

from tools.fuzz import connections
from tools.fuzz.connections import load_twins

from .streams import requests, responses

TOKEN = st.text("!#$%&'*+-.^_`|~0123456789abcXYZ", min_size=1, max_size=12)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_characters="".join(map(chr, [*range(32), 127]))),
    max_size=20,
).map(lambda text: text.strip(" "))
TARGET = st.text("abcXYZ019-._~%/?:@!$&'()*+,;=é", max_size=30).map("/".__add__)
STEERING = frozenset(["content-length", "transfer-encoding", "connection", "host", "upgrade"])
NAMES: st.SearchStrategy[str] = st.one_of(
    TOKEN, st.sampled_from(["Accept", "Set-Cookie", "X-A", "ETag", "cookie", "Server", "Upgrade"])
).filter(lambda name: str(name).lower() not in STEERING)
PAIRS = st.lists(st.tuples(NAMES, TEXT), max_size=6)
CUTS = st.lists(st.integers(1, 400), max_size=8)
BODY = st.lists(st.binary(max_size=40), max_size=4)
TWINS = st.sampled_from(load_twins())


# Heads


@given(TWINS, TWINS, TOKEN, TARGET, PAIRS, st.booleans())
def test_a_request_head_parses_back(
    ours: Twin, theirs: Twin, method: str, target: str, pairs: Any, is_old: bool
) -> None:
    assume(method != "CONNECT")
    version = (1, 0) if is_old else (1, 1)
    pairs = [("Host", "a.b:80"), *pairs]
    head = ours.RequestHead(method, target, version, pairs)
    for made in (head, *theirs.Http1Connection(theirs.Role.SERVER).receive(head.raw)[:1]):
        assert (made.method, made.target, made.version) == (method, target, version)
        assert [*made.headers.items()] == pairs
        assert made.raw == head.raw == ours.render_request_head(method, target, version, pairs)
        check_lookups(made, pairs)


@given(TWINS, TWINS, st.integers(200, 999), TEXT, PAIRS, st.booleans())
def test_a_response_head_parses_back(
    ours: Twin, theirs: Twin, status: int, reason: str, pairs: Any, is_old: bool
) -> None:
    version = (1, 0) if is_old else (1, 1)
    head = ours.ResponseHead(status, reason, version, pairs)
    connection = theirs.Http1Connection(theirs.Role.CLIENT)
    connection.send_head(theirs.RequestHead("GET", "/", headers=[("Host", "a")]))
    for made in (head, *connection.receive(head.raw)[:1]):
        assert (made.status, made.reason, made.version) == (status, reason, version)
        assert [*made.headers.items()] == pairs
        assert made.raw == head.raw == ours.render_response_head(status, reason, version, pairs)
        check_lookups(made, pairs)


def check_lookups(head: Any, pairs: Sequence[tuple[str, str]]) -> None:
    for name, _ in pairs:
        values = [value for key, value in pairs if key.lower() == name.lower()]
        assert head.get_all(name) == values
        assert head.get(name.upper()) == values[0]
    assert head.get("x-absent") is None


# Conversations


@attrs.frozen
class Message:
    """What one side says in one cycle."""

    pairs: tuple[tuple[str, str], ...] = ()
    kind: str = "chunked"
    pieces: tuple[bytes, ...] = ()
    trailers: tuple[tuple[str, str], ...] | None = None
    interims: tuple[int, ...] = ()


MESSAGES = st.builds(
    Message,
    PAIRS.map(tuple),
    st.sampled_from(["none", "length", "chunked", "whole"]),
    BODY.map(tuple),
    st.none() | st.lists(st.tuples(NAMES, TEXT), max_size=3).map(tuple),
    st.lists(st.sampled_from([100, 102, 103, 199]), max_size=3).map(tuple),
)


def body_of(message: Message) -> bytes:
    return b"" if message.kind == "none" else b"".join(message.pieces)


def say(connection: Any, make: Any, message: Message) -> bytes:
    """The wire of a message, through the calls that its kind has."""
    body = body_of(message)
    framing: list[tuple[str, str]] = {
        "none": [("Content-Length", "0")],
        "chunked": [("Transfer-Encoding", "chunked")],
    }.get(message.kind, [("Content-Length", str(len(body)))])
    head = make([*message.pairs, *framing])
    if message.kind == "whole":
        return bytes(connection.send_whole(head.raw, body))
    parts = [connection.send_head(head)]
    if message.kind != "none":
        for piece in message.pieces:
            parts += connection.send_data(piece)
    trailers = message.trailers if message.kind == "chunked" else None
    return b"".join([*parts, connection.send_end(trailers)])


def heard(message: Message) -> list[Any]:
    """What the other side should make of it, behind the head."""
    trailers = list(message.trailers or ()) if message.kind == "chunked" else []
    return [*([body_of(message)] if body_of(message) else []), trailers]


def listen(connection: Any, wire: bytes, cuts: Sequence[int]) -> list[Any]:
    """The events of one message, pieces put together; heads as their fields."""
    found: list[Any] = []
    for piece in split_at(wire, cuts):
        for event in connection.receive(piece):
            shown = connections.describe(event)
            if isinstance(shown, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += shown
            else:
                found.append(shown)
    return found


@settings(max_examples=200)
@given(TWINS, TWINS, st.lists(st.tuples(MESSAGES, MESSAGES), min_size=1, max_size=3), CUTS)
def test_what_one_side_says_the_other_hears(
    ours: Twin, theirs: Twin, cycles: list[tuple[Message, Message]], cuts: list[int]
) -> None:
    client = ours.Http1Connection(ours.Role.CLIENT)
    server = theirs.Http1Connection(theirs.Role.SERVER)
    for number, (asked, answered) in enumerate(cycles):

        def ask(pairs: Any, path: str = f"/{number}") -> Any:
            return ours.RequestHead("POST", path, headers=[("Host", "a"), *pairs])

        def answer(pairs: Any, status: int = 200) -> Any:
            return theirs.ResponseHead(status, "Said", headers=pairs)

        head, *rest = listen(server, say(client, ask, asked), cuts)
        assert head[1][1 : len(asked.pairs) + 1] == list(asked.pairs)
        assert rest == heard(asked)
        wire = b"".join(server.send_head(answer([], status)) for status in answered.interims)
        found = listen(client, wire + say(server, answer, answered), cuts)
        interims, (head, *rest) = found[: len(answered.interims)], found[len(answered.interims) :]
        assert [shown[0][-2] for shown in interims] == list(answered.interims)
        assert head[1][: len(answered.pairs)] == list(answered.pairs)
        assert rest == heard(answered)
        for side in (client, server):
            assert side.can_cycle
            assert side.next_cycle() == []
            assert side.is_idle


@settings(max_examples=200)
@given(TWINS, TWINS, st.lists(MESSAGES, min_size=2, max_size=4), CUTS)
def test_what_is_said_ahead_is_heard_in_order(
    ours: Twin, theirs: Twin, messages: list[Message], cuts: list[int]
) -> None:
    """Requests of several cycles in one stream; each comes when the one before was answered."""
    wire = b""
    for message in messages:
        client = ours.Http1Connection(ours.Role.CLIENT)
        wire += say(
            client,
            lambda pairs: ours.RequestHead("PUT", "/", headers=[("Host", "a"), *pairs]),
            message,
        )
    server = theirs.Http1Connection(theirs.Role.SERVER)
    events: list[Any] = []
    for piece in split_at(wire, cuts):
        events += server.receive(piece)
        while server.is_peer_done and not server.is_our_done:
            server.send_whole(b"HTTP/1.1 204 No Content\r\n\r\n", b"")
            events += server.next_cycle()
    shown = [connections.describe(event) for event in events]
    bodies = b"".join(event for event in shown if isinstance(event, bytes))
    others = [event for event in shown if not isinstance(event, bytes)]
    assert bodies == b"".join(map(body_of, messages))
    assert others[1::2] == [heard(message)[-1] for message in messages]
    assert [head[1][1 : len(message.pairs) + 1] for head, message in zip(others[::2], messages, strict=True)] == [
        list(message.pairs) for message in messages
    ]  # fmt: skip
    assert server.is_idle


# Errors

ANY = st.one_of(
    st.binary(max_size=300),
    requests(),
    responses(),
    st.lists(requests(), min_size=2, max_size=3).map(b"".join),
)


def connect(twin: Any, asked: bytes, is_lenient: bool) -> Any:
    if not asked:
        return twin.Http1Connection(twin.Role.SERVER)
    strictness = twin.LENIENT if is_lenient else twin.STRICT
    connection = twin.Http1Connection(twin.Role.CLIENT, twin.Limits(), strictness)
    connection.send_whole(asked + b" / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n", b"")
    return connection


def receive_all(twin: Any, connection: Any, pieces: Any) -> Any:
    """The error that ends it, or None; a server answers every request."""
    try:
        for piece in pieces:
            connection.receive(piece)
            while connection.is_peer_done and connection.role is twin.Role.SERVER:
                if not connection.is_our_done:
                    connection.send_whole(b"HTTP/1.1 204 No\r\n\r\n", b"")
                if not connection.can_cycle:
                    break
                connection.next_cycle()
    except twin.ProtocolError as exc:
        return exc
    return None


@settings(max_examples=400)
@given(TWINS, ANY, CUTS, st.sampled_from([b"", b"GET", b"HEAD", b"CONNECT"]), st.booleans())
def test_one_byte_decides(
    twin: Twin, wire: bytes, cuts: list[int], asked: bytes, is_lenient: bool
) -> None:
    """Whatever comes: a ProtocolError or none, at the byte without which there would be none."""
    connection = connect(twin, asked, is_lenient)
    fault = receive_all(twin, connection, split_at(wire, cuts))
    if fault is None:
        return
    assert 0 <= fault.offset < len(wire)
    before = connect(twin, asked, is_lenient)
    assert receive_all(twin, before, split_at(wire[: fault.offset], cuts)) is None
    again = receive_all(twin, before, [wire[fault.offset : fault.offset + 1]])
    assert again is not None
    assert (again.reason, again.offset) == (fault.reason, fault.offset)
    # It stays broken, in the same words.
    for poisoned in (connection, before):
        repeated = receive_all(twin, poisoned, [b"x"])
        assert (repeated.reason, repeated.offset) == (fault.reason, fault.offset)


@settings(max_examples=200)
@given(TWINS, ANY, CUTS, st.sampled_from([b"", b"GET", b"HEAD", b"CONNECT"]))
def test_the_end_of_the_bytes(twin: Twin, wire: bytes, cuts: list[int], asked: bytes) -> None:
    """It ends a message or is a fault behind the last byte."""
    connection = connect(twin, asked, False)
    if receive_all(twin, connection, split_at(wire, cuts)) is not None:
        return
    try:
        connection.receive_eof()
    except twin.ProtocolError as exc:
        assert (exc.reason.name, exc.offset) == ("INCOMPLETE", len(wire))
