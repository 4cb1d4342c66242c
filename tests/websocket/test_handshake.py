import base64
import doctest
from collections.abc import Sequence

import pytest

from weft_http_parser import CHUNKED, HTTP_10, HTTP_11, RequestHead, ResponseHead
from weft_websocket import (
    DeflateParams,
    HandshakeError,
    accept,
    check_response,
    handshake,
    make_accept,
    make_key,
    upgrade_headers,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def request(*, method: str = "GET", **changes: str | None) -> RequestHead:
    """A proper handshake with some fields changed; None leaves one out."""
    fields = {
        "Host": "example.com",
        "Upgrade": "websocket",
        "Connection": "keep-alive, Upgrade",
        "Sec_WebSocket_Version": "13",
        "Sec_WebSocket_Key": KEY,
    } | changes
    headers = [(k.replace("_", "-"), v) for k, v in fields.items() if v is not None]
    return RequestHead(method, "/", HTTP_11, headers)


def response(*, status: int = 101, **changes: str | None) -> ResponseHead:
    fields = {
        "Upgrade": "WebSocket",
        "Connection": "upgrade",
        "Sec_WebSocket_Accept": ACCEPT,
    } | changes
    headers = [(k.replace("_", "-"), v) for k, v in fields.items() if v is not None]
    return ResponseHead(status, "Any", HTTP_11, headers)


def test_examples() -> None:
    assert doctest.testmod(handshake).failed == 0


def test_a_key_is_sixteen_random_bytes() -> None:
    keys = {make_key() for _ in range(50)}
    assert len(keys) == 50
    assert all(len(base64.b64decode(key)) == 16 for key in keys)


# Server


def test_an_answer() -> None:
    """RFC 6455 1.3."""
    accepted = accept(request())
    assert dict(accepted.headers) == {
        "Upgrade": "websocket",
        "Connection": "upgrade",
        "Sec-WebSocket-Accept": ACCEPT,
    }
    assert (accepted.protocol, accepted.deflate) == (None, None)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"method": "POST"}, 400),
        ({"Upgrade": None}, 400),
        ({"Upgrade": "h2c"}, 400),
        ({"Upgrade": "websockets"}, 400),
        ({"Connection": None}, 400),
        ({"Connection": "keep-alive"}, 400),
        ({"Sec_WebSocket_Version": None}, 426),
        ({"Sec_WebSocket_Version": "8"}, 426),
        ({"Sec_WebSocket_Version": "13, 8"}, 426),
        ({"Sec_WebSocket_Version": "\N{ARABIC-INDIC DIGIT ONE}3"}, 426),
        ({"Sec_WebSocket_Key": None}, 400),
        ({"Sec_WebSocket_Key": ""}, 400),
        ({"Sec_WebSocket_Key": "c2hvcnQ="}, 400),
        ({"Sec_WebSocket_Key": base64.b64encode(b"x" * 17).decode()}, 400),
        ({"Sec_WebSocket_Key": "not base64 at all!!!!!=="}, 400),
        ({"Sec_WebSocket_Key": "dGhlIHNhbXBsZSBub25jZQ"}, 400),
        ({"Sec_WebSocket_Key": KEY[:4] + "!" + KEY[4:]}, 400),
        ({"Sec_WebSocket_Key": "ä" * 22 + "=="}, 400),
    ],
)
def test_what_is_not_a_handshake(changes: dict[str, str | None], status: int) -> None:
    with pytest.raises(HandshakeError) as caught:
        accept(request(**changes))  # type: ignore[arg-type]  # method is one of them
    assert caught.value.status == status
    if status == 426:
        assert dict(caught.value.headers) == {
            "Sec-WebSocket-Version": "13",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
        }
    for name in changes:
        assert name == "method" or name.replace("_", "-") in caught.value.text
    for value in changes.values():
        assert not value or f" {value}" not in caught.value.text


def test_an_old_version_of_http_is_refused() -> None:
    with pytest.raises(HandshakeError, match=r"HTTP/1\.1"):
        accept(RequestHead("GET", "/", HTTP_10, tuple(request().headers.items())))


@pytest.mark.parametrize("framing", [1, CHUNKED])
def test_a_handshake_with_a_body_is_refused(framing: int) -> None:
    head = request()
    head.framing = framing
    with pytest.raises(HandshakeError, match="no body") as caught:
        accept(head)
    assert caught.value.status == 400


