"""weft's server and session against websockets of other libraries, in both roles, over real sockets."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from support.echoing import LEAVING, SMALL, WAIT_SECONDS, End, echoing
from support.foreign import Handler, Library, Message, Peer, Picows, Websockets

from weft import ClientSession, ClientWebSocketResponse, WSMsgType

BIG = os.urandom(1_000_000)
MESSAGES: list[Message] = [
    "",
    "plain",
    "wörter 𝄞 " * 50,
    b"",
    bytes(range(256)) * 300,
    BIG,
    "x" * 1_000_000,
]
PARTS: list[list[str] | list[bytes]] = [
    ["frag", "", "ment", "s" * 3000],
    ["", "only the second"],
    [b"\xff", b"\x00" * 70_000, b""],
]
LIBRARIES: dict[str, Library] = {
    "websockets, compressed": Websockets("deflate"),
    "websockets": Websockets(None),
    "picows": Picows(),
}
COMPRESSED = {"websockets, compressed"}


@pytest.fixture(params=LIBRARIES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def library(name: str) -> Library:
    return LIBRARIES[name]


def join(parts: list[str] | list[bytes]) -> Message:
    return parts[0][:0].join(parts)  # type: ignore[arg-type]  # all str, or all bytes


@asynccontextmanager
async def connected(
    library: Library, handler: Handler, *, max_msg_size: int = 4 * 1024 * 1024
) -> AsyncIterator[ClientWebSocketResponse[bool]]:
    """Our session's websocket to a foreign server; it offers compression."""
    async with (
        asyncio.timeout(WAIT_SECONDS),
        library.serve(handler) as port,
        ClientSession() as session,
        session.ws_connect(
            f"ws://127.0.0.1:{port}/", compress=15, max_msg_size=max_msg_size
        ) as ws,
    ):
        yield ws


async def send(ws: ClientWebSocketResponse[bool], message: Message) -> None:
    if isinstance(message, str):
        await ws.send_str(message)
    else:
        await ws.send_bytes(message)


# --- our server


async def test_our_server_echoes(library: Library, name: str) -> None:
    async with echoing() as server, library.connect(server.url()) as peer:
        for message in MESSAGES:
            await peer.send(message)
            assert await peer.receive() == message
        assert bool(server.compressions[0]) is (name in COMPRESSED)


async def test_our_server_takes_fragments(library: Library) -> None:
    async with echoing() as server, library.connect(server.url()) as peer:
        for parts in PARTS:
            await peer.send_parts(parts)
            assert await peer.receive() == join(parts)


async def test_our_server_answers_pings(library: Library) -> None:
    async with echoing() as server, library.connect(server.url()) as peer:
        await peer.ping(b"are you there?")
        await peer.send("yes")
        assert await peer.receive() == "yes"


async def test_our_server_pings(library: Library) -> None:
    async with echoing() as server, library.connect(server.url("ask")) as peer:
        assert await peer.receive() == "PONG b'there?'"


async def test_a_client_leaves(library: Library) -> None:
    async with echoing() as server, library.connect(server.url()) as peer:
        await peer.close(3001, "genug 𝄞")
        assert await server.end() == End(WSMsgType.CLOSE, "genug 𝄞", 3001)
        code, _ = await peer.wait_closed()
        assert code == 3001


async def test_our_server_leaves(library: Library) -> None:
    async with echoing() as server, library.connect(server.url("leave")) as peer:
        await peer.send("last")
        assert await peer.receive() == "last"
        assert await peer.wait_closed() == LEAVING
        assert await server.end() == End(WSMsgType.CLOSED, "", LEAVING[0])


@pytest.mark.parametrize("is_text", [True, False])
async def test_too_large_for_our_server(library: Library, is_text: bool) -> None:
    async with echoing() as server, library.connect(server.url("small")) as peer:
        text = os.urandom(SMALL // 2).hex()  # does not compress to less than the limit
        fits: Message = text if is_text else text.encode()
        await peer.send(fits)
        assert await peer.receive() == fits
        await peer.send(text + "y" if is_text else text.encode() + b"y")
        assert await peer.wait_closed() == (1009, "message too big")
        assert await server.end() == End(WSMsgType.ERROR, "message too big", 1009)


async def test_fragments_too_large_for_our_server(library: Library) -> None:
    async with echoing() as server, library.connect(server.url("small")) as peer:
        await peer.send_parts(["y" * (SMALL // 2)] * 3)
        assert await peer.wait_closed() == (1009, "message too big")
        assert (await server.end()).close_code == 1009


# --- our client


async def echo_all(peer: Peer) -> None:
    for _ in MESSAGES:
        await peer.send(await peer.receive())
    await peer.wait_closed()


async def test_our_client_is_echoed(library: Library, name: str) -> None:
    async with connected(library, echo_all) as ws:
        assert bool(ws.compress) is (name in COMPRESSED)
        for message in MESSAGES:
            await send(ws, message)
            assert (await ws.receive()).data == message


async def test_our_client_takes_fragments(library: Library) -> None:
    async def send_all(peer: Peer) -> None:
        for parts in PARTS:
            await peer.send_parts(parts)
        await peer.wait_closed()

    async with connected(library, send_all) as ws:
        for parts in PARTS:
            assert (await ws.receive()).data == join(parts)


async def test_our_client_answers_pings(library: Library) -> None:
    async def ask(peer: Peer) -> None:
        await peer.ping(b"are you there?")
        await peer.send("yes")
        await peer.wait_closed()

    async with connected(library, ask) as ws:
        assert await ws.receive_str() == "yes"


async def test_our_client_leaves(library: Library) -> None:
    ends: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def wait(peer: Peer) -> None:
        await peer.send("ready")
        ends.put_nowait(await peer.wait_closed())

    async with connected(library, wait) as ws:
        assert await ws.receive_str() == "ready"
        assert await ws.close(code=3003, message="genug 𝄞".encode()) is True
        assert ws.close_code == 3003
        assert await ends.get() == (3003, "genug 𝄞")


async def test_a_server_leaves(library: Library) -> None:
    async def leave(peer: Peer) -> None:
        await peer.send("last")
        await peer.close(*LEAVING)
        await peer.wait_closed()

    async with connected(library, leave) as ws:
        assert await ws.receive_str() == "last"
        message = await ws.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, *LEAVING)
        assert ws.close_code == LEAVING[0]


async def test_too_large_for_our_client(library: Library) -> None:
    ends: asyncio.Queue[tuple[int, str]] = asyncio.Queue()

    async def flood(peer: Peer) -> None:
        await peer.send("y" * SMALL)
        await peer.send("y" * (SMALL + 1))
        ends.put_nowait(await peer.wait_closed())

    async with connected(library, flood, max_msg_size=SMALL) as ws:
        assert await ws.receive_str() == "y" * SMALL
        message = await ws.receive()
        assert (message.type, str(message.data)) == (WSMsgType.ERROR, "message too big")
        assert ws.close_code == 1009
        assert await ends.get() == (1009, "message too big")
