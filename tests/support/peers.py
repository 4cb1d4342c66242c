"""Raw TCP peers: they send and read bytes, and know no HTTP."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

WAIT_SECONDS = 10


class RawPeer:
    """One connection, as bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def send_split(self, data: bytes, size: int = 1) -> None:
        """Send in pieces of `size` bytes, a loop pass apart."""
        for start in range(0, len(data), size):
            await self.send(data[start : start + size])
            await asyncio.sleep(0)

    async def read(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.readexactly(count)

    async def read_until(self, end: bytes = b"\r\n\r\n") -> bytes:
        """Bytes up to and with `end`."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.readuntil(end)

    async def read_all(self) -> bytes:
        """Everything until the other side closes."""
        async with asyncio.timeout(WAIT_SECONDS):
            return await self.reader.read()

    async def read_response(self) -> tuple[bytes, bytes]:
        """A head and a body of known length or of chunks, undone."""
        head = await self.read_until()
        fields = dict(
            (name.strip().lower(), value.strip())
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:-2])
        )
        if fields.get(b"transfer-encoding") == b"chunked":
            return head, await self._read_chunks()
        return head, await self.read(int(fields.get(b"content-length", b"0")))

    async def _read_chunks(self) -> bytes:
        body = b""
        while size := int((await self.read_until(b"\r\n")).split(b";")[0], 16):
            body += await self.read(size)
            await self.read(2)
        while await self.read_until(b"\r\n") != b"\r\n":
            pass
        return body

    def send_eof(self) -> None:
        """Half close."""
        self.writer.write_eof()

    def reset(self) -> None:
        """Close with RST."""
        sock: socket.socket = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def close(self) -> None:
        self.writer.close()
        try:
            await self.writer.wait_closed()
        except OSError:
            pass


@asynccontextmanager
async def raw_client(
    port: int, host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[RawPeer]:
    """A connection to a server under test."""
    reader, writer = await asyncio.open_connection(
        host, port, ssl=tls, server_hostname="localhost" if tls else None
    )
    peer = RawPeer(reader, writer)
    try:
        yield peer
    finally:
        await peer.close()


@asynccontextmanager
async def raw_server(
    serve: Callable[[RawPeer], Awaitable[None]], *, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    """A server on a free port that runs `serve` for each connection; yields the port."""
    errors: list[BaseException] = []
    tasks: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        peer = RawPeer(reader, writer)
        try:
            await serve(peer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        except Exception as exc:
            errors.append(exc)
        finally:
            tasks.discard(task)
            await peer.close()

    server = await asyncio.start_server(run, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()
    if errors:
        raise errors[0]
