"""Content-Disposition, both ways."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weft_http_parser import (
    ContentDisposition,
    HeaderInjection,
    content_disposition_filename,
    format_content_disposition,
    parse_content_disposition,
)


@given(
    st.from_regex(r'form-data; name="[ab;=*"\\ \x01é%]{0,4}"(; filename="[ab;="\\ ]{0,4}")?'),
)
def test_the_usual_field_is_read_as_any_other(text: str) -> None:
    # An empty parameter says nothing, and makes a field an unusual one.
    assert parse_content_disposition(text) == parse_content_disposition(text + ";")


@pytest.mark.parametrize(
    ("text", "kind", "parameters", "filename"),
    [
        ("attachment", "attachment", {}, None),
        ('Attachment; FileName="x.txt"', "attachment", {"filename": "x.txt"}, "x.txt"),
        ("attachment; filename=foo.html", "attachment", {"filename": "foo.html"}, "foo.html"),
        ('attachment; filename="a;b"', "attachment", {"filename": "a;b"}, "a;b"),
        (r'a; filename="C:\\x\\y"', "a", {"filename": r"C:\x\y"}, r"C:\x\y"),
        ("inline; filename*=UTF-8''%e2%82%ac.txt", "inline", {"filename*": "€.txt"}, "€.txt"),
        ("a; filename*=iso-8859-1'en'%A3", "a", {"filename*": "£"}, "£"),
        (
            "a; filename=\"x\"; filename*=UTF-8''%c3%a4",
            "a",
            {"filename": "x", "filename*": "ä"},
            "ä",
        ),
        (
            'a; filename*0="a"; filename*1="b"',
            "a",
            {"filename*0": "a", "filename*1": "b"},
            "ab",
        ),
        (
            "a; filename*0*=UTF-8''%c3; filename*1*=%a4; filename*2=\"%x\"",
            "a",
            {"filename*0*": "UTF-8''%c3", "filename*1*": "%a4", "filename*2": "%x"},
            "ä%x",
        ),
        ('form-data;name="a";filename="b"', "form-data", {"name": "a", "filename": "b"}, "b"),
        ('form-data ; name="é"', "form-data", {"name": "é"}, None),
        ("a; =x; y; b=c;", "a", {"b": "c"}, None),
        ('a; filename="%C3%BC"', "a", {"filename": "%C3%BC"}, "%C3%BC"),
    ],
)
def test_dispositions(
    text: str, kind: str, parameters: dict[str, str], filename: str | None
) -> None:
    found = parse_content_disposition(text)
    assert (found.type, dict(found.parameters), found.filename) == (kind, parameters, filename)


@pytest.mark.parametrize(
    "text",
    [
        "",
        '"attachment"',
        "attachment inline",
        "; filename=x",
        "a; filename=a b",
        'a; filename="a',
        'a; filename="a" b',
        'a; filename="',
        "a; filename=",
        "a; filename=x; filename=y",
    ],
)
def test_what_is_malformed_is_nothing(text: str) -> None:
    assert parse_content_disposition(text) == (None, {})


def test_what_is_missing_is_nothing() -> None:
    found = parse_content_disposition(None)
    assert (found, found.name, found.filename) == ((None, {}), None, None)


@pytest.mark.parametrize("coded", ["x", "UTF-8''%ff", "idna''x", "zlib''x"])
def test_an_extended_parameter_that_cannot_be_decoded_is_none(coded: str) -> None:
    found = parse_content_disposition(f"a; filename*={coded}; filename=y")
    assert found == ("a", {"filename": "y"})


def test_it_comes_as_a_pair() -> None:
    kind, parameters = parse_content_disposition('Form-Data; Name="a"')
    assert (kind, parameters) == ("form-data", {"name": "a"})
    assert parse_content_disposition("a; b=c") == ContentDisposition("a", {"b": "c"})


def test_names() -> None:
    found = parse_content_disposition("form-data; name*=utf-8''%C3%A9; filename=x")
    assert (found.name, found.filename) == ("é", "x")


def test_the_pieces_of_a_name_are_bounded() -> None:
    many = {f"filename*{index}": "x" for index in range(100)}
    assert content_disposition_filename(many) == "x" * 32


@pytest.mark.parametrize(
    ("params", "quoted", "plain"),
    [
        ({"name": "a"}, 'name="a"', 'name="a"'),
        ({"name": "a;b"}, 'name="a;b"', 'name="a;b"'),
        ({"name": 'é"x'}, "name*=utf-8''%C3%A9%22x", 'name="é\\"x"'),
        ({"filename": "a b.txt"}, 'filename="a%20b.txt"', 'filename="a b.txt"'),
        ({"filename": 'a"b'}, 'filename="a%22b"', 'filename="a\\"b"'),
        ({"name": "a\\b"}, 'name="a\\\\b"', 'name="a\\\\b"'),
    ],
)
def test_formatting(params: dict[str, str], quoted: str, plain: str) -> None:
    assert format_content_disposition("form-data", params) == f"form-data; {quoted}"
    assert (
        format_content_disposition("form-data", params, quote_fields=False)
        == f"form-data; {plain}"
    )


@pytest.mark.parametrize("text", ["a\r\nb", "a\x00", "a\n", "\x7f"])
def test_nothing_breaks_out(text: str) -> None:
    """GHSA-2vrm-gr82-f7m5, GHSA-m6qw-4cw2-hm4m."""
    for params in ({"name": text}, {"filename": text}):
        formatted = format_content_disposition("form-data", params)
        assert formatted.isprintable()
        with pytest.raises(HeaderInjection):
            format_content_disposition("form-data", params, quote_fields=False)
    with pytest.raises(HeaderInjection):
        format_content_disposition("form-data", {text: "x"})
    with pytest.raises(HeaderInjection):
        format_content_disposition(text, {})


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_names_come_back(text: str) -> None:
    found = parse_content_disposition(format_content_disposition("form-data", {"name": text}))
    assert found.name == text
