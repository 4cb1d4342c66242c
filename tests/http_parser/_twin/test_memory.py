"""What becomes of memory: none is lost over a million messages, and without any there is an error
that leaves every object fit for use."""

import gc
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from multidict import CIMultiDict, MultiDict
from support.nomemory import Trial, refuse_until_it_succeeds
from support.twins import Twin, load_twin

ROOT = Path(__file__).resolve().parents[3]
HEAD = b"GET /path HTTP/1.1\r\nHost: a\r\nX-Name: value\r\n\r\n"
BREW = b"BREW /\xc3\xa9 HTTP/1.0\r\nx-name: \xff\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
UPGRADING = BREW.replace(b"HTTP/1.0", b"HTTP/1.1\r\nHost: a")
MANY = HEAD[:-2] + b"".join(b"A%d: b\r\n" % i for i in range(120)) + b"\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"
SLOPPY = b"HTTP/1.1 200\nServer : x\n y\r\n\tz \x01\nA:b\nX:\n c\n\n"
BODY = b"3;x=y\r\nabc\r\n" + b"1\r\na\r\n" * 300 + b"0\r\nX-Name: value\r\nB:\r\n\r\n"
UPLOAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
LARGE = b"3000\r\n" + b"x" * 0x3000 + b"\r\n1\r\na\r\n0\r\n\r\n"
FIELDS = (("Host", "a"), ("X-Name", "é" * 1200))


def requests(twin: Twin, **limits: int) -> Any:
    return twin.module("_twin").HeadScanner(True, twin.Limits(**limits))


def responses(twin: Twin, strictness: str = "STRICT") -> Any:
    return twin.module("_twin").HeadScanner(False, twin.Limits(), getattr(twin, strictness))


def chunks(twin: Twin) -> Any:
    return twin.module("_twin").ChunkScanner(twin.Limits())


