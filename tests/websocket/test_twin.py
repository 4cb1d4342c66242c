"""The scanner and renderer, on both twins; expectations come from a renderer of the test's own."""

import itertools
import random
import struct
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.splitting import WAYS, split
from support.twins import Twin, load_twin

from weft_websocket import Rule
from weft_websocket._twin import _py

KEY = b"\x11\xa2\x33\xc4"


def frame(first: int, payload: bytes = b"", key: bytes | None = KEY) -> bytes:
    """RFC 6455 5.2, byte by byte."""
    bit = 0 if key is None else 0x80
    if len(payload) < 126:
        header = bytes([first, bit | len(payload)])
    elif len(payload) < 65536:
        header = bytes([first, bit | 126]) + struct.pack(">H", len(payload))
    else:
        header = bytes([first, bit | 127]) + struct.pack(">Q", len(payload))
    if key is None:
        return header + payload
    return header + key + bytes(byte ^ key[i % 4] for i, byte in enumerate(payload))


def scanner(twin: Twin, **changes: object) -> "_py.FrameScanner":
    settings = {
        "expects_mask": True,
        "allows_deflate": True,
        "decodes_text": True,
        "max_message_size": 1000,
        "max_fragments": 8,
        "max_batch": 100,
    }
    made = twin.module("_twin").FrameScanner(*(settings | changes).values())
    return made  # type: ignore[no-any-return]  # a module is untyped


def feed(made: "_py.FrameScanner", data: bytes) -> list[tuple[int, bytes | str]]:
    """What the scanner gives, a message as the pair that its frame was."""
    return [
        item if len(item) == 2 else (0x80 | int(item.type), item.data) for item in made.feed(data)
    ]


def scan(
    made: "_py.FrameScanner", pieces: Iterable[bytes]
) -> tuple[list[tuple[int, bytes | str]], int, int]:
    """All frames, the fault, and how many bytes went in until it."""
    frames: list[tuple[int, bytes | str]] = []
    fed = 0
    for piece in pieces:
        frames += feed(made, piece)
        while made.has_more:
            frames += feed(made, b"")
        fed += len(piece)
        if made.fault:
            break
    return frames, made.fault, fed


# Masking and rendering


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 7, 8, 15, 16, 31, 33, 63, 512, 513, 1000, 70001])
def test_mask(twin: Twin, size: int) -> None:
    mask = twin.module("_twin").mask
    data = random.Random(size).randbytes(size)
    expected = bytes(byte ^ KEY[i % 4] for i, byte in enumerate(data))
    assert mask(data, KEY) == expected
    assert mask(bytearray(data), KEY) == expected
    assert mask(memoryview(b"." + data)[1:], KEY) == expected
    assert mask(expected, KEY) == data


@pytest.mark.parametrize("key", [b"", b"abc", b"abcde"])
def test_a_key_has_four_bytes(twin: Twin, key: bytes) -> None:
    module = twin.module("_twin")
    with pytest.raises(ValueError, match="four bytes"):
        module.mask(b"data", key)
    with pytest.raises(ValueError, match="four bytes"):
        module.render_frame(0x82, b"data", key)
    with pytest.raises(ValueError, match="four bytes"):
        module.render_header(0x82, 4, key)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 100000])
@pytest.mark.parametrize("key", [None, KEY])
def test_render(twin: Twin, size: int, key: bytes | None) -> None:
    module = twin.module("_twin")
    data = random.Random(size).randbytes(size)
    expected = frame(0x82, data, key)
    for payload in (data, bytearray(data), memoryview(data)):
        assert module.render_frame(0x82, payload, key) == expected
    assert module.render_header(0x82, size, key) == expected[: len(expected) - size]


def test_render_a_view_that_is_not_of_bytes(twin: Twin) -> None:
    view = memoryview(struct.pack("3I", 1, 2, 3)).cast("I")
    assert twin.module("_twin").render_frame(0x82, view, KEY) == frame(0x82, view.tobytes())


@pytest.mark.parametrize("text", ["", "plain", "höflich", "𝄞", "x" * 200, "ä" * 40000])
@pytest.mark.parametrize("key", [None, KEY])
def test_render_text(twin: Twin, text: str, key: bytes | None) -> None:
    assert twin.module("_twin").render_frame(0x81, text, key) == frame(0x81, text.encode(), key)


def test_text_with_surrogates_cannot_be_rendered(twin: Twin) -> None:
    with pytest.raises(UnicodeEncodeError):
        twin.module("_twin").render_frame(0x81, "\ud800", None)


