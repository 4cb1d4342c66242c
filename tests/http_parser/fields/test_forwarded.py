"""Forwarded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    ForwardedNode,
    HeaderInjection,
    format_forwarded,
    parse_forwarded,
    parse_forwarded_node,
)


def hops(lines: str | list[str]) -> list[dict[str, str]]:
    return [dict(hop.parameters) for hop in parse_forwarded(lines)]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ('for="_gazonk"', [{"for": "_gazonk"}]),  # the examples of RFC 7239 4
        ('For="[2001:db8:cafe::17]:4711"', [{"for": "[2001:db8:cafe::17]:4711"}]),
        (
            "for=192.0.2.60;proto=http;by=203.0.113.43",
            [{"for": "192.0.2.60", "proto": "http", "by": "203.0.113.43"}],
        ),
        ("for=192.0.2.43, for=198.51.100.17", [{"for": "192.0.2.43"}, {"for": "198.51.100.17"}]),
        ('for=192.0.2.43,for="[2001:db8::1]"', [{"for": "192.0.2.43"}, {"for": "[2001:db8::1]"}]),
        (["for=a, for=b", "for=c"], [{"for": "a"}, {"for": "b"}, {"for": "c"}]),
        ("", [{}]),
        ([], []),
        ("  for=1 ; by=2 ", [{"for": "1", "by": "2"}]),
        ('ext="a\\"b,;c"', [{"ext": 'a"b,;c'}]),
        ("for=1.2.3.4:80", [{"for": "1.2.3.4:80"}]),
        ("for=1;for=2", [{"for": "2"}]),
    ],
)
def test_hops(lines: str | list[str], expected: list[dict[str, str]]) -> None:
    assert hops(lines) == expected


@pytest.mark.parametrize(
    "fault",
    [
        "for=",
        "=x",
        "for==x",
        "for=a b",
        'for="un',
        "for=[::1]",
        "for=\u00e9",
        "f r=1",
        "for=x:123456",
        'for="a"b',
        "for",
        "for=\ra",
        '"',
    ],
)
def test_a_fault_does_not_hide_the_hops_behind_it(fault: str) -> None:
    found = hops(f"by=_first;{fault}, for=_proxy, for=_own")
    assert found[0]["by"] == "_first"
    assert found[1:] == [{"for": "_proxy"}, {"for": "_own"}]
    assert hops([fault, "for=_own"])[-1] == {"for": "_own"}


@pytest.mark.parametrize(
    ("text", "name", "port"),
    [
        ("192.0.2.43", "192.0.2.43", None),
        ("192.0.2.43:47011", "192.0.2.43", "47011"),
        ("[2001:DB8::1]", "2001:db8::1", None),
        ("[::1]:80", "::1", "80"),
        ("[::1]:_p", "::1", "_p"),
        ("unknown", "unknown", None),
        ("Unknown:80", "unknown", "80"),
        ("_SEVKISEK", "_SEVKISEK", None),
        ("_a.b-c:_d", "_a.b-c", "_d"),
    ],
)
def test_nodes(text: str, name: str, port: str | None) -> None:
    node = parse_forwarded_node(text)
    assert node == ForwardedNode(name, port)
    assert node.is_unknown == (name == "unknown")
    assert node.is_obfuscated == name.startswith("_")


@pytest.mark.parametrize(
    "text",
    ["", "::1", "[::1", "[]", "a", "_", "1.2.3.4:", "1.2.3.4:123456", "un\u212anown", "_\u00e9"],
)
def test_what_is_no_node(text: str) -> None:
    assert parse_forwarded_node(text) is None


def test_what_a_hop_says() -> None:
    (hop,) = parse_forwarded('for=_a;by="[::1]:80";host="a:1";proto=https;ext=1')
    assert hop.for_node == ForwardedNode("_a")
    assert hop.by_node == ForwardedNode("::1", "80")
    assert (hop.host, hop.proto) == ("a:1", "https")
    (hop,) = parse_forwarded("ext=1")
    assert (hop.for_node, hop.by_node, hop.host, hop.proto) == (None, None, None, None)
    with pytest.raises(TypeError):
        hop.parameters["for"] = "x"  # type: ignore[index]  # what is tested


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["for", "by", "host", "proto", "x-y"]),
            st.text(st.characters(exclude_categories=["Cc", "Cs"])),
            min_size=1,
        ),
        min_size=1,
    )
)
def test_hops_come_back(given_hops: list[dict[str, str]]) -> None:
    assert hops(format_forwarded(given_hops)) == given_hops


@pytest.mark.parametrize("hop", [{"a b": "c"}, {"for": "a\r\nb"}, {"": "a"}])
def test_no_hop_breaks_out(hop: dict[str, str]) -> None:
    with pytest.raises(HeaderInjection):
        format_forwarded([hop])


@pytest.mark.parametrize(
    "pattern",
    [
        ",",
        ";",
        '"',
        'for="',
        'for="\\',
        "for=a,",
        "for=a;",
        " ",
        "a",
        '\\",for="',
        "for=1:",
        'a="b"',
    ],
)
def test_linear_time(pattern: str) -> None:
    assert_linear(parse_forwarded, lambda size: pattern * (size // len(pattern)))
    assert_linear(parse_forwarded_node, lambda size: "_" + pattern * (size // len(pattern)))
