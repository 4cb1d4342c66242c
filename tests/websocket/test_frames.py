import doctest
import os
import subprocess
import sys

import pytest

from weft_websocket import Rule, frames
from weft_websocket._twin import next_key
from weft_websocket.frames import format_close, parse_close, render_parts


def test_examples() -> None:
    assert doctest.testmod(frames).failed == 0


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"", (0, "")),
        (b"\x03\xe8", (1000, "")),
        (b"\x03\xe8" + "grüß".encode(), (1000, "grüß")),
        (b"\x0b\xb8", (3000, "")),
        (b"\x13\x87", (4999, "")),
        (b"\x03", Rule.CLOSE_LENGTH),
        (b"\x00\x00", Rule.CLOSE_CODE),
        (b"\x03\xe7", Rule.CLOSE_CODE),
        (b"\x03\xec", Rule.CLOSE_CODE),
        (b"\x03\xed", Rule.CLOSE_CODE),
        (b"\x03\xee", Rule.CLOSE_CODE),
        (b"\x03\xf7", Rule.CLOSE_CODE),
        (b"\x0b\xb7", Rule.CLOSE_CODE),
        (b"\x13\x88", Rule.CLOSE_CODE),
        (b"\xff\xff", Rule.CLOSE_CODE),
        (b"\x03\xe8\xff", Rule.CLOSE_TEXT),
        (b"\x03\xe8\xe2\x82", Rule.CLOSE_TEXT),
    ],
)
def test_close_payloads(payload: bytes, expected: object) -> None:
    assert parse_close(payload) == expected


def test_a_close_payload_is_formatted() -> None:
    assert format_close(0) == b""
    assert format_close(1000) == b"\x03\xe8"
    assert format_close(3000, "ö") == b"\x0b\xb8" + "ö".encode()
    assert format_close(1000, memoryview(b"bye")) == b"\x03\xe8bye"
    assert len(format_close(1000, b"x" * 123)) == 125


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 2000, 5000, -1, 2**16])
def test_codes_that_must_not_be_sent(code: int) -> None:
    with pytest.raises(ValueError, match="must not be sent"):
        format_close(code, b"reason")


def test_a_reason_has_a_limit() -> None:
    with pytest.raises(ValueError, match="123"):
        format_close(1000, b"x" * 124)


def test_large_plain_payloads_are_not_copied() -> None:
    payload = b"x" * 70_000
    header, same = render_parts(0x82, payload)
    assert header == b"\x82\x7f" + (70_000).to_bytes(8, "big")
    assert same is payload


def test_keys_are_four_random_bytes() -> None:
    keys = {next_key() for _ in range(3000)}
    assert all(len(key) == 4 for key in keys)
    assert len(keys) > 2990


FORK = """
import os
from weft_websocket._twin import next_key

next_key()
reader, writer = os.pipe()
if not os.fork():
    os.write(writer, next_key())
    os._exit(0)
assert os.read(reader, 4) != next_key()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
def test_a_forked_process_has_other_keys() -> None:
    subprocess.run([sys.executable, "-c", FORK], check=True)
