"""The C twin as a piece of C: what it reads, keeps, frees and refuses. Its results are compared
with the specification's in the other files here, and in tests/conformance."""

import gc
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from support.twins import Twin, load_twin

from weft_http_parser import Limits

ABSENT = object()
ROOT = Path(__file__).resolve().parents[3]
HEAD = b"GET /path HTTP/1.1\r\nHost: a\r\nX-Name: value\r\n\r\n"
BODY = b"3;x=y\r\nabc\r\n0\r\nX-Name: value\r\n\r\n"


@pytest.fixture
def c() -> Twin:
    return load_twin("weft_http_parser", "c")


def scanner(twin: Twin, is_request: bool = True, **limits: int) -> Any:
    return twin.module("_twin").HeadScanner(is_request, twin.Limits(**limits))


def outcome(twin: Twin, scan: Callable[..., object], *arguments: object) -> object:
    """What a scan returns, or the reason and offset of its error."""
    try:
        found = scan(*arguments)
    except twin.ProtocolError as exc:
        return exc.reason.name, exc.offset
    return getattr(found, "raw", found)


def feed(twin: Twin, limits: dict[str, int], data: bytes | memoryview) -> object:
    """What a chunk scanner gives out, takes and raises."""
    out: list[bytes] = []
    made = twin.module("_twin").ChunkScanner(twin.Limits(**limits))
    return outcome(twin, made.feed, data, 0, out), out, made.done


WORK: dict[str, Callable[[Twin], object]] = {
    "headers": lambda c: dict(scanner(c).scan(HEAD, 0).headers),
    "raw headers": lambda c: scanner(c).scan(HEAD, 0).raw_headers,
    "repr": lambda c: repr(scanner(c).scan(HEAD, 0)),
    "get all": lambda c: scanner(c).scan(HEAD, 0).get_all("X-Name"),
    "error": lambda c: outcome(c, scanner(c).scan, HEAD[:-3] + b"\0", 0),
    "chunks": lambda c: feed(c, {}, BODY),
    "request": lambda c: c.RequestHead("GET", "/", headers=[("A" * 99, "b" * 2000)]).headers,
    "response": lambda c: c.ResponseHead(200, "OK", headers={"A": "b"}).reason,
    "many fields": lambda c: scanner(c).scan(HEAD[:-2] + b"A: b\r\n" * 90 + b"\r\n", 0).headers,
}


class TestMemory:
    def test_head_keeps_bytes_it_is_most_of(self, c: Twin) -> None:
        whole = HEAD + b"a few"
        head = scanner(c).scan(whole, 0)
        assert head.raw == HEAD
        assert any(one is whole for one in gc.get_referents(head)) or sys.getrefcount(whole) > 2
        assert scanner(c).scan(HEAD, 0).raw is HEAD

    def test_head_lets_go_of_bytes_it_is_little_of(self, c: Twin) -> None:
        whole = HEAD + bytes(10_000)
        count = sys.getrefcount(whole)
        head = scanner(c).scan(whole, 0)
        assert sys.getrefcount(whole) == count
        assert head.raw == HEAD

    def test_body_that_is_all_of_the_input_is_not_copied(self, c: Twin) -> None:
        made = c.module("_twin").ChunkScanner(c.Limits())
        out: list[bytes] = []
        made.feed(b"ff\r\n", 0, out)
        data = bytes(100)
        made.feed(data, 0, out)
        assert out[0] is data

    @pytest.mark.parametrize("name", WORK)
    def test_nothing_leaks(self, c: Twin, name: str) -> None:
        def measure() -> int:
            for _ in range(300):
                WORK[name](c)
            gc.collect()
            return tracemalloc.get_traced_memory()[0]

        tracemalloc.start()
        try:
            measure()
            before = measure()
            assert measure() - before < 3000
        finally:
            tracemalloc.stop()

    def test_cycle_through_a_chunk_scanner_is_collected(self, c: Twin) -> None:
        class Marked(list[object]):
            pass

        made, out = c.module("_twin").ChunkScanner(c.Limits()), Marked()
        out.append(made)
        made.trailers.append(out)
        del made, out
        gc.collect()
        assert not [o for o in gc.get_objects() if type(o).__name__ == "Marked"]

    def test_head_is_not_tracked(self, c: Twin) -> None:
        head = scanner(c).scan(HEAD, 0)
        assert head.headers and head.raw_headers
        assert not gc.is_tracked(head)


