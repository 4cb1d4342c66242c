"""One request and its answer on a link in memory."""

import asyncio

import pytest
from support.memory import Recorder, memory_links, transport_of

import weft_client_session as client
from weft_client_session import ClientTimeout, Connection, ConnectionKey
from weft_client_session.deadlines import Deadlines
from weft_client_session.exchange import ClientExchange, Phase
from weft_client_session.reading import BodyReading
from weft_http_parser import Hold, ProtocolError, ResponseHead

KEY = ConnectionKey("a", 80, False, True, None, None, None)
ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Home:
    """A connector that only notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.watched: list[float] = []

    def take_back(self, connection: Connection) -> None:
        self.told.append("back")

    def forget(self, connection: Connection) -> None:
        self.told.append("forgotten")

    def lose_idle(self, connection: Connection) -> None:
        self.told.append("lost")

    def watch(self, at: float) -> None:
        self.watched.append(at)


class Wire:
    """A connection whose other end is a recorder."""

    def __init__(self, timeout: ClientTimeout | None = None) -> None:
        self.home = Home()
        loop = asyncio.get_running_loop()
        self.connection = Connection(self.home, KEY, loop)
        self.server = Recorder()
        self.link, self.peer = memory_links(self.connection, self.server)
        self.deadlines = Deadlines(timeout or ClientTimeout(), loop.time())

    def exchange(self) -> ClientExchange:
        return ClientExchange(self.connection, self.deadlines, BodyReading(65_536, True))

    async def ask(self) -> ClientExchange:
        exchange = self.exchange()
        exchange.ask(ASK, "GET")
        await self.server.until_bytes(len(ASK))
        return exchange


async def body_of(exchange: ClientExchange) -> bytes:
    whole = exchange.take_whole()
    return await exchange.open_stream().read() if whole is None else whole


async def test_a_whole_answer_frees_the_connection_before_the_task_runs() -> None:
    wire = Wire()
    exchange = await wire.ask()
    assert wire.connection.uses == 1 and wire.link.receiver is exchange
    seen: list[tuple[list[str], Phase]] = []

    async def wait() -> ResponseHead:
        head = await exchange.answer()
        seen.append((list(wire.home.told), exchange.phase))
        return head

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    exchange.data_received(OK)
    head = await task
    assert seen == [(["back"], Phase.OVER)]
    assert head.status == 200
    assert await body_of(exchange) == b"hello"
    receiver: object = wire.link.receiver
    assert receiver is wire.connection
    assert exchange.used_connection is None


async def test_the_task_is_stepped_by_the_read_itself() -> None:
    wire = Wire()
    exchange = await wire.ask()
    task = asyncio.create_task(exchange.answer())
    await asyncio.sleep(0)
    done: list[bool] = []

    # Called by the loop, as a transport would be: no task is running then.
    def read() -> None:
        exchange.data_received(OK)
        done.append(task.done())

    asyncio.get_running_loop().call_soon(read)
    await task
    assert done == [True]


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
async def test_an_answer_in_pieces(size: int) -> None:
    wire = Wire()
    exchange = await wire.ask()
    task = asyncio.create_task(exchange.answer())
    for start in range(0, len(OK), size):
        wire.peer.write(OK[start : start + size])
        await asyncio.sleep(0)
    assert (await task).status == 200
    assert await body_of(exchange) == b"hello"
    assert wire.home.told == ["back"]


async def test_a_second_exchange_on_the_same_connection() -> None:
    wire = Wire()
    for turn in (1, 2, 3):
        exchange = wire.exchange()
        exchange.ask(ASK, "GET")
        await wire.server.until_bytes(turn * len(ASK))
        wire.peer.write(OK)
        assert (await exchange.answer()).status == 200
        assert await body_of(exchange) == b"hello"
    assert (wire.home.told, wire.connection.uses) == (["back"] * 3, 3)


async def test_a_full_stream_holds_the_link_and_the_reader_lets_it_go() -> None:
    wire = Wire()
    exchange = await wire.ask()
    size = 1_000_000
    exchange.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
    exchange.data_received(b"x" * 200_000)
    assert wire.link.holds & Hold.BODY
    assert transport_of(wire.link).is_reading() is False
    wire.peer.write(b"x" * 800_000)
    assert len(await body_of(exchange)) == size
    assert wire.link.holds == Hold(0)
    assert wire.home.told == ["back"]


async def test_a_connection_given_back_is_not_held_by_a_slow_reader() -> None:
    wire = Wire()
    exchange = await wire.ask()
    size = 150_000  # above the mark, and all there
    data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b"x" * size
    exchange.data_received(data[:100])
    exchange.data_received(data[100:])
    assert wire.home.told == ["back"]
    assert wire.link.holds == Hold(0)
    assert len(await body_of(exchange)) == size


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"", client.ServerDisconnectedError),
        (b"HTTP/1.1 20", client.ServerDisconnectedError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", client.ClientPayloadError),
    ],
)
@pytest.mark.parametrize("is_reset", [False, True])
async def test_a_lost_connection(sent: bytes, kind: type[Exception], is_reset: bool) -> None:
    wire = Wire()
    exchange = await wire.ask()
    if sent:
        exchange.data_received(sent)
    if is_reset:
        transport_of(wire.link).lose(ConnectionResetError("reset"))
    else:
        wire.peer.close()
    with pytest.raises(kind):
        await exchange.answer()
        await body_of(exchange)
    assert wire.home.told == ["forgotten"]
    assert exchange.has_received is bool(sent)


async def test_a_body_until_close_must_be_closed_and_not_cut() -> None:
    until_close = b"HTTP/1.1 200 OK\r\n\r\nhello"
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(until_close)
    wire.peer.close()
    assert await body_of(exchange) == b"hello"
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(until_close)
    transport_of(wire.link).lose(None)
    with pytest.raises(client.ClientPayloadError):
        await body_of(exchange)


async def test_what_breaks_the_rules() -> None:
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(b"nonsense\r\n")
    with pytest.raises(ProtocolError):
        await exchange.answer()
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel")
    exchange.data_received(b"lo\r\nzz\r\n")
    with pytest.raises(client.ClientPayloadError, match="chunk size"):
        await body_of(exchange)
    assert wire.home.told == ["forgotten"]


@pytest.mark.parametrize("interim", [b"", b"HTTP/1.1 103 E\r\n\r\n"])
@pytest.mark.parametrize("cut", [30, 51, 54, 58, 60])
async def test_a_fault_in_the_body_is_the_same_in_one_read_or_two(
    interim: bytes, cut: int
) -> None:
    whole = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n"
    seen = []
    for pieces in ([interim + whole], [interim + whole[:cut], whole[cut:]]):
        wire = Wire()
        exchange = await wire.ask()
        for piece in pieces:
            exchange.data_received(piece)
        head = await exchange.answer()
        stream = exchange.open_stream()
        with pytest.raises(client.ClientPayloadError, match="chunk size"):
            await stream.read()
        seen.append((head.raw, exchange.phase, wire.home.told, stream.total_bytes))
    assert seen[0] == seen[1]
    assert seen[0][1:] == (Phase.FAILED, ["forgotten"], 3)


async def test_a_fault_behind_a_whole_answer_is_none_of_it() -> None:
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(OK + bytes(2_000_000))
    assert (await exchange.answer()).status == 200
    assert await body_of(exchange) == b"hello"
    assert wire.home.told == ["forgotten"]


async def test_a_small_rest_is_drained_in_time_or_not_at_all() -> None:
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh")
    exchange.release()
    assert exchange.phase is Phase.DRAINING and exchange.is_over
    assert wire.home.watched
    exchange.data_received(b"ello")
    assert wire.home.told == ["back"]
    wire = Wire()
    exchange = await wire.ask()
    exchange.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh")
    exchange.release()
    exchange.expire()
    assert wire.home.told == ["forgotten"]


async def test_expiry_tells_total_from_read() -> None:
    now = asyncio.get_running_loop().time()
    wire = Wire(ClientTimeout(sock_read=1))
    exchange = await wire.ask()
    exchange.touch()
    assert exchange.deadline == pytest.approx(now + 1, abs=0.5)
    exchange.expire()
    with pytest.raises(client.SocketTimeoutError):
        await exchange.answer()
    wire = Wire(ClientTimeout(total=0.000001))
    exchange = await wire.ask()
    exchange.expire()
    with pytest.raises(TimeoutError, match="longer than"):
        await exchange.answer()


async def test_a_cancelled_wait_can_be_taken_up_again() -> None:
    wire = Wire()
    exchange = await wire.ask()
    task = asyncio.create_task(exchange.answer())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    exchange.data_received(OK)
    assert (await exchange.answer()).status == 200


async def test_a_timeout_around_the_wait() -> None:
    wire = Wire()
    exchange = await wire.ask()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await exchange.answer()
    exchange.close()
    assert wire.home.told == ["forgotten"]
    assert wire.link.is_closing


async def test_idle_connections_tell_of_everything() -> None:
    for event in ("data", "eof", "lost"):
        wire = Wire()
        if event == "data":
            wire.connection.data_received(b"x")
        elif event == "eof":
            assert wire.connection.eof_received() is False
        else:
            wire.connection.link_lost(None)
        assert wire.home.told == ["lost"]


async def test_a_discarded_connection_is_discarded_once() -> None:
    wire = Wire()
    wire.connection.discard()
    wire.connection.close()
    assert wire.home.told == ["forgotten"]
    assert wire.connection.closed
    assert "Connection<" in repr(wire.connection)


@pytest.mark.parametrize(("reads", "body"), [(True, b"hello"), (False, b"")])
async def test_a_body_without_length_is_left_alone_when_asked(reads: bool, body: bytes) -> None:
    wire = Wire()
    exchange = ClientExchange(wire.connection, wire.deadlines, BodyReading(65_536, True, reads))
    exchange.ask(ASK, "GET")
    exchange.data_received(b"HTTP/1.1 200 OK\r\n\r\nhello")
    exchange.eof_received()
    assert (await exchange.answer()).status == 200
    assert await body_of(exchange) == body
    assert wire.home.told == ["forgotten"]