def test_two_keys_are_refused() -> None:
    headers = [*request().headers.items(), ("Sec-WebSocket-Key", KEY)]
    with pytest.raises(HandshakeError):
        accept(RequestHead("GET", "/", HTTP_11, headers))


def test_tokens_are_found_without_case_over_several_lines() -> None:
    headers = [(k, v) for k, v in request().headers.items() if k not in ("Connection", "Upgrade")]
    headers += [("Connection", "keep-alive"), ("Connection", "UPGRADE")]
    headers += [("Upgrade", "h2c, WebSocket")]
    assert accept(RequestHead("GET", "/", HTTP_11, headers)).protocol is None


@pytest.mark.parametrize(
    ("offered", "known", "chosen"),
    [
        ("a, b", ("b", "a"), "a"),
        ("a,b", ("b",), "b"),
        ("a", (), None),
        ("a", ("A",), None),
        ("", ("a",), None),
        (None, ("a",), None),
        ("x y", ("x",), None),
    ],
)
def test_the_first_protocol_of_the_client_that_the_server_knows(
    offered: str | None, known: tuple[str, ...], chosen: str | None
) -> None:
    accepted = accept(request(Sec_WebSocket_Protocol=offered), protocols=known)
    assert accepted.protocol == chosen
    assert dict(accepted.headers).get("Sec-WebSocket-Protocol") == chosen


OFFERS = [
    ("permessage-deflate", "permessage-deflate", DeflateParams()),
    ("PerMessage-Deflate", "permessage-deflate", DeflateParams()),
    ("permessage-deflate; client_max_window_bits", "permessage-deflate", DeflateParams()),
    (
        "permessage-deflate; client_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=10",
        DeflateParams(client_max_window_bits=10),
    ),
    (
        'permessage-deflate;server_max_window_bits="9" ; client_no_context_takeover',
        "permessage-deflate; server_max_window_bits=9; client_no_context_takeover",
        DeflateParams(server_max_window_bits=9, client_no_context_takeover=True),
    ),
    (
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=8",
        "permessage-deflate; server_no_context_takeover; server_max_window_bits=8",
        DeflateParams(server_no_context_takeover=True, server_max_window_bits=8),
    ),
    (
        "foo, permessage-deflate; bar, permessage-deflate; server_max_window_bits=15",
        "permessage-deflate; server_max_window_bits=15",
        DeflateParams(),
    ),
]


@pytest.mark.parametrize(("offer", "answer", "params"), OFFERS)
def test_deflate_is_agreed_on(offer: str, answer: str, params: DeflateParams) -> None:
    accepted = accept(request(Sec_WebSocket_Extensions=offer))
    assert dict(accepted.headers)["Sec-WebSocket-Extensions"] == answer
    assert accepted.deflate == params
    declined = accept(request(Sec_WebSocket_Extensions=offer), compress=False)
    assert declined.deflate is None
    assert "Sec-WebSocket-Extensions" not in dict(declined.headers)


@pytest.mark.parametrize(
    "params",
    [
        "; unknown",
        "; server_max_window_bits",
        "; server_max_window_bits=",
        "; server_max_window_bits=7",
        "; server_max_window_bits=16",
        "; server_max_window_bits=08",
        "; server_max_window_bits=+9",
        "; server_max_window_bits=\N{ARABIC-INDIC DIGIT NINE}",
        "; client_max_window_bits=0",
        "; client_max_window_bits=100",
        "; server_no_context_takeover=1",
        "; client_no_context_takeover=true",
        "; server_no_context_takeover; server_no_context_takeover",
        "; client_max_window_bits=9; client_max_window_bits=9",
        ";",
        "; =9",
        '; server_max_window_bits="9',
    ],
)
def test_invalid_offers_are_declined(params: str) -> None:
    """RFC 7692 7.1: MUST decline."""
    accepted = accept(request(Sec_WebSocket_Extensions="permessage-deflate" + params))
    assert accepted.deflate is None
    assert "Sec-WebSocket-Extensions" not in dict(accepted.headers)


def test_a_callback_chooses_the_subprotocol() -> None:
    asked: list[Sequence[str]] = []

    def choose(offered: Sequence[str]) -> str | None:
        asked.append(offered)
        return "b" if "b" in offered else None

    accepted = accept(
        request(Sec_WebSocket_Protocol="a, no token, b"), select_subprotocol=choose, protocols="a"
    )
    assert (accepted.protocol, dict(accepted.headers)["Sec-WebSocket-Protocol"]) == ("b", "b")
    assert accept(request(), select_subprotocol=choose).protocol is None
    assert asked == [("a", "b"), ()]