class TestMillionMessages:
    """Memory in use after many messages is what it was after the first few."""

    def test_heads(self, twin: Twin) -> None:
        scanner, buffer = requests(twin), (HEAD + BREW) * 50

        def work() -> int:
            start = 0
            for _ in range(100):
                scanner.scan(buffer, start)
                start = scanner.end
            return 100

        check_flat(twin, work, 500_000)

    def test_texts_of_heads(self, twin: Twin) -> None:
        scanner, answers = requests(twin), responses(twin, "LENIENT")

        def work() -> int:
            for head in (scanner.scan(HEAD, 0), scanner.scan(BREW, 0), answers.scan(SLOPPY, 0)):
                _ = head.raw, head.headers, head.raw_headers, head.version, head.wants_upgrade
                _ = head.get("x-name"), head.get_all("É"), repr(head)
            return 3

        check_flat(twin, work, 150_000)

    def test_new_names_every_time(self, twin: Twin) -> None:
        scanner, count = requests(twin), 0

        def work() -> int:
            nonlocal count
            count += 1
            head = scanner.scan(b"GET / HTTP/1.1\r\nHost: a\r\nX-%d: b\r\n\r\n" % (count // 2), 0)
            assert len(head.headers) == 2
            return 1

        check_flat(twin, work, 50_000)

    def test_faults(self, twin: Twin) -> None:
        scanner, answers, error = requests(twin), responses(twin), twin.ProtocolError
        wires = (HEAD[:-3] + b"\0", HEAD.replace(b"Host", b"Hose"), b"GET\r", b"\r\n" * 5)

        def work() -> int:
            for wire in wires:
                with pytest.raises(error):
                    scanner.scan(wire, 0)
                scanner.reset()
            with pytest.raises(error):
                answers.scan(SLOPPY, 0)
            answers.reset()
            return 5

        check_flat(twin, work, 50_000)

    def test_chunks(self, twin: Twin) -> None:
        def work() -> int:
            scanner, out = chunks(twin), list[bytes]()
            taken = scanner.feed(BODY[:50], 0, out)
            scanner.feed(BODY, taken, out)
            assert scanner.done
            with pytest.raises(twin.ProtocolError):
                chunks(twin).feed(b"3\r\nabc\r\nx", 0, out)
            return 2

        check_flat(twin, work, 40_000)

    def test_rendering(self, twin: Twin) -> None:
        module, headers = twin.module("_twin"), CIMultiDict(FIELDS)

        def work() -> int:
            module.render_request_head("GET", "/", twin.HTTP_11, FIELDS)
            module.render_response_head(200, "OK", twin.HTTP_10, headers)
            _ = twin.RequestHead("GET", "/", headers=headers).headers
            with pytest.raises(twin.HeaderInjection):
                module.render_fields([("a", "b\r\nc: d")])
            return 4

        check_flat(twin, work, 200_000)


def check_flat(twin: Twin, work: Callable[[], int], messages: int) -> None:
    """Blocks and resident memory, before and after so many messages in C."""
    if twin.backend == "py":
        messages //= 50
    elif not sys.getallocatedblocks():
        messages //= 50  # malloc under a sanitizer, which looks for leaks itself
    repeat(work, messages // 10)
    blocks, kilobytes = in_use()
    repeat(work, messages)
    after, more = in_use()
    assert after - blocks < 50
    assert more - kilobytes < 4000 or not after  # a sanitizer keeps what is freed for a while


def repeat(work: Callable[[], int], messages: int) -> None:
    while messages > 0:
        messages -= work()


def in_use() -> tuple[int, int]:
    gc.collect()
    return sys.getallocatedblocks(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def scans(scanner: Any, wire: bytes) -> bool:
    """Whether the scanner finds the head it should."""
    scanner.reset()
    return bool(scanner.scan(wire, 0).raw == wire)


def resume(scanner: Any, wire: bytes) -> Any:
    """The scanner, behind all but the last line end of the head."""
    assert scanner.scan(wire[:-2], 0) is None
    return scanner


def scan_trial(scanner: Any, wire: bytes, data: object = None) -> Trial:
    return Trial(scanner.scan, (data or wire, 0), lambda: scans(scanner, wire))


def head_trial(head: Any, name: str, expected: object) -> Trial:
    return Trial(getattr, (head, name), lambda: getattr(head, name) == expected)


def fault_trial(scanner: Any, wire: bytes, error: type[Exception]) -> Trial:
    """Refusing input takes memory too; a fault that was found is as good as none."""

    def scan() -> None:
        try:
            scanner.scan(wire, 0)
        except error:
            pass

    return Trial(scan, (), lambda: scans(scanner, HEAD))


def feed_trial(c: Twin, body: bytes, *before: bytes) -> Trial:
    scanner = chunks(c)
    for piece in before:
        scanner.feed(piece, 0, [])
    return Trial(scanner.feed, (body, 0, []), lambda: len(scanner.trailers) < 9)


def receive_trial(c: Twin, wire: bytes, *before: bytes) -> Trial:
    """Only what runs no Python code."""
    connection = c.Http1Connection(c.Role.SERVER)
    for piece in before:
        connection.receive(piece)
    return Trial(connection.receive, (wire,))


def make_kept(head: Any) -> Any:
    """The head, with all that it keeps made."""
    _ = head.headers, head.raw_headers, head.method, head.target
    return head


TRIALS: dict[str, Callable[[Twin], Trial]] = {
    "scan": lambda c: scan_trial(requests(c), HEAD),
    "scan a copy": lambda c: scan_trial(requests(c), HEAD, bytearray(HEAD)),
    "scan a part": lambda c: scan_trial(requests(c), HEAD, HEAD + bytes(500)),
    "scan what came in pieces": lambda c: scan_trial(resume(requests(c), HEAD), HEAD),
    "many fields": lambda c: scan_trial(requests(c), MANY),
    "many fields in pieces": lambda c: scan_trial(resume(requests(c), MANY), MANY),
    "response": lambda c: scan_trial(responses(c), RESPONSE),
    "sloppy response": lambda c: scan_trial(responses(c, "LENIENT"), SLOPPY),
    "fault": lambda c: fault_trial(requests(c), HEAD[:-3] + b"\0", c.ProtocolError),
    "fault of a host": lambda c: fault_trial(requests(c), BREW[:-2] + b"Host: \0", c.ProtocolError),
    "head scanner": lambda c: Trial(c.module("_twin").HeadScanner, (False, c.Limits(), c.LENIENT)),
    "chunk scanner": lambda c: Trial(c.module("_twin").ChunkScanner, (c.Limits(),)),
    "chunks": lambda c: feed_trial(c, BODY),
    "a large chunk": lambda c: feed_trial(c, LARGE),
    "the rest of a chunk": lambda c: feed_trial(c, LARGE[9000:], LARGE[:9000]),
    "a body that is all": lambda c: feed_trial(c, b"x" * 100, b"ff\r\n"),
    "ends of chunks": lambda c: ends_trial(c),
    "inlet": lambda c: Trial(c.module("_twin").Inlet, (c.Role.SERVER,)),
    "inlet of limits": lambda c: Trial(c.module("_twin").Inlet, (c.Role.CLIENT, c.Limits(line=9), c.LENIENT)),
    "receive a request": lambda c: receive_trial(c, HEAD),
    "receive a request of another method": lambda c: receive_trial(c, HEAD.replace(b"GET", b"BREW")),
    "receive a part": lambda c: receive_trial(c, HEAD[:9]),
    "receive chunks": lambda c: receive_trial(c, LARGE, UPLOAD),
    "chunk fault": lambda c: fault_feed(c),
    "headers": lambda c: head_trial(requests(c).scan(HEAD, 0), "headers", {"Host": "a", "X-Name": "value"}),
    "headers of many": lambda c: Trial(getattr, (requests(c).scan(MANY, 0), "headers")),
    "headers of sloppy": lambda c: head_trial(responses(c, "LENIENT").scan(SLOPPY, 0), "headers", {"Server": "x y z \x01", "A": "b", "X": "c"}),
    "headers kept": lambda c: Trial(getattr, (make_kept(requests(c).scan(HEAD, 0)), "headers")),
    "raw headers": lambda c: head_trial(requests(c).scan(HEAD, 0), "raw_headers", ((b"Host", b"a"), (b"X-Name", b"value"))),
    "raw headers of sloppy": lambda c: head_trial(responses(c, "LENIENT").scan(SLOPPY, 0), "raw_headers", ((b"Server", b"x y z \x01"), (b"A", b"b"), (b"X", b"c"))),
    "method": lambda c: head_trial(requests(c).scan(BREW, 0), "method", "BREW"),
    "target": lambda c: head_trial(requests(c).scan(BREW, 0), "target", "/é"),
    "reason": lambda c: head_trial(responses(c).scan(RESPONSE, 0), "reason", "OK"),
    "status": lambda c: head_trial(responses(c).scan(RESPONSE, 0), "status", 200),
    "version": lambda c: head_trial(responses(c).scan(RESPONSE, 0), "version", c.HTTP_11),
    "raw": lambda c: head_trial(requests(c).scan(HEAD + b"more", 0), "raw", HEAD),
    "wants upgrade": lambda c: head_trial(requests(c).scan(UPGRADING, 0), "wants_upgrade", True),
    "repr": lambda c: Trial(repr, (requests(c).scan(BREW, 0),)),
    "repr of a response": lambda c: Trial(repr, (responses(c).scan(RESPONSE, 0),)),
    "get": lambda c: Trial(requests(c).scan(BREW, 0).get, ("x-name",)),
    "get a folded one": lambda c: Trial(responses(c, "LENIENT").scan(SLOPPY, 0).get, ("server",)),
    "get by another text": lambda c: Trial(requests(c).scan(HEAD, 0).get, ("É\udcff",)),
    "get all": lambda c: Trial(requests(c).scan(HEAD, 0).get_all, ("X-Name",)),
    "get all by another text": lambda c: Trial(requests(c).scan(HEAD, 0).get_all, ("É",)),
    "request": lambda c: Trial(c.RequestHead, ("GET", "/", c.HTTP_11, FIELDS)),
    "request without fields": lambda c: Trial(c.RequestHead, ("GET", "/")),
    "request anew": lambda c: Trial(c.RequestHead.__new__, (c.RequestHead, "GET", "/")),
    "response of a mapping": lambda c: Trial(c.ResponseHead, (200, "OK", c.HTTP_11, CIMultiDict(FIELDS))),
    "request of many": lambda c: Trial(c.RequestHead, ("GET", "/", c.HTTP_11, [("a", "b")] * 99)),
    "request of a method that fills the room": lambda c: Trial(c.RequestHead, ("A" * 1024, "/")),
    "request of a target that fills the room": lambda c: Trial(c.RequestHead, ("A", "/" * 1022)),
    "request of words that fill the room": lambda c: Trial(c.RequestHead, ("A", "/" * 1021)),
    "request of a line that fills the room": lambda c: Trial(c.RequestHead, ("A", "/" * 1013)),
    "request that fills the room": lambda c: Trial(c.RequestHead, ("A", "/" * 1011)),
    "response of a reason that fills the room": lambda c: Trial(c.ResponseHead, (200, "A" * 1011)),
    "response that fills the room": lambda c: Trial(c.ResponseHead, (200, "A" * 1009)),
    "a name that fills the room": lambda c: Trial(c.render_fields, ([("A" * 1024, "b")],)),
    "a field that fills the room": lambda c: Trial(c.render_fields, ([("A" * 1021, "b")],)),
    "more than there is room for": lambda c: Trial(c.render_fields, ([("A", "b" * 2000)] * 5,)),
    "render a tuple": lambda c: Trial(c.render_fields, (FIELDS,)),
    "render a list": lambda c: Trial(c.render_fields, (list(FIELDS),)),
    "render a mapping": lambda c: Trial(c.render_fields, (MultiDict(FIELDS),)),
    "render a request": lambda c: Trial(c.render_request_head, ("GET", "/é", c.HTTP_11, FIELDS)),
    "render a response": lambda c: Trial(c.render_response_head, (200, "é", c.HTTP_10, FIELDS)),
}  # fmt: skip


def ends_trial(c: Twin) -> Trial:
    scanner = chunks(c)
    scanner.feed(b"400\r\n" + b"x" * 1024 + b"\r\n1\r\na\r\n", 0, [])
    return Trial(getattr, (scanner, "ends"), lambda: scanner.ends == (1024, 1025))


def fault_feed(c: Twin) -> Trial:
    scanner = chunks(c)

    def feed() -> None:
        try:
            scanner.feed(b"3\r\nabc\r\nx", 0, [])
        except c.ProtocolError:
            pass

    return Trial(feed, ())


@pytest.fixture
def c() -> Twin:
    return load_twin("weft_http_parser", "c")


class TestNoMemory:
    """Each allocation of a call refused, alone and with all behind it."""

    @pytest.mark.parametrize("name", TRIALS)
    def test_calls(self, c: Twin, name: str) -> None:
        refuse_until_it_succeeds(lambda: TRIALS[name](c))

    @pytest.mark.skipif(
        sys.version_info >= (3, 13), reason="the dict of a type that cannot grow ends this Python"
    )
    def test_loading_the_module(self, c: Twin) -> None:
        """In a process of its own, with all that it imports imported before."""
        pytest.importorskip("_testcapi", reason="this Python has no failing allocator")
        done = subprocess.run(
            [sys.executable, "-c", LOADING, c.module("_twin")._chosen.__file__],
            env=os.environ | {"WEFT_NO_EXTENSIONS": "1"},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert int(done.stdout) > 300


LOADING = """
import _imp, _testcapi, importlib.machinery as machinery, sys
import weft_http_parser._twin._py
spec = machinery.ModuleSpec(
    "weft_http_parser._twin._c", machinery.ExtensionFileLoader, origin=sys.argv[1])
refused = MemoryError, ImportError  # made here: a handler has no memory for a tuple
for place in range(100_000):
    succeeded = False
    for stop in (place + 1, 0):
        try:
            _testcapi.set_nomemory(place, stop)
            module = _imp.create_dynamic(spec)
            _imp.exec_dynamic(module)
            succeeded = True
        except refused:
            succeeded = False
        except SystemError as exc:  # the interpreter's own: an import that went on without memory
            assert "__import__" in str(exc) and isinstance(exc.__cause__, MemoryError), exc
            succeeded = False
        finally:
            _testcapi.remove_mem_hooks()
    module = None
    if succeeded:
        break
print(place)
module = _imp.create_dynamic(spec)
_imp.exec_dynamic(module)
assert module.RequestHead("GET", "/", headers=[("Host", "a")]).headers["host"] == "a"
"""
