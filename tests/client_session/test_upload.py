"""Bodies on their way out."""

import asyncio
import gzip
import io
import zlib
from collections.abc import AsyncIterator

import pytest
from support.answers import Asked, answers, ok
from support.peers import RawPeer, raw_server

import weft_client_session as client
from weft_client_session import ClientSession, FormData

BIG = 3_000_000


async def blocks(count: int, size: int = 1000) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"abc", b"abc"),
        (bytearray(b"abc"), b"abc"),
        ("é", "é".encode()),
        ({"a": "b c"}, b"a=b+c"),
        (io.BytesIO(b"abc"), b"abc"),
        (io.StringIO("abc"), b"abc"),
        (b"x" * BIG, b"x" * BIG),
        (io.BytesIO(b"x" * BIG), b"x" * BIG),
        (b"", b""),
    ],
)
async def test_bodies_arrive(data: object, body: bytes) -> None:
    async with answers() as server, ClientSession() as session:
        for _ in range(2):
            if isinstance(data, io.IOBase):
                data.seek(0)
            async with session.post(server.url(), data=data) as response:
                assert response.status == 200
                await response.wait_for_close()
                assert response.upload_complete
        assert [asked.body for asked in server.asked] == [body] * 2


async def test_streams_arrive_in_chunks_and_keep_the_connection() -> None:
    async with answers() as server, ClientSession() as session:
        for count in (0, 1, 500):
            async with session.post(server.url(), data=blocks(count)) as response:
                assert await response.text() == "ok"
                assert response.output_size == count * 1000
    assert [len(asked.body) for asked in server.asked] == [0, 1000, 500_000]
    assert server.connections == 1


async def test_forms() -> None:
    form = FormData()
    form.add_field("text", "é")
    form.add_field("file", io.BytesIO(b"abc"), filename="f.bin")
    async with answers() as server, ClientSession() as session:
        await session.post(server.url(), data=form)
    (asked,) = server.asked
    kind = asked.get("Content-Type") or ""
    assert kind.startswith("multipart/form-data; boundary=")
    assert b'name="file"; filename="f.bin"' in asked.body and b"abc" in asked.body


@pytest.mark.parametrize(
    ("compress", "undo"), [(True, zlib.decompress), ("gzip", gzip.decompress)]
)
@pytest.mark.parametrize("data", [b"x" * 5000, None])
async def test_compression(compress: object, undo: object, data: bytes | None) -> None:
    async with answers() as server, ClientSession() as session:
        await session.post(
            server.url(),
            data=blocks(5) if data is None else data,
            compress=compress,  # type: ignore[arg-type]
        )
    assert undo(server.asked[0].body) == b"x" * 5000  # type: ignore[operator]


@pytest.mark.parametrize("is_answered", [True, False])
async def test_expect_100_waits_for_the_word_but_not_for_ever(is_answered: bool) -> None:
    heads: list[bytes] = []

    async def serve(peer: RawPeer) -> None:
        heads.append(await peer.read_until())
        if is_answered:
            await peer.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert await peer.read(3) == b"abc"
        await peer.send(ok())

    async with raw_server(serve) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        async with session.post(url, data=b"abc", expect100=True) as response:
            assert response.status == 200
    assert b"Expect: 100-continue\r\n" in heads[0]


async def test_a_refusal_of_expect_100_spares_the_body() -> None:
    rest: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def serve(peer: RawPeer) -> None:
        await peer.read_until()
        await peer.send(ok(b"no", status="413 Too Large"))
        rest.set_result(await peer.read_all())

    async with raw_server(serve) as port, ClientSession() as session:
        url = f"http://127.0.0.1:{port}/"
        async with session.post(url, data=b"abc", expect100=True) as response:
            assert (response.status, await response.text()) == (413, "no")
        assert session.connector is not None and session.connector.stats.open == 0
        assert await rest == b""


async def test_an_early_answer_stops_the_upload() -> None:
    closed = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 10_000
                await asyncio.sleep(0)
        finally:
            closed.set()

    async def serve(peer: RawPeer) -> None:
        await peer.read_until()
        await peer.send(ok(b"enough", status="413 Too Large"))
        await peer.read_all()

    async with raw_server(serve) as port, ClientSession() as session:
        async with session.post(f"http://127.0.0.1:{port}/", data=endless()) as response:
            assert (response.status, await response.text()) == (413, "enough")
            assert not response.upload_complete
        await asyncio.wait_for(closed.wait(), 5)
        assert session.connector is not None and session.connector.stats.open == 0


async def test_a_body_that_fails_fails_the_request() -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise KeyError("mine")

    async with answers() as server, ClientSession() as session:
        with pytest.raises(client.ClientConnectionError, match="mine") as caught:
            await session.post(server.url(), data=broken())
        assert isinstance(caught.value.__cause__, KeyError)
        assert await (await session.get(server.url())).text() == "ok"


@pytest.mark.parametrize("length", ["2", "5"])
@pytest.mark.parametrize("data", [b"abc", None])
async def test_a_wrong_length_is_our_own_fault(length: str, data: bytes | None) -> None:
    async with answers() as server, ClientSession() as session:
        with pytest.raises(client.ClientPayloadError, match="bytes than were declared"):
            await session.post(
                server.url(),
                data=blocks(1, 3) if data is None else data,
                headers={"Content-Length": length},
            )
        assert await (await session.get(server.url("/x"))).text() == "ok"


async def test_a_peer_that_reads_nothing_holds_the_body_back() -> None:
    made = 0
    go = asyncio.Event()

    async def counted() -> AsyncIterator[bytes]:
        nonlocal made
        for _ in range(300):
            made += 1
            yield b"x" * 100_000

    async def serve(peer: RawPeer) -> None:
        await peer.read_until()
        await go.wait()
        await peer.send(ok())

    async with raw_server(serve) as port, ClientSession() as session:
        task = asyncio.create_task(session.post(f"http://127.0.0.1:{port}/", data=counted()))
        await asyncio.sleep(0.2)
        assert 0 < made < 250
        go.set()
        assert (await task).status == 200


async def test_answers_during_the_upload_are_read_to_their_end() -> None:
    async def reply(peer: RawPeer, asked: Asked) -> None:
        await peer.send(ok(b"y" * BIG))

    async with answers({"/": reply}) as server, ClientSession() as session:
        async with session.post(server.url(), data=blocks(100)) as response:
            assert len(await response.read()) == BIG
