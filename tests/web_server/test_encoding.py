"""Which responses are coded, and how: pure decisions first, then over sockets."""

import asyncio
import gzip
import threading
import zlib
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
import uvloop
from support.peers import RawPeer
from support.serving import answer_to, body_of, get, last, talking

from weft_http_parser import RequestHead, make_decoder, supported_codings
from weft_web_server import (
    Application,
    Compression,
    ContentCoding,
    FileResponse,
    Handler,
    Request,
    Response,
    StreamResponse,
)
from weft_web_server.encoding import negotiate
from weft_web_server.plan import NO_CODING, Coding

HTML = "text/html; charset=utf-8"
LONG = "<p>again and again</p>" * 200


def asking(*accepted: str | None, method: str = "GET") -> RequestHead:
    fields = [("Accept-Encoding", each) for each in accepted if each is not None]
    return RequestHead(method, "/", headers=[("Host", "a"), *fields])


def choose_coding(response: Response, accepted: str | None) -> str | None:
    return negotiate(asking(accepted), response, 1).name


def wishing(force: ContentCoding | bool | None = None, **headers: str) -> Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    response = Response(text="x", headers=fields)
    response.enable_compression(force)
    return response


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("br", None),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("gzip, deflate", "deflate"),
        ("gzip, deflate;q=0.5", "gzip"),
        ("*", "deflate"),
        ("*, deflate;q=0", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("identity, gzip;q=0.5", None),
        ("identity;q=0, br", None),
        ("x-gzip", "gzip"),
    ],
)
def test_choice(accepted: str | None, coding: str | None) -> None:
    assert choose_coding(wishing(), accepted) == coding


def test_choice_of_the_handler() -> None:
    assert choose_coding(Response(), "gzip") is None
    assert choose_coding(wishing(ContentCoding.gzip), None) == "gzip"
    assert choose_coding(wishing(True), None) == "deflate"
    assert choose_coding(wishing(False), "gzip") is None
    assert choose_coding(wishing(Content_Encoding="br"), "gzip") is None
    assert choose_coding(wishing(Content_Range="bytes 0-1/2"), "gzip") is None


def test_choice_by_the_first_of_several_fields() -> None:
    assert negotiate(asking("br;q=0.1", "gzip"), wishing(), 1) == Coding("gzip", varies=True)


def test_what_is_wished_for_tells_caches_when_it_depends_on_the_client() -> None:
    assert negotiate(asking(), wishing(), 1) == Coding(None, varies=True)
    assert negotiate(asking(), wishing(ContentCoding.gzip), 1) == Coding("gzip", varies=False)
    assert negotiate(asking("gzip"), wishing(), 0) is NO_CODING


@pytest.mark.parametrize("status", [100, 204, 205, 206, 304])
def test_without_a_whole_body_nothing_is_coded(status: int) -> None:
    response = Response(text=LONG, status=status)
    response.enable_compression(ContentCoding.gzip)
    assert negotiate(asking("gzip"), response, 10) is NO_CODING
    tunnel = wishing(ContentCoding.gzip)
    assert negotiate(asking("gzip", method="CONNECT"), tunnel, 10) is NO_CODING


@pytest.mark.parametrize(
    ("kind", "size", "fields", "coding"),
    [
        (HTML, 1024, {}, Coding("gzip", varies=True)),
        (HTML, 1023, {}, NO_CODING),
        (HTML, None, {}, Coding("gzip", varies=True)),
        ("image/png", 9999, {}, NO_CODING),
        (HTML, 9999, {"Cache-Control": "public, No-Transform"}, NO_CODING),
        (HTML, 9999, {"Cache-Control": "public"}, Coding("gzip", varies=True)),
        (HTML, 9999, {"Content-Encoding": "br"}, NO_CODING),
        (HTML, 9999, {"Content-Range": "bytes 0-1/2"}, NO_CODING),
    ],
)
def test_rules_of_an_application(
    kind: str, size: int | None, fields: Mapping[str, str], coding: Coding
) -> None:
    response = StreamResponse(headers={"Content-Type": kind, **fields})
    assert negotiate(asking("gzip"), response, size, Compression()) == coding


