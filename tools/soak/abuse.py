"""What a rude client does to a server: each function is one rudeness, from connecting to leaving."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

PATIENCE_SECONDS = 10.0
Rudeness = Callable[[int], Awaitable[None]]


async def _say(port: int, data: bytes, *, waits: bool = True) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await writer.drain()
        if waits:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await reader.read()
    except OSError:
        pass
    finally:
        writer.close()


async def junk(port: int) -> None:
    """Bytes of no request; a TLS hello."""
    await _say(port, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20)


async def long_head(port: int) -> None:
    """A head without end."""
    await _say(port, b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X-Long: " + b"x" * 100_000)


async def two_lengths(port: int) -> None:
    """A request that two servers would read in two ways."""
    await _say(
        port,
        b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    )


async def silence(port: int) -> None:
    """Connects, and never says a word; the server ends it."""
    await _say(port, b"G")


async def half_body(port: int) -> None:
    """Announces a body and leaves in the middle of it."""
    await _say(
        port, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhalf", waits=False
    )


async def slow_body(port: int) -> None:
    """Announces a body and sends none; the server ends it."""
    await _say(port, b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")


async def broken_chunks(port: int) -> None:
    """A chunk with a size that is none."""
    await _say(
        port, b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcZZ"
    )


async def reset(port: int) -> None:
    """Asks for much and resets the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 4)
    await reader.read(100)
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def deaf(port: int) -> None:
    """Asks for much and reads nothing, until the server loses its patience."""
    sock = socket.socket()
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_connect(sock, ("127.0.0.1", port))
        await loop.sock_sendall(sock, b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 8)
        await asyncio.sleep(3.0)
    except OSError:
        pass
    finally:
        sock.close()


async def bad_frames(port: int) -> None:
    """Opens a websocket and sends a frame without a mask."""
    await _say(
        port,
        b"GET /talk HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        b"\x81\x05hello",
    )


RUDENESSES: list[Rudeness] = [
    junk,
    long_head,
    two_lengths,
    silence,
    half_body,
    slow_body,
    broken_chunks,
    reset,
    deaf,
    bad_frames,
]
