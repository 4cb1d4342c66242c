"""Every case over a real connection: a raw peer with a server of ours, and with a client of ours.

What comes back is looked at as bytes: each message echoed, each ping answered, and at the end the
close frame that the case asks for.
"""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from support.peers import RawPeer, raw_server
from support.serving import get, talking

from weft_client_session import ClientSession, ClientWebSocketResponse
from weft_web_server import Application, Request, StreamResponse, WebSocketResponse
from weft_websocket import Rule, WSMsgType

from .case import (
    BINARY,
    CLOSE,
    FIN,
    PING,
    PONG,
    RSV1,
    TEXT,
    Case,
    Event,
    Unpacker,
    close,
    event_of,
    parse_frames,
)
from .catalogue import CASES

MOST_BYTES = 1_100_000  # what is larger is tried without a socket
OVER_SOCKETS = [
    case for case in CASES if len(case.wire(True)) < MOST_BYTES and "65,536" not in case.name
]
KEY = "AAAAAAAAAAAAAAAAAAAAAA=="
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
Socket = WebSocketResponse | ClientWebSocketResponse[bool]
Meeting = Callable[[Case, list[Event]], AbstractAsyncContextManager[RawPeer]]


async def echo(socket: Socket, seen: list[Event]) -> None:
    """Send everything back, and note what the application is told of the end."""
    while True:
        message = await socket.receive()
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
        else:
            break
    seen.append((message.type.name, message.data))
    seen.append(("closed with", socket.close_code))
    seen.append(("exception", socket.exception()))


def extension_of(case: Case) -> str:
    """What was agreed on, as it is written in a field; defaults are left out."""
    written = ["permessage-deflate"]
    for name, value in case.deflate or ():
        if value not in (False, 15):
            written.append(name if value is True else f"{name}={value}")
    return "; ".join(written)


@asynccontextmanager
async def with_server(case: Case, seen: list[Event]) -> AsyncIterator[RawPeer]:
    """A client, raw, and our server."""

    async def handler(request: Request) -> StreamResponse:
        socket = WebSocketResponse(max_msg_size=case.limit)
        await socket.prepare(request)
        await echo(socket, seen)
        return socket

    app = Application()
    app.router.add_get("/", handler)
    fields = ["Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    fields.append(f"Sec-WebSocket-Key: {KEY}")
    if case.deflate is not None:
        fields.append(f"Sec-WebSocket-Extensions: {extension_of(case)}")
    async with talking(app) as peer:
        await peer.send(get("/", *fields))
        head = await peer.read_until()
        assert head.startswith(b"HTTP/1.1 101")
        assert (b"permessage-deflate" in head) is (case.deflate is not None)
        yield peer


@asynccontextmanager
async def with_client(case: Case, seen: list[Event]) -> AsyncIterator[RawPeer]:
    """A server, raw, and our client."""
    met: asyncio.Queue[RawPeer] = asyncio.Queue()
    is_over = asyncio.Event()

    async def serve(peer: RawPeer) -> None:
        request = await peer.read_until()
        key = request.partition(b"Sec-WebSocket-Key: ")[2].partition(b"\r\n")[0]
        answer = base64.b64encode(hashlib.sha1(key + GUID).digest()).decode()
        lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
        lines.append(f"Sec-WebSocket-Accept: {answer}")
        if case.deflate is not None:
            lines.append(f"Sec-WebSocket-Extensions: {extension_of(case)}")
        await peer.send("\r\n".join([*lines, "", ""]).encode())
        met.put_nowait(peer)
        await is_over.wait()

    async with raw_server(serve) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        offered = 0 if case.deflate is None else 15
        async with session.ws_connect(url, compress=offered, max_msg_size=case.limit) as socket:
            peer = await met.get()
            talk = asyncio.create_task(echo(socket, seen))
            try:
                yield peer
            finally:
                is_over.set()
                await talk


def heard_from(data: bytes, case: Case, is_masked: bool) -> list[Event]:
    """What came back, unpacked."""
    deflate = dict(case.deflate or ())
    bits = deflate.get("server_max_window_bits", 15)
    unpacker = Unpacker(bits, keeps_window=not deflate.get("server_no_context_takeover"))
    heard = []
    for first, payload in parse_frames(data, is_masked):
        assert first & FIN
        if first & RSV1:
            assert case.deflate is not None
            assert first & 0x0F in (TEXT, BINARY)
            payload = unpacker.unpack(payload)
        heard.append(event_of(first, payload))
    return heard


def expected_of(case: Case, is_masked: bool) -> tuple[list[Event], list[Event], Event]:
    """Echoes, answers to pings and the close frame."""
    echoes = [event for event in case.events if event[0] in ("text", "binary")]
    pongs = [("pong", event[1]) for event in case.events if event[0] == "ping"]
    error = case.error
    if error == "MASK":
        error = "MASK_MISSING" if is_masked else "MASK_PRESENT"
    if error:
        rule = Rule[error]
        return echoes, pongs, ("close", (int(rule.close_code), rule.text))
    code = 1000
    if case.events and case.events[-1][0] == "close":
        code = case.events[-1][1][0]
    return echoes, pongs, ("close", (code, ""))


@pytest.mark.parametrize("meet", [with_server, with_client], ids=["server", "client"])
@pytest.mark.parametrize("case", OVER_SOCKETS, ids=str)
async def test_case(case: Case, meet: Meeting) -> None:
    is_masked = meet is with_server
    wire = case.wire(is_masked)
    is_over = case.error or (case.events and case.events[-1][0] == "close")
    if not is_over:
        wire += close(1000).render(is_masked)
    echoes, pongs, last = expected_of(case, is_masked)
    seen: list[Event] = []
    async with meet(case, seen) as peer:
        sending = asyncio.create_task(peer.send(wire))
        data = await peer.read_all()
        await sending
    heard = heard_from(data, case, not is_masked)
    assert heard[-1] == last
    assert [event for event in heard[:-1] if event[0] != "pong"] == echoes
    if not case.error:  # then nothing more need be answered
        check_pongs([event for event in heard if event[0] == "pong"], pongs)
    check_end(seen, last, case)


def check_pongs(heard: list[Event], pongs: list[Event]) -> None:
    """RFC 6455 5.5.3: in order, and the last of those that were read together at the least."""
    rest = iter(pongs)
    assert all(event in rest for event in heard)
    assert heard[-1:] == pongs[-1:]
    assert heard == pongs or len(pongs) > 16


def check_end(seen: list[Event], last: Event, case: Case) -> None:
    """The application is told the same as the peer."""
    (kind, data), (_, close_code), (_, error) = seen
    code, reason = last[1]
    assert close_code == code
    if case.error:
        assert kind == "ERROR"
        assert data is error
        assert (error.code, str(error)) == (code, reason)
    else:
        assert (kind, data, error) == ("CLOSE", code, None)


def test_frames_are_told_apart() -> None:
    """The test's own reader, on the example of RFC 6455 section 5.7."""
    raw = bytes.fromhex("818537fa213d7f9f4d5158")
    assert list(parse_frames(raw, True)) == [(0x81, b"Hello")]
    assert [event_of(FIN | kind, b"") for kind in (PING, PONG)] == [("ping", b""), ("pong", b"")]
    assert event_of(FIN | CLOSE, b"\x03\xe8bye") == ("close", (1000, "bye"))
