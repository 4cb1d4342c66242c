"""Files as payloads."""

import asyncio
import codecs
import gc
import io
import tempfile
from pathlib import Path
from typing import IO

import pytest
from support.writers import KeepingWriter

from weft_http_parser import (
    BufferedReaderPayload,
    BytesIOPayload,
    HeaderInjection,
    IOBasePayload,
    Payload,
    TextIOPayload,
    get_payload,
    guess_content_type,
)
from weft_http_parser.body.files import guess_filename


async def written(payload: Payload) -> bytes:
    writer = KeepingWriter()
    await payload.write(writer)
    return writer.data


CONTENT = b"file \xc3\xa9" * 100_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "x.json"
    path.write_bytes(CONTENT)
    return path


async def test_a_file_of_bytes(path: Path) -> None:
    with path.open("rb") as file:
        payload = get_payload(file)
        assert isinstance(payload, BufferedReaderPayload)
        assert payload.size == 700_000
        assert payload.content_type == "application/json"
        assert payload.headers["Content-Disposition"] == 'attachment; filename="x.json"'
        assert payload.filename == "x.json"
        assert payload.is_rewindable
        assert not payload.autoclose
        assert await written(payload) == await written(payload) == CONTENT
        assert payload.decode() == CONTENT.decode()
        writer = KeepingWriter()
        await payload.write_with_length(writer, 300_000)
        assert [len(block) for block in writer.blocks] == [262_144, 37_856]
        await payload.close()
        assert file.closed
        assert not payload.is_rewindable


async def test_a_file_is_sent_from_where_it_stands(path: Path) -> None:
    with path.open("rb") as file:
        file.read(699_990)
        payload = get_payload(file)
        assert payload.size == 10
        assert len(await written(payload)) == len(await written(payload)) == 10


async def test_an_unbuffered_file(path: Path) -> None:
    with path.open("rb", buffering=0) as file:
        payload = get_payload(file)
        assert type(payload) is IOBasePayload
        assert await written(payload) == CONTENT


async def test_what_is_given_counts(path: Path) -> None:
    with path.open("rb") as file:
        payload = get_payload(file, disposition="inline", content_type="a/b", filename="y")
        assert payload.content_type == "a/b"
        assert payload.headers["Content-Disposition"] == 'inline; filename="y"'
        bare = get_payload(file, disposition=None)
        assert "Content-Disposition" not in bare.headers
        assert bare.filename == "x.json"