WRONG_CALLS: dict[str, Callable[[Twin], object]] = {
    "one argument": lambda c: scanner(c).scan(HEAD),
    "start is text": lambda c: scanner(c).scan(HEAD, "0"),
    "buffer is text": lambda c: scanner(c).scan("text", 0),
    "out is a tuple": lambda c: c.module("_twin").ChunkScanner(c.Limits()).feed(BODY, 0, ()),
    "two arguments": lambda c: c.module("_twin").ChunkScanner(c.Limits()).feed(BODY, 0),
    "body from text on": lambda c: c.module("_twin").ChunkScanner(c.Limits()).feed(BODY, "", []),
    "body is text": lambda c: c.module("_twin").ChunkScanner(c.Limits()).feed("text", 0, []),
    "scanner of nothing": lambda c: c.module("_twin").HeadScanner(),
    "chunk scanner of nothing": lambda c: c.module("_twin").ChunkScanner(),
    "method is none": lambda c: c.RequestHead.__new__(c.RequestHead, target="/"),
    "second pair is a number": lambda c: c.render_fields((("a", "b"), 1)),
    "no name": lambda c: scanner(c).scan(HEAD, 0).get(),
    "name is bytes": lambda c: scanner(c).scan(HEAD, 0).get(b"host"),
    "other keyword": lambda c: scanner(c).scan(HEAD, 0).get("host", other=1),
    "no target": lambda c: c.RequestHead("GET"),
    "five arguments": lambda c: c.RequestHead("GET", "/", c.HTTP_11, (), 5),
    "keyword of nothing": lambda c: c.ResponseHead(200, "OK", target="/"),
    "argument twice": lambda c: c.RequestHead("GET", "/", method="GET"),
    "no target for new": lambda c: c.RequestHead.__new__(c.RequestHead, "GET"),
    "no reason phrase": lambda c: c.render_response_head(200),
    "get all of a number": lambda c: scanner(c).scan(HEAD, 0).get_all(1),
    "pair is a number": lambda c: c.render_fields([1]),
    "value is a number": lambda c: c.render_fields([("a", 1)]),
    "no version": lambda c: c.render_request_head("GET", "/"),
    "type is immutable": lambda c: setattr(c.RequestHead, "method", "GET"),
    "type is final": lambda c: type("Sub", (c.RequestHead,), {}),
}


class TestMisuse:
    def test_new_without_a_call(self, c: Twin) -> None:
        head = c.ResponseHead.__new__(c.ResponseHead, 204, reason="", headers=[("A", "b")])
        assert head.raw == b"HTTP/1.1 204 \r\nA: b\r\n\r\n"

    def test_place_outside_of_the_buffer(self, c: Twin) -> None:
        for start in (-1, len(HEAD) + 1):
            with pytest.raises(IndexError):
                scanner(c).scan(HEAD, start)
        with pytest.raises(IndexError):
            c.module("_twin").ChunkScanner(c.Limits()).feed(BODY, -1, [])

    def test_buffer_shorter_than_before(self, c: Twin) -> None:
        made = scanner(c)
        assert made.scan(HEAD[:-2], 0) is None
        with pytest.raises(IndexError):
            made.scan(HEAD[:5], 0)

    def test_buffer_other_than_before(self, c: Twin) -> None:
        made = scanner(c)
        assert made.scan(HEAD[:-2], 0) is None
        with pytest.raises(ValueError, match="changed"):
            made.scan(b"\0" * (len(HEAD) - 2) + b"\r\n", 0)

    @pytest.mark.parametrize("name", WRONG_CALLS)
    def test_type_error(self, c: Twin, name: str) -> None:
        with pytest.raises(TypeError):
            WRONG_CALLS[name](c)

    def test_limits_without_a_limit(self, c: Twin) -> None:
        with pytest.raises(AttributeError):
            c.module("_twin").HeadScanner(True, None)
        with pytest.raises(AttributeError):
            c.module("_twin").ChunkScanner(None)

    @pytest.mark.parametrize("name", [field.name for field in attrs.fields(Limits)])
    def test_limits_that_are_none(self, c: Twin, name: str) -> None:
        for value, error in ((None, TypeError), (-1, None), (ABSENT, AttributeError)):
            values = attrs.asdict(c.Limits()) | {name: value}
            limits = SimpleNamespace(**{k: v for k, v in values.items() if v is not ABSENT})
            errors = set()
            module = c.module("_twin")
            for make, arguments in (
                (module.HeadScanner, (True, limits)),
                (module.ChunkScanner, (limits,)),
            ):
                try:
                    make(*arguments)
                except (TypeError, AttributeError) as exc:
                    errors.add(type(exc))
            # Nobody here looks at what is for the connection.
            assert errors == ({error} if error and name != "ahead" else set())

    def test_strictness_that_is_none(self, c: Twin) -> None:
        class Undecided:
            def __bool__(self) -> bool:
                raise OverflowError

        make = c.module("_twin").HeadScanner
        for strictness, error in (
            (None, AttributeError),
            (attrs.evolve(c.STRICT, allows_controls=Undecided()), OverflowError),
        ):
            with pytest.raises(error):
                make(False, c.Limits(), strictness)

    def test_default_by_its_name(self, c: Twin) -> None:
        head = scanner(c).scan(HEAD, 0)
        assert head.get("x-none", default="b") == "b"
        assert head.get("host", default="b") == "a"
        assert head.get("host", **{}) == "a"

    @pytest.mark.parametrize("keyword", ["other", "default"])
    def test_wrong_keywords(self, c: Twin, keyword: str) -> None:
        head = scanner(c).scan(HEAD, 0)
        with pytest.raises(TypeError):
            head.get("host", "b", **{keyword: "c"})
        with pytest.raises(TypeError):
            head.get("host", **{keyword: "b", "another": "c"})

    def test_pair_of_one(self, c: Twin) -> None:
        for fields in ([("a",)], (("a", "b", "c"),)):
            with pytest.raises(ValueError):
                c.render_fields(fields)

    def test_field_beyond_what_an_offset_holds(self, c: Twin) -> None:
        with pytest.raises(OverflowError):
            c.RequestHead("GET", "/", headers=[("a", "b" * (1 << 24))])

    def test_limits_beyond_what_an_offset_holds(self, c: Twin) -> None:
        assert scanner(c, line=2**70, field=2**70, head=2**70).scan(HEAD, 0).raw == HEAD

    def test_only_framing_can_be_set(self, c: Twin) -> None:
        head = scanner(c).scan(HEAD, 0)
        head.framing, head.persistent = 10**18, False
        assert (head.framing, head.persistent) == (10**18, False)
        for name in ("method", "marks", "raw", "headers"):
            with pytest.raises(AttributeError):
                setattr(head, name, "x")


