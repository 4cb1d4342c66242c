"""When the sender is held, by bytes, by pieces and by chunks; memory beside what the wire took."""

import gzip
import tracemalloc
import zlib

import pytest

from weft_http_parser import ContentCodingError, Hold, Http1Connection, Role, make_decoder
from weft_http_parser.aio.reservoir import MAX_PIECES, Reservoir


class Gate:
    """What a stream does to its sender."""

    def __init__(self) -> None:
        self.held = Hold(0)

    def hold(self, reason: Hold) -> None:
        self.held |= reason

    def release(self, reason: Hold) -> None:
        self.held &= ~reason


def fed(gate: Gate | None, *pieces: bytes, limit: int = 65_536, coding: str = "") -> Reservoir:
    body = Reservoir(gate, limit, make_decoder(coding) if coding else None)
    for piece in pieces:
        body.store.append(piece)
        body.hold()
    return body


def test_held_above_the_high_mark_until_below_the_low_one() -> None:
    gate = Gate()
    body = fed(gate, b"a" * 20, limit=10)
    assert not gate.held
    body.store.append(b"a")
    body.hold()
    assert gate.held == Hold.BODY
    body.take(11)
    assert gate.held
    body.take(1)
    assert not gate.held


def test_a_limit_of_nothing_lets_go_when_nothing_is_left() -> None:
    gate = Gate()
    body = fed(gate, b"ab", limit=0)
    assert gate.held
    body.take(1)
    assert gate.held
    body.take(1)
    assert not gate.held


def test_held_by_many_pieces_until_half_of_them_are_taken() -> None:
    gate = Gate()
    body = fed(gate, *[b"ab"] * MAX_PIECES)
    assert not gate.held
    body.store.append(b"ab")
    body.hold()
    assert gate.held
    body.take(MAX_PIECES + 2)
    assert gate.held
    body.take(2)
    assert not gate.held


@pytest.mark.parametrize("coding", ["", "identity"])
def test_ghsa_g84x_ff6x_ff2g_many_tiny_chunks_do_not_pile_up(coding: str) -> None:
    """Row 42: chunks count, however small, and however few pieces they come in."""
    gate = Gate()
    body = fed(gate, b"a" * MAX_PIECES, coding=coding)
    body.add_ends(range(1, MAX_PIECES + 1))
    body.hold()
    assert not gate.held
    body.store.append(b"a")
    body.add_end()
    body.hold()
    assert gate.held
    while coding and body.has_work:
        body.decode_small()
    if not coding:
        body.take(MAX_PIECES // 2 + 2)
        assert gate.held
        body.take(1)
    assert not gate.held


def test_a_hundred_thousand_chunks_of_one_byte_cost_less_than_four_times_the_wire() -> None:
    """Row 42: fed by reads of 64 KiB, with nobody who reads and a sender who does not stop."""
    wire = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire += b"1\r\nx\r\n" * 100_000 + b"0\r\n\r\n"
    core = Http1Connection(Role.SERVER)
    gate = Gate()
    body = fed(gate)
    tracemalloc.start()
    held_at = 0
    for at in range(0, len(wire), 65_536):
        for event in core.receive(wire[at : at + 65_536]):
            if isinstance(event, bytes):
                body.store.append(event)
        body.add_ends(core.chunk_ends)
        body.hold()
        if gate.held and not held_at:
            held_at = at
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (body.size, len(body.ends or ())) == (100_000, 100_000)
    assert peak < 4 * len(wire)
    assert held_at < 2 * 65_536


def test_ends() -> None:
    body = fed(None)
    assert not body.add_end()
    body.store.append(b"abc")
    assert body.add_end()
    assert not body.add_end()
    body.store.append(b"d")
    body.add_ends([4])
    assert not body.add_end()
    body.take_first()
    assert body.ends is not None
    assert (len(body.ends), body.ends.pop()) == (2, 3)


def test_chunks_that_are_decoded_together_end_together() -> None:
    packer = zlib.compressobj(wbits=31)
    parts = [packer.compress(b"ab") + packer.flush(zlib.Z_SYNC_FLUSH), packer.flush()]
    body = fed(None, *parts, coding="gzip")
    body.add_ends([len(parts[0]), len(parts[0]) + len(parts[1])])
    body.decode_small()
    assert body.ends is not None
    assert (len(body.ends), body.ends.first, body.take(9)) == (1, 2, b"ab")


def test_sizes_of_a_coded_body() -> None:
    packed = gzip.compress(b"abc")
    body = fed(None, packed, coding="gzip")
    assert (body.size, body.pieces.size, body.has_work, body.is_spent) == (
        len(packed),
        0,
        True,
        False,
    )
    body.decode_small()
    assert (body.size, body.pieces.size, body.has_work, body.is_spent) == (3, 3, False, False)
    body.decode_small()
    parts: list[bytes] = []
    assert body.move(9, parts) == 3
    assert body.is_spent
    body.finish()


async def test_a_step_of_decoding() -> None:
    body = fed(None, gzip.compress(b"abc")[:-1], coding="gzip")
    await body.decode()
    assert body.take(9) == b"abc"
    with pytest.raises(ContentCodingError, match="truncated"):
        body.finish()
    large = fed(None, gzip.compress(bytes(600_000), 0), coding="gzip")
    while large.has_work:
        await large.decode()
    assert large.pieces.size == 600_000
    assert max(map(len, large.pieces.chunks)) <= 262_144
    fed(None).finish()