def test_an_application_prefers_in_its_own_order() -> None:
    rules = Compression(codings=("gzip", "deflate"))
    response = Response(text=LONG)
    assert negotiate(asking("deflate, gzip"), response, 9999, rules).name == "gzip"
    assert negotiate(asking("deflate, gzip;q=0.5"), response, 9999, rules).name == "deflate"
    response.enable_compression()
    assert negotiate(asking("deflate, gzip"), response, 1, rules).name == "gzip"


def test_a_response_may_be_left_out() -> None:
    response = Response(text=LONG)
    response.enable_compression(ContentCoding.identity)
    assert negotiate(asking("gzip"), response, 9999, Compression()) is NO_CODING


def test_not_modified_varies_as_the_whole_answer_does() -> None:
    response = Response(status=304)
    assert negotiate(asking("gzip"), response, 0, Compression()) == Coding(None, varies=True)


# Over sockets.


async def page(request: Request) -> StreamResponse:
    return Response(text=LONG, content_type="text/html", headers={"ETag": '"a"'})


def app_with(
    handler: Handler = page, compression: Compression | bool | None = True
) -> Application:
    app = Application(compression=compression)
    app.router.add_get("/", handler)
    return app


def fields_of(answer: bytes) -> dict[str, str]:
    lines = answer.partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return dict(line.split(": ", 1) for line in lines)


def plain(coding: str, data: bytes) -> bytes:
    return make_decoder(coding, ratio_limit=None).decode(data, 10_000_000)


@pytest.mark.parametrize("coding", supported_codings())
async def test_statement_25_one_line_compresses_an_application(coding: str) -> None:
    app = app_with()
    answer = await answer_to(app, last("/", f"Accept-Encoding: {coding}, identity;q=0.5"))
    fields = fields_of(answer)
    assert fields["Content-Encoding"] == coding and fields["Vary"] == "Accept-Encoding"
    assert fields["ETag"] == 'W/"a"' and int(fields["Content-Length"]) < 500
    assert plain(coding, body_of(answer)).decode() == LONG


async def test_who_does_not_ask_gets_it_as_it_is() -> None:
    async with talking(app_with()) as peer:
        for field in ("Accept: */*", "Accept-Encoding: identity", "Accept-Encoding: gzip;q=0"):
            await peer.send(get("/", field))
            head, body = await peer.read_response()
            assert b"Content-Encoding" not in head and b"\r\nVary: Accept-Encoding\r\n" in head
            assert b'\r\nETag: "a"\r\n' in head and body.decode() == LONG


async def test_statement_26_a_middleware_compresses() -> None:
    async def compress(request: Request, handler: Handler) -> StreamResponse:
        response = await handler(request)
        response.enable_compression()
        return response

    app = Application(middlewares=[compress])
    app.router.add_get("/", page)
    answer = await answer_to(app, last("/", "Accept-Encoding: gzip, br"))
    assert fields_of(answer)["Content-Encoding"] == "gzip"
    assert gzip.decompress(body_of(answer)).decode() == LONG


async def test_head_tells_what_get_gives() -> None:
    async with talking(app_with()) as peer:
        await peer.send(get("/", "Accept-Encoding: gzip"))
        whole, _ = await peer.read_response()
        await peer.send(get("/", "Accept-Encoding: gzip", method="HEAD"))
        head = await peer.read_until()
        assert head.replace(b"Date", b"").count(b"\r\n") == whole.count(b"\r\n")
        assert fields_of(head) | {"Date": ""} == fields_of(whole) | {"Date": ""}


