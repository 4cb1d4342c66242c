"""Every public advisory about aiohttp has its place here: a test of this package, or its package.

A regression test of this package is one of `tests/conformance` (a case that names the advisory),
one below that is named by its id, or one of another test file, which must be there.
"""

import ast
import asyncio
import logging
import subprocess
import sys
import zlib
from functools import cache
from pathlib import Path

import pytest
from support.twins import Twin

from weft_http_parser import (
    BodyPartReader,
    BodyTooLarge,
    BytesPayload,
    HeaderInjection,
    MultipartError,
    MultipartReader,
    MultipartWriter,
    StreamReader,
    make_decoder,
    parse_cookies,
    parse_range,
)

TESTS = Path(__file__).resolve().parents[1]
CONFORMANCE = "conformance"
HERE = "here"
PACKAGES = ("web_server", "client_session", "websocket", "routing")
"""Folders of tests; an advisory that belongs to one of these is that package's to test."""

PLACES: dict[str, tuple[str, ...]] = {
    "GHSA-v6wp-4m6f-gcjg": (
        "web_server/test_middleware.py::test_no_redirect_to_another_host",
        CONFORMANCE,
    ),
    "CVE-2022-33124": ("client_session",),
    "GHSA-xx9p-xxvh-7g8j": (CONFORMANCE,),
    "GHSA-45c4-8wx5-qw6w": (CONFORMANCE,),
    "GHSA-pjjw-qhg8-p2p9": (CONFORMANCE,),
    "GHSA-gfw2-4jvh-wgfg": (CONFORMANCE,),
    "GHSA-q3qx-c6g2-7pw2": (HERE,),
    "GHSA-qvrw-v9rv-5rjx": (HERE,),
    "GHSA-5h86-8mv2-jq9f": ("web_server/test_file_tree.py::test_links_that_are_followed",),
    "GHSA-8qpw-xqxj-h4r2": (CONFORMANCE,),
    "GHSA-7gpw-8wmc-pm8g": ("web_server/test_static.py::test_index",),
    "GHSA-5m98-qgg9-wh84": (HERE,),
    "GHSA-jwhx-xcg6-8xhj": ("web_server/test_file_cache.py::test_coded_forms",),
    "GHSA-27mf-ghqm-j3j8": ("web_server",),
    "GHSA-8495-4g3g-x7pr": (CONFORMANCE,),
    "GHSA-9548-qrrj-x5pj": (CONFORMANCE,),
    "GHSA-6mq8-rvhq-8wgg": (
        "http_parser/wire/test_coding.py::test_ghsa_6mq8_rvhq_8wgg_one_chunk_expands_without_bound",
    ),
    "GHSA-69f9-5gxw-wvc2": (CONFORMANCE,),
    "GHSA-mqqc-3gqh-h2x8": (HERE,),
    "GHSA-54jq-c3m8-4m76": ("web_server/test_static.py::test_absolute_paths_tell_nothing",),
    "GHSA-jj3x-wxrx-4x23": (HERE,),
    "GHSA-6jhg-hg63-jvvf": ("web_server/test_request_body.py::test_large_files_go_to_disk",),
    "GHSA-g84x-mcqj-x9qq": (HERE, CONFORMANCE),
    "GHSA-fh55-r93g-j68g": (HERE,),
    "GHSA-w2fm-2cpv-w7v5": (CONFORMANCE,),
    "GHSA-hcc4-c3v8-rx92": ("client_session/test_resolver.py::test_the_cache_is_bounded",),
    "GHSA-2vrm-gr82-f7m5": (HERE,),
    "GHSA-p998-jp59-783m": ("web_server/test_file_tree.py::test_names_of_windows",),
    "GHSA-m5qp-6w8w-w647": (HERE,),
    "GHSA-3wq7-rqq7-wx6j": (HERE,),
    "GHSA-966j-vmvw-g2g9": (
        "client_session/test_redirects.py::test_ghsa_966j_another_origin_gets_no_credentials",
    ),
    "GHSA-mwh4-6h8g-pg8w": (HERE, CONFORMANCE),
    "GHSA-63hf-3vf5-4wqf": (CONFORMANCE,),
    "GHSA-c427-h43c-vf67": (CONFORMANCE,),
    "GHSA-jg22-mg44-37j8": ("client_session/test_jar.py::test_broken_files_are_refused",),
    "GHSA-hg6j-4rv6-33pg": ("client_session",),
    "GHSA-m6qw-4cw2-hm4m": (HERE,),
    "GHSA-4fvr-rgm6-gqmc": (HERE, CONFORMANCE),
    "GHSA-xcgm-r5h9-7989": ("websocket/test_twin.py::test_an_announced_length_costs_nothing",),
    "GHSA-4m7w-qmgq-4wj5": ("client_session/test_pool.py::test_keys_do_not_share",),
    "GHSA-hpj7-wq8m-9hgp": ("client_session",),
    "GHSA-63hw-fmq6-xxg2": (HERE, CONFORMANCE),
    "GHSA-g3cq-j2xw-wf74": (HERE,),
    "GHSA-2fqr-mr3j-6wp8": ("client_session/test_jar.py::test_ghsa_2fqr_a_file_keeps_every_flag",),
    "GHSA-9x8q-7h8h": ("client_session",),
    "GHSA-mfx4-hv73-q22v": (CONFORMANCE,),
    "GHSA-mq44-7p77-q5h7": ("websocket",),
    "GHSA-cq5v-8q36-5273": ("http_parser/_twin/test_bounds.py::test_heads",),
}


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of the tests and classes of a file."""
    tree = ast.parse(path.read_text("utf-8"))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


@cache
def sources_of_cases() -> frozenset[str]:
    from conformance.catalogue import CASES

    return frozenset(source for case in CASES for source in case.source.split(", "))


def is_there(advisory: str, place: str) -> bool:
    if place == CONFORMANCE:
        return advisory in sources_of_cases()
    if place == HERE:
        start = "test_" + "_".join(advisory.lower().split("-")[:2])
        return any(name.startswith(start) for name in functions_of(Path(__file__)))
    file, _, name = place.partition("::")
    if not name:
        return file in PACKAGES and (TESTS / file).is_dir()
    return (TESTS / file).is_file() and name in functions_of(TESTS / file)


@pytest.mark.parametrize("advisory", PLACES)
def test_advisory_has_a_place(advisory: str) -> None:
    assert all(is_there(advisory, place) for place in PLACES[advisory]), PLACES[advisory]


def test_cases_name_no_other_advisory_of_aiohttp() -> None:
    """An id with a slip in it would cover nothing."""
    others = {"CVE-2023-40175", "CVE-2024-52304", "CVE-2025-22871", "CVE-2025-43859"}
    named = {source for source in sources_of_cases() if source.startswith(("GHSA-", "CVE-"))}
    assert named - others <= set(PLACES)


# Text of our own that would break out of its place


@pytest.mark.parametrize(
    "version", [(1, "1\r\nX: y"), "HTTP/1.1\r\nX: y", ("1\r\n", 1), (1, 2), (11, 1), ()]
)
def test_ghsa_q3qx_c6g2_7pw2_a_version_that_is_none(twin: Twin, version: object) -> None:
    for make in (twin.render_request_head, twin.RequestHead):
        with pytest.raises(twin.HeaderInjection):
            make("GET", "/", version, [("Host", "a")])
    for make in (twin.render_response_head, twin.ResponseHead):
        with pytest.raises(twin.HeaderInjection):
            make(200, "OK", version, [])


BREAKING = ("\r\nX: y", "\n", "\r", "\0", "\x0b", "\x7f")


@pytest.mark.parametrize("text", BREAKING)
def test_ghsa_qvrw_v9rv_5rjx_a_method_that_breaks_out(twin: Twin, text: str) -> None:
    for method in (f"GET{text}", f"{text}GET", f"G{text}T", f"GET /{text}", ""):
        with pytest.raises(twin.HeaderInjection):
            twin.RequestHead(method, "/", headers=[("Host", "a")])
    for target in (f"/{text}", f"{text}/", "/ HTTP/1.1", ""):
        with pytest.raises(twin.HeaderInjection):
            twin.RequestHead("GET", target, headers=[("Host", "a")])


@pytest.mark.parametrize("text", BREAKING)
def test_ghsa_mwh4_6h8g_pg8w_a_reason_that_breaks_out(twin: Twin, text: str) -> None:
    for reason in (f"OK{text}", text, f"{text}OK"):
        with pytest.raises(twin.HeaderInjection):
            twin.ResponseHead(200, reason)
    for pair in (("X", f"a{text}b"), ("X", text), (f"X{text}", "a"), (f"{text}X", "a")):
        with pytest.raises(twin.HeaderInjection):
            twin.ResponseHead(200, "OK", headers=[pair])
        with pytest.raises(twin.HeaderInjection):
            twin.render_fields([pair])


@pytest.mark.parametrize("text", ["\r\nX: y", "\n", "\r", "\0"])
def test_ghsa_2vrm_gr82_f7m5_a_content_type_that_breaks_out(text: str) -> None:
    with pytest.raises((HeaderInjection, ValueError)):
        MultipartWriter("form-data").append(BytesPayload(b"x", content_type=f"a/b{text}"))


@pytest.mark.parametrize("text", ["\r\nX: y", "\n", "\r", "\0"])
async def test_ghsa_m6qw_4cw2_hm4m_a_part_header_that_breaks_out(text: str) -> None:
    with pytest.raises((HeaderInjection, ValueError)):
        MultipartWriter().append("x", {"X-A": f"b{text}"})
    with pytest.raises((HeaderInjection, ValueError)):
        MultipartWriter().append("x", {f"X{text}": "b"})


# Bodies


async def read_parts(body: bytes, width: int) -> int:
    """How many parts a form of those bytes has."""
    stream = StreamReader()
    for at in range(0, len(body), width):
        stream.feed_data(body[at : at + width])
    stream.feed_eof()
    reader = MultipartReader({"Content-Type": "multipart/form-data; boundary=B"}, stream)
    count = 0
    while (part := await reader.next()) is not None:
        assert isinstance(part, BodyPartReader)
        await part.read()
        count += 1
    return count


MALFORMED = (
    b"", b"--B", b"--B\r\n", b"--B\r\n\r\n", b"--B\r\n--B\r\n", b"--B\r\nX\r\n\r\nabc\r\n--B--", b"\r\n" * 50, b"-" * 200, b"--B--x", b"--B\n\n\n",
    b"--B\r\nContent-Disposition: form-data\r\n\r\nabc", b"--B\r\nA: b\r\n\r\nabc\r\n--B", b"--C\r\n\r\n--C--\r\n", b"--B\r\nA: b\r\n\r\n\r\n--B-\r\n",
)  # fmt: skip


@pytest.mark.parametrize("width", [1, 7, 1000])
@pytest.mark.parametrize("body", MALFORMED, ids=repr)
async def test_ghsa_5m98_qgg9_wh84_a_malformed_form_ends(body: bytes, width: int) -> None:
    """With an error or as an empty form, but it ends."""
    async with asyncio.timeout(10):
        try:
            assert await read_parts(body, width) == 0
        except ValueError as exc:
            assert isinstance(exc, MultipartError)


def test_ghsa_jj3x_wxrx_4x23_nothing_hangs_on_assert() -> None:
    """The same without assertions, which must decide nothing."""
    program = (
        "import asyncio, sys; sys.path.insert(0, sys.argv[1])\n"
        "from http_parser import test_advisories as here\n"
        "for body in here.MALFORMED:\n"
        "    try:\n"
        "        count = asyncio.run(here.read_parts(body, 1000))\n"
        "    except ValueError as exc:\n"
        "        count = 0 if isinstance(exc, here.MultipartError) else -1\n"
        "    if count != 0: sys.exit(f'{body}: {count}')\n"
    )
    done = subprocess.run(
        [sys.executable, "-O", "-c", program, str(TESTS)],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


# Sizes and numbers


def chunked(twin: Twin) -> object:
    connection = twin.Http1Connection(twin.Role.SERVER)
    connection.receive(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
    return connection


def test_ghsa_g84x_mcqj_x9qq_tiny_chunks_make_no_tiny_events(twin: Twin) -> None:
    """Chunks of one byte that come together go on together: an object for each costs us alone."""
    events = chunked(twin).receive(b"1\r\na\r\n" * 10_000 + b"0\r\n\r\n")  # type: ignore[attr-defined]  # a connection
    assert len(events) < 20
    assert b"".join(events[:-1]) == b"a" * 10_000


def test_ghsa_4fvr_rgm6_gqmc_requests_sent_ahead_are_not_read_ahead(twin: Twin) -> None:
    """They stay bytes, and no more of them than the limit says."""
    request = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    connection = twin.Http1Connection(twin.Role.SERVER, twin.Limits(ahead=270))
    assert len(connection.receive(request * 11)) == 2
    assert connection.buffered == 270
    with pytest.raises(twin.ProtocolError) as caught:
        connection.receive(b"G")
    assert caught.value.reason is twin.Reason.TOO_MUCH_AHEAD


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nX: "])
def test_ghsa_63hw_fmq6_xxg2_a_line_in_many_segments(twin: Twin, start: bytes) -> None:
    connection = twin.Http1Connection(twin.Role.SERVER)
    connection.receive(start)
    line = len(start.rpartition(b"\n")[2])
    for _ in range(8190 - line):
        connection.receive(b"a")
    with pytest.raises(twin.ProtocolError) as caught:
        connection.receive(b"a")
    assert caught.value.offset == len(start) - line + 8190


@pytest.mark.parametrize("digit", ["\u0661", "\uff11", "\u0967", "\U0001d7cf", "\xb2"])
def test_ghsa_mqqc_3gqh_h2x8_digits_of_other_scripts_are_no_range(digit: str) -> None:
    for text in (f"bytes={digit}-2", f"bytes=0-{digit}", f"bytes=-{digit}"):
        with pytest.raises(ValueError, match=r".+"):
            parse_range(text)


def test_ghsa_fh55_r93g_j68g_bad_cookies_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        parse_cookies("; ".join(["{bad}={", "=", "\x00=b", "é"] * 1000) + "; a=b")
    assert caplog.records == []


async def test_ghsa_m5qp_6w8w_w647_part_headers_are_bounded() -> None:
    for lines in (b"A: b\r\n" * 5000, b"A: " + b"b" * 100_000 + b"\r\n", b"A" * 100_000):
        with pytest.raises(MultipartError):
            await read_parts(b"--B\r\n" + lines + b"\r\nx\r\n--B--\r\n", 1000)


async def test_ghsa_3wq7_rqq7_wx6j_the_size_of_a_field_is_checked_as_it_comes() -> None:
    """The error comes while the rest of the field is not even here."""
    stream = StreamReader()
    stream.feed_data(b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n" + b"x" * 2000)
    reader = MultipartReader(
        {"Content-Type": "multipart/form-data; boundary=B"}, stream, client_max_size=1000
    )
    part = await reader.next()
    assert isinstance(part, BodyPartReader)
    async with asyncio.timeout(10):
        with pytest.raises(BodyTooLarge):
            await part.read()


async def test_ghsa_g3cq_j2xw_wf74_what_nobody_reads_is_never_unpacked() -> None:
    decoder = make_decoder("deflate")
    stream = StreamReader(decoder=decoder)
    stream.feed_data(zlib.compress(bytes(50_000_000), 9))
    stream.feed_eof()
    await stream.wait_eof()
    stream.set_exception(ConnectionResetError())  # as a connection ends one that nobody read
    assert decoder.total_out == 0
