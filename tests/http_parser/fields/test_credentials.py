"""Basic credentials."""

from typing import NamedTuple

import pytest

from weft_http_parser import BasicAuth, encode_basic_auth


class Url(NamedTuple):
    user: str | None
    password: str | None


def test_encoding() -> None:
    assert BasicAuth("u", "p").encode() == "Basic dTpw"
    assert BasicAuth("é", "é", "utf-8").encode() == "Basic w6k6w6k="
    assert encode_basic_auth("é", "é") == "Basic w6k6w6k="
    with pytest.raises(ValueError, match="not allowed"):
        encode_basic_auth("a:b")


def test_the_tuple() -> None:
    assert BasicAuth("u") == ("u", "", "latin1")
    login, password, encoding = BasicAuth("u", "p", "utf-8")
    assert (login, password, encoding) == ("u", "p", "utf-8")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic dTpw", ("u", "p")),
        ("bAsIc dTpw", ("u", "p")),
        ("Basic dTpwOng=", ("u", "p:x")),
        ("Basic Og==", ("", "")),
    ],
)
def test_decoding(header: str, expected: tuple[str, str]) -> None:
    assert BasicAuth.decode(header)[:2] == expected


def test_decoding_another_charset() -> None:
    assert BasicAuth.decode("Basic w6k6w6k=", encoding="utf-8").login == "é"


@pytest.mark.parametrize(
    "header",
    ["Basic", "Bearer dTpw", "Basic xxx", "Basic dQ==", "Basic  dTpw", "Basic d\u00e9pw", ""],
)
def test_what_is_malformed(header: str) -> None:
    with pytest.raises(ValueError, match=r"Could not|Unknown|Invalid"):
        BasicAuth.decode(header)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ValueError, match="Invalid"):
        BasicAuth.decode("Basic /zr/", encoding="utf-8")


@pytest.mark.parametrize("arguments", [(None,), ("a", None), ("a:b",)])
def test_what_is_not_allowed(arguments: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="not allowed"):
        BasicAuth(*arguments)


def test_from_url() -> None:
    assert BasicAuth.from_url(Url("u", "p")) == ("u", "p", "latin1")
    assert BasicAuth.from_url(Url("u", None)) == ("u", "", "latin1")
    assert BasicAuth.from_url(Url(None, "p")) == ("", "p", "latin1")
    assert BasicAuth.from_url(Url(None, None)) is None
