"""The core: bytes in, events out, on both twins, whole and byte by byte and split at random."""

import doctest
import functools
import itertools
import os
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.splitting import WAYS, feed, split
from support.twins import Twin, load_twin

from weft_http_parser import Role
from weft_websocket import DeflateParams, Phase, Rule, protocol
from weft_websocket.codes import WSMessage, WSMessageTextBytes, WSMsgType
from weft_websocket.protocol import WsEvent, WsProtocol

from .test_twin import frame

TEXT, BINARY = WSMsgType.TEXT, WSMsgType.BINARY
PING, PONG, CLOSE = WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE


def make(twin: Twin, role: Role = Role.SERVER, **options: object) -> WsProtocol:
    return twin.WsProtocol(role, **options)  # type: ignore[no-any-return]  # a copy


def receive(core: WsProtocol, data: bytes) -> list[WsEvent]:
    """All events of some bytes, batch after batch."""
    events = core.receive(data)
    while core.has_more:
        events += core.next_batch()
    return events


def plain(events: list[WsEvent]) -> list[object]:
    """Events for comparison: messages as tuples, errors by code and text."""
    return [event if isinstance(event, tuple) else (event.code, str(event)) for event in events]


def test_examples() -> None:
    assert doctest.testmod(protocol).failed == 0


# Messages. The numbers are those of the families of the Autobahn test suite.

MESSAGES = {
    "1.1 empty text": (frame(0x81), [(TEXT, "", "")]),
    "1.1 text of 125": (frame(0x81, b"*" * 125), [(TEXT, "*" * 125, "")]),
    "1.1 text of 126": (frame(0x81, b"*" * 126), [(TEXT, "*" * 126, "")]),
    "1.1 text of 65536": (frame(0x81, b"*" * 65536), [(TEXT, "*" * 65536, "")]),
    "1.2 empty binary": (frame(0x82), [(BINARY, b"", "")]),
    "1.2 binary of 65535": (frame(0x82, b"\xfe" * 65535), [(BINARY, b"\xfe" * 65535, "")]),
    "2 ping and pong": (
        frame(0x89, b"\x00\xff") + frame(0x8A, b"x" * 125),
        [(PING, b"\x00\xff", ""), (PONG, b"x" * 125, "")],
    ),
    "5 text in fragments": (
        frame(0x01, b"frag") + frame(0x00, b"") + frame(0x80, b"ment"),
        [(TEXT, "fragment", "")],
    ),
    "5 control frames between fragments": (
        frame(0x02, b"a")
        + frame(0x89, b"1")
        + frame(0x00, b"b")
        + frame(0x89)
        + frame(0x80, b"c"),
        [(PING, b"1", ""), (PING, b"", ""), (BINARY, b"abc", "")],
    ),
    "5 two messages in fragments": (
        (frame(0x01, b"x") + frame(0x80, b"y")) * 2,
        [(TEXT, "xy", ""), (TEXT, "xy", "")],
    ),
    "6 a character in pieces": (
        frame(0x01, b"\xf0\x9d") + frame(0x00, b"\x84") + frame(0x80, b"\x9e"),
        [(TEXT, "𝄞", "")],
    ),
    "7 close": (frame(0x88, b"\x03\xe8bye") + frame(0x81, b"late"), [(CLOSE, 1000, "bye")]),
    "7 close without code": (frame(0x88), [(CLOSE, 0, "")]),
}

