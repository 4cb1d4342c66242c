"""What a scanner gives of a frame before it is whole, and limits for one message; on both twins."""

import random

import pytest
from support.twins import Twin, load_twin

from weft_websocket import Rule

from ..test_twin import frame, scanner

FIN, RSV1 = 0x80, 0x40


@pytest.fixture(params=["py", "c"])
def twin(request: pytest.FixtureRequest) -> Twin:
    return load_twin("weft_websocket", request.param)


@pytest.mark.parametrize("key", [b"\x11\xa2\x33\xc4", None], ids=["server", "client"])
@pytest.mark.parametrize("first", [0x01, 0x81, 0x02, 0x82, 0xC1], ids=hex)
def test_a_frame_given_in_parts_is_its_fragments(
    twin: Twin, first: int, key: bytes | None
) -> None:
    payload = "äöü€ ".encode() * 60
    wire = frame(first, payload, key) + frame(0x89, b"ping", key)
    if not first & FIN:
        wire += frame(FIN, b"", key)
    chance = random.Random(first)
    made = scanner(twin, expects_mask=key is not None)
    parts: list[tuple[int, bytes]] = []
    while wire:
        size = chance.randint(1, 40)
        for item in made.feed(wire[:size]):
            assert len(item) == 2  # none is whole in one frame
            parts.append(item)
        wire = wire[size:]
        part = made.take_part()
        if part is not None:
            parts.append(part)
            assert made.take_part() is None
    assert made.fault == 0
    assert [it for it in parts if it[0] == 0x89] == [(0x89, b"ping")]
    parts = [it for it in parts if it[0] != 0x89]
    assert len(parts) > 5
    assert b"".join(data for _, data in parts) == payload
    firsts = [it[0] for it in parts]
    assert firsts == [first & ~FIN] + [0] * (len(parts) - 2) + [FIN]


def test_nothing_is_given_between_frames_and_of_control_frames(twin: Twin) -> None:
    made = scanner(twin)
    assert made.take_part() is None
    for begun in (b"\x81", b"\x81\x85", frame(0x81, b"hello")[:6]):
        made = scanner(twin)
        made.feed(begun)
        assert made.take_part() is None
    made = scanner(twin)
    made.feed(frame(0x89, b"hello")[:-1])
    assert made.take_part() is None
    assert made.feed(frame(0x89, b"hello")[-1:]) == [(0x89, b"hello")]


def test_a_measure_goes_on_growing(twin: Twin) -> None:
    made = scanner(twin)
    wire = frame(0x82, bytes(100))
    made.feed(wire[:40])
    before = made.half
    made.take_part()
    assert made.half == before
    made.feed(wire[40:50])
    assert before is not None
    assert made.half == (before[0], before[1] + 10)


def test_text_is_checked_across_parts(twin: Twin) -> None:
    made = scanner(twin)
    wire = frame(0x81, "a€".encode() + b"\xffbc")
    made.feed(wire[:9])  # within the second character
    assert made.take_part() == (0x01, b"a\xe2\x82")
    assert made.feed(wire[9:]) == []
    assert made.fault == Rule.TEXT


def test_another_limit_for_one_message(twin: Twin) -> None:
    made = scanner(twin, max_message_size=10)
    made.allow(20)
    assert made.feed(frame(0x82, bytes(20)))[0][1] == bytes(20)
    assert made.feed(frame(0x82, bytes(11))) == []
    assert made.fault == Rule.MESSAGE_SIZE


@pytest.mark.parametrize(("limit", "size", "is_good"), [(0, 5000, True), (30, 31, False)])
def test_another_limit_amid_a_message(twin: Twin, limit: int, size: int, is_good: bool) -> None:
    made = scanner(twin, max_message_size=10)
    made.feed(frame(0x02, b"x"))
    made.allow(limit)
    made.feed(frame(0x80, bytes(size - 1)))
    assert made.fault == (0 if is_good else Rule.MESSAGE_SIZE)
    if is_good:
        made.feed(frame(0x82, bytes(11)))
        assert made.fault == Rule.MESSAGE_SIZE


@pytest.mark.parametrize("first", [0x41, 0xC1])
def test_a_compressed_message_may_be_a_little_longer(twin: Twin, first: int) -> None:
    for size, is_good in ((80 + 10 + 64, True), (80 + 10 + 65, False)):
        made = scanner(twin, max_message_size=10)
        if first == 0x41:
            made.feed(frame(first, b""))
        made.allow(80)
        made.feed(frame(0x80 if first == 0x41 else first, bytes(size)))
        assert made.fault == (0 if is_good else Rule.MESSAGE_SIZE)


def test_a_limit_is_taken_back(twin: Twin) -> None:
    made = scanner(twin, max_message_size=10)
    made.allow(20)
    made.allow(None)
    made.feed(frame(0x82, bytes(11)))
    assert made.fault == Rule.MESSAGE_SIZE
    made = scanner(twin, max_message_size=0)
    made.allow(5)
    made.feed(frame(0x82, bytes(6)))
    assert made.fault == Rule.MESSAGE_SIZE


def test_what_is_no_limit(twin: Twin) -> None:
    made = scanner(twin)
    with pytest.raises(ValueError, match="must not be negative"):
        made.allow(-1)
    with pytest.raises(TypeError):
        made.allow("1")  # type: ignore[arg-type]  # what must be refused
    assert made.feed(frame(0x82, bytes(1000)))[0][1] == bytes(1000)