async def test_one_response_for_clients_that_take_different_codings() -> None:
    shared = Response(text=LONG, content_type="text/html", headers={"ETag": '"a"'})
    before = dict(shared.headers)

    async def cached(request: Request) -> StreamResponse:
        return shared

    async with talking(app_with(cached)) as peer:
        for coding in ("gzip", "identity", "deflate", "gzip"):
            await peer.send(get("/", f"Accept-Encoding: {coding}"))
            head, body = await peer.read_response()
            assert plain(coding, body).decode() == LONG
            assert (b"Content-Encoding: " + coding.encode() in head) is (coding != "identity")
    assert dict(shared.headers) == before


async def test_sub_applications_do_as_their_parent_unless_told() -> None:
    outer = Application(compression=Compression(codings=("gzip",)))
    for name, own in (("/same", None), ("/off", False), ("/own", Compression(min_size=10**9))):
        inner = Application(compression=own)
        inner.router.add_get("/", page)
        outer.add_subapp(name, inner)
    async with talking(outer) as peer:
        for path, is_coded in (("/same/", True), ("/off/", False), ("/own/", False)):
            await peer.send(get(path, "Accept-Encoding: gzip"))
            head, _ = await peer.read_response()
            assert (b"Content-Encoding: gzip" in head) is is_coded, path


async def test_levels() -> None:
    sizes = []
    for level in (0, 9):
        app = app_with(compression=Compression(codings=("gzip",), levels={"gzip": level}))
        text = "".join(str(number * number) for number in range(3000))

        async def squares(request: Request, text: str = text) -> StreamResponse:
            return Response(text=text)

        app.router.add_get("/squares", squares)
        answer = await answer_to(app, last("/squares", "Accept-Encoding: gzip"))
        sizes.append(int(fields_of(answer)["Content-Length"]))
    assert sizes[0] > sizes[1]


async def read_chunk(peer: RawPeer) -> bytes:
    size = int(await peer.read_until(b"\r\n"), 16)
    data = await peer.read(size)
    await peer.read(2)
    return data


@pytest.mark.parametrize("coding", supported_codings())
async def test_a_stream_is_flushed_when_its_handler_pauses(coding: str) -> None:
    goes_on = asyncio.Event()

    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse(headers={"Content-Type": HTML})
        await response.prepare(request)
        for _ in range(3):
            await response.write(b"tick ")
        await goes_on.wait()
        await response.write(b"tock")
        await response.write_eof()
        return response

    async with talking(app_with(stream)) as peer:
        await peer.send(get("/", f"Accept-Encoding: {coding}"))
        assert b"\r\nContent-Encoding: " in await peer.read_until()
        decoder = make_decoder(coding)
        seen = b""
        while seen != b"tick tick tick ":
            seen += decoder.decode(await read_chunk(peer))
        goes_on.set()
        while data := await read_chunk(peer):
            seen += decoder.decode(data)
        assert seen == b"tick tick tick tock" and decoder.is_finished


async def test_pieces_without_a_pause_between_are_flushed_once() -> None:
    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse(headers={"Content-Type": HTML})
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"a short line\n")
        await response.write_eof()
        return response

    answer = await answer_to(app_with(stream), last("/", "Accept-Encoding: gzip"))
    assert len(body_of(answer)) < 300


async def test_large_pieces_are_coded_off_the_loop() -> None:
    threads: set[int] = set()
    own = ThreadPoolExecutor(1, initializer=lambda: threads.add(threading.get_ident()))

    async def whole(request: Request) -> StreamResponse:
        return Response(text="x" * 100_000)

    async def pieces(request: Request) -> StreamResponse:
        response = StreamResponse(headers={"Content-Type": HTML})
        await response.prepare(request)
        # Several at once, which stay in order.
        await asyncio.gather(*(response.write(b"%d" % each * 40_000) for each in range(5)))
        await response.write(b"5")
        await response.write_eof(b"6" * 40_000)
        return response

    with own:
        app = app_with(whole, Compression(codings=("gzip",), executor=own))
        app.router.add_get("/pieces", pieces)
        answer = await answer_to(app, last("/", "Accept-Encoding: gzip"))
        assert gzip.decompress(body_of(answer)) == b"x" * 100_000 and len(threads) == 1
        async with talking(app) as peer:
            await peer.send(get("/pieces", "Accept-Encoding: gzip"))
            _, body = await peer.read_response()
    expected = b"".join(b"%d" % each * 40_000 for each in range(5)) + b"5" + b"6" * 40_000
    assert gzip.decompress(body) == expected
    assert threading.get_ident() not in threads