# Families 3 to 7: the rule that answers, and what is still delivered before it.
FAULTS: dict[str, tuple[bytes, list[object], Rule]] = {
    "3 reserved bits": (frame(0x81, b"x") + frame(0xC1), [(TEXT, "x", "")], Rule.RESERVED_BITS),
    "4 reserved opcode": (frame(0x8B), [], Rule.RESERVED_OPCODE),
    "2 long ping": (frame(0x89, b"x" * 126), [], Rule.LONG_CONTROL),
    "5 ping in fragments": (frame(0x09), [], Rule.SPLIT_CONTROL),
    "5 lone continuation": (frame(0x80), [], Rule.LONE_CONTINUATION),
    "5 message in message": (frame(0x01) + frame(0x81), [], Rule.OPEN_MESSAGE),
    "6 text": (frame(0x82, b"x") + frame(0x81, b"\xff"), [(BINARY, b"x", "")], Rule.TEXT),
    "7 close of one byte": (frame(0x88, b"x"), [], Rule.CLOSE_LENGTH),
    "7 close code": (frame(0x88, b"\x03\xed"), [], Rule.CLOSE_CODE),
    "7 close reason": (frame(0x88, b"\x03\xe8\xff"), [], Rule.CLOSE_TEXT),
    "no mask": (frame(0x81, b"x", None), [], Rule.MASK_MISSING),
    "size": (frame(0x82, b"x" * 65537), [], Rule.MESSAGE_SIZE),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", MESSAGES)
def test_messages(twin: Twin, name: str, way: str) -> None:
    wire, expected = MESSAGES[name]
    core = make(twin)
    assert feed(lambda data: receive(core, data), split(wire, way)) == expected


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FAULTS)
def test_faults_come_last_and_once(twin: Twin, name: str, way: str) -> None:
    wire, expected, rule = FAULTS[name]
    core = make(twin, max_message_size=65536)
    events = feed(lambda data: receive(core, data), split(wire + frame(0x81, b"after"), way))
    assert plain(events) == [*expected, (rule.close_code, rule.text)]
    assert core.phase.name == "FAILED"


def test_a_client_reads_unmasked_frames(twin: Twin) -> None:
    core = make(twin, Role.CLIENT)
    assert receive(core, frame(0x81, b"x", None)) == [(TEXT, "x", "")]
    assert plain(receive(core, frame(0x81, b"x"))) == [(1002, Rule.MASK_PRESENT.text)]


def test_text_as_bytes(twin: Twin) -> None:
    core = make(twin, decode_text=False, deflate=DeflateParams())
    wire = frame(0x81, b"\xc3\xa4") + frame(0x01, b"\xc3") + frame(0x80, b"\xa4")
    wire += frame(0xC1, pack(b"\xc3\xa4"))
    events = receive(core, wire)
    assert events == [(TEXT, b"\xc3\xa4", "")] * 3
    assert {type(event).__name__ for event in events} == {WSMessageTextBytes.__name__}
    assert type(receive(core, frame(0x82, b"x"))[0]).__name__ == WSMessage.__name__


def test_batches_bound_what_one_call_makes(twin: Twin) -> None:
    core = make(twin)
    events = core.receive(frame(0x82) * 100)
    assert 1 < len(events) < 100
    assert core.has_more
    while core.has_more:
        events += core.next_batch()
    assert events == [(BINARY, b"", "")] * 100


# permessage-deflate. Families 12 and 13 are the parameters of each side.


def pack(data: bytes, bits: int = 15) -> bytes:
    coder = zlib.compressobj(6, zlib.DEFLATED, -bits)
    return (coder.compress(data) + coder.flush(zlib.Z_SYNC_FLUSH))[:-4]


@pytest.mark.parametrize("way", WAYS)
def test_compressed_messages(twin: Twin, way: str) -> None:
    packed = pack("wörter ".encode() * 9)
    wire = frame(0xC1, packed) + frame(0x41, packed[:3]) + frame(0x89) + frame(0x80, packed[3:])
    core = make(twin, deflate=DeflateParams(client_no_context_takeover=True))
    events = feed(lambda data: receive(core, data), split(wire, way))
    assert events == [(TEXT, "wörter " * 9, ""), (PING, b"", ""), (TEXT, "wörter " * 9, "")]


PARAMS = [
    DeflateParams(
        server_no_context_takeover=forgets[0],
        client_no_context_takeover=forgets[1],
        server_max_window_bits=bits[0],
        client_max_window_bits=bits[1],
    )
    for forgets in itertools.product((False, True), repeat=2)
    for bits in ((15, 15), (8, 9), (9, 8), (10, 15))
]


