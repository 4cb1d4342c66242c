import pytest

from weft_web_server.media import join_media, split_media


@pytest.mark.parametrize(
    ("field", "kind", "charset"),
    [
        ("text/html", "text/html", None),
        ("Text/HTML; Charset=latin-1", "text/html", "latin-1"),
        ('text/html; charset="utf-8"', "text/html", "utf-8"),
        ("", "application/octet-stream", None),
        ("text", "application/octet-stream", None),
        ("text/; charset=x", "application/octet-stream", None),
    ],
)
def test_split(field: str, kind: str, charset: str | None) -> None:
    assert split_media(field) == (kind, charset)


def test_join() -> None:
    assert join_media("a/b", None) == "a/b"
    assert join_media("a/b", "c") == "a/b; charset=c"
