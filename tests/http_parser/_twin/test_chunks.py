"""The chunk scanner itself, on both twins; what is valid stands in tests/conformance."""

from typing import Any

import pytest
from support.twins import Twin


def chunks(twin: Twin, **limits: int) -> Any:
    return twin.module("_twin").ChunkScanner(twin.Limits(**limits))


class TestChunks:
    def test_part_of_a_line_is_left(self, twin: Twin) -> None:
        scanner = chunks(twin)
        out: list[bytes] = []
        assert scanner.feed(b"--3;ab", 2, out) == 2
        assert scanner.feed(b"3;ab\r\nxy", 0, out) == 8
        assert scanner.feed(b"z\r", 0, out) == 1
        assert scanner.feed(b"\r\n0\r\n", 0, out) == 5
        assert out == [b"xy", b"z"]
        assert not scanner.done
        assert scanner.feed(b"X: y\r\n\r\nGET", 0, out) == 8
        assert scanner.done
        assert scanner.trailers == [(b"X", b"y")]

    def test_nothing_is_taken_behind_the_end(self, twin: Twin) -> None:
        scanner = chunks(twin)
        assert scanner.feed(b"0\r\n\r\n", 0, []) == 5
        assert scanner.feed(b"GET", 1, []) == 1

    def test_offset_counts_from_start(self, twin: Twin) -> None:
        with pytest.raises(twin.ProtocolError) as caught:
            chunks(twin).feed(b"--1\r\nax", 2, [])
        assert (caught.value.reason, caught.value.offset) == (twin.Reason.CHUNK_END, 4)

    @pytest.mark.parametrize(
        ("limit", "reason", "offset"),
        [
            (15, "CHUNK_LINE_TOO_LONG", 15),
            (16, "CHUNK_LINE_TOO_LONG", 16),
            (17, "CHUNK_SIZE", 16),
        ],
    )
    def test_the_seventeenth_digit(self, twin: Twin, limit: int, reason: str, offset: int) -> None:
        """The limit of the line comes before the most digits where one byte passes both."""
        with pytest.raises(twin.ProtocolError) as caught:
            chunks(twin, chunk_line=limit).feed(b"0" * 16 + b"1\r\n", 0, [])
        assert (caught.value.reason.name, caught.value.offset) == (reason, offset)

    def test_data_are_bytes(self, twin: Twin) -> None:
        out: list[bytes] = []
        chunks(twin).feed(bytearray(b"1\r\na\r\n3\r\nb"), 0, out)
        assert out == [b"ab"]
        assert {type(data) for data in out} == {bytes}

    def test_ends_of_few_and_of_many_chunks(self, twin: Twin) -> None:
        scanner = chunks(twin)
        for count in (31, 32, 1, 0):
            begin = scanner.ends[-1] if count != 31 else 0
            scanner.feed(b"2\r\nab\r\n" * count, 0, [])
            assert list(scanner.ends) == [begin + 2 * (i + 1) for i in range(count)]
            assert not count or len(scanner.ends) == count

    @pytest.mark.parametrize("size", [4096, 5000, 65_536])
    def test_large_pieces_are_whole(self, twin: Twin, size: int) -> None:
        out: list[bytes] = []
        data = bytes(range(250)) * (size // 250 + 1)
        wire = b"%x\r\n%b\r\n" % (size, data[:size])
        assert chunks(twin).feed(wire + wire[:-9], 0, out) == 2 * len(wire) - 9
        assert b"".join(out) == data[:size] + data[: size - 7]
        assert out[0] == data[:size]

    def test_limits_may_be_named(self, twin: Twin) -> None:
        scanner = twin.module("_twin").ChunkScanner
        assert scanner(limits=twin.Limits()).feed(b"0\r\n\r\n", 0, []) == 5
        for words in ({"limit": twin.Limits()}, {"limits": twin.Limits(), "more": 1}):
            with pytest.raises(TypeError):
                scanner(**words)
