"""The same frames to both twins of a WsProtocol, whole and in pieces, and to `websockets`.

Decides what is equal: messages, the rule that was broken, what is kept back. Between our twins
nothing may differ, however the bytes are cut; from `websockets` only what ``CLASSES`` names.
"""

from collections.abc import Iterable
from random import Random
from typing import Any

import attrs
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.frames import Opcode
from websockets.protocol import CLIENT, SERVER, Protocol

from tools.fuzz.mutate import cut, damage, pieces
from tools.fuzz.websocket import FIRST_BYTES, TEXTS, WRONG_TEXTS
from weft_http_parser import Role
from weft_websocket import DeflateParams, WsProtocol
from weft_websocket._twin import _py

MAX_SIZE = 100_000
CLASSES = {
    "length form": "we refuse a length that is not in its shortest form (RFC 6455 5.2: the minimal"
    " number of bytes MUST be used); websockets reads it",
    "sooner": "we refuse at the first byte that decides, websockets when a frame is whole, or on"
    " another of two faults; the messages before are the same",
    "code": "both refuse, with another close code: a bomb, or corrupt data, or the second fault",
    "unpacked later": "we unpack a compressed message when it is whole, websockets each frame of it",
    "final block": "behind a final block we begin another deflate stream (RFC 7692 7.2.3.4 and .5);"
    " websockets takes what follows for nothing",
    "close within": "we take a close frame between the fragments of a message, as any control frame"
    " (RFC 6455 5.4); websockets refuses it with 1002",
}
"""Why `websockets` may say something else."""

Seen = tuple[list[tuple[str, object]], int]
"""Messages, and the code of the rule that was broken behind them, or 0."""


@attrs.frozen
class Course:
    """What a peer sends, and how it is cut."""

    role: Role
    wire: bytes
    cuts: tuple[int, ...] = ()
    deflate: bool = False


def make_course(random: Random) -> Course:
    """Frames, a little damaged."""
    role, has_deflate = random.choice((Role.SERVER, Role.CLIENT)), random.random() < 0.4
    key = random.randbytes(4) if role is Role.SERVER else None
    frames = []
    for _ in range(random.randrange(1, 6)):
        frames.append(_make_frame(random, key, has_deflate))
    wire = b"".join(frames)
    if random.random() < 0.6:
        wire = damage(random, wire)
    return Course(role, wire, tuple(cut(random, len(wire))), has_deflate)


def _make_frame(random: Random, key: bytes | None, has_deflate: bool) -> bytes:
    first = random.choice(FIRST_BYTES)
    payload = random.choice(TEXTS).encode()[: random.randrange(80_000)]
    if random.random() < 0.15:
        payload += random.choice(WRONG_TEXTS)
    if first == 0x88:
        payload = random.choice((b"", b"\x03\xe8", b"\x03\xe8bye", b"\x0f\xa0\xff", b"\x03\xed"))
    elif first & 0x0F >= 8:
        payload = payload[: random.choice((0, 30, 125, 126))]
    elif first & 0x40 and has_deflate:
        packer = WsProtocol(Role.CLIENT, deflate=DeflateParams()).begin_packing(payload)
        packer.run()
        payload = bytes(packer.packed)
    return _py.render_frame(first, payload, key)


def watch(package: Any, course: Course, cuts: Iterable[int]) -> Seen:
    """What a copy of our package makes of it; AssertionError where a promise is broken."""
    deflate = package.DeflateParams() if course.deflate else None
    core = package.WsProtocol(course.role, max_message_size=MAX_SIZE, deflate=deflate)
    events: list[Any] = []
    for piece in pieces(course.wire, list(cuts)):
        events += core.receive(piece)
        while core.has_more:
            batch = core.next_batch()
            assert len(batch) <= 16 + 1
            events += batch
    found: list[tuple[str, object]] = []
    for event in events:
        if isinstance(event, Exception):
            assert event is events[-1]
            assert str(event)
            return found, event.code
        found.append((event.type.name, (event.data, event.extra)))
    return found, 0


def find_difference(packages: Iterable[Any], course: Course) -> str | None:
    """Where two twins, or two ways of cutting, do not agree."""
    seen = [watch(package, course, cuts) for package in packages for cuts in ((), course.cuts)]
    if all(each == seen[0] for each in seen):
        return None
    return f"{course}: {seen}"[:4000]


# Beside websockets


def watch_websockets(course: Course) -> Seen:
    """What `websockets` makes of it: its frames put together, as its own connection does."""
    protocol = Protocol(SERVER if course.role is Role.SERVER else CLIENT, max_size=MAX_SIZE)
    if course.deflate:
        protocol.extensions = [PerMessageDeflate(False, False, 15, 15)]
    for piece in pieces(course.wire, list(course.cuts)):
        protocol.receive_data(piece)
    found, code = _put_together(protocol.events_received())
    error = protocol.parser_exc
    return found, code or (0 if error is None else _code_of(error))


def _put_together(frames: Iterable[Any]) -> Seen:
    """The messages of frames; 1007 for text that is none, as the connection above them does."""
    found: list[tuple[str, object]] = []
    kind, parts = Opcode.TEXT, b""
    for frame in frames:
        data = bytes(frame.data)
        if frame.opcode is Opcode.CLOSE:
            found.append(("CLOSE", (int.from_bytes(data[:2], "big"), data[2:].decode())))
            continue
        if frame.opcode in (Opcode.PING, Opcode.PONG):
            found.append((frame.opcode.name, (data, "")))
            continue
        if frame.opcode is not Opcode.CONT:
            kind, parts = frame.opcode, b""
        parts += data
        if not frame.fin:
            continue
        try:
            found.append((kind.name, (parts.decode() if kind is Opcode.TEXT else parts, "")))
        except UnicodeDecodeError:
            return found, 1007
    return found, 0


def _code_of(error: BaseException) -> int:
    """The close code that its fail() would have sent."""
    name = type(error).__name__
    return {"PayloadTooBig": 1009, "UnicodeDecodeError": 1007}.get(name, 1002)


def explain(course: Course, ours: Seen, theirs: Seen) -> str | None:
    """The class of a difference, "" where there is none, None where no class names it."""
    if ours == theirs:
        return ""
    (found, code), (their_found, their_code) = ours, theirs
    if code and their_code and found == their_found:
        return "code"
    if their_code == 1002 and found[-1:] and found[-1][0] == "CLOSE" and found[:-1] == their_found:
        return "close within"
    if code and their_found[: len(found)] == found:
        # What we refuse early they may still read on; a length form they never refuse.
        return "sooner" if their_code or their_found == found else "length form"
    if course.deflate and their_code and found[: len(their_found)] == their_found:
        return "unpacked later"
    if course.deflate and [kind for kind, _ in found] == [kind for kind, _ in their_found]:
        return "final block"
    return None
