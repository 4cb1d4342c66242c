import pytest

from weft_http_parser import parse_content_disposition
from weft_web_server.attachments import format_attachment


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("a.pdf", "a.pdf"),
        ("a b.pdf", "a b.pdf"),
        ("50%.pdf", "50%.pdf"),
        ('say "hi".txt', 'say "hi".txt'),
        ("Zürich €.pdf", "Zürich €.pdf"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("C:\\x.txt", "C:_x.txt"),
    ],
)
def test_what_a_client_reads(name: str, seen: str) -> None:
    field = format_attachment(name)
    assert field.isascii()
    found = parse_content_disposition(field)
    assert found.type == "attachment" and found.filename == seen
    plain = parse_content_disposition(field.partition("; filename*")[0]).filename
    assert plain is not None and "%" not in plain and '"' not in plain


@pytest.mark.parametrize("name", ["a\r\nX: y", "a\0b", "\x7f", "a\u2028b"])
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="printed"):
        format_attachment(name)
