"""How large a body may be, and what its coding must come to."""

import gzip
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from support.answers import answers, ok

import weft_client_session as client
from weft_client_session import ClientSession, OversizedPayloadError
from weft_http_parser import supported_codings

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BOMB = gzip.compress(bytes(3_000_000))


def coded(body: bytes, coding: str = "gzip") -> bytes:
    return ok(body, f"Content-Encoding: {coding}")


BODIES = [
    ok(b"x" * 10),
    coded(gzip.compress(b"x" * 10)),
    CHUNKED + b"a\r\nxxxxxxxxxx\r\n0\r\n\r\n",
]


@pytest.mark.parametrize("reply", BODIES)
@pytest.mark.parametrize("is_own", [True, False])
async def test_the_largest_body_that_passes(reply: bytes, is_own: bool) -> None:
    async with answers({"/": reply}) as server:
        for size in (9, 10, 11, 0):
            usual: dict[str, Any] = {} if is_own else {"max_body_size": size or None}
            own: dict[str, Any] = {"max_body_size": size} if is_own else {}
            async with ClientSession(**usual) as session:
                response = await session.get(server.url(), **own)
                if size != 9:
                    assert await response.read() == b"x" * 10
                    continue
                with pytest.raises(OversizedPayloadError, match="more than 9 bytes"):
                    await response.read()


@pytest.mark.parametrize("reply", BODIES)
async def test_streams_are_bounded_too(reply: bytes) -> None:
    async with answers({"/": reply}) as server, ClientSession(max_body_size=9) as session:
        response = await session.get(server.url())
        with pytest.raises(client.ClientPayloadError):
            async for _ in response.content.iter_chunked(3):
                pass
        response.close()


async def test_a_length_that_is_too_much_is_refused_before_it_comes() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\nx"
    async with answers({"/": head}) as server, ClientSession(max_body_size=1000) as session:
        response = await session.get(server.url())
        with pytest.raises(OversizedPayloadError):
            await response.read()
        assert session.connector is not None and session.connector.stats.open == 0


@pytest.mark.parametrize(
    ("ratio", "passes"), [(None, False), (0, True), (2000, True), (500, False)]
)
async def test_the_ratio(ratio: int | None, passes: bool) -> None:
    async with answers({"/": coded(BOMB)}) as server, ClientSession() as session:
        response = await session.get(server.url(), max_body_ratio=ratio)
        if passes:
            assert len(await response.read()) == 3_000_000
            return
        with pytest.raises(client.ClientPayloadError):
            await response.read()
    async with answers({"/": coded(BOMB)}) as server:
        async with ClientSession(max_body_ratio=None) as session:
            assert len(await (await session.get(server.url())).read()) == 3_000_000


def brotli_of(data: bytes) -> bytes:
    import brotli  # type: ignore[import-untyped, import-not-found, unused-ignore]

    packed: bytes = brotli.compress(data)
    return packed


def zstd_of(data: bytes) -> bytes:
    from backports import zstd  # type: ignore[import-not-found, unused-ignore]

    # Without a checksum a changed byte may well be another text.
    packed: bytes = zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})
    return packed


PACKERS: Mapping[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli_of,
    "zstd": zstd_of,
}
TEXT = b"".join(b"%d " % n for n in range(1000))


@pytest.mark.parametrize("coding", [one for one in supported_codings() if one in PACKERS])
async def test_a_coding_that_is_cut_or_corrupt_is_an_error(coding: str) -> None:
    packed = PACKERS[coding](TEXT)
    flipped = packed[:40] + bytes(40) + packed[80:]
    replies = {
        "/": coded(packed, coding),
        "/cut": coded(packed[:-9], coding),
        "/corrupt": coded(flipped, coding),
        "/none": coded(b"no coding at all", coding),
    }
    async with answers(replies) as server, ClientSession() as session:
        assert await (await session.get(server.url())).read() == TEXT
        for path in ("/cut", "/corrupt", "/none"):
            with pytest.raises(client.ClientPayloadError):
                await (await session.get(server.url(path))).read()
