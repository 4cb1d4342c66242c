"""Payloads beside aiohttp's: class, length, type, fields and bytes, with every difference named.

Each case is made with both libraries from a fresh value. Where they differ, the case says in what,
and why; the difference itself is checked too, so it cannot outlive its reason.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import AsyncIterator, Callable
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest
from support.writers import KeepingWriter

import weft_http_parser

aiohttp = pytest.importorskip("aiohttp.payload")

BYTES = "é, 1\r\n".encode() * 3


class Case(NamedTuple):
    name: str
    make: Callable[[ModuleType, Path], Any]
    differs: frozenset[str] = frozenset()
    why: str = ""


def opened(path: Path, mode: str, *, at: int = 0, **options: Any) -> Any:
    file = path.open(mode, **options)
    file.seek(at)
    return file


def in_memory(at: int = 0) -> io.BytesIO:
    stream = io.BytesIO(BYTES)
    stream.seek(at)
    return stream


def spooled() -> Any:
    file = tempfile.SpooledTemporaryFile()
    file.write(BYTES)
    file.seek(3)
    return file


async def blocks() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"cd"


OWN_ENCODING = frozenset({"decoded"})
WHY_OWN = "decode() takes the payload's own encoding, and aiohttp always UTF-8"
UNKNOWN = frozenset({"size"})
WHY_TEXT = "aiohttp declares the file's size, though its text is encoded anew and may be longer"

CASES = (
    Case("bytes", lambda lib, path: lib.get_payload(BYTES)),
    Case("no bytes", lambda lib, path: lib.get_payload(b"")),
    Case("bytearray", lambda lib, path: lib.get_payload(bytearray(BYTES))),
    Case(
        "memoryview",
        lambda lib, path: lib.get_payload(memoryview(BYTES)),
        frozenset({"decoded"}),
        "aiohttp's decode() fails",
    ),
    Case("bytes, named", lambda lib, path: lib.get_payload(BYTES, filename="a.txt")),
    Case("bytes, type", lambda lib, path: lib.get_payload(BYTES, content_type="a/b")),
    Case("bytes, no type", lambda lib, path: lib.get_payload(BYTES, content_type=None)),
    Case(
        "bytes, fields",
        lambda lib, path: lib.get_payload(BYTES, headers={"content-type": "x/y", "X-A": "é"}),
    ),
    Case(
        "bytes, fields and type",
        lambda lib, path: lib.BytesPayload(
            BYTES, [("X-A", "1"), ("X-B", "2")], content_type="a/b"
        ),
    ),
    Case("text", lambda lib, path: lib.get_payload("é")),
    Case(
        "text in Latin-1",
        lambda lib, path: lib.get_payload("é", encoding="latin-1"),
        OWN_ENCODING,
        WHY_OWN,
    ),
    Case(
        "text with a charset",
        lambda lib, path: lib.get_payload("é", content_type="text/html; charset=latin-1"),
        OWN_ENCODING,
        WHY_OWN,
    ),
    Case("text of a type", lambda lib, path: lib.get_payload("é", content_type="text/html")),
    Case("text in memory", lambda lib, path: lib.get_payload(io.StringIO("é\r\n"))),
    Case("JSON", lambda lib, path: lib.JsonPayload({"a": ["é", None]})),
    Case("JSON by a function", lambda lib, path: lib.JsonPayload(1, dumps=lambda value: "[1]")),
    Case(
        "JSON as bytes",
        lambda lib, path: lib.JsonBytesPayload([1], dumps=lambda v: json.dumps(v).encode()),
    ),
    Case(
        "JSON in UTF-16",
        lambda lib, path: lib.JsonPayload("é", "utf-16", "a/json"),
        OWN_ENCODING,
        WHY_OWN,
    ),
    Case("bytes in a stream", lambda lib, path: lib.get_payload(in_memory())),
    Case("the rest of a stream", lambda lib, path: lib.get_payload(in_memory(5))),
    Case(
        "a stream, named",
        lambda lib, path: lib.get_payload(in_memory(), "inline", filename="é x.png"),
    ),
    Case("file", lambda lib, path: lib.get_payload(opened(path, "rb"))),
    Case("the rest of a file", lambda lib, path: lib.get_payload(opened(path, "rb", at=3))),
    Case("file to write", lambda lib, path: lib.get_payload(opened(path, "r+b"))),
    Case(
        "file without buffer", lambda lib, path: lib.get_payload(opened(path, "rb", buffering=0))
    ),
    Case("file, plain", lambda lib, path: lib.get_payload(opened(path, "rb"), disposition=None)),
    Case(
        "file, named and typed",
        lambda lib, path: lib.get_payload(opened(path, "rb"), filename="z", content_type="a/b"),
    ),
    Case("spooled file", lambda lib, path: lib.get_payload(spooled())),
    Case(
        "file of text",
        lambda lib, path: lib.get_payload(opened(path, "r", encoding="utf-8")),
        UNKNOWN,
        WHY_TEXT,
    ),
    Case(
        "file of text in UTF-16",
        lambda lib, path: lib.get_payload(opened(path, "r", encoding="utf-8"), encoding="utf-16"),
        UNKNOWN,
        WHY_TEXT,
    ),
    Case(
        "asynchronous iterable",
        lambda lib, path: lib.get_payload(blocks()),
        frozenset({"rewritten"}),
        "a second write fails, and writes nothing with aiohttp",
    ),
)


async def attempt(step: Callable[[], Any]) -> object:
    """What a step gives, or that it fails."""
    try:
        value = step()
        return await value if hasattr(value, "__await__") else value
    except Exception:
        return "an error"


async def write(payload: Any, length: int | None = -1) -> bytes:
    writer = KeepingWriter()
    if length == -1:
        await payload.write(writer)
    else:
        await payload.write_with_length(writer, length)
    return writer.data


async def facts(case: Case, library: ModuleType, path: Path) -> dict[str, object]:
    """All that there is to see of a payload."""
    payload = case.make(library, path)
    found: dict[str, object] = {
        "class": type(payload).__name__,
        "size": payload.size,
        "fields": list(payload.headers.items()),
        "content_type": payload.content_type,
        "encoding": payload.encoding,
        "filename": payload.filename,
        "autoclose": payload.autoclose,
        "consumed": payload.consumed,
        "decoded": await attempt(payload.decode),
        "written": await attempt(lambda: write(payload)),
        "rewritten": await attempt(lambda: write(payload)),
        "consumed later": payload.consumed,
    }
    if found["rewritten"] == found["written"]:
        found["cut"] = await attempt(lambda: write(payload, 2))
        found["declared None"] = await attempt(lambda: write(payload, None))
        found["declared more"] = await attempt(lambda: write(payload, 10**9))
        found["collected"] = await attempt(payload.as_bytes)
    await payload.close()
    return found


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # aiohttp leaves it to others to close
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_payload_beside_that_of_aiohttp(case: Case, tmp_path: Path) -> None:
    path = tmp_path / "é x.json"
    path.write_bytes(BYTES)
    theirs = await facts(case, aiohttp, path)
    ours = await facts(case, weft_http_parser, path)
    differing = {name for name in theirs if theirs[name] != ours.get(name)}
    assert differing == case.differs, {name: (theirs[name], ours.get(name)) for name in differing}
    assert bool(case.differs) == bool(case.why)


@pytest.mark.parametrize("value", [1, None, [b"a"], {"a": "b"}, iter([b"a"]), object()])
def test_values_that_have_no_payload(value: object) -> None:
    for library in (aiohttp, weft_http_parser):
        with pytest.raises(library.LookupError):
            library.get_payload(value)


class Text(str):
    pass


def chosen(library: Any, registrations: tuple[tuple[type, str], ...]) -> int:
    """Which registration serves a Text; -1 for none."""
    registry = library.PayloadRegistry()
    payloads = [type("Own", (library.StringPayload,), {}) for _ in registrations]
    for own, (kind, order) in zip(payloads, registrations, strict=True):
        registry.register(own, kind, order=library.Order[order])
    try:
        return payloads.index(type(registry.get(Text("a"))))
    except library.LookupError:
        return -1


def test_of_several_payloads_the_same_one_is_chosen() -> None:
    """Whatever the order of registrations, and the order that they ask for."""
    each = list(product((Text, str, int), ("normal", "try_first", "try_last")))
    for count in (1, 2, 3):
        for registrations in product(each, repeat=count):
            theirs, ours = chosen(aiohttp, registrations), chosen(weft_http_parser, registrations)
            assert ours == theirs, registrations


NAMES = (
    "AsyncIterablePayload",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "IOBasePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "LookupError",
    "Order",
    "PAYLOAD_REGISTRY",
    "Payload",
    "PayloadRegistry",
    "StreamReaderPayload",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "get_payload",
    "payload_type",
    "register_payload",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_public_part_is_there(name: str) -> None:
    theirs, ours = getattr(aiohttp, name), getattr(weft_http_parser, name)
    missing = {part for part in dir(theirs) if not part.startswith("_")} - set(dir(ours))
    assert not missing
