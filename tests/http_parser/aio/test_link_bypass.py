"""Where a link lets bytes go past its transport, on each loop's own transports."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop
from support.memory import Recorder, memory_links

from weft_http_parser import Link


async def socket_links() -> tuple[Link, Link]:
    """Links over the two ends of a socket pair."""
    loop = asyncio.get_running_loop()
    links = []
    for end in socket.socketpair():
        _, link = await loop.create_connection(lambda: Link(Recorder()), sock=end)
        links.append(link)
    return links[0], links[1]


async def until_read(link: Link, size: int) -> bytes:
    assert isinstance(link.receiver, Recorder)
    return await link.receiver.until_bytes(size)


async def go_past() -> None:
    near, far = await socket_links()
    assert near.bypass == -1
    near.open_bypass()
    near.write(b"one ")
    await until_read(far, 4)
    assert not near.transport.get_write_buffer_size()
    os.write(near.bypass, b"two")
    assert await until_read(far, 7) == b"one two"
    near.close()
    assert near.bypass == -1
    near.open_bypass()
    assert near.bypass == -1
    await near.wait_closed()
    await far.wait_closed()


async def close_in_every_way() -> None:
    """The descriptor is given as long as the transport keeps it, and no longer."""
    for end in (Link.close, Link.abort, Link.write_eof):
        near, far = await socket_links()
        near.open_bypass()
        descriptor = near.bypass
        assert os.fstat(descriptor)
        end(near)
        assert near.bypass == -1
        near.abort()
        await near.wait_closed()
        far.abort()
        await far.wait_closed()


async def be_left() -> None:
    near, far = await socket_links()
    near.open_bypass()
    far.close()
    await near.wait_closed()
    assert near.bypass == -1


async def fail_behind_the_links_back() -> None:
    """A transport that gives up by itself keeps its socket until the link knows."""
    near, far = await socket_links()
    near.open_bypass()
    ours = near.bypass
    near.transport.abort()
    assert near.bypass == ours
    assert os.fstat(ours)
    await near.wait_closed()
    assert near.bypass == -1
    far.abort()
    await far.wait_closed()


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
@pytest.mark.parametrize(
    "talk", [go_past, close_in_every_way, be_left, fail_behind_the_links_back]
)
def test_on_real_transports(
    new_loop: Callable[[], asyncio.AbstractEventLoop],
    talk: Callable[[], Coroutine[Any, Any, None]],
) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(talk())


async def test_unknown_transports_have_none() -> None:
    near, _ = memory_links()
    near.open_bypass()
    assert near.bypass == -1
    assert Link(Recorder()).bypass == -1
