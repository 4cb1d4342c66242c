"""The C twin in several interpreters and several threads at once. Without a GIL the threads meet in
truth; with one, at least where the interpreter switches between them."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.twins import Twin, load_twin

ROOT = Path(__file__).resolve().parents[3]
THREADS = 4
HEAD = b"BREW /\xc3\xa9 HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nx-other: 2\r\nX-One: 3\r\n\r\n"
BODY = b"3;x=y\r\nabc\r\n" + b"1\r\na\r\n" * 200 + b"0\r\nX-Name: value\r\n\r\n"


@pytest.fixture
def c() -> Twin:
    return load_twin("weft_http_parser", "c")


@pytest.fixture(autouse=True)
def eager() -> Any:
    """Threads that take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def hammer(work: Callable[[int], object], times: int = 300) -> list[object]:
    """What every call gives, in threads that begin each time together."""
    barrier = threading.Barrier(THREADS)
    seen: list[object] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            for turn in range(times):
                barrier.wait(30)
                seen.append(work(turn))
        except BaseException as exc:
            errors.append(exc)
            barrier.abort()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    assert len(seen) == THREADS * times
    return seen


class TestThreads:
    @pytest.mark.parametrize("name", ["headers", "raw_headers", "method", "target"])
    def test_text_of_a_head_is_made_once_for_all(self, c: Twin, name: str) -> None:
        scanner = c.module("_twin").HeadScanner(True, c.Limits())
        heads = [scanner.scan(HEAD, 0) for _ in range(300)]
        seen = hammer(lambda turn: (turn, id(getattr(heads[turn], name))))
        assert len(set(seen)) == len(heads)

    def test_one_head_shows_the_same_to_all(self, c: Twin) -> None:
        head = c.module("_twin").HeadScanner(True, c.Limits()).scan(HEAD, 0)

        def look(turn: int) -> object:
            return head.get("x-one"), tuple(head.get_all("X-ONE")), head.raw, repr(head)

        assert set(hammer(look)) == {("1", ("1", "3"), HEAD, "<RequestHead BREW '/é'>")}

    def test_names_that_come_again(self, c: Twin) -> None:
        scanners = threading.local()

        def look(turn: int) -> object:
            if not hasattr(scanners, "own"):
                scanners.own = c.module("_twin").HeadScanner(True, c.Limits())
            wire = b"GET / HTTP/1.1\r\nHost: a\r\nX-%d: b\r\nX-Same: c\r\n\r\n" % (turn // 3)
            return turn // 3, tuple(scanners.own.scan(wire, 0).headers.items())

        seen = set(hammer(look))
        assert seen == {(n, (("Host", "a"), (f"X-{n}", "b"), ("X-Same", "c"))) for n in range(100)}

    def test_one_scanner_takes_one_call_at_a_time(self, c: Twin) -> None:
        scanner = c.module("_twin").HeadScanner(True, c.Limits())
        assert set(hammer(lambda turn: scanner.scan(HEAD, 0).raw)) == {HEAD}

    def test_one_chunk_scanner_takes_one_call_at_a_time(self, c: Twin) -> None:
        made = [c.module("_twin").ChunkScanner(c.Limits()) for _ in range(300)]
        outs: list[list[bytes]] = [[] for _ in made]

        def feed(turn: int) -> object:
            return made[turn].feed(BODY, 0, outs[turn])

        seen = hammer(feed)
        assert set(seen) == {0, len(BODY)}  # whoever comes second finds the end
        assert seen.count(len(BODY)) == len(made)
        assert all(b"".join(out) == b"abc" + b"a" * 200 for out in outs)

    def test_rendering_a_list_that_changes(self, c: Twin) -> None:
        fields = [("Host", "a")] * 50

        def render(turn: int) -> object:
            fields.append(("X-Name", "value"))
            rendered = c.render_request_head("GET", "/", c.HTTP_11, fields)
            fields.pop()
            return rendered.startswith(b"GET / HTTP/1.1\r\nHost: a\r\n")

        assert set(hammer(render)) == {True}


PARSE = """
from weft_http_parser import BACKEND, Limits, ProtocolError, RequestHead
from weft_http_parser._twin import ChunkScanner, HeadScanner
scanner, out = HeadScanner(True, Limits()), []
for number in range(2000):
    head = scanner.scan(b"GET / HTTP/1.1\\r\\nHost: a\\r\\nX-%d: b\\r\\n\\r\\n" % (number % 99), 0)
    assert head.headers["host"] == "a" and head.raw_headers[1][1] == b"b", head
    ChunkScanner(Limits()).feed(b"3\\r\\nabc\\r\\n0\\r\\n\\r\\n", 0, out)
    try:
        scanner.scan(b"GET / HTTP/2.0\\r\\n", 0)
    except ProtocolError as exc:
        assert exc.reason.name == "VERSION"
    scanner.reset()
assert RequestHead("GET", "/").headers == {}
print(BACKEND, flush=True)
"""
INTERPRETERS = """
import sys, threading
try: import _interpreters as i
except ImportError: import _xxsubinterpreters as i
made, wrong = [i.create(), i.create()], []
def run(one): wrong.append(i.run_string(one, sys.argv[1]))
threads = [threading.Thread(target=run, args=(one,)) for one in made]
if sys.version_info < (3, 13):  # they share a GIL, and block each other in threads: in turn
    for one in made: run(one)
else:
    for thread in threads: thread.start()
exec(sys.argv[1], {})
if sys.version_info >= (3, 13):
    for thread in threads: thread.join()
for one in made: run(one)
assert wrong == [None] * 4, wrong
for one in made: i.destroy(one)
exec(sys.argv[1], {})
"""


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 12), reason="asyncio of 3.12 breaks in a second interpreter"
)
def test_interpreters_side_by_side(c: Twin) -> None:
    """Two more interpreters parse beside the first: from 3.13 on each has a GIL of its own."""
    inherited = {name: value for name, value in os.environ.items() if name != "WEFT_NO_EXTENSIONS"}
    # CPython's own static caches outlive an interpreter; the leak check would report them.
    options = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
    done = subprocess.run(
        [sys.executable, "-c", INTERPRETERS, PARSE],
        env=inherited | {"ASAN_OPTIONS": options},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["c"] * 6
