"""What a frame means: first bytes, masking keys, close payloads and fragments put together.

Knows RFC 6455 sections 5.2 to 5.5; the scanner below it has checked every header.
"""

import itertools
import os
from typing import Final

from weft_websocket._twin import forget_keys, render_header
from weft_websocket.codes import WSMsgType, is_sendable
from weft_websocket.errors import Rule

Buffer = bytes | bytearray | memoryview

FIN: Final = 0x80
RSV1: Final = 0x40
OPCODE: Final = 0x0F
WHOLE_TEXT: Final = FIN | WSMsgType.TEXT
WHOLE_BINARY: Final = FIN | WSMsgType.BINARY
CONTROL_LIMIT: Final = 125

# An unmasked payload from here on is handed over as it is, behind its header: joining would copy.
PARTS_SIZE: Final = 32768

_numbers: Final = itertools.count()

# A forked process must not send its parent's keys.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_keys)


class OpenMessage:
    """A message of which some fragments have come; kept in one buffer, whatever their number."""

    __slots__ = ("data", "first", "number")

    def __init__(self, first: int, payload: bytes) -> None:
        self.number = next(_numbers)
        """By which it is told from another one."""
        self.first = first
        self.data = bytearray(payload)


def render_parts(first: int, payload: Buffer) -> list[Buffer]:
    """An unmasked frame whose payload is not copied."""
    return [render_header(first, memoryview(payload).nbytes, None), payload]


def parse_close(payload: bytes) -> tuple[int, str] | Rule:
    """Code and reason of a close frame (RFC 6455 5.5.1, 7.4); code 0 when there is none.

    >>> parse_close(b"\\x03\\xe8bye"), parse_close(b"")
    ((1000, 'bye'), (0, ''))
    >>> parse_close(b"\\x03\\xed").name
    'CLOSE_CODE'
    """
    if not payload:
        return 0, ""
    if len(payload) == 1:
        return Rule.CLOSE_LENGTH
    code = int.from_bytes(payload[:2], "big")
    if not is_sendable(code):
        return Rule.CLOSE_CODE
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        return Rule.CLOSE_TEXT


def format_close(code: int, reason: Buffer | str = b"") -> bytes:
    """The payload of a close frame; code 0 makes an empty one.

    ValueError for a code that must not be sent, for a reason without a code or over 123 bytes.
    """
    data = reason.encode() if isinstance(reason, str) else bytes(reason)
    if code == 0 and not data:
        return b""
    if not is_sendable(code):
        raise ValueError(f"close code {code} must not be sent (RFC 6455 7.4)")
    if len(data) > CONTROL_LIMIT - 2:
        raise ValueError("a close reason has at most 123 bytes (RFC 6455 5.5)")
    return code.to_bytes(2, "big") + data
