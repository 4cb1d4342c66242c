"""Errors keep the start of what the server said."""

import asyncio
import gzip

import pytest
from support.answers import Asked, Reply, answers, ok, partly
from support.peers import RawPeer

import weft_client_session as client
from weft_client_session import ClientSession
from weft_client_session.refusal import START_BYTES

LONG = b"x" * 100_000
WHY = "wäs".encode("latin-1")


def refusal(body: bytes, *fields: str) -> bytes:
    return ok(body, *fields, status="422 No")


CASES = [
    (refusal(b"because"), b"because"),
    (refusal(b""), b""),
    (refusal(LONG), LONG[:START_BYTES]),
    (refusal(gzip.compress(b"because"), "Content-Encoding: gzip"), b"because"),
    (refusal(b"no gzip at all", "Content-Encoding: gzip"), b""),
]


@pytest.mark.parametrize(("reply", "body"), CASES)
async def test_of_a_session_that_raises(reply: bytes, body: bytes) -> None:
    async with answers({"/": reply}) as server, ClientSession(raise_for_status=True) as session:
        for _ in range(2):
            with pytest.raises(client.ClientResponseError) as caught:
                await session.get(server.url())
            assert (caught.value.status, caught.value.body) == (422, body)


@pytest.mark.parametrize(("reply", "body"), CASES)
@pytest.mark.parametrize("is_read", [True, False])
async def test_of_an_answer_whose_body_has_come(reply: bytes, body: bytes, is_read: bool) -> None:
    async with answers({"/": reply}) as server, ClientSession() as session:
        response = await session.get(server.url())
        if is_read:
            try:
                await response.read()
            except client.ClientPayloadError:
                return
        with pytest.raises(client.ClientResponseError) as caught:
            response.raise_for_status()
        # Of what was not read there may be more or less, as it came.
        assert body.startswith(caught.value.body)
        if is_read:
            assert caught.value.body == body


async def test_what_does_not_come_is_not_waited_for_long() -> None:
    async def stall(peer: RawPeer, asked: Asked) -> None:
        await peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 50\r\n\r\npart")
        await peer.read_all()

    cut: Reply = partly(b"HTTP/1.1 500 No\r\nContent-Length: 50\r\n\r\npart")
    for reply in (stall, cut):
        async with answers({"/": reply}) as server, ClientSession() as session:
            with pytest.raises(client.ClientResponseError) as caught:
                await session.get(server.url(), raise_for_status=True)
            assert caught.value.body == b"part"


async def test_a_wait_for_the_start_can_be_cancelled() -> None:
    asked_twice = asyncio.Event()

    async def stall(peer: RawPeer, asked: Asked) -> None:
        await peer.send(b"HTTP/1.1 500 No\r\nContent-Length: 50\r\n\r\npart")
        asked_twice.set()
        await peer.read_all()

    async with answers({"/": stall}) as server, ClientSession(raise_for_status=True) as session:
        task = asyncio.create_task(session.get(server.url()))
        await asked_twice.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert session.connector is not None and session.connector.stats.open == 0


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (["Content-Type: text/plain; charset=latin-1"], "wäs"),
        (["Content-Type: text/plain"], "w\ufffds"),
        (["Content-Type: text/plain; charset=klingon"], "w\ufffds"),
        ([], "w\ufffds"),
    ],
)
async def test_its_text(fields: list[str], text: str) -> None:
    async with answers({"/": refusal(WHY, *fields)}) as server, ClientSession() as session:
        with pytest.raises(client.ClientResponseError) as caught:
            await session.get(server.url(), raise_for_status=True)
        assert caught.value.text == text
        assert "wäs" not in str(caught.value)


async def test_json_of_another_type_keeps_it_too() -> None:
    async with answers({"/": ok(b"<p>", "Content-Type: text/html")}) as server:
        async with ClientSession() as session:
            with pytest.raises(client.ContentTypeError) as caught:
                await (await session.get(server.url())).json()
    assert caught.value.text == "<p>"


def test_without_headers_it_is_utf_8() -> None:
    error = client.ClientResponseError(None, (), body=b"\xc3\xa9")  # type: ignore[arg-type]
    assert error.text == "é"
