"""The link on in-memory transports, and once on each loop's own."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trustme
import uvloop
from support.memory import Recorder, join, memory_links, transport_of

from weft_http_parser import Hold, Link, LinkLost


def recorder(link: Link) -> Recorder:
    assert isinstance(link.receiver, Recorder)
    return link.receiver


async def test_bytes_arrive_in_order() -> None:
    client, server = memory_links()
    client.write(b"one ")
    client.write_parts([b"two ", memoryview(b"three")])
    assert await recorder(server).until_bytes(13) == b"one two three"
    assert recorder(server).events[0] == "made"
    assert recorder(server).link is server


async def test_the_receiver_can_be_replaced() -> None:
    client, server = memory_links()
    client.write(b"a")
    await recorder(server).until_bytes(1)
    second = Recorder()
    server.receiver = second
    client.write(b"b")
    assert await second.until_bytes(1) == b"b"
    assert second.events == ["data"]


async def test_reading_stops_while_any_reason_holds() -> None:
    client, server = memory_links()
    transport = transport_of(server)
    server.hold(Hold.BODY)
    server.hold(Hold.QUEUE)
    server.hold(Hold.QUEUE)
    assert not transport.is_reading()
    assert server.holds == Hold.BODY | Hold.QUEUE
    server.release(Hold.QUEUE)
    assert not transport.is_reading()
    client.write(b"later")
    server.release(Hold.BODY)
    assert transport.is_reading()
    assert await recorder(server).until_bytes(5) == b"later"


async def test_releasing_what_is_not_held_does_nothing() -> None:
    _, server = memory_links()
    server.hold(Hold.BODY)
    server.release(Hold.SWITCH)
    assert server.holds == Hold.BODY


async def test_a_hold_before_the_connection_counts() -> None:
    link = Link(Recorder())
    link.hold(Hold.PIPELINE)
    join(link, Link(Recorder()))
    assert not transport_of(link).is_reading()


def test_drain_below_the_mark_does_not_suspend() -> None:
    async def main() -> None:
        client, _ = memory_links()
        client.write(b"x" * 65_536)
        with pytest.raises(StopIteration):
            client.drain().send(None)

    asyncio.run(main())


async def test_drain_waits_for_a_peer_that_reads() -> None:
    client, server = memory_links()
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    drained = asyncio.create_task(client.drain())
    await asyncio.sleep(0)
    assert not drained.done()
    server.release(Hold.BODY)
    await asyncio.wait_for(drained, 5)
    await recorder(server).until_bytes(100_000)


async def test_a_cancelled_drain_leaves_the_link_usable() -> None:
    client, server = memory_links()
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    drained = asyncio.create_task(client.drain())
    await asyncio.sleep(0)
    drained.cancel()
    with pytest.raises(asyncio.CancelledError):
        await drained
    server.release(Hold.BODY)
    await client.drain()
    client.write(b"y")
    assert (await recorder(server).until_bytes(100_001)).endswith(b"xy")


async def test_a_peer_that_takes_nothing_is_cut_off() -> None:
    client, server = memory_links(write_timeout_seconds=0.02)
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    with pytest.raises(TimeoutError):
        await client.drain()
    await recorder(client).until_event("lost")
    assert client.is_lost


class HandClock:
    """Runs what a link wants called later, when a test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._due: list[tuple[asyncio.TimerHandle, Callable[..., object], tuple[object, ...]]] = []
        self._loop = asyncio.get_running_loop()
        self._call_later = self._loop.call_later
        monkeypatch.setattr(self._loop, "call_later", self._keep)

    def _keep(
        self, delay: float, callback: Callable[..., object], *args: object
    ) -> asyncio.TimerHandle:
        if not isinstance(getattr(callback, "__self__", None), Link):
            return self._call_later(delay, callback, *args)
        handle = self._call_later(3600, callback, *args)
        self._due.append((handle, callback, args))
        return handle

    def strike(self) -> None:
        """Let the time of every timer that is armed pass."""
        due, self._due = self._due, []
        for handle, callback, args in due:
            if not handle.cancelled():
                handle.cancel()
                callback(*args)

    @property
    def armed(self) -> int:
        return sum(not handle.cancelled() for handle, _, _ in self._due)


class Sipping(Recorder):
    """Takes one block each time it is let."""

    def data_received(self, data: bytes) -> None:
        assert self.link is not None
        self.link.hold(Hold.BODY)
        super().data_received(data)