@pytest.mark.parametrize("params", PARAMS)
def test_both_roles_understand_each_other(twin: Twin, params: DeflateParams) -> None:
    server = make(twin, Role.SERVER, deflate=params)
    client = make(twin, Role.CLIENT, deflate=params)
    noise = os.urandom(3000)
    for size in (0, 1, 16, 127, 4096, 70000):
        text, data = "wort " * (size // 5), (noise * 30)[:size]
        for sender, reader in ((server, client), (client, server)):
            for compress in (None, 0, 1, None):
                assert receive(reader, sender.send_text(text, compress)) == [(TEXT, text, "")]
                wire = b"".join(sender.send_binary(data, compress))
                assert receive(reader, wire) == [(BINARY, data, "")]


def test_compression_marks_the_first_frame(twin: Twin) -> None:
    core = make(twin, deflate=DeflateParams())
    assert core.send_text("x")[0] == 0xC1
    assert core.send_text("x", 0)[0] == 0x81
    assert core.send_binary(b"x")[0][0] == 0xC2
    assert core.send_ping(b"x")[0] == 0x89
    assert make(twin).send_text("x", 5)[0] == 0x81


def test_a_message_compressed_elsewhere(twin: Twin) -> None:
    server = make(twin, deflate=DeflateParams())
    client = make(twin, Role.CLIENT, deflate=DeflateParams())
    packing = server.begin_packing("text " * 100)
    packing.run()
    assert receive(client, server.send_packed(TEXT, packing)) == [(TEXT, "text " * 100, "")]
    with pytest.raises(ValueError, match="no compression"):
        make(twin).begin_packing("text")


@pytest.mark.parametrize(
    ("payload", "rule"),
    [
        (pack(b"\xff"), Rule.TEXT),
        (pack(b"x" * 1001), Rule.MESSAGE_SIZE),
        (b"\xff\xff\xff", Rule.DEFLATE_DATA),
    ],
)
def test_faults_of_compressed_messages(twin: Twin, payload: bytes, rule: Rule) -> None:
    core = make(twin, deflate=DeflateParams(), max_message_size=1000)
    events = receive(core, frame(0x82, b"x") + frame(0xC1, payload) + frame(0x81, b"y"))
    assert plain(events) == [(BINARY, b"x", ""), (rule.close_code, rule.text)]


def test_nothing_follows_a_fault_that_the_scanner_did_not_see(twin: Twin) -> None:
    core = make(twin, deflate=DeflateParams())
    events = receive(core, frame(0xC1, b"\xff\xff\xff") + frame(0x81, b"x") * 100)
    assert plain(events) == [(1002, Rule.DEFLATE_DATA.text)]
    assert not core.has_more
    assert core.receive(frame(0x81, b"x")) == []


def test_bombs_are_unpacked_one_at_a_time(twin: Twin) -> None:
    bomb = frame(0xC2, pack(b"\x00" * 2**20))
    core = make(twin, deflate=DeflateParams(client_no_context_takeover=True))
    assert len(core.receive(bomb * 10 + frame(0x83))) == 1
    rest: list[WsEvent] = []
    for _ in range(20):
        batch = core.next_batch() if core.has_more else []
        assert sum(isinstance(event, tuple) for event in batch) <= 1
        rest += batch
    assert [type(event).__name__ for event in rest] == ["WSMessage"] * 9 + ["WebSocketError"]


def test_bytes_that_come_while_frames_are_kept_back(twin: Twin) -> None:
    bomb = frame(0xC2, pack(b"\x00" * 2**20))
    core = make(twin, deflate=DeflateParams(client_no_context_takeover=True))
    events = core.receive(bomb * 2 + frame(0x81, b"a"))
    events += receive(core, frame(0x81, b"b"))
    assert [len(event.data) for event in events if isinstance(event, tuple)] == [2**20] * 2 + [
        1,
        1,
    ]
    assert events[-1] == (TEXT, "b", "")


# The closing handshake


def test_we_close_first(twin: Twin) -> None:
    core = make(twin)
    assert core.send_close(1001, "later") == frame(0x88, b"\x03\xe9later", None)
    assert core.phase.name == Phase.CLOSE_SENT.name
    # What the peer sent before its close frame still comes.
    events = receive(core, frame(0x81, b"x") + frame(0x88, b"\x03\xe9"))
    assert events == [(TEXT, "x", ""), (CLOSE, 1001, "")]
    assert core.phase.name == Phase.CLOSED.name
    assert core.receive_eof() == []


def test_the_peer_closes_first(twin: Twin) -> None:
    core = make(twin)
    assert receive(core, frame(0x88, b"\x03\xe8")) == [(CLOSE, 1000, "")]
    assert core.phase.name == Phase.CLOSE_RECEIVED.name
    assert core.send_text("an answer to what came before")
    assert core.send_close(1000) == b"\x88\x02\x03\xe8"
    assert core.phase.name == Phase.CLOSED.name
    assert receive(core, frame(0x81, b"x")) == []


def test_a_fault_is_answered_by_a_close_frame(twin: Twin) -> None:
    core = make(twin)
    receive(core, frame(0x83))
    assert core.send_text("an answer to what came before")
    assert core.send_close(1002, "why") == b"\x88\x05\x03\xeawhy"
    assert core.phase.name == Phase.CLOSED.name


def test_a_fault_behind_our_close_frame_ends_it(twin: Twin) -> None:
    core = make(twin)
    core.send_close()
    assert plain(receive(core, frame(0x83))) == [(1002, Rule.RESERVED_OPCODE.text)]
    assert core.phase.name == Phase.CLOSED.name


def test_nothing_is_sent_behind_a_close_frame(twin: Twin) -> None:
    core = make(twin)
    core.send_close()
    for send in (core.send_text, core.send_binary, core.send_ping, core.send_pong):
        with pytest.raises(ConnectionResetError):
            send(b"x")
    with pytest.raises(ConnectionResetError):
        core.send_close()


def test_a_refused_close_frame_changes_nothing(twin: Twin) -> None:
    core = make(twin)
    for code, reason in ((1005, b""), (1000, b"x" * 124)):
        with pytest.raises(ValueError, match=r"must not be sent|123 bytes"):
            core.send_close(code, reason)
    assert core.phase.name == Phase.OPEN.name
    assert core.send_close(0) == b"\x88\x00"


def test_the_end_of_bytes_is_an_error_before_both_have_closed(twin: Twin) -> None:
    for prepare in (
        lambda core: None,
        lambda core: core.send_close(),
        lambda core: core.receive(frame(0x88)),
        lambda core: core.receive(frame(0x82, b"half")[:-1]),
    ):
        core = make(twin)
        prepare(core)
        (error,) = core.receive_eof()
        assert getattr(error, "code", None) == 1006
        assert core.receive_eof() == []
        with pytest.raises(ConnectionResetError):
            core.send_text("x")


def test_what_was_kept_back_can_be_read_behind_the_end(twin: Twin) -> None:
    for end, event in ((frame(0x88, b"\x03\xe9"), (CLOSE, 1001, "")), (frame(0x83), None)):
        core = make(twin)
        events = core.receive(frame(0x82) * 50 + end)
        (error,) = core.receive_eof()
        assert getattr(error, "code", None) == 1006
        assert core.phase.name == Phase.LOST.name
        while core.has_more:
            events += core.next_batch()
        assert len(events) == 51
        assert event is None or events[-1] == event
        assert core.phase.name == Phase.CLOSED.name
        assert core.next_batch() == []


def test_control_frames_have_a_limit(twin: Twin) -> None:
    core = make(twin)
    assert core.send_ping(b"x" * 125)[1] == 125
    assert core.send_pong("text") == b"\x8a\x04text"
    with pytest.raises(ValueError, match="at most 125"):
        core.send_ping(b"x" * 126)


@pytest.mark.parametrize("size", [0, 1, 32767, 32768, 70000])
def test_binary_is_sent_in_one_buffer_while_copying_is_cheap(twin: Twin, size: int) -> None:
    data = b"x" * size
    parts = make(twin).send_binary(data)
    assert b"".join(parts) == frame(0x82, data, None)
    assert len(parts) == (2 if size >= 32768 else 1)
    assert len(make(twin, Role.CLIENT).send_binary(data)) == 1


def test_a_client_masks_with_fresh_keys(twin: Twin) -> None:
    core = make(twin, Role.CLIENT)
    frames = {core.send_text("same") for _ in range(10)}
    assert len(frames) == 10
    assert all(sent[1] == 0x84 for sent in frames)
    assert receive(make(twin), b"".join(frames)) == [(TEXT, "same", "")] * 10
    assert len({core.send_ping() for _ in range(5)}) == 5


def test_many_small_fragments_stay_small(twin: Twin) -> None:
    core = make(twin)
    assert receive(core, frame(0x02)) == []
    for _ in range(200):
        assert receive(core, frame(0x00, b"x") * 100) == []
    assert receive(core, frame(0x80)) == [(BINARY, b"x" * 20000, "")]


def test_fragments_are_counted(twin: Twin) -> None:
    core = make(twin)
    assert receive(core, frame(0x02) + frame(0x00) * 65534 + frame(0x80)) == [(BINARY, b"", "")]
    events = receive(core, frame(0x02) + frame(0x00) * 65535 + frame(0x80))
    assert plain(events) == [(1009, Rule.FRAGMENT_COUNT.text)]


# Any bytes


def random_wire(chance: random.Random) -> bytes:
    """Frames of all kinds, some compressed, some damaged."""
    wire = b""
    for _ in range(chance.randrange(1, 9)):
        data = "aä𝄞"[chance.randrange(3)].encode() * chance.choice([0, 1, 50, 300])
        first = chance.choice([0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0xC1, 0xC2, 0x88])
        if first & 0x40:
            data = pack(data)
        if first == 0x88:
            data = b"" if chance.random() < 0.5 else b"\x03\xe8bye"
        part = frame(first, data)
        if chance.random() < 0.15:
            at = chance.randrange(len(part))
            part = part[:at] + bytes([chance.randrange(256)]) + part[at + 1 :]
        wire += part
    return wire


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_any_bytes_in_any_pieces_give_the_same_events(seed: int) -> None:
    chance = random.Random(seed)
    wire = random_wire(chance) if seed % 5 else chance.randbytes(chance.randrange(60))
    params = DeflateParams(client_no_context_takeover=True)
    seen: list[object] = []
    for backend in ("py", "c"):
        for way in WAYS:
            core = make(
                load_twin("weft_websocket", backend), deflate=params, max_message_size=1000
            )
            events = feed(functools.partial(receive, core), split(wire, way, seed))
            seen.append((plain(events), core.phase.name, plain(core.receive_eof())))
    assert all(result == seen[0] for result in seen)


def test_a_message_that_is_kept_has_a_number_and_a_measure() -> None:
    protocol = WsProtocol(Role.SERVER)
    assert protocol.half_message is None
    protocol.receive(frame(0x01, b"begun"))
    first = protocol.half_message
    assert first is not None
    protocol.receive(frame(0x00, b"more")[:-1])
    assert protocol.half_message == (first[0], first[1] + 14 + 3)
    protocol.receive(frame(0x00, b"more")[-1:])
    assert protocol.half_message == (first[0], 9)
    protocol.receive(frame(0x80, b"end"))
    assert protocol.half_message is None
    protocol.receive(frame(0x01, b"begun"))
    assert protocol.half_message is not None
    assert protocol.half_message[0] != first[0]
