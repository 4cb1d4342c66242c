"""Link."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import HeaderInjection, LinkValue, format_link, parse_links


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", []),
        ("<a>", [("a", ())]),
        ('<http://a/b>; rel="next"', [("http://a/b", (("rel", "next"),))]),
        ("<a>;rel=1,<b>;rel=2", [("a", (("rel", "1"),)), ("b", (("rel", "2"),))]),
        (["<a>", "<b>"], [("a", ()), ("b", ())]),
        ("<a,b;c>; rel=x", [("a,b;c", (("rel", "x"),))]),
        ('<a>; t="x, <b>; rel=y"; rel=z', [("a", (("t", "x, <b>; rel=y"), ("rel", "z")))]),
        (r'<a>; t="b\"c"', [("a", (("t", 'b"c'),))]),
        ("<a> ; REL = x", [("a", (("rel", "x"),))]),
        ("<a>; rel=a; rel=b", [("a", (("rel", "a"), ("rel", "b")))]),
        ("<a>; rel; x=y", [("a", (("rel", ""), ("x", "y")))]),
        ("<a>; crossorigin", [("a", (("crossorigin", ""),))]),
        ("<>; rel=self", [("", (("rel", "self"),))]),
        ("<a>;; ;rel=x;", [("a", (("rel", "x"),))]),
        (", ,<a>,", [("a", ())]),
        ("< a >; rel=x", [("a", (("rel", "x"),))]),
        ("<a>; rel=http://x/y?z", [("a", (("rel", "http://x/y?z"),))]),
        ("<a>; rel=\u00e9", [("a", (("rel", "\u00e9"),))]),
    ],
)
def test_links(lines: str | list[str], expected: list[tuple[str, object]]) -> None:
    assert [(link.target, link.parameters) for link in parse_links(lines)] == expected


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        ("nothing", []),
        ("x<a>; rel=b", []),
        ("<a>; rel=x y", ["a"]),
        ('<a>; rel="x"y', ["a"]),
        ("<a> rel=x", ["a"]),
        ("<a\x00>", []),
        ("=;", []),
        ("<a>; =b", ["a"]),
    ],
)
def test_a_fault_does_not_hide_the_next_link(fault: str, kept: list[str]) -> None:
    assert [link.target for link in parse_links(f"{fault}, <z>")] == [*kept, "z"]


def test_a_quote_that_is_not_closed_ends_the_parameters() -> None:
    assert parse_links('<a>; x=y; rel="b') == (LinkValue("a", (("x", "y"),)),)
    assert parse_links(['<a>; rel="b', "<c>"])[1].target == "c"
    assert parse_links("<a") == ()


def test_what_a_link_says() -> None:
    (link,) = parse_links(
        "<a>; rel=\"Next  start\"; rel=prev; anchor='#f'; title=plain; title*=UTF-8''%e2%82%ac"
    )
    assert link.rel == ("next", "start")
    assert link.anchor == "'#f'"
    assert link.title == "\u20ac"
    assert link.get("rel") == "Next  start"
    (link,) = parse_links("<a>; title=plain; title*=nonsense")
    assert link.title == "plain"
    (link,) = parse_links("<a>")
    assert (link.rel, link.anchor, link.title, link.get("x")) == ((), None, None, None)


def test_the_number_of_links_is_bounded() -> None:
    assert len(parse_links("<a>," * 300)) == len(parse_links(["<a>"] * 300)) == 256


TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]))


@given(st.sampled_from(["/", "http://a/b,c;d", ""]), TEXT, TEXT)
def test_links_come_back(target: str, rel: str, title: str) -> None:
    written = format_link(LinkValue(target, (("rel", rel), ("title", title))))
    (link,) = parse_links(written)
    assert link.target == target
    assert link.title == title
    assert link.get("rel") == (rel if rel.isascii() else None)
    assert written.isascii()


def test_an_extended_parameter_goes_as_it_is() -> None:
    link = LinkValue("a", (("title", "\u20ac"), ("title*", "UTF-8''%E2%82%AC")))
    assert format_link(link) == "<a>; title*=UTF-8''%E2%82%AC"


@pytest.mark.parametrize(
    "link",
    [
        LinkValue("a>; rel=x, <b"),
        LinkValue("a\r\nb"),
        LinkValue("\u00e9"),
        LinkValue("a", (("r el", "x"),)),
        LinkValue("a", (("rel", "x\n"),)),
        LinkValue("a", (("t", "\u20ac\n"),)),
        LinkValue("a", (("t*", "a b"),)),
    ],
)
def test_no_link_breaks_out(link: LinkValue) -> None:
    with pytest.raises(HeaderInjection):
        format_link(link)


@pytest.mark.parametrize(
    "pattern",
    [
        "<",
        ">",
        "<>",
        "<a>,",
        "x<,",
        ";",
        '"',
        ';a="',
        ';a="\\',
        "<a>;b ",
        " ",
        ";a",
        '<a>;b="c',
        ";a=b",
    ],
)
def test_linear_time(pattern: str) -> None:
    def make(start: str, size: int) -> str:
        return start + pattern * (size // len(pattern))

    for start in ("", "<a>"):
        assert_linear(parse_links, partial(make, start))