async def test_a_slow_peer_is_not_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    client, server = memory_links(server=Sipping(), write_timeout_seconds=1)
    clock = HandClock(monkeypatch)
    server.hold(Hold.BODY)
    client.write(b"x" * 65_536 * 5)
    drained = asyncio.create_task(client.drain())
    for _ in range(4):
        # Takes some, while more is written behind it: the buffer does not shrink.
        taken = len(recorder(server).received)
        server.release(Hold.BODY)
        await recorder(server).until_bytes(taken + 65_536)
        client.write(b"y" * 65_536)
        clock.strike()
        assert client.is_full
    assert not drained.done()
    assert not client.is_closing
    clock.strike()  # and now it took nothing
    monkeypatch.undo()
    with pytest.raises(TimeoutError):
        await drained
    assert client.is_closing


async def test_the_watch_ends_with_what_it_waits_for(monkeypatch: pytest.MonkeyPatch) -> None:
    client, server = memory_links(write_timeout_seconds=1)
    clock = HandClock(monkeypatch)
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    client.close()  # watched already
    assert clock.armed == 1
    taken = transport_of(client)
    server.release(Hold.BODY)
    await recorder(server).until_bytes(100_000)
    assert taken.get_write_buffer_size() == 0
    clock.strike()  # all is taken: nothing is left to wait for
    assert clock.armed == 0
    monkeypatch.undo()
    await client.wait_closed()