def test_a_callback_cannot_choose_what_was_not_offered() -> None:
    with pytest.raises(ValueError, match=r"chose 'c'.*\('a', 'b'\)"):
        accept(request(Sec_WebSocket_Protocol="a, b"), select_subprotocol=lambda offered: "c")


# Client


def test_the_fields_of_a_request() -> None:
    assert upgrade_headers(KEY) == [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", KEY),
    ]
    more = dict(upgrade_headers(KEY, protocols=("a", "b"), deflate_bits=15))
    assert more["Sec-WebSocket-Protocol"] == "a, b"
    assert more["Sec-WebSocket-Extensions"] == "permessage-deflate; client_max_window_bits"
    fewer = dict(upgrade_headers(KEY, deflate_bits=10))
    assert fewer["Sec-WebSocket-Extensions"].endswith("; server_max_window_bits=10")


@pytest.mark.parametrize("bits", [-1, 8, 16])
def test_a_window_that_cannot_be_offered(bits: int) -> None:
    with pytest.raises(ValueError, match="9 to 15 bits"):
        upgrade_headers(KEY, deflate_bits=bits)


def test_a_client_takes_what_a_server_answers() -> None:
    key = make_key()
    headers = [("Host", "x"), *upgrade_headers(key, protocols=("a", "b"), deflate_bits=12)]
    accepted = accept(RequestHead("GET", "/", HTTP_11, headers), protocols=("b",))
    head = ResponseHead(101, "Switching Protocols", HTTP_11, accepted.headers)
    agreed = check_response(head, key, protocols=("a", "b"), deflate_bits=12)
    assert (agreed.protocol, agreed.deflate) == ("b", DeflateParams(server_max_window_bits=12))
    assert accepted.deflate == agreed.deflate


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"status": 200}, "Invalid response status"),
        ({"status": 404}, "Invalid response status"),
        ({"Upgrade": None}, "Invalid upgrade header"),
        ({"Upgrade": "websocket, h2c"}, "Invalid upgrade header"),
        ({"Connection": None}, "Invalid connection header"),
        ({"Connection": "close"}, "Invalid connection header"),
        ({"Sec_WebSocket_Accept": None}, "Invalid challenge response"),
        ({"Sec_WebSocket_Accept": make_accept(make_key())}, "Invalid challenge response"),
        ({"Sec_WebSocket_Protocol": "c"}, "Invalid subprotocol"),
        ({"Sec_WebSocket_Protocol": "a, b"}, "Invalid subprotocol"),
        ({"Sec_WebSocket_Extensions": "foo"}, "Invalid extension"),
        ({"Sec_WebSocket_Extensions": "permessage-deflate; foo"}, "Invalid extension"),
        ({"Sec_WebSocket_Extensions": "permessage-deflate, foo"}, "Invalid extension"),
        (
            {"Sec_WebSocket_Extensions": "permessage-deflate; client_max_window_bits"},
            "Invalid extension",
        ),
    ],
)
def test_answers_that_a_client_refuses(changes: dict[str, str | None], text: str) -> None:
    with pytest.raises(HandshakeError, match=text) as caught:
        check_response(response(**changes), KEY, protocols=("a", "b"), deflate_bits=15)  # type: ignore[arg-type]  # status is one of them
    assert caught.value.status == changes.get("status", 101)


def test_an_answer_of_deflate_needs_an_offer() -> None:
    head = response(Sec_WebSocket_Extensions="permessage-deflate")
    with pytest.raises(HandshakeError, match="Invalid extension"):
        check_response(head, KEY)
    assert check_response(head, KEY, deflate_bits=15).deflate == DeflateParams()
    # It was asked for a window of 10 bits and does not say that it keeps to that.
    with pytest.raises(HandshakeError, match="Invalid extension"):
        check_response(head, KEY, deflate_bits=10)


def test_a_smaller_window_of_ours_may_be_asked_for() -> None:
    answer = "permessage-deflate; client_max_window_bits=9; client_no_context_takeover"
    agreed = check_response(response(Sec_WebSocket_Extensions=answer), KEY, deflate_bits=15)
    expected = DeflateParams(client_max_window_bits=9, client_no_context_takeover=True)
    assert agreed.deflate == expected
