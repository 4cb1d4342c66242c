"""Parts on the transports of the event loop, whose own flow control has had faults."""

import asyncio

from support.memory import Recorder

from weft_http_parser import Link

PIECE = b"x" * 65_536


async def test_parts_for_a_peer_that_does_not_read_fill_the_link() -> None:
    loop = asyncio.get_running_loop()
    accepted: asyncio.Future[asyncio.StreamWriter] = loop.create_future()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer)

    # A reader with a small limit stops taking bytes soon.
    server = await asyncio.start_server(accept, "127.0.0.1", 0, limit=1024)
    link = Link(Recorder())
    await loop.create_connection(lambda: link, *server.sockets[0].getsockname())
    for _ in range(1000):  # 62 MiB, more than any socket takes
        link.write_parts((b"part", PIECE))
        if link.is_full:
            break
        await asyncio.sleep(0)
    assert link.is_full
    link.abort()
    (await accepted).transport.abort()
    server.close()
    await link.wait_closed()
