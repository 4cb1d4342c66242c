import os

from weft_web_server.file_index import format_index


def test_names_are_text_and_links() -> None:
    page = format_index("/s/%C3%BC", [('"><script>.txt', False), ("a b&c", True)])
    assert "<script>" not in page
    assert '<a href="/s/%C3%BC/%22%3E%3Cscript%3E.txt">&quot;&gt;&lt;script&gt;.txt</a>' in page
    assert '<a href="/s/%C3%BC/a%20b%26c/">a b&amp;c/</a>' in page
    assert "<title>Index of /s/%C3%BC/</title>" in page and "more" not in page


def test_bytes_that_are_no_text() -> None:
    page = format_index("", [(os.fsdecode(b"\xff.txt"), False)], 3)
    assert '<a href="/%FF.txt">\ufffd.txt</a>' in page and "<li>and 3 more</li>" in page
    page.encode()
