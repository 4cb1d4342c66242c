"""Challenges and credentials."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    AuthValue,
    HeaderInjection,
    format_challenge,
    format_credentials,
    parse_auth_parameters,
    parse_challenges,
    parse_credentials,
)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", []),
        ("Basic", [AuthValue("basic")]),
        ('Basic realm="simple"', [AuthValue("basic", None, {"realm": "simple"})]),
        (
            # RFC 9110 11.6.1
            'Basic realm="simple", Newauth realm="apps", type=1, title="Login to \\"apps\\""',
            [
                AuthValue("basic", None, {"realm": "simple"}),
                AuthValue(
                    "newauth", None, {"realm": "apps", "type": "1", "title": 'Login to "apps"'}
                ),
            ],
        ),
        ("Negotiate", [AuthValue("negotiate")]),
        ("Negotiate, NTLM", [AuthValue("negotiate"), AuthValue("ntlm")]),
        ("Negotiate YWJj==, Basic", [AuthValue("negotiate", "YWJj=="), AuthValue("basic")]),
        ("Negotiate abc=", [AuthValue("negotiate", "abc=")]),
        ("Negotiate a/b+c~d", [AuthValue("negotiate", "a/b+c~d")]),
        ("X a=b", [AuthValue("x", None, {"a": "b"})]),
        ('X a = b , c\t= "d"', [AuthValue("x", None, {"a": "b", "c": "d"})]),
        ("X  a=b", [AuthValue("x", None, {"a": "b"})]),
        (", ,Basic , ,realm=a,", [AuthValue("basic", None, {"realm": "a"})]),
        ("X a=1, A=2", [AuthValue("x", None, {"a": "1"})]),
        (
            ["Basic realm=a", "Digest realm=b"],
            [AuthValue("basic", None, {"realm": "a"}), AuthValue("digest", None, {"realm": "b"})],
        ),
        ('X a="b, Y c=d", Z', [AuthValue("x", None, {"a": "b, Y c=d"}), AuthValue("z")]),
        ("realm=a, Basic realm=b", [AuthValue("basic", None, {"realm": "b"})]),
        ("X YQ==, a=b, Y", [AuthValue("x", "YQ=="), AuthValue("y")]),
        ("X @@, a=b", [AuthValue("x", None, {"a": "b"})]),
        ("X a=b c, d=e", [AuthValue("x", None, {"d": "e"})]),
        ('X a="b"c, d=e', [AuthValue("x", None, {"d": "e"})]),
        ('X d=e, a="b, Y', [AuthValue("x", None, {"d": "e"})]),
        (['X a="b', "Y"], [AuthValue("x"), AuthValue("y")]),
        ("X a=, b=c", [AuthValue("x", "a=")]),
        ("\u00e9 a=b, Y", [AuthValue("y")]),
    ],
)
def test_challenges(lines: str | list[str], expected: list[AuthValue]) -> None:
    assert list(parse_challenges(lines)) == expected


def test_the_digest_challenge_of_the_rfc() -> None:
    found = parse_challenges(  # RFC 7616 3.9.1
        [
            'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=SHA-256, '
            'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
            'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"',
            'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=MD5, nonce="x"',
        ]
    )
    assert [one.parameters["algorithm"] for one in found] == ["SHA-256", "MD5"]
    assert found[0].realm == "http-auth@example.org"
    assert found[0].parameters["qop"] == "auth, auth-int"
    assert AuthValue("x").realm is None


def test_the_number_of_challenges_is_bounded() -> None:
    assert len(parse_challenges("X," * 100)) == len(parse_challenges(["X"] * 100)) == 64


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", AuthValue("basic", "QWxhZGRpbjpvcGVuIHNlc2FtZQ==")),
        ("bearer mF_9.B5f-4.1JqM", AuthValue("bearer", "mF_9.B5f-4.1JqM")),
        ("Negotiate", AuthValue("negotiate")),
        ('Digest a="b", c=d', AuthValue("digest", None, {"a": "b", "c": "d"})),
        (" X  abc= ", AuthValue("x", "abc=")),
        ("", None),
        ("X @", None),
        ("X a=b, @", None),
        ("X a=b, a=c", None),
        ("X a=b, Y", None),
        ('X a="b', None),
        ('X "a"', None),
        ("a=b", None),
        ("X =", None),
    ],
)
def test_credentials(text: str, expected: AuthValue | None) -> None:
    assert parse_credentials(text) == expected


def test_authentication_info() -> None:
    assert parse_auth_parameters("") == {}
    assert parse_auth_parameters('nextnonce="a,b", , qop=auth') == {
        "nextnonce": "a,b",
        "qop": "auth",
    }
    assert parse_auth_parameters("a=b, c") is None


DIGEST = AuthValue(
    "Digest",
    None,
    {
        "username": "Mufasa",
        "realm": "r",
        "uri": "/dir",
        "algorithm": "MD5",
        "nonce": "n",
        "nc": "00000001",
        "cnonce": "c",
        "qop": "auth",
        "response": "e",
        "opaque": "o",
        "userhash": "false",
    },
)


def test_what_digest_wants_quoted_is() -> None:
    """RFC 7616 3.4: qop, nc, algorithm and userhash are not, all else is."""
    assert format_credentials(DIGEST) == (
        'Digest username="Mufasa", realm="r", uri="/dir", algorithm=MD5, nonce="n", nc=00000001, '
        'cnonce="c", qop=auth, response="e", opaque="o", userhash=false'
    )
    assert 'qop="auth"' in format_challenge(DIGEST)


@given(
    st.dictionaries(
        st.sampled_from(["realm", "a", "b-c", "qop"]),
        st.text(st.characters(exclude_categories=["Cc", "Cs"])),
        min_size=1,
    )
)
def test_values_come_back(parameters: dict[str, str]) -> None:
    value = AuthValue("x", None, parameters)
    assert parse_credentials(format_credentials(value)) == value
    written = f"{format_challenge(value)}, {format_challenge(AuthValue('y', 'YQ=='))}"
    assert parse_challenges(written) == (value, AuthValue("y", "YQ=="))


def test_a_scheme_alone() -> None:
    assert format_challenge(AuthValue("Negotiate")) == "Negotiate"


@pytest.mark.parametrize(
    "value",
    [
        AuthValue("a b"),
        AuthValue("a\r\nb"),
        AuthValue("x", "a b"),
        AuthValue("x", ""),
        AuthValue("x", "==="),
        AuthValue("x", "a\n"),
        AuthValue("x", None, {"a b": "c"}),
        AuthValue("x", None, {"a": "c\n"}),
    ],
)
def test_nothing_breaks_out(value: AuthValue) -> None:
    with pytest.raises(HeaderInjection):
        format_credentials(value)


@pytest.mark.parametrize(
    "pattern", [",", "=", '"', "X,", "X a=b,", 'a="', 'a="\\",', " ", "X ", "a=b,", '\\"']
)
def test_linear_time(pattern: str) -> None:
    for function in (parse_challenges, parse_credentials, parse_auth_parameters):
        assert_linear(function, lambda size: "X " + pattern * (size // len(pattern)))