async def test_parts_are_joined_where_the_loop_loses_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CVE-2024-12254: the loop of some versions of Python never says that it is full."""
    monkeypatch.setattr("weft_http_parser.aio.link._JOINS_PARTS", True)
    client, server = memory_links()
    client.write_parts([b"one ", memoryview(b"two")])
    assert transport_of(client).written == b"one two"
    assert await recorder(server).until_bytes(7) == b"one two"


async def test_parts_behind_a_full_buffer_arrive_too() -> None:
    client, server = memory_links()
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    assert client.is_full
    client.write_parts([b"ab", b"cd"])
    server.release(Hold.BODY)
    assert (await recorder(server).until_bytes(100_004)).endswith(b"xabcd")


async def test_a_transport_that_pauses_or_resumes_out_of_turn() -> None:
    client, _ = memory_links()
    client.resume_writing()
    client.pause_writing()
    client.pause_writing()
    assert client.is_full
    client.resume_writing()
    assert not client.is_full
    client.close()
    client.pause_writing()
    assert client.is_closing


async def test_the_transport_may_tell_of_the_loss_twice() -> None:
    client, _ = memory_links()
    client.connection_lost(None)
    client.connection_lost(OSError("again"))
    assert recorder(client).events == ["made", "lost"]
    assert recorder(client).lost_with is None
    transport_of(client).abort()


async def test_a_loop_that_finds_no_transport_for_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """What asyncio answers when the link was closed during the handshake (its type says so)."""

    async def start_tls(*args: object, **options: object) -> None:
        return None

    client, _ = memory_links()
    monkeypatch.setattr(asyncio.get_running_loop(), "start_tls", start_tls)
    with pytest.raises(LinkLost, match="during the TLS handshake"):
        await client.start_tls(ssl.create_default_context(), server_hostname="a")


async def test_an_end_after_closing_changes_nothing() -> None:
    client, _ = memory_links()
    client.close()
    assert client.eof_received() is False
    assert client.is_closing
    await client.wait_closed()


async def test_a_transport_that_closes_before_it_says_so() -> None:
    client, _ = memory_links()
    transport = transport_of(client)
    transport.close()  # as a failed write does; the link hears of it in a later pass
    with pytest.raises(LinkLost):
        for _ in range(3):
            await client.drain()


async def test_a_cancelled_wait_for_the_end_is_left_out() -> None:
    client, server = memory_links()
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    waits = [asyncio.create_task(client.wait_closed()) for _ in range(2)]
    drains = [asyncio.create_task(client.drain()) for _ in range(2)]
    await asyncio.sleep(0)
    waits[0].cancel()
    drains[0].cancel()
    transport_of(client).lose(None)
    client.connection_lost(None)  # in the same pass, before the cancelled ones are gone
    await waits[1]
    with pytest.raises(LinkLost):
        await drains[1]
    for gone in (waits[0], drains[0]):
        with pytest.raises(asyncio.CancelledError):
            await gone


async def test_a_cancelled_drain_is_not_told_of_a_stuck_peer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client, server = memory_links(write_timeout_seconds=1)
    clock = HandClock(monkeypatch)
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    drained = asyncio.create_task(client.drain())
    await asyncio.sleep(0)
    drained.cancel()
    clock.strike()
    with pytest.raises(asyncio.CancelledError):
        await drained
    assert client.is_closing


async def test_losing_the_link_wakes_a_drain() -> None:
    client, server = memory_links()
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    drained = asyncio.create_task(client.drain())
    await asyncio.sleep(0)
    cause = OSError("cable")
    transport_of(client).lose(cause)
    with pytest.raises(LinkLost) as caught:
        await drained
    assert caught.value.__cause__ is cause
    assert recorder(client).lost_with is cause
    assert isinstance(recorder(server).lost_with, ConnectionResetError)


async def test_nothing_is_written_to_a_lost_link() -> None:
    client, _ = memory_links()
    client.abort()
    await client.wait_closed()
    assert client.is_lost
    with pytest.raises(LinkLost):
        client.write(b"x")
    with pytest.raises(LinkLost):
        client.write_parts([b"x"])
    with pytest.raises(LinkLost):
        await client.drain()
    client.close()
    client.abort()
    client.write_eof()
    await client.wait_closed()


async def test_nothing_is_written_after_close() -> None:
    client, server = memory_links()
    client.write(b"last")
    client.close()
    assert client.is_closing
    assert not client.is_lost
    with pytest.raises(LinkLost):
        client.write(b"more")
    await client.wait_closed()
    assert await recorder(server).until_bytes(4) == b"last"


async def test_close_waits_for_a_reading_peer_and_cuts_off_another() -> None:
    client, server = memory_links(write_timeout_seconds=0.02)
    server.hold(Hold.BODY)
    client.write(b"x" * 10)
    client.close()
    await asyncio.wait_for(client.wait_closed(), 5)
    await recorder(server).until_event("lost")
    assert recorder(server).received == b""


async def test_half_close_keeps_our_side_open() -> None:
    server_side = Recorder(at_eof=True)
    client, server = memory_links(server=server_side)
    client.write(b"question")
    client.write_eof()
    await server_side.until_event("eof")
    assert not server.is_closing
    server.write(b"answer")
    assert await recorder(client).until_bytes(6) == b"answer"
    server.close()
    await server.wait_closed()


async def test_eof_closes_when_the_receiver_wants_nothing_more() -> None:
    client, server = memory_links()
    client.write_eof()
    await recorder(server).until_event("lost")
    assert server.is_lost
    with pytest.raises(LinkLost):
        server.write(b"x")


async def test_a_link_that_never_connected() -> None:
    link = Link(Recorder())
    assert link.get_extra_info("peername", "nobody") == "nobody"
    assert not link.is_closing
    with pytest.raises(LinkLost):
        link.write(b"x")
    link.close()
    assert link.is_lost
    await link.wait_closed()


async def test_what_a_link_that_is_not_open_refuses() -> None:
    link = Link(Recorder())
    link.abort()
    assert link.is_lost
    with pytest.raises(LinkLost):
        await link.start_tls(ssl.create_default_context())
    client, _ = memory_links()
    client.abort()
    await client.wait_closed()
    client.connection_lost(None)
    assert recorder(client).events == ["made", "lost"]


async def test_no_write_timeout() -> None:
    client, server = memory_links(write_timeout_seconds=None)
    server.hold(Hold.BODY)
    client.write(b"x" * 100_000)
    drained = asyncio.create_task(client.drain())
    await asyncio.sleep(0)
    server.release(Hold.BODY)
    await drained


async def test_extra_info_and_repr() -> None:
    client, _ = memory_links()
    assert client.get_extra_info("sockname") == ("client", 0)
    assert client.get_extra_info("cipher", 5) == 5
    assert repr(client) == "<Link open peer=('client-peer', 0)>"


class Lender(asyncio.BufferedProtocol):
    """Reads into memory of its own."""

    def __init__(self) -> None:
        self.memory = bytearray(16)
        self.count: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self.memory

    def buffer_updated(self, nbytes: int) -> None:
        self.count.set_result(nbytes)


@pytest.mark.parametrize("is_held", [False, True])
async def test_reading_into_memory_of_somebody_elses(is_held: bool) -> None:
    async with tcp_links() as (client, server):
        if is_held:
            server.hold(Hold.BODY)
        lender = Lender()
        server.read_into(lender)
        client.write(b"abc")
        if is_held:
            server.release(Hold.BODY)
        async with asyncio.timeout(10):
            assert await lender.count == 3
        assert lender.memory[:3] == b"abc"
        server.transport.set_protocol(server)


async def test_a_link_that_is_lost_is_not_read_into() -> None:
    client, server = memory_links()
    client.abort()
    await server.wait_closed()
    protocol = transport_of(server).get_protocol()
    server.read_into(Lender())
    assert transport_of(server).get_protocol() is protocol


@asynccontextmanager
async def tcp_links(tls: bool = False) -> AsyncIterator[tuple[Link, Link]]:
    loop = asyncio.get_running_loop()
    server_context, client_context = tls_contexts() if tls else (None, None)
    accepted: asyncio.Future[Link] = loop.create_future()
    receiver = Recorder(at_eof=True)

    def accept() -> Link:
        link = Link(receiver, write_timeout_seconds=0.2)
        accepted.set_result(link)
        return link

    listener = await loop.create_server(accept, "127.0.0.1", 0, ssl=server_context)
    port = listener.sockets[0].getsockname()[1]
    _, client = await loop.create_connection(
        lambda: Link(Recorder(), write_timeout_seconds=0.2),
        "127.0.0.1",
        port,
        ssl=client_context,
        server_hostname="localhost" if tls else None,
    )
    server = await accepted
    await receiver.until_event("made")
    try:
        yield client, server
    finally:
        client.abort()
        server.abort()
        await client.wait_closed()
        await server.wait_closed()
        listener.close()
        await listener.wait_closed()


def tls_contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(server)
    client = ssl.create_default_context()
    authority.configure_trust(client)
    return server, client


async def talk(tls: bool) -> None:
    async with tcp_links(tls) as (client, server):
        client.write(b"question")
        assert await recorder(server).until_bytes(8) == b"question"
        server.write(b"x" * 1_000_000)
        await server.drain()
        assert len(await recorder(client).until_bytes(1_000_000)) == 1_000_000
        server.close()
        await server.wait_closed()
        await recorder(client).until_event("lost")


async def answer_a_half_close() -> None:
    async with tcp_links() as (client, server):
        client.write_eof()
        await recorder(server).until_event("eof")
        server.write(b"still here")
        assert await recorder(client).until_bytes(10) == b"still here"


async def end_when_the_peer_is_gone() -> None:
    async with tcp_links() as (client, server):
        server.hold(Hold.BODY)  # so that the transport does not see the end
        client.close()
        await client.wait_closed()
        server.write(b"x")  # this the peer's system answers with a reset
        server.write_eof()
        server.release(Hold.BODY)
        await server.wait_closed()
        assert recorder(server).events[-1] == "lost"


async def cut_off_a_stuck_peer(closes: bool) -> None:
    async with tcp_links() as (client, server):
        client.hold(Hold.BODY)
        assert not server.is_full
        server.write(b"x" * 50_000_000)
        assert server.is_full
        if closes:
            server.close()
        else:
            with pytest.raises(TimeoutError):
                await server.drain()
        await asyncio.wait_for(server.wait_closed(), 5)


async def put_tls_on() -> None:
    server_context, client_context = tls_contexts()
    async with tcp_links() as (client, server):
        client.hold(Hold.SWITCH)
        async with asyncio.TaskGroup() as group:
            group.create_task(server.start_tls(server_context, server_side=True))
            group.create_task(client.start_tls(client_context, server_hostname="localhost"))
        assert client.get_extra_info("ssl_object") is not None
        server.write(b"secret")
        client.release(Hold.SWITCH)
        assert await recorder(client).until_bytes(6) == b"secret"


async def lose_the_link_in_a_handshake() -> None:
    async with tcp_links() as (client, server):
        server.abort()
        with pytest.raises((LinkLost, ConnectionError, ssl.SSLError)):
            await client.start_tls(ssl.create_default_context(), server_hostname="localhost")
        assert client.is_lost or client.is_closing


async def fail_a_handshake() -> None:
    async with tcp_links() as (client, server):
        server.write(b"plain text, no TLS here\r\n")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await client.start_tls(ssl.create_default_context(), server_hostname="localhost")
        assert client.is_lost
        assert "lost" in recorder(client).events


class Watch:
    def __init__(self) -> None:
        self.calls = 0
        self.first = asyncio.Event()

    def give(self) -> None:
        self.calls += 1
        self.first.set()


async def tell_of_the_peers_end() -> None:
    async with tcp_links() as (client, server):
        watch = server.peer_watch = Watch()
        assert not server.has_peer_ended
        client.write_eof()
        await watch.first.wait()
        assert server.has_peer_ended and not server.is_lost
        server.close()
        await server.wait_closed()
        assert watch.calls > 1
    async with tcp_links() as (client, server):
        watch = server.peer_watch = Watch()
        server.abort()
        await server.wait_closed()
        assert watch.calls > 0 and server.has_peer_ended


@pytest.mark.parametrize(
    "new_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def test_on_real_transports(new_loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(talk(tls=False))
        runner.run(talk(tls=True))
        runner.run(answer_a_half_close())
        runner.run(end_when_the_peer_is_gone())
        runner.run(cut_off_a_stuck_peer(closes=True))
        runner.run(cut_off_a_stuck_peer(closes=False))
        runner.run(put_tls_on())
        runner.run(fail_a_handshake())
        runner.run(lose_the_link_in_a_handshake())
        runner.run(tell_of_the_peers_end())
