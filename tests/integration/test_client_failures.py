"""Rude servers: which error a request ends with, what the error says, and what is sent again."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from support.answers import Asked, answers, hang_up, ok, partly, silence
from support.peers import RawPeer, raw_server

import weft_client_session as client
from weft_client_session import ClientSession, ClientTimeout, RequestPhase, TCPConnector
from weft_client_session.testing import FakeResolver

SOON = 0.05


class NoAnswer(FakeResolver):
    """Never finds anything."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
        await asyncio.Event().wait()


async def blocks() -> AsyncIterator[bytes]:
    while True:
        yield b"x" * 65_536


async def ask_without_dns(limits: ClientTimeout) -> None:
    connector = TCPConnector(resolver=NoAnswer({}))
    async with ClientSession(connector=connector) as session:
        await session.get("http://a.example/", timeout=limits)


async def ask_a_full_pool(limits: ClientTimeout) -> None:
    connector = TCPConnector(limit=1)
    async with answers({"/": silence}) as server, ClientSession(connector=connector) as session:
        first = asyncio.create_task(session.get(server.url()))
        await server.until_asked()
        try:
            await session.get(server.url(), timeout=limits)
        finally:
            first.cancel()
            assert connector.stats.waiting == 0


async def ask_a_full_backlog(limits: ClientTimeout) -> None:
    """Linux answers no more connections than the backlog has room for."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        try:
            async with ClientSession() as session:
                await session.get(f"http://127.0.0.1:{port}/", timeout=limits)
        finally:
            for filler in fillers:
                filler.close()


async def ask_a_silent_peer(url: str, limits: ClientTimeout, **keywords: Any) -> None:
    async def listen(peer: RawPeer) -> None:
        await peer.read_all()

    async with raw_server(listen) as port, ClientSession() as session:
        await session.post(url.format(port=port), timeout=limits, **keywords)


async def ask_without_tls(limits: ClientTimeout) -> None:
    await ask_a_silent_peer("https://127.0.0.1:{port}/", limits)


async def ask_and_wait(limits: ClientTimeout) -> None:
    await ask_a_silent_peer("http://127.0.0.1:{port}/", limits, data=b"abc")


async def ask_for_half_a_body(limits: ClientTimeout) -> None:
    async def half(peer: RawPeer, asked: Asked) -> None:
        await peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
        await silence(peer, asked)

    async with answers({"/": half}) as server, ClientSession() as session:
        await (await session.post(server.url(), timeout=limits)).read()


async def send_what_nobody_reads(limits: ClientTimeout, data: object) -> None:
    async def stall(peer: RawPeer) -> None:
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it reads
        await asyncio.Event().wait()

    async with raw_server(stall) as port, ClientSession() as session:
        await session.post(f"http://127.0.0.1:{port}/", data=data, timeout=limits)


async def send_blocks(limits: ClientTimeout) -> None:
    await send_what_nobody_reads(limits, blocks())


async def send_a_lump(limits: ClientTimeout) -> None:
    await send_what_nobody_reads(limits, bytes(20_000_000))


Ask = Callable[[ClientTimeout], Awaitable[None]]
Case = tuple[Ask, dict[str, float], type[Exception], RequestPhase, bool]
PHASES: list[Case] = [
    (ask_without_dns, {"dns": SOON}, client.DNSTimeoutError, RequestPhase.DNS, True),
    (ask_a_full_pool, {"pool": SOON}, client.PoolTimeoutError, RequestPhase.POOL, True),
    (ask_a_full_pool, {"connect": SOON}, client.ConnectionTimeoutError, RequestPhase.POOL, True),
    (
        ask_a_full_backlog,
        {"sock_connect": SOON},
        client.SocketConnectTimeoutError,
        RequestPhase.CONNECT,
        True,
    ),
    (ask_without_tls, {"tls": SOON}, client.TLSTimeoutError, RequestPhase.TLS, True),
    (
        ask_without_tls,
        {"sock_connect": SOON},
        client.SocketConnectTimeoutError,
        RequestPhase.TLS,
        True,
    ),
    (send_blocks, {"send": SOON}, client.SendTimeoutError, RequestPhase.SEND, False),
    (send_a_lump, {"send": SOON}, client.SendTimeoutError, RequestPhase.SEND, False),
    (
        ask_and_wait,
        {"first_byte": SOON},
        client.FirstByteTimeoutError,
        RequestPhase.FIRST_BYTE,
        False,
    ),
    (ask_and_wait, {"sock_read": SOON}, client.ReadTimeoutError, RequestPhase.FIRST_BYTE, False),
    (ask_for_half_a_body, {"sock_read": SOON}, client.ReadTimeoutError, RequestPhase.READ, False),
]
TOTALS: list[Case] = [
    (ask, {"total": SOON}, client.TotalTimeoutError, phase, safe)
    for ask, _, _, phase, safe in PHASES
]


@pytest.mark.parametrize(("ask", "seconds", "kind", "phase", "is_safe"), PHASES + TOTALS)
async def test_each_phase_has_its_time_and_its_error(
    ask: Ask,
    seconds: dict[str, float],
    kind: type[Exception],
    phase: RequestPhase,
    is_safe: bool,
) -> None:
    with pytest.raises(TimeoutError) as caught:
        await ask(ClientTimeout(**seconds))
    error = caught.value
    assert isinstance(error, client.RequestFailure)
    assert type(error) is kind
    assert (error.phase, error.safe_to_retry, error.attempt) == (phase, is_safe, 1)
    assert error.elapsed_seconds is not None and error.elapsed_seconds >= SOON
    assert isinstance(error, client.ClientError) is ("total" not in seconds)
    if phase not in (RequestPhase.POOL, RequestPhase.DNS):
        assert error.peer is not None and error.peer[0] == "127.0.0.1"


async def test_a_slow_reader_of_a_large_body_is_no_stall() -> None:
    """As long as anything is taken the time for sending begins anew."""
    size = 12_000_000

    async def sip(peer: RawPeer) -> None:
        await peer.read_until()
        left = size
        while left:
            left -= len(await peer.reader.read(min(left, 400_000)))
            await asyncio.sleep(0.01)
        await peer.send(ok())

    timeout = ClientTimeout(send=0.2, first_byte=5)
    async with raw_server(sip) as port, ClientSession(timeout=timeout) as session:
        response = await session.post(f"http://127.0.0.1:{port}/", data=bytes(size))
        assert response.status == 200


async def test_the_time_for_reading_begins_behind_the_request() -> None:
    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(4):
            await asyncio.sleep(0.05)
            yield b"x"

    timeout = ClientTimeout(sock_read=0.15, first_byte=0.15)
    async with answers() as server, ClientSession(timeout=timeout) as session:
        assert (await session.post(server.url(), data=slowly())).status == 200


# What is sent again.


async def warmed(session: ClientSession, url: str) -> None:
    """Leave a kept connection behind."""
    await (await session.get(url)).read()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"])
async def test_an_idempotent_request_on_a_kept_connection_is_sent_once_more(method: str) -> None:
    turns = iter([hang_up, partly(ok(b""))])

    async def reply(peer: RawPeer, asked: Asked) -> None:
        await next(turns)(peer, asked)

    async with answers({"/": reply}) as server, ClientSession() as session:
        await warmed(session, server.url("/x"))
        assert (await session.request(method, server.url())).status == 200
    assert [asked.path for asked in server.asked] == ["/x", "/", "/"]


@pytest.mark.parametrize("method", ["POST", "PATCH", "PROPFIND"])
@pytest.mark.parametrize("reply", [hang_up, partly(b"HTTP/1.1 20")])
async def test_others_are_not(method: str, reply: Any) -> None:
    async with answers({"/": reply}) as server, ClientSession() as session:
        await warmed(session, server.url("/x"))
        with pytest.raises(client.ServerDisconnectedError) as caught:
            await session.request(method, server.url(), data=b"x")
    assert [asked.path for asked in server.asked] == ["/x", "/"]
    error = caught.value
    assert not error.safe_to_retry
    assert (error.attempt, error.peer) == (1, ("127.0.0.1", server.port))
    assert error.phase in (RequestPhase.FIRST_BYTE, RequestPhase.READ)


async def test_a_second_loss_is_the_last() -> None:
    async with answers({"/": hang_up}) as server, ClientSession() as session:
        await warmed(session, server.url("/x"))
        with pytest.raises(client.ServerDisconnectedError) as caught:
            await session.put(server.url(), data=b"x")
    assert len(server.asked) == 3
    assert (caught.value.attempt, caught.value.safe_to_retry) == (2, True)


async def test_what_was_answered_in_part_is_not_sent_again() -> None:
    async with answers({"/": partly(b"HTTP/1.1 20")}) as server, ClientSession() as session:
        await warmed(session, server.url("/x"))
        with pytest.raises(client.ServerDisconnectedError) as caught:
            await session.get(server.url())
    assert len(server.asked) == 2
    assert caught.value.safe_to_retry


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_of_what_nothing_could_be_written_the_server_has_seen_nothing(method: str) -> None:
    """Our side of the kept connection is shut: the first write fails, whatever the method."""
    async with answers() as server, ClientSession() as session:
        await warmed(session, server.url("/x"))
        connector = session.connector
        assert connector is not None and connector._books is not None
        (connection,) = connector._books.connections
        sock: socket.socket = connection.link.get_extra_info("socket")  # type: ignore[assignment]
        sock.shutdown(socket.SHUT_WR)
        response = await session.request(method, server.url("/y"))
        assert await response.text() == "ok"
    assert [asked.path for asked in server.asked] == ["/x", "/y"]
    assert server.connections == 2


async def test_what_never_reached_anybody_is_safe_to_retry() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        async with ClientSession() as session:
            with pytest.raises(client.ClientConnectorError) as caught:
                await session.post(f"http://127.0.0.1:{port}/", data=b"x")
    error = caught.value
    assert (error.phase, error.safe_to_retry) == (RequestPhase.CONNECT, True)
    assert error.peer == ("127.0.0.1", port)


async def test_a_body_that_is_cut_says_so_where_it_is_read() -> None:
    cut = partly(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab")
    async with answers({"/": cut}) as server, ClientSession() as session:
        response = await session.get(server.url())
        with pytest.raises(client.ClientPayloadError) as caught:
            await response.read()
    error = caught.value
    assert (error.phase, error.safe_to_retry) == (RequestPhase.READ, True)
    assert error.peer == ("127.0.0.1", server.port)


# The answer that comes before the request is over.


@pytest.mark.parametrize("is_lump", [True, False])
@pytest.mark.parametrize("waits", [True, False])
async def test_an_early_answer_is_not_masked_by_a_failing_write(
    is_lump: bool, waits: bool
) -> None:
    """The server answers, and closes over what it has not read: a reset."""

    async def refuse(peer: RawPeer) -> None:
        await peer.read(10)
        peer.writer.transport.pause_reading()  # type: ignore[attr-defined]  # it reads
        if waits:
            await asyncio.sleep(SOON)  # until the client is blocked
        answer = ok(b"enough", status="413 Too Large")
        sock = peer.writer.get_extra_info("socket")
        os.write(sock.fileno(), answer)

    async with raw_server(refuse) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        for _ in range(10):
            data: object = bytes(20_000_000) if is_lump else blocks()
            async with session.post(url, data=data) as response:
                assert (response.status, await response.text()) == (413, "enough")
        assert session.connector is not None and session.connector.stats.open == 0
