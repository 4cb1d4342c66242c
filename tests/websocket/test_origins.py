import doctest

import pytest

from weft_http_parser import HTTP_11, RequestHead
from weft_websocket import HandshakeError, check_origin, origins, parse_origins


def is_let_in(
    *fields: str, allowed: tuple[str, ...] | None = None, to: str = "http://a.example"
) -> bool:
    """Whether a page of this origin may connect to a server that was asked by this address."""
    scheme, _, host = to.partition("://")
    head = RequestHead("GET", "/", HTTP_11, [("Origin", field) for field in fields])
    try:
        check_origin(
            head, None if allowed is None else parse_origins(allowed), scheme=scheme, host=host
        )
    except HandshakeError as exc:
        assert exc.status == 403
        return False
    return True


def test_examples() -> None:
    assert doctest.testmod(origins).failed == 0


def test_what_comes_from_no_page_passes() -> None:
    assert is_let_in()
    assert is_let_in(allowed=())


@pytest.mark.parametrize(
    ("origin", "to"),
    [
        ("http://a.example", "http://a.example"),
        ("http://A.Example", "http://a.EXAMPLE"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example", "http://a.example:80"),
        ("https://a.example", "https://a.example:443"),
        ("https://a.example:443", "https://a.example"),
        ("http://a.example:8080", "http://a.example:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://[::1]", "http://[::1]"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1"),
        # A proxy in front has ended TLS.
        ("https://a.example", "http://a.example"),
        ("https://a.example", "http://a.example:443"),
        ("https://a.example:8443", "http://a.example:8443"),
    ],
)
def test_a_page_of_the_server_itself(origin: str, to: str) -> None:
    assert is_let_in(origin, to=to)


@pytest.mark.parametrize(
    ("origin", "to"),
    [
        ("http://b.example", "http://a.example"),
        ("http://sub.a.example", "http://a.example"),
        ("http://a.example.b.example", "http://a.example"),
        ("http://a.example:8080", "http://a.example"),
        ("http://a.example", "http://a.example:8080"),
        ("https://a.example", "http://a.example:80"),
        ("http://a.example", "https://a.example"),
        ("http://a.example:443", "https://a.example"),
        ("ftp://a.example", "http://a.example"),
        ("chrome-extension://a.example", "http://a.example"),
        ("null", "http://a.example"),
        ("", "http://a.example"),
        ("http://", "http://"),
        ("a.example", "http://a.example"),
        ("http://a.example/", "http://a.example"),
        ("http://user@a.example", "http://a.example"),
        ("http://a.example http://b.example", "http://a.example"),
        ("http://a.example:٨٠", "http://a.example"),
        ("http://a.example", "http://not a host"),
    ],
)
def test_a_page_of_somebody_else(origin: str, to: str) -> None:
    assert not is_let_in(origin, to=to)


def test_two_fields_are_the_origin_of_nobody() -> None:
    own = "http://a.example"
    assert not is_let_in(own, own)
    assert not is_let_in("null", "null", allowed=("null",))
    assert is_let_in(own, own, allowed=("*",))


@pytest.mark.parametrize(
    ("origin", "allowed", "expected"),
    [
        ("https://b.example", ("https://b.example",), True),
        ("https://b.example", ("http://c.example", "HTTPS://B.example:443"), True),
        ("https://b.example", ("http://b.example",), False),
        ("http://a.example", ("http://b.example",), False),
        ("http://a.example", (), False),
        ("chrome-extension://abc", ("chrome-extension://abc",), True),
        ("file://", ("file://",), True),
        ("null", ("null",), True),
        ("null", ("*",), True),
        ("null", ("http://a.example",), False),
        ("what is this", ("*",), True),
        ("what is this", ("http://a.example",), False),
        ("*", ("http://a.example",), False),
    ],
)
def test_a_list(origin: str, allowed: tuple[str, ...], expected: bool) -> None:
    assert is_let_in(origin, allowed=allowed) is expected


@pytest.mark.parametrize("text", ["a.example", "http://a.example/", "", "http://*.example.com:x"])
def test_what_is_no_origin_is_told_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="is no origin; write a scheme"):
        parse_origins((text,))


def refusal(origin: str, allowed: tuple[str, ...] | None) -> str:
    head = RequestHead("GET", "/", HTTP_11, [("Origin", origin)])
    listed = None if allowed is None else parse_origins(allowed)
    with pytest.raises(HandshakeError) as caught:
        check_origin(head, listed, scheme="http", host="a.example")
    return caught.value.text


def test_the_refusal_says_what_to_set() -> None:
    text = refusal("https://b.example", None)
    assert "'https://b.example'" in text and "origins=" in text and "Host" in text
    assert "origins=" in refusal("https://b.example", ())


def test_the_refusal_repeats_little_and_nothing_that_a_page_could_run() -> None:
    text = refusal("é<" + "x" * 1000, None)
    assert "\\xe9" in text and len(text) < 400