def test_only_bytes_and_text_are_rendered(twin: Twin) -> None:
    with pytest.raises(TypeError):
        twin.module("_twin").render_frame(0x81, 5, None)


# Scanning


FRAMES = [
    (0x81, "hällo".encode(), "hällo"),
    (0x82, b"\x00\xff", b"\x00\xff"),
    (0x81, b"", ""),
    (0xC1, b"packed, not text \xff", b"packed, not text \xff"),
    (0x01, b"h\xc3", b"h\xc3"),
    (0x89, b"ping", b"ping"),
    (0x00, b"", b""),
    (0x80, b"\xa4", b"\xa4"),
    (0x42, b"p", b"p"),
    (0x8A, b"p" * 125, b"p" * 125),
    (0x80, b"q", b"q"),
    (0x82, b"x" * 126, b"x" * 126),
    (0x82, b"x" * 700, b"x" * 700),
    (0x88, b"\x03\xe8bye", b"\x03\xe8bye"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", [None, KEY])
def test_frames_come_out_whole(twin: Twin, key: bytes | None, way: str) -> None:
    wire = b"".join(frame(first, payload, key) for first, payload, _ in FRAMES)
    made = scanner(twin, expects_mask=key is not None)
    frames, fault, _ = scan(made, split(wire, way))
    assert frames == [(first, result) for first, _, result in FRAMES]
    assert not fault


def test_large_frames_in_pieces(twin: Twin) -> None:
    payload = random.Random(1).randbytes(300_001)
    wire = frame(0x82, payload)
    made = scanner(twin, max_message_size=0)
    frames, fault, _ = scan(made, (wire[i : i + 4099] for i in range(0, len(wire), 4099)))
    assert frames == [(0x82, payload)]
    assert not fault


def test_text_stays_bytes_when_asked(twin: Twin) -> None:
    made = scanner(twin, decodes_text=False)
    assert feed(made, frame(0x81, "ä".encode())) == [(0x81, "ä".encode())]


def test_nothing_is_read_behind_a_close(twin: Twin) -> None:
    made = scanner(twin)
    assert feed(made, frame(0x88) + frame(0x83)) == [(0x88, b"")]
    assert feed(made, frame(0x81, b"x")) == []
    assert (made.fault, made.has_more) == (0, False)


def test_batches(twin: Twin) -> None:
    made = scanner(twin, max_batch=3)
    wire = frame(0x82, b"x") * 7
    assert len(feed(made, wire + frame(0x82, b"last")[:-1])) == 3
    assert made.has_more
    assert len(feed(made, b"")) == 3
    assert made.has_more
    assert len(feed(made, b"")) == 1
    assert not made.has_more
    assert feed(made, frame(0x82, b"last")[-1:]) == [(0x82, b"last")]


def test_bytes_that_come_between_batches_stay_in_order(twin: Twin) -> None:
    made = scanner(twin, max_batch=1)
    wire = b"".join(frame(0x82, bytes([i])) for i in range(5))
    frames = feed(made, wire[:15])
    frames += feed(made, wire[15:])
    while made.has_more:
        frames += feed(made, b"")
    assert frames == [(0x82, bytes([i])) for i in range(5)]


def test_frames_before_a_fault_are_returned(twin: Twin) -> None:
    made = scanner(twin)
    assert feed(made, frame(0x82, b"x") + frame(0x83) + frame(0x82, b"y")) == [(0x82, b"x")]
    assert made.fault == Rule.RESERVED_OPCODE
    assert feed(made, frame(0x82)) == []


# Faults: the name of the rule, the settings, the wire, and how many of its bytes decide.
FAULTS = [
    (Rule.RESERVED_BITS, {}, frame(0xA1), 1),
    (Rule.RESERVED_BITS, {}, frame(0x91), 1),
    (Rule.RESERVED_BITS, {}, frame(0xC9), 1),
    (Rule.RESERVED_BITS, {"allows_deflate": False}, frame(0xC1), 1),
    (Rule.RESERVED_BITS, {}, frame(0x01, b"x") + frame(0xC0), 8),
    *((Rule.RESERVED_OPCODE, {}, frame(0x80 | code), 1) for code in (3, 4, 5, 6, 7)),
    *((Rule.RESERVED_OPCODE, {}, frame(0x80 | code), 1) for code in (11, 12, 13, 14, 15)),
    *((Rule.SPLIT_CONTROL, {}, frame(code), 1) for code in (8, 9, 10)),
    (Rule.LONG_CONTROL, {}, frame(0x89, b"x" * 126), 2),
    (Rule.LONG_CONTROL, {}, frame(0x88, b"x" * 70000), 2),
    (Rule.LONE_CONTINUATION, {}, frame(0x80), 1),
    (Rule.LONE_CONTINUATION, {}, frame(0x82, b"x") + frame(0x00), 8),
    (Rule.OPEN_MESSAGE, {}, frame(0x01) + frame(0x81), 7),
    (Rule.OPEN_MESSAGE, {}, frame(0x02) + frame(0x00) + frame(0x02), 13),
    (Rule.MASK_MISSING, {}, frame(0x82, b"x", None), 2),
    (Rule.MASK_MISSING, {}, frame(0x89, b"x" * 126, None), 2),
    (Rule.MASK_PRESENT, {"expects_mask": False}, frame(0x82, b"x"), 2),
    (Rule.LENGTH_FORM, {}, b"\x82\xfe\x00\x7d" + KEY + b"x" * 125, 4),
    (Rule.LENGTH_FORM, {}, b"\x82\xfe\x00\x00" + KEY, 4),
    (Rule.LENGTH_FORM, {}, b"\x82\xff" + struct.pack(">Q", 65535) + KEY, 8),
    (Rule.LENGTH_SIGN, {}, b"\x82\xff" + struct.pack(">Q", 2**63) + KEY, 3),
    (Rule.MESSAGE_SIZE, {}, b"\x82\xff" + struct.pack(">Q", 2**63 - 1) + KEY, 10),
    (Rule.MESSAGE_SIZE, {}, frame(0x82, b"x" * 1001), 4),
    (Rule.MESSAGE_SIZE, {"max_message_size": 100}, frame(0x82, b"x" * 101), 2),
    (Rule.MESSAGE_SIZE, {}, frame(0x02, b"x" * 900) + frame(0x80, b"x" * 101), 910),
    (
        Rule.MESSAGE_SIZE,
        {"max_message_size": 80},
        frame(0x41, b"x" * 90) + frame(0, b"x" * 65),
        98,
    ),
    (Rule.FRAGMENT_COUNT, {"max_fragments": 2}, frame(0x02) + frame(0) * 2, 14),
    (Rule.TEXT, {}, frame(0x81, b"\xff"), 7),
    (Rule.TEXT, {}, frame(0x81, b"ok\xc0\x80"), 9),
    (Rule.TEXT, {}, frame(0x81, b"\xe2\x82"), 8),
    (Rule.TEXT, {}, frame(0x81, b"\xed\xa0\x80"), 8),
    (Rule.TEXT, {}, frame(0x81, b"\xf4\x90\x80\x80"), 8),
    (Rule.TEXT, {}, frame(0x81, b"\xf0\x80\x80\x80"), 8),
    (Rule.TEXT, {}, frame(0x81, b"\xe0\x9f\x80"), 8),
    (Rule.TEXT, {}, frame(0x01, b"\xce\xba\xe1") + frame(0x80, b"\xcf"), 16),
    (Rule.TEXT, {}, frame(0x01, b"\xce") + frame(0x80, b""), 13),
    (Rule.TEXT, {"decodes_text": False}, frame(0x81, b"x" * 200 + b"\x80"), 209),
]


@pytest.mark.parametrize(("rule", "changes", "wire", "decisive"), FAULTS)
def test_faults_are_found_at_the_byte_that_decides(
    twin: Twin, rule: Rule, changes: dict[str, object], wire: bytes, decisive: int
) -> None:
    _, fault, fed = scan(scanner(twin, **changes), split(wire, "bytes"))
    assert (fault, fed) == (rule.value, decisive)
    whole = scanner(twin, **changes)
    whole.feed(wire)
    assert whole.fault == rule


@pytest.mark.parametrize(
    ("expects_mask", "wire", "fault"),
    [
        # The first length byte, read as a length, would make these whole.
        (True, b"\x82\xff" + struct.pack(">Q", 200) + KEY + b"x" * 119, Rule.LENGTH_FORM),
        (False, b"\x82\x7f" + struct.pack(">Q", 70000) + b"x" * 119, 0),
        (True, b"\x82\x05" + KEY + b"x" * 133, Rule.MASK_MISSING),
        (False, b"\x82\x85" + b"x" * 133, Rule.MASK_PRESENT),
    ],
)
def test_sizes_that_only_seem_to_fit(
    twin: Twin, expects_mask: bool, wire: bytes, fault: int
) -> None:
    made = scanner(twin, expects_mask=expects_mask, max_message_size=0)
    assert feed(made, wire) == []
    assert made.fault == fault


@pytest.mark.parametrize(
    ("changes", "wire"),
    [
        ({}, frame(0x82, b"x" * 1000)),
        ({}, frame(0x02, b"x" * 900) + frame(0x80, b"x" * 100)),
        ({}, frame(0x02, b"x" * 1000) + frame(0x80)),
        ({"max_message_size": 80}, frame(0x41, b"x" * 90) + frame(0x80, b"x" * 64)),
        ({"max_message_size": 0}, frame(0x82, b"x" * 10000)),
        ({"max_fragments": 3}, frame(0x02) + frame(0) + frame(0x80)),
        ({}, frame(0x82, b"x" * 126)),
        ({"max_message_size": 0}, frame(0x82, b"x" * 65536)),
        ({}, frame(0x81, "\ud7ff\ue000\U0010ffff".encode())),
        ({}, frame(0x01, b"\xf0\x90") + frame(0x89) + frame(0x80, b"\x80\x80")),
    ],
)
def test_what_just_fits(twin: Twin, changes: dict[str, object], wire: bytes) -> None:
    frames, fault, _ = scan(scanner(twin, **changes), [wire])
    assert frames
    assert not fault


def test_an_announced_length_costs_nothing(twin: Twin) -> None:
    header = b"\x82\xff" + struct.pack(">Q", 2**30) + KEY
    tracemalloc.start()
    try:
        scanners = [scanner(twin, max_message_size=0) for _ in range(20)]
        for made in scanners:
            made.feed(header + b"x" * 64)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200_000


# The twins against each other


def _wire(chance: random.Random) -> bytes:
    """A stream that is mostly right: frames, some damaged."""
    firsts = [0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x89, 0x8A, 0xC1, 0xC2, 0x41]
    wire = b""
    for _ in range(chance.randrange(1, 8)):
        text = "aä€𝄞"[chance.randrange(4)] * chance.choice([0, 1, 3, 40, 130])
        part = frame(chance.choice(firsts), text.encode()[chance.randrange(2) :])
        if chance.random() < 0.2:
            at = chance.randrange(len(part))
            part = part[:at] + bytes([chance.randrange(256)]) + part[at + 1 :]
        wire += part
    return wire


@settings(max_examples=400, deadline=None)
@given(st.integers(0, 2**32), st.booleans(), st.integers(1, 5))
def test_the_twins_agree(seed: int, decodes_text: bool, max_batch: int) -> None:
    chance = random.Random(seed)
    wire = _wire(chance) if seed % 4 else chance.randbytes(chance.randrange(1, 40))
    changes = {"decodes_text": decodes_text, "max_batch": max_batch, "max_message_size": 400}
    python, c = load_twin("weft_websocket", "py"), load_twin("weft_websocket", "c")
    expected = scan(scanner(python, **changes), split(wire, "bytes"))
    assert scan(scanner(c, **changes), split(wire, "bytes")) == expected
    for made in (python, c):
        for way in ("whole", "random"):
            frames, fault, _ = scan(scanner(made, **changes), split(wire, way, seed))
            assert (frames, fault) == expected[:2]


def test_the_package_says_on_which_twin_it_runs(twin: Twin) -> None:
    module = twin.module("_twin")
    assert module.BACKEND == twin.BACKEND == twin.backend
    assert type(scanner(twin)) is module.FrameScanner


def test_the_c_twin_has_the_names_of_the_python_twin() -> None:
    c = pytest.importorskip("weft_websocket._twin._c")
    assert c.API == _py.API
    for name in ("FrameScanner", "mask", "render_frame", "render_header"):
        assert callable(getattr(c, name))
        assert callable(getattr(_py, name))


def test_rule_numbers_are_shared_with_c() -> None:
    """C knows rules by number: a change of one changes the twin."""
    numbers = [rule.value for rule in Rule]
    assert numbers == list(range(1, 18))


def test_the_frame_that_is_under_way(twin: Twin) -> None:
    """Its number, and a measure that grows with every byte of it."""
    made = scanner(twin)
    wire = frame(0x01, b"abc") + frame(0x89, b"?") + frame(0x80, b"x" * 200)
    seen: list[tuple[int, int] | None] = []
    for at in range(len(wire)):
        made.feed(wire[at : at + 1])
        seen.append(made.half)
    # 9, 7 and 208 bytes; after the last of each nothing is under way.
    assert [at for at, half in enumerate(seen) if half is None] == [8, 15, 223]
    assert [half[0] for half in seen if half is not None] == [0] * 8 + [1] * 6 + [2] * 207
    assert all(
        one is None or two is None or one[1] < two[1] for one, two in itertools.pairwise(seen)
    )
    made = scanner(twin, max_batch=1)
    made.feed(frame(0x81, b"a") * 2)
    assert (made.has_more, made.half) == (True, None)
