"""Keywords folded into values."""

import attrs
import pytest

from weft_client_session import ClientTimeout
from weft_client_session.options import (
    PLAIN_OPTIONS,
    PLAIN_READING,
    Content,
    Reading,
    checked_timeout,
    fold,
    session_limits,
)
from weft_http_parser import DEFAULT_LIMITS


def test_no_keywords_are_the_shared_value() -> None:
    assert fold({}) is PLAIN_OPTIONS


def test_keywords_go_to_their_groups() -> None:
    options = fold({"data": b"x", "headers": {"a": "b"}, "max_redirects": 3, "proxy": "http://p"})
    assert options.content == Content(data=b"x")
    assert options.headers == {"a": "b"}
    assert options.following.max_redirects == 3
    assert options.following.allow_redirects
    assert options.route.proxy == "http://p"
    assert options.reading is PLAIN_READING


def test_unknown_keyword_is_named() -> None:
    with pytest.raises(TypeError, match="'colour'"):
        fold({"colour": "red"})


def test_data_and_json_clash() -> None:
    with pytest.raises(ValueError, match="data and json"):
        fold({"data": b"", "json": {}})


def test_ssl_setting_is_checked() -> None:
    with pytest.raises(TypeError, match="ssl should be"):
        fold({"ssl": "yes"})
    assert fold({"ssl": None}).route.ssl is True


@pytest.mark.parametrize("name", ["auth", "proxy_auth"])
def test_credentials_are_checked(name: str) -> None:
    with pytest.raises(TypeError, match="should be BasicAuth or None, got tuple"):
        fold({name: ("user", "password")})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [(None, None), (3, ClientTimeout(total=3)), (ClientTimeout(connect=1),) * 2],
)
def test_timeout_may_be_a_number(given: object, wanted: object) -> None:
    assert checked_timeout(given) == wanted


def test_timeout_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="timeout should be"):
        fold({"timeout": "soon"})


def test_timeout_takes_aiohttp_s_places() -> None:
    assert ClientTimeout(1, 2, 3, 4) == ClientTimeout(
        total=1, connect=2, sock_read=3, sock_connect=4
    )


def test_limits_of_a_request_fill_up_from_the_session() -> None:
    session = session_limits(100, 200, 3)
    assert session == attrs.evolve(DEFAULT_LIMITS, line=100, field=200, fields=3)
    assert PLAIN_READING.limits(session) is session
    assert Reading(max_headers=9).limits(session) == attrs.evolve(session, fields=9)
