"""Structured field values."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import assert_linear

from weft_http_parser import (
    DisplayString,
    InnerList,
    StructuredFieldError,
    StructuredItem,
    StructuredToken,
    format_structured,
    parse_structured_dictionary,
    parse_structured_item,
    parse_structured_list,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("-0", 0),
        ("007", 7),
        ("999999999999999", 10**15 - 1),
        ("-999999999999999", -(10**15) + 1),
        ("4.5", Decimal("4.5")),
        ("-123456789012.125", Decimal("-123456789012.125")),
        ('"hello"', "hello"),
        (r'"a\"b\\"', 'a"b\\'),
        ('""', ""),
        ("foo123/456", StructuredToken("foo123/456")),
        ("*a:b", StructuredToken("*a:b")),
        (":cHJldGVuZCB0aGlz:", b"pretend this"),
        ("::", b""),
        (":aGVsbG8:", b"hello"),
        ("?1", True),
        ("?0", False),
        ("@1659578233", datetime.datetime(2022, 8, 4, 1, 57, 13, tzinfo=datetime.UTC)),
        ("@-62135596800", datetime.datetime(1, 1, 1, tzinfo=datetime.UTC)),
        (
            '%"This is intended for display to %c3%bcsers."',
            "This is intended for display to üsers.",
        ),
        ('%"%25%22"', '%"'),
        ("  1  ", 1),
    ],
)
def test_bare_items(text: str, value: object) -> None:
    found = parse_structured_item(text)
    assert found == StructuredItem(value)  # type: ignore[arg-type]  # of the types there are
    assert type(found.value) is type(value) or text.startswith("%")


def test_the_types_of_text() -> None:
    assert type(parse_structured_item("a").value) is StructuredToken
    assert type(parse_structured_item('"a"').value) is str
    assert type(parse_structured_item('%"a"').value) is DisplayString


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\t1",
        "1 a",
        "1\t",
        "1000000000000000",
        "1234567890123.0",
        "1.1234",
        "1.",
        ".1",
        "-",
        "--1",
        "- 1",
        "1,2",
        '"a',
        r'"\a"',
        '"\x7f"',
        '"é"',
        "é",
        "!a",
        ":a",
        ":a:",
        ":YQ:b",
        ":Y Q:",
        ":-_:",
        "?2",
        "?",
        "?true",
        "@",
        "@1.5",
        "@1234567890123456",
        "@999999999999999",
        '%"%ff"',
        '%"%C3%BC"',
        '%"%"',
        "%a",
        "a;",
        "a;A=1",
        "a;b=",
        "a ;b",
        "(a)",
        "\u0661",
    ],
)
def test_what_is_no_item(text: str) -> None:
    with pytest.raises(StructuredFieldError, match="expected at") as caught:
        parse_structured_item(text)
    assert 0 <= caught.value.offset <= len(text)


def test_parameters() -> None:
    assert parse_structured_item('2; foourl="https://foo.example.com/"') == StructuredItem(
        2, {"foourl": "https://foo.example.com/"}
    )
    found = parse_structured_item("a;b;c=?0;b=1;  *d.-_=x").parameters
    assert dict(found) == {"b": 1, "c": False, "*d.-_": "x"}
    assert list(found) == ["b", "c", "*d.-_"]


@pytest.mark.parametrize(
    ("lines", "members"),
    [
        ("", []),
        ("  ", []),
        (
            "sugar, tea, rum",
            [
                StructuredItem(StructuredToken("sugar")),
                StructuredItem(StructuredToken("tea")),
                StructuredItem(StructuredToken("rum")),
            ],
        ),
        (
            ["sugar, tea", "rum"],
            [
                StructuredItem(StructuredToken("sugar")),
                StructuredItem(StructuredToken("tea")),
                StructuredItem(StructuredToken("rum")),
            ],
        ),
        ("1\t,\t2 \t", [StructuredItem(1), StructuredItem(2)]),
        ("()", [InnerList(())]),
        (
            '("foo" "bar"), ("baz")',
            [
                InnerList((StructuredItem("foo"), StructuredItem("bar"))),
                InnerList((StructuredItem("baz"),)),
            ],
        ),
        (
            '( "foo"; a=1;b=2  );lvl=5, 1',
            [InnerList((StructuredItem("foo", {"a": 1, "b": 2}),), {"lvl": 5}), StructuredItem(1)],
        ),
    ],
)
def test_lists(lines: str | list[str], members: list[StructuredItem | InnerList]) -> None:
    assert parse_structured_list(lines) == members


@pytest.mark.parametrize(
    "text",
    [
        ",",
        "1,",
        "1,,2",
        "1 2",
        "(1",
        "(1,2)",
        "(1)(2)",
        "((1))",
        "(1 ;a)",
        "1;a 2",
        "(1\t2)",
    ],
)
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(StructuredFieldError):
        parse_structured_list(text)


@pytest.mark.parametrize(
    ("lines", "members"),
    [
        ("", {}),
        (
            'en="Applepie", da=:w4ZibGV0w6ZydGU=:',
            {"en": StructuredItem("Applepie"), "da": StructuredItem("Æbletærte".encode())},
        ),
        (
            "a=?0, b, c; foo=bar",
            {
                "a": StructuredItem(False),
                "b": StructuredItem(True),
                "c": StructuredItem(True, {"foo": "bar"}),
            },
        ),
        (
            "rating=1.5, feelings=(joy sadness)",
            {
                "rating": StructuredItem(Decimal("1.5")),
                "feelings": InnerList(
                    (
                        StructuredItem(StructuredToken("joy")),
                        StructuredItem(StructuredToken("sadness")),
                    )
                ),
            },
        ),
        (
            "a=(1 2), b=3, c=4;aa=bb, d=(5 6);valid",
            {
                "a": InnerList((StructuredItem(1), StructuredItem(2))),
                "b": StructuredItem(3),
                "c": StructuredItem(4, {"aa": "bb"}),
                "d": InnerList((StructuredItem(5), StructuredItem(6)), {"valid": True}),
            },
        ),
        (["a=1", "b=2, a=3"], {"a": StructuredItem(3), "b": StructuredItem(2)}),
    ],
)  # the examples of RFC 9651 3.2
def test_dictionaries(
    lines: str | list[str], members: dict[str, StructuredItem | InnerList]
) -> None:
    assert parse_structured_dictionary(lines) == members


@pytest.mark.parametrize("text", ["A=1", "a=", "a =1", "a= 1", "=1", "a,", "a b", "1", "a=1 b=2"])
def test_what_is_no_dictionary(text: str) -> None:
    with pytest.raises(StructuredFieldError):
        parse_structured_dictionary(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (StructuredItem(True), "?1"),
        (StructuredItem(False, {"a": True, "b": False}), "?0;a;b=?0"),
        (StructuredItem(Decimal("1")), "1.0"),
        (StructuredItem(Decimal("0.0025")), "0.002"),
        (StructuredItem(Decimal("0.0035")), "0.004"),
        (StructuredItem(Decimal("-1.50")), "-1.5"),
        (StructuredItem(b""), "::"),
        (StructuredItem('a"\\'), r'"a\"\\"'),
        (StructuredItem(DisplayString('ü%"')), '%"%c3%bc%25%22"'),
        (StructuredItem(datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)), "@0"),
        ([], ""),
        ({}, ""),
        ([StructuredItem(1), InnerList((), {"a": 1})], "1, ();a=1"),
        (
            {"a": StructuredItem(True, {"b": 1}), "c": InnerList((StructuredItem(True),))},
            "a;b=1, c=(?1)",
        ),
    ],
)
def test_formatting(value: object, text: str) -> None:
    assert format_structured(value) == text  # type: ignore[arg-type]  # of the types there are


@pytest.mark.parametrize(
    "value",
    [
        StructuredItem(10**15),
        StructuredItem(-(10**15)),
        StructuredItem(Decimal(10**12)),
        StructuredItem(Decimal("999999999999.9999")),
        StructuredItem(Decimal("NaN")),
        StructuredItem("é"),
        StructuredItem("a\r\n"),
        StructuredItem(StructuredToken("a b")),
        StructuredItem(StructuredToken("")),
        StructuredItem(1, {"A": 1}),
        {"": StructuredItem(1)},
        {"a\r\nb": StructuredItem(True)},
    ],
)
def test_what_no_field_can_hold(value: object) -> None:
    with pytest.raises(ValueError, match=r"digits|ASCII|token|key"):
        format_structured(value)  # type: ignore[arg-type]  # the same


KEYS = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,5}", fullmatch=True)
BARE = st.one_of(
    st.booleans(),
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-(10**11), 10**11, places=3),
    st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    st.from_regex(r"[A-Za-z*][A-Za-z0-9:/!]{0,5}", fullmatch=True).map(StructuredToken),
    st.binary(),
    st.text(st.characters(exclude_categories=["Cs"])).map(DisplayString),
    st.integers(-62135596800, 253402300799).map(
        lambda at: datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(0, at)
    ),
)
ITEMS = st.builds(StructuredItem, BARE, st.dictionaries(KEYS, BARE, max_size=3))
MEMBERS = ITEMS | st.builds(
    InnerList, st.lists(ITEMS, max_size=3).map(tuple), st.dictionaries(KEYS, BARE, max_size=2)
)


@given(ITEMS, st.lists(MEMBERS, max_size=4), st.dictionaries(KEYS, MEMBERS, max_size=4))
def test_values_come_back(
    item: StructuredItem,
    members: list[StructuredItem | InnerList],
    dictionary: dict[str, StructuredItem | InnerList],
) -> None:
    assert parse_structured_item(format_structured(item)) == item
    assert parse_structured_list(format_structured(members)) == members
    assert parse_structured_dictionary(format_structured(dictionary)) == dictionary


@given(st.text(st.sampled_from('a1.,;= "()?:@%\\\t-*A')))
def test_no_text_is_another_error(text: str) -> None:
    for parse in (parse_structured_item, parse_structured_list, parse_structured_dictionary):
        try:
            again = format_structured(parse(text))
        except StructuredFieldError:
            continue
        assert format_structured(parse(again)) == again


@pytest.mark.parametrize(
    "pattern", ["1", "a,", "(", '"', "\\\\", ";a", "a=1,", " ", "(1 ", ":", "%", ";a=(", "\t"]
)
@pytest.mark.parametrize("start", ["", '"', '%"', ":", "(", "a="])
def test_linear_time(pattern: str, start: str) -> None:
    def parse(text: str) -> None:
        for function in (
            parse_structured_item,
            parse_structured_list,
            parse_structured_dictionary,
        ):
            try:
                function(text)
            except StructuredFieldError:
                continue

    assert_linear(parse, lambda size: start + pattern * (size // len(pattern)), whole=start == '"')
