"""Heads on both twins: made from values, made by the scanner, and the same either way."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy, istr
from support.twins import Twin, load_twin

FIELDS = [
    ("Host", "example.org"),
    ("X-Odd", "a"),
    ("accept", "*/*"),
    ("x-odd", "b"),
    ("Cookie", "a=b"),
]


def scan(twin: Twin, raw: bytes) -> Any:
    """The head that a scanner finds."""
    is_request = not raw.startswith(b"HTTP/")
    return twin.module("_twin").HeadScanner(is_request, twin.DEFAULT_LIMITS).scan(raw, 0)


@pytest.fixture(params=["values", "wire"])
def request_head(twin: Twin, request: pytest.FixtureRequest) -> Any:
    head = twin.RequestHead("POST", "/é?q=1", headers=FIELDS)
    return head if request.param == "values" else scan(twin, head.raw)


@pytest.fixture(params=["values", "wire"])
def response_head(twin: Twin, request: pytest.FixtureRequest) -> Any:
    head = twin.ResponseHead(404, "Not Here", headers=[("Server", "x"), ("Date", "y")])
    return head if request.param == "values" else scan(twin, head.raw)


class TestRequest:
    def test_line(self, twin: Twin, request_head: Any) -> None:
        assert request_head.method == "POST"
        assert request_head.target == "/é?q=1"
        assert request_head.version == twin.HTTP_11 == (1, 1)
        assert request_head.version.minor == 1

    def test_headers(self, request_head: Any) -> None:
        headers = request_head.headers
        assert isinstance(headers, CIMultiDictProxy)
        assert list(headers.items()) == FIELDS
        assert headers["ACCEPT"] == "*/*"
        assert request_head.headers is headers

    def test_raw(self, request_head: Any) -> None:
        assert isinstance(request_head.raw, bytes)
        assert request_head.raw == (
            b"POST /\xc3\xa9?q=1 HTTP/1.1\r\nHost: example.org\r\nX-Odd: a\r\naccept: */*\r\n"
            b"x-odd: b\r\nCookie: a=b\r\n\r\n"
        )
        assert request_head.raw_headers == tuple(
            (name.encode(), value.encode()) for name, value in FIELDS
        )

    def test_get(self, request_head: Any) -> None:
        assert request_head.get("HOST") == "example.org"
        assert request_head.get("x-odd") == "a"
        assert request_head.get("Hos") is None
        assert request_head.get("Expect", "none") == "none"
        assert request_head.get_all("X-ODD") == ["a", "b"]
        assert request_head.get_all("X-Other") == []
        assert request_head.get_all(istr("Cookie")) == ["a=b"]

    def test_marks(self, twin: Twin, request_head: Any) -> None:
        assert request_head.marks == twin.MARK_HOST | twin.MARK_COOKIE

    def test_before_framing(self, request_head: Any) -> None:
        assert request_head.framing == 0
        assert request_head.persistent is True

    def test_repr(self, request_head: Any) -> None:
        assert repr(request_head) == "<RequestHead POST '/é?q=1'>"


class TestResponse:
    def test_line(self, twin: Twin, response_head: Any) -> None:
        assert response_head.status == 404
        assert response_head.reason == "Not Here"
        assert response_head.version == twin.HTTP_11

    def test_fields(self, twin: Twin, response_head: Any) -> None:
        assert response_head.raw == b"HTTP/1.1 404 Not Here\r\nServer: x\r\nDate: y\r\n\r\n"
        assert response_head.headers == {"Server": "x", "Date": "y"}
        assert response_head.marks == twin.MARK_SERVER | twin.MARK_DATE
        assert response_head.get("date") == "y"

    def test_repr(self, response_head: Any) -> None:
        assert repr(response_head) == "<ResponseHead 404 'Not Here'>"


@pytest.mark.parametrize(
    ("name", "mark"),
    [
        ("Host", "MARK_HOST"),
        ("Content-Length", "MARK_CONTENT_LENGTH"),
        ("Transfer-Encoding", "MARK_TRANSFER_ENCODING"),
        ("Connection", "MARK_CONNECTION"),
        ("Upgrade", "MARK_UPGRADE"),
        ("Expect", "MARK_EXPECT"),
        ("Content-Encoding", "MARK_CONTENT_ENCODING"),
        ("Content-Type", "MARK_CONTENT_TYPE"),
        ("Cookie", "MARK_COOKIE"),
        ("Set-Cookie", "MARK_SET_COOKIE"),
        ("Location", "MARK_LOCATION"),
        ("Accept-Encoding", "MARK_ACCEPT_ENCODING"),
        ("Authorization", "MARK_AUTHORIZATION"),
        ("Range", "MARK_RANGE"),
        ("If-Match", "MARK_CONDITIONAL"),
        ("If-None-Match", "MARK_CONDITIONAL"),
        ("If-Modified-Since", "MARK_CONDITIONAL"),
        ("If-Unmodified-Since", "MARK_CONDITIONAL"),
        ("If-Range", "MARK_CONDITIONAL"),
        ("Date", "MARK_DATE"),
        ("Server", "MARK_SERVER"),
        ("Trailer", "MARK_TRAILER"),
    ],
)
@pytest.mark.parametrize("change", [str, str.lower, str.upper])
def test_field_marks(twin: Twin, name: str, mark: str, change: Any) -> None:
    head = twin.ResponseHead(200, "OK", headers=[(change(name), "x"), (name + "x", "y")])
    assert head.marks == getattr(twin, mark)
    assert scan(twin, head.raw).marks == head.marks


@pytest.mark.parametrize(
    ("method", "target", "is_other"),
    [("GET", "/", False), ("GET", "//a", False), ("OPTIONS", "*", True), ("GET", "http://a", True),
     ("CONNECT", "a:1", True), ("CONNECT", "/", True)],
)  # fmt: skip
def test_other_target_mark(twin: Twin, method: str, target: str, is_other: bool) -> None:
    head = twin.RequestHead(method, target, headers=[("Host", "a")])
    for made in (head, scan(twin, head.raw)):
        assert bool(made.marks & twin.MARK_OTHER_TARGET) is is_other


def test_http_10(twin: Twin) -> None:
    head = twin.ResponseHead(200, "", twin.HTTP_10)
    assert head.raw == b"HTTP/1.0 200 \r\n\r\n"
    for made in (head, scan(twin, head.raw)):
        assert made.version == (1, 0)
        assert made.marks == twin.MARK_HTTP_10


def test_undecodable_bytes_become_surrogates(twin: Twin) -> None:
    head = scan(twin, b"GET /\xff HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n")
    assert head.target == "/\udcff"
    assert head.get("x") == head.headers["X"] == "\udce9"
    again = twin.RequestHead(head.method, head.target, headers=head.headers)
    assert again.raw == head.raw


def test_spelling_of_names_is_kept(twin: Twin) -> None:
    head = scan(twin, b"GET / HTTP/1.1\r\nhOST: a\r\ncontent-type: b\r\nContent-Type: c\r\n\r\n")
    names = [name for name, _ in head.headers.items()]
    assert names == ["hOST", "content-type", "Content-Type"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ([("Connection", "Upgrade"), ("Upgrade", "x")], True),
        ([("Connection", "a,\tuPGRADE ,b"), ("Upgrade", "x")], True),
        ([("Connection", "a"), ("Connection", "upgrade"), ("Upgrade", "x")], True),
        ([("Connection", "upgrades"), ("Upgrade", "x")], False),
        ([("Upgrade", "x")], False),
        ([("Connection", "upgrade")], False),
        ([], False),
    ],
)
def test_wants_upgrade(twin: Twin, fields: list[tuple[str, str]], expected: bool) -> None:
    assert twin.RequestHead("GET", "/", headers=fields).wants_upgrade is expected
    assert twin.ResponseHead(101, "", headers=fields).wants_upgrade is expected
    # RFC 9110 7.8: ignored in HTTP/1.0, whose proxies pass it on without knowing what it means.
    assert twin.RequestHead("GET", "/", twin.HTTP_10, fields).wants_upgrade is False


@pytest.mark.parametrize(
    ("value", "expected"),
    [("100-continue", True), ("100-Continue", True), ("y 100-continue", False), ("", False)],
)
def test_expects_continue(twin: Twin, value: str, expected: bool) -> None:
    fields = [("Expect", value)]
    assert twin.RequestHead("PUT", "/", headers=fields).expects_continue is expected
    assert twin.RequestHead("PUT", "/", twin.HTTP_10, fields).expects_continue is False
    assert twin.RequestHead("PUT", "/").expects_continue is False


def test_headers_may_be_any_kind_of_pairs(twin: Twin) -> None:
    expected = b"GET / HTTP/1.1\r\nA: b\r\n\r\n"
    pairs = [("A", "b")]
    multidict = CIMultiDict(pairs)
    for headers in (pairs, iter(pairs), dict(pairs), multidict, CIMultiDictProxy(multidict)):
        assert twin.RequestHead("GET", "/", headers=headers).raw == expected
    repeated = CIMultiDict([("A", "b"), ("a", "c")])
    assert twin.render_fields(repeated) == b"A: b\r\na: c\r\n"


CONTROLS = [chr(code) for code in (*range(9), *range(10, 32), 127)]


class TestInjection:
    @pytest.mark.parametrize("bad", [*CONTROLS, "\r\n", "\r\nX: y", "a\nb", "\ud800"])
    def test_value(self, twin: Twin, bad: str) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_fields([("A", "b"), ("X", f"a{bad}")])
        with pytest.raises(twin.HeaderInjection):
            twin.RequestHead("GET", "/", headers={"X": bad})

    @pytest.mark.parametrize(
        "bad", [*CONTROLS, "", " ", "\t", ":", "a b", "a:", "é", "(", "a\r\nb"]
    )
    def test_name(self, twin: Twin, bad: str) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_fields([("A", "b"), (bad, "a")])

    @pytest.mark.parametrize("bad", ["", " ", "G T", "GET / HTTP/1.1\r\nX:", "GÉT", "G\0", "G:"])
    def test_method(self, twin: Twin, bad: str) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_request_head(bad, "/", twin.HTTP_11, [])

    @pytest.mark.parametrize(
        "bad", [*CONTROLS, "", " ", "\t", "/a b", "/ HTTP/1.1\r\nX: y", "/\ud800"]
    )
    def test_target(self, twin: Twin, bad: str) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_request_head("GET", bad, twin.HTTP_11, [])

    @pytest.mark.parametrize("bad", [*CONTROLS, "OK\r\nX: y", "\ud800"])
    def test_reason(self, twin: Twin, bad: str) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_response_head(200, bad, twin.HTTP_11, [])

    @pytest.mark.parametrize("bad", [-1, 0, 99, 1000, 20_000])
    def test_status(self, twin: Twin, bad: int) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_response_head(bad, "", twin.HTTP_11, [])

    @pytest.mark.parametrize("bad", [(1, 2), (2, 0), (0, 9), (11, 1), ("1", "1\r\nX: y")])
    def test_version(self, twin: Twin, bad: Any) -> None:
        with pytest.raises(twin.HeaderInjection):
            twin.render_request_head("GET", "/", twin.Version(*bad), [])
        with pytest.raises(twin.HeaderInjection):
            twin.render_response_head(200, "", twin.Version(*bad), [])

    @pytest.mark.parametrize("pair", [("A", 1), (1, "A"), ("A", b"b"), (b"A", "b"), ("A", None)])
    def test_types(self, twin: Twin, pair: Any) -> None:
        with pytest.raises(TypeError, match=r"is a str, not (int|bytes|NoneType)"):
            twin.render_fields([pair])
        with pytest.raises(TypeError, match=r"is a str, not (int|bytes|NoneType)"):
            twin.render_fields([("B", "b"), pair])

    def test_nothing_is_refused_that_may_be_sent(self, twin: Twin) -> None:
        text = "".join(chr(code) for code in (9, *range(32, 127), *range(0xA0, 0x250)))
        assert twin.render_fields([("X", f"a{text}a")]) == f"X: a{text}a\r\n".encode()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(st.lists(st.tuples(st.one_of(st.sampled_from(["Host", "X-a"]), texts), texts), max_size=5))
def test_rendered_fields_are_read_as_they_were(pairs: list[tuple[str, str]]) -> None:
    for backend in ("py", "c"):
        try:
            twin = load_twin("weft_http_parser", backend)
        except pytest.skip.Exception:
            continue
        try:
            head = twin.ResponseHead(200, "", headers=pairs)
        except twin.HeaderInjection:
            continue
        found = [(name, value) for name, value in scan(twin, head.raw).headers.items()]
        assert found == [(name, value.strip(" \t")) for name, value in pairs]


@pytest.mark.parametrize("spell", [str, str.lower])
def test_well_known_names_are_shared(twin: Twin, spell: Any) -> None:
    """The names of `hdrs`, and one istr for each in small letters: nothing is made per head."""
    names = [spell(str(name)) for name in twin.hdrs.HEADER_NAMES]
    heads = [twin.ResponseHead(200, "", headers=[(name, "x")]) for name in names]
    known = {str(name): name for name in twin.hdrs.HEADER_NAMES}
    for name, head in zip(names, heads, strict=True):
        (key,) = head.headers
        (again,) = scan(twin, head.raw).headers
        assert type(key) is istr
        assert key == name
        assert again is key
        assert key is known.get(name, key)


names = st.text(st.sampled_from("aAbBzZ09-_!~"), min_size=1, max_size=9)


@given(st.lists(names, max_size=40), st.lists(names, max_size=20))
def test_lookup_of_what_is_there_and_of_what_is_not(there: list[str], others: list[str]) -> None:
    """However many names share a bit of the filter."""
    for backend in ("py", "c"):
        try:
            twin = load_twin("weft_http_parser", backend)
        except pytest.skip.Exception:
            continue
        made = twin.ResponseHead(
            200, "", headers=[(name, str(at)) for at, name in enumerate(there)]
        )
        expected = made.headers
        for head in (made, scan(twin, made.raw)):
            for name in (*there, *others):
                for spelled in (name, name.swapcase(), istr(name)):
                    assert head.get(spelled) == expected.get(name)
                    assert head.get_all(spelled) == expected.getall(name, [])


@pytest.mark.parametrize("name", ["", "é", "\udcff", "Kelvin \u212a", "x" * 300, "a b", "a:"])
def test_names_that_no_field_has(twin: Twin, name: str) -> None:
    head = twin.ResponseHead(200, "", headers=[("k", "a"), ("Kelvin", "b"), ("x" * 299, "c")])
    assert head.get(name) is None
    assert head.get(name, "none") == "none"
    assert head.get_all(name) == []


def test_end(twin: Twin) -> None:
    assert twin.END.trailers == {}
    assert repr(twin.END) == "<End>"
    assert repr(twin.End(CIMultiDictProxy(CIMultiDict(a="b")))) == "<End {'a': 'b'}>"
