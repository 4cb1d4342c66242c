"""An input run in Python, on either twin, with the promises that the harness checks in C.

    python -m tools.fuzz.c.replay build/fuzz/crash-...

prints what both twins make of inputs. Knows the twins by what they share.
"""

import importlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs
from multidict import CIMultiDict, MultiDict

from tools.fuzz.c.inputs import (
    CHUNKS,
    DELIMITER,
    LIMITS,
    LOOKUPS,
    RENDERING,
    REQUEST,
    SEPARATOR,
    STRICTNESSES,
    Input,
    parse_input,
)
from tools.fuzz.parser import describe
from weft_http_parser import HTTP_10, HTTP_11, ProtocolError

EXACT, REBUILD = 1, 2
_MOST_HEADS, _MOST_TEXTS = 64, 122


@attrs.frozen
class Subject:
    """A twin, and the errors of the package it belongs to."""

    twin: Any
    protocol_error: type[Exception]
    http_versions: tuple[Any, Any]


def replay(subject: Subject, given: Input) -> list[object]:
    """All that can be seen of the input's outcome; AssertionError where a promise is broken."""
    if given.kind == RENDERING:
        return _render(subject, given)
    if given.kind == DELIMITER:
        return _find(subject, given)
    run = _take_body if given.kind == CHUNKS else _scan_heads
    whole = run(subject, given, [len(given.data)])
    assert whole == run(subject, given, given.stops)
    fault = whole[-1]
    if isinstance(fault, tuple):
        _, offset = fault
        assert 0 <= offset < len(given.data)
        assert run(subject, given, [offset])[-1] is None
        assert run(subject, given, [offset + 1])[-1] == fault
    return whole


def _scan_heads(subject: Subject, given: Input, stops: Iterable[int]) -> list[object]:
    """Every head and where it ended; then the fault."""
    scanner = make_scanner(subject, given)
    seen: list[object] = []
    start = 0
    try:
        for stop in stops:
            data = given.data[:stop] if given.flags & EXACT else bytearray(given.data[:stop])
            while len(seen) < _MOST_HEADS and (head := scanner.scan(data, start)) is not None:
                assert start < scanner.end <= stop
                start = scanner.end
                assert given.data[:start].endswith(head.raw)
                seen.append((start, _show(head)))
    except subject.protocol_error as exc:
        fault: Any = exc
        return [*seen, (fault.reason.name, start + fault.offset)]
    return [*seen, None]


def make_scanner(subject: Subject, given: Input) -> Any:
    """A scanner for the messages of the input."""
    limits = LIMITS[given.limits]
    if given.kind == REQUEST:
        return subject.twin.HeadScanner(True, limits)
    return subject.twin.HeadScanner(False, limits, STRICTNESSES[given.strictness])


def _show(head: Any) -> list[object]:
    found = [(head.get(name), head.get_all(name)) for name in LOOKUPS]
    assert all((first is None) == (not values) for first, values in found)
    return [*describe(head), found]


def _take_body(subject: Subject, given: Input, stops: Iterable[int]) -> list[object]:
    """Data, ends of chunks, trailers, whether it was all; then the fault."""
    scanner = subject.twin.ChunkScanner(LIMITS[given.limits])
    out: list[bytes] = []
    ends: list[int] = []
    taken, fault = 0, None
    for stop in stops:
        if scanner.done:
            break
        try:
            taken += scanner.feed(given.data[taken:stop], 0, out)
        except subject.protocol_error as exc:
            error: Any = exc
            fault = (error.reason.name, taken + error.offset)
        ends += scanner.ends
        if fault is not None:
            break
    assert all(out)
    assert ends == sorted(set(ends))
    assert not scanner.done or len(b"".join(out)) == (ends[-1] if ends else 0)
    # Of a body that breaks off, how much was taken before depends on where it was cut.
    place = None if fault else taken
    return [b"".join(out), ends, list(scanner.trailers), scanner.done, place, fault]


def _render(subject: Subject, given: Input) -> list[object]:
    twin, is_request = subject.twin, bool(given.flags & EXACT)
    texts: list[Any] = [
        text.decode("utf-8", "surrogateescape") for text in given.data.split(SEPARATOR)
    ]
    second = texts[1] if len(texts) > 1 else texts[0]
    fields = texts[2:_MOST_TEXTS]
    pairs = list(zip(fields[::2], fields[1::2], strict=False))
    makers: tuple[Any, ...] = (list, tuple, dict, CIMultiDict, MultiDict)
    headers = makers[given.steps[0] % len(makers)](pairs)
    first = texts[0]
    if not is_request and first.isdecimal() and len(first) < 1000:
        first = int(first)
    version = subject.http_versions[not given.flags & REBUILD]
    values = (first, second, version, headers)
    kind = "request" if is_request else "response"
    rendered = _outcome(getattr(twin, f"render_{kind}_head"), *values)
    lines = _outcome(twin.render_fields, headers)
    made = _outcome(lambda: describe(getattr(twin, f"{kind.title()}Head")(*values)))
    assert isinstance(rendered, bytes) == isinstance(made, list)
    if isinstance(rendered, bytes):
        assert isinstance(lines, bytes)
        assert _count_lines(rendered) == len(headers) + 2
        assert _count_lines(lines) == len(headers)
    return [rendered, lines, made]


def _find(subject: Subject, given: Input) -> list[object]:
    size = given.delimiter_size
    delimiter, data = given.data[:size], given.data[size:]
    found = [subject.twin.find_delimiter(data, delimiter, start) for start in range(3) if size]
    assert found == [data.find(delimiter, start) for start in range(3) if size]
    return [*found]


def _count_lines(rendered: bytes) -> int:
    lines = rendered.split(b"\r\n")
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert lines[-1] == b""
    return len(lines) - 1


def _outcome(function: Any, *values: object) -> object:
    try:
        made: object = function(*values)
    except (ValueError, TypeError, AttributeError) as exc:
        assert type(exc).__name__ in {"HeaderInjection", "TypeError", "AttributeError"}
        return type(exc).__name__, exc.args if isinstance(exc, ValueError) else None
    return made


def main(paths: list[str]) -> None:
    for path in paths:
        given = parse_input(Path(path).read_bytes())
        assert given is not None, f"{path} is too short"
        print(given)
        for name in ("_py", "_c"):
            twin = importlib.import_module(f"weft_http_parser._twin.{name}")
            print(name, replay(Subject(twin, ProtocolError, (HTTP_10, HTTP_11)), given))


if __name__ == "__main__":
    main(sys.argv[1:])