def run(program: str, **environment: str) -> str:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("WEFT_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=inherited | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


class TestModule:
    def test_pure_multidict_means_the_python_twin(self, c: Twin) -> None:
        program = "import weft_http_parser as p; print(p.BACKEND)"
        assert run(program, MULTIDICT_NO_EXTENSIONS="1") == "py"

    @pytest.mark.parametrize(
        "change",
        [
            "names.MARK_HOST += 2",
            "names.MARK_HOST = ''",
            "names.STEERING_MARKS = ''",
            "names.STEERING_MARKS = -1",
            "names.FIELD_MARKS = {b'host': ''}",
            "names.FIELD_MARKS = []",
            "names.FIELD_MARKS = {b'host': -1}",
            "names.HEADER_NAMES += ('',)",
            "names.HEADER_NAMES += ('x' * 40,)",
            "names.HEADER_NAMES *= 9",
            "names.HEADER_NAMES += ('\\ud800',)",
            "names.METH_ALL = ['']",
            "names.METH_ALL = ['x' * 13]",
            "names.METH_ALL = ['x'] * 33",
            "names.METH_ALL = ['\\ud800']",
            "names.METH_ALL = 0",
            "del names.METH_ALL",
            "errors.Reason = 0",
        ],
    )
    def test_tables_that_do_not_fit(self, c: Twin, change: str) -> None:
        """Another number or more names over there are refused, never taken for what they are not."""
        program = (
            "from weft_http_parser import errors, names\n"
            "from weft_http_parser._twin import _py\n"
            "import importlib\n"
            f"{change}\n"
            "try: importlib.import_module('weft_http_parser._twin._c')\n"
            "except Exception as exc: print(type(exc).__name__)\n"
        )
        assert run(program, WEFT_NO_EXTENSIONS="1").endswith(("Error", "Exception"))

    def test_several_copies_in_one_process(self, c: Twin) -> None:
        program = (
            "import sys, weft_http_parser._twin._c as one\n"
            "del sys.modules['weft_http_parser._twin._c']\n"
            "import importlib, gc\n"
            "two = importlib.import_module('weft_http_parser._twin._c')\n"
            "assert one.RequestHead is not two.RequestHead\n"
            "del one; gc.collect()\n"
            "head = two.RequestHead('GET', '/', headers=[('Host', 'a')])\n"
            "print(head.headers['host'])"
        )
        assert run(program) == "a"

    @pytest.mark.skipif(
        sys.version_info[:2] == (3, 12), reason="asyncio of 3.12 breaks in a second interpreter"
    )
    def test_another_interpreter(self, c: Twin) -> None:
        program = (
            "try: import _interpreters as i\n"
            "except ImportError: import _xxsubinterpreters as i\n"
            "code = 'from weft_http_parser import BACKEND, RequestHead as R; '\n"
            'code += \'assert R("GET", "/").headers == {}; print(BACKEND, flush=True)\'\n'
            "for _ in range(2):\n"
            "    made = i.create()\n"
            "    wrong = i.run_string(made, code)\n"
            "    assert wrong is None, wrong\n"
            "    i.destroy(made)\n"
        )
        # CPython's own static caches outlive an interpreter; the leak check would report them.
        options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        assert run(program, ASAN_OPTIONS=options).split() == ["c", "c"]

    def test_fuzzer_finds_no_difference(self, c: Twin) -> None:
        names = "['head', 'chunks', 'render']"
        program = f"from tools.fuzz.__main__ import run; print(run({names}, 1.0, 1))"
        assert run(program).endswith("0")
