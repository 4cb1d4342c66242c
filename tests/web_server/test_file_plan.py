import os
from pathlib import Path

import pytest
from support.unsent import ask

from weft_web_server import StreamResponse
from weft_web_server.file_cache import Record, StoredFile
from weft_web_server.file_plan import Answer, cut_body, describe, guess_type, plan_answer
from weft_web_server.file_tree import FileTree, mark_of


@pytest.fixture
def record(tmp_path: Path) -> Record:
    path = tmp_path / "a.txt"
    path.write_bytes(bytes(range(200)))
    tree = FileTree(tmp_path)
    return Record(
        tree.trail("a.txt"), mark_of(os.stat(tmp_path)), StoredFile("a.txt", os.stat(path)), ()
    )


def plan(record: Record, response: StreamResponse, method: str = "GET") -> Answer:
    describe(response, "a.txt", record, record.file, (("Cache-Control", "no-cache"),))
    return plan_answer(ask("/", method), response, record.file)


def test_what_is_said_already_stays(record: Record) -> None:
    response = StreamResponse(headers={"Cache-Control": "private", "Content-Type": "x/y"})
    answer = plan(record, response)
    assert answer.length == 200 and answer.response is response
    assert response.headers["Cache-Control"] == "private"
    assert response.headers["Content-Type"] == "x/y"
    assert response.etag == record.file.etag


def test_what_is_said_of_the_place(record: Record) -> None:
    response = StreamResponse()
    plan(record, response)
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Vary" not in response.headers


def test_cut_body(record: Record) -> None:
    content = bytes(range(200))
    whole = plan(record, StreamResponse())
    assert cut_body(content, whole) is content
    part = Answer(StreamResponse(), record.file, 3, 4)
    assert cut_body(content, part) == content[3:7]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.HTML", "text/html"),
        ("dir.html/a", "application/octet-stream"),
        ("a.tar.bz2", "application/x-bzip2"),
        ("http://x/a.css", "text/css"),
        ("data:text/css,a", "application/octet-stream"),
    ],
)
def test_types(name: str, kind: str) -> None:
    assert guess_type(name) == kind