@pytest.mark.parametrize(
    ("name", "encoding", "content_type"),
    [
        ("x.txt", None, "text/plain; charset=utf-8"),
        ("x.html", None, "text/html; charset=utf-8"),
        ("x.json", None, "text/plain; charset=utf-8"),
        ("x.txt", "latin-1", "text/plain; charset=latin-1"),
    ],
)
async def test_a_file_of_text(
    tmp_path: Path, name: str, encoding: str | None, content_type: str
) -> None:
    path = tmp_path / name
    path.write_text("é\n" * 10, "utf-8")
    with path.open(encoding="utf-8") as file:
        payload = get_payload(file, encoding=encoding)
        assert isinstance(payload, TextIOPayload)
        assert payload.size is None
        assert payload.content_type == content_type
        expected = ("é\n" * 10).encode(encoding or "utf-8")
        assert await written(payload) == await written(payload) == expected
        assert payload.decode() == "é\n" * 10


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-7", "iso2022_jp", "utf-8"])
async def test_text_in_an_encoding_with_state(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x"
    text = "aé\u3042" * 100_000 if encoding != "iso2022_jp" else "a\u3042" * 150_000
    path.write_text(text, "utf-8")
    with path.open(encoding="utf-8") as file:
        payload = get_payload(file, encoding=encoding)
        writer = KeepingWriter()
        await payload.write(writer)
        assert len(writer.blocks) > 1
        assert writer.data == text.encode(encoding)
        assert await payload.as_bytes() == writer.data
    assert writer.data.count(codecs.BOM_UTF16) <= 1


async def test_text_in_an_encoding_that_waits_for_more(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("example", "ascii")
    with path.open(encoding="ascii") as file:
        assert await written(get_payload(file, encoding="idna")) == b"example"


async def test_text_from_where_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("é\né\n", "utf-8")
    with path.open(encoding="utf-8") as file:
        file.readline()
        payload = get_payload(file)
        assert await written(payload) == await written(payload) == b"\xc3\xa9\n"


@pytest.mark.parametrize("mode", ["rb", "r+b", "r"])
async def test_one_file_may_be_under_way_several_times(path: Path, mode: str) -> None:
    with path.open(mode) as file:
        payload = get_payload(file)
        writers = [KeepingWriter() for _ in range(4)]
        async with asyncio.TaskGroup() as group:
            for writer in writers:
                group.create_task(payload.write(writer))
        assert [writer.data == CONTENT for writer in writers] == [True] * 4


async def test_what_was_declared_is_what_is_sent_though_the_file_grows(path: Path) -> None:
    with path.open("rb") as file, path.open("ab") as log:
        payload = get_payload(file)
        assert payload.size == 700_000
        log.write(b"one more line")
        log.flush()
        assert len(await written(payload)) == 700_000
        assert payload.size == 700_013
        assert len(await written(payload)) == 700_013


async def test_bytes_that_wait_in_a_buffer_are_counted(path: Path) -> None:
    with path.open("r+b") as file:
        payload = get_payload(file)
        file.seek(0, io.SEEK_END)
        file.write(b"12")
        assert payload.size == 700_002
        assert len(await written(payload)) == 700_002


async def test_a_file_that_became_shorter_than_its_start(path: Path) -> None:
    with path.open("rb") as file, path.open("r+b") as other:
        file.seek(10)
        payload = get_payload(file)
        other.truncate(3)
        assert payload.size == 0
        assert await written(payload) == b""


async def test_a_buffer_over_something_that_is_no_file_of_the_system() -> None:
    class Raw(io.BytesIO):
        def fileno(self) -> int:
            raise OSError("none here")

    payload = get_payload(io.BufferedReader(Raw(b"hello")))
    assert isinstance(payload, BufferedReaderPayload)
    assert payload.size == 5
    assert await written(payload) == b"hello"


async def test_a_file_that_was_sent_is_closed_with_its_payload(path: Path) -> None:
    file = path.open("rb")
    payload = get_payload(file)
    assert await written(payload) == await written(payload)
    assert not file.closed
    del payload
    gc.collect()
    assert file.closed
    with path.open("rb") as unsent:
        get_payload(unsent)
        gc.collect()
        assert not unsent.closed
    memory = io.BytesIO(b"kept")
    assert await written(get_payload(memory)) == b"kept"
    gc.collect()
    assert not memory.closed


def test_a_payload_that_was_never_made_closes_nothing(path: Path) -> None:
    file = path.open("rb")
    file.close()
    with pytest.raises(ValueError, match="closed"):
        get_payload(file)
    with path.open("rb") as file, pytest.raises(HeaderInjection):
        get_payload(file, content_type="a/b\r\n")
    gc.collect()


async def test_bytes_in_memory() -> None:
    file = io.BytesIO(b"hello")
    file.read(1)
    payload = get_payload(file)
    assert isinstance(payload, BytesIOPayload)
    assert payload.size == 4
    assert payload.autoclose
    assert await written(payload) == await written(payload) == b"ello"
    await payload.close()
    assert not file.closed


async def test_a_spooled_file() -> None:
    with tempfile.SpooledTemporaryFile() as file:
        file.write(b"abc")
        file.seek(0)
        payload = get_payload(file)
        assert payload.size == 3
        assert payload.filename is None
        assert await written(payload) == b"abc"


class Pipe(io.RawIOBase):
    """Cannot be rewound."""

    def __init__(self) -> None:
        self.left = [b"a", b"b"]

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self.left.pop(0) if self.left else b""


async def test_what_cannot_be_rewound_is_sent_once() -> None:
    payload = get_payload(Pipe())
    assert payload.size is None
    assert not payload.is_rewindable
    with pytest.raises(TypeError):
        payload.decode()
    assert await written(payload) == b"ab"
    assert payload.consumed
    with pytest.raises(RuntimeError, match="rewound"):
        await written(payload)


async def test_text_that_cannot_be_rewound() -> None:
    class TextPipe(io.TextIOBase):
        def __init__(self) -> None:
            self.left = ["é"]

        def seekable(self) -> bool:
            return False

        def read(self, size: int | None = -1, /) -> str:
            return self.left.pop(0) if self.left else ""

    payload = get_payload(TextPipe())
    with pytest.raises(TypeError):
        payload.decode()
    assert await written(payload) == b"\xc3\xa9"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("/a/b.txt", "b.txt"), ("<stdin>", None), ("", None), (3, None), (None, None), ("/a/", None)],
)
def test_names_of_files(name: object, expected: str | None) -> None:
    class Named:
        pass

    value = Named()
    value.name = name  # type: ignore[attr-defined]  # what an open file has
    assert guess_filename(value) == expected


def test_guessing_types() -> None:
    assert guess_content_type("x.png") == "image/png"
    assert guess_content_type("x") == "application/octet-stream"


def test_files_are_not_read_before_they_are_sent(path: Path) -> None:
    file: IO[bytes]
    with path.open("rb") as file:
        get_payload(file)
        assert file.tell() == 0