@pytest.mark.parametrize(("size", "threads"), [(4999, 0), (5000, 1)])
async def test_what_is_large_is_said_by_the_application(size: int, threads: int) -> None:
    used: list[str] = []
    own = ThreadPoolExecutor(1, initializer=lambda: used.append("own"))

    async def whole(request: Request) -> StreamResponse:
        return Response(text="x" * size)

    with own:
        wanted = Compression(codings=("gzip",), inline_size=5000, executor=own)
        answer = await answer_to(app_with(whole, wanted), last("/", "Accept-Encoding: gzip"))
    assert gzip.decompress(body_of(answer)) == b"x" * size and len(used) == threads


@pytest.mark.parametrize("size", [10, 1000, 1001, 100_000])
async def test_a_response_has_an_executor_of_its_own(size: int) -> None:
    used: list[str] = []
    own = ThreadPoolExecutor(1, initializer=lambda: used.append("own"))

    async def handler(request: Request) -> StreamResponse:
        response = Response(body=b"x" * size, zlib_executor=own, zlib_executor_size=1000)
        response.enable_compression(ContentCoding.deflate)
        return response

    with own:
        answer = await answer_to(app_with(handler, None), last())
    assert zlib.decompress(body_of(answer)) == b"x" * size
    assert bool(used) is (size > 1000)


async def test_payloads_are_coded() -> None:
    async def produce() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"produced "

    async def handler(request: Request) -> StreamResponse:
        return Response(body=produce(), content_type="text/plain")

    async with talking(app_with(handler)) as peer:
        await peer.send(get("/", "Accept-Encoding: gzip"))
        head, body = await peer.read_response()
    assert gzip.decompress(body) == b"produced " * 100 and b"Content-Length" not in head


async def test_a_client_that_goes_away_while_its_answer_is_coded() -> None:
    ended: list[str] = []
    is_written = asyncio.Event()

    async def stream(request: Request) -> StreamResponse:
        response = StreamResponse(headers={"Content-Type": HTML})
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 40_000)
                is_written.set()
                await asyncio.sleep(0)
        except ConnectionResetError:
            ended.append("told")
            raise

    async with talking(app_with(stream)) as peer:
        await peer.send(get("/", "Accept-Encoding: gzip"))
        await is_written.wait()
        peer.reset()
    assert ended == ["told"]


async def test_parts_of_files_are_sent_as_they_are(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    path = tmp_path_factory.mktemp("files") / "page.html"
    path.write_text(LONG)

    async def handler(request: Request) -> StreamResponse:
        return FileResponse(path)

    answer = await answer_to(
        app_with(handler), last("/", "Accept-Encoding: gzip", "Range: bytes=0-9")
    )
    assert body_of(answer) == LONG[:10].encode() and "Content-Encoding" not in fields_of(answer)


@pytest.mark.parametrize("force", [ContentCoding.br, ContentCoding.zstd])
async def test_forced_codings_beyond_those_of_zlib(force: ContentCoding) -> None:
    async def handler(request: Request) -> StreamResponse:
        response = Response(text=LONG)
        response.enable_compression(force)
        return response

    answer = await answer_to(app_with(handler, None), last())
    assert plain(force.value, body_of(answer)).decode() == LONG


def test_on_uvloop() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for coding in supported_codings():
            runner.run(test_a_stream_is_flushed_when_its_handler_pauses(coding))
        runner.run(test_pieces_without_a_pause_between_are_flushed_once())
        runner.run(test_large_pieces_are_coded_off_the_loop())
        runner.run(test_a_client_that_goes_away_while_its_answer_is_coded())
