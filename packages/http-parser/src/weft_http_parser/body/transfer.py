"""Codings of a part: its transfer encoding (RFC 2045 6) and its content coding, both ways.

Decides how a part's bytes are undone and done. Knows no part but its header fields.
"""

import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from weft_http_parser.errors import MultipartError
from weft_http_parser.names import CONTENT_ENCODING, CONTENT_TRANSFER_ENCODING
from weft_http_parser.wire.coding import (
    STEP_BYTES,
    ContentDecoder,
    make_decoder,
    make_encoder,
    supported_codings,
)
from weft_http_parser.wire.engines import ContentEncoder

_PLAIN = frozenset({"", "7bit", "8bit", "binary"})
_BASE64 = "base64"
_QUOTED = "quoted-printable"
# RFC 2045 6.8: characters outside the alphabet are ignored.
_BASE64_CHARS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64_CHARS))
_MOST_BLANKS = 998
"""In a row; no line of mail is longer (RFC 5322 2.1.1)."""
# Every alternative takes a run as a whole, or long ones would be scanned again and again.
_QUOTED_PIECE = re.compile(rb"=([0-9A-Fa-f]{2})|=[ \t]*(?:\r?\n)?|[ \t]+(?:\r?\n)?")


class PartDecoder:
    """Undoes both codings of a part, piece by piece."""

    __slots__ = ("_content", "_is_padded", "_rest", "_transfer")

    def __init__(
        self, headers: Mapping[str, str], *, ignores_content_coding: bool = False
    ) -> None:
        self._transfer = _check_transfer(headers.get(CONTENT_TRANSFER_ENCODING, ""))
        coding = ""
        if not ignores_content_coding:
            coding = _check_content(headers.get(CONTENT_ENCODING, ""))
        self._content: ContentDecoder | None = make_decoder(coding) if coding else None
        self._is_padded = False  # base64 came to its end
        self._rest = b""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """The decoded bytes of the next piece, in bounded steps."""
        data = self._decode_transfer(data)
        content = self._content
        if content is None:
            if data:
                yield data
            return
        while data or content.has_pending:
            if block := content.decode(data, STEP_BYTES):
                yield block
            data = b""

    def finish(self) -> None:
        """Say that no more comes; an error when something is missing."""
        # White space and a soft break at the very end are none of the text.
        if self._rest.strip() not in (b"", b"=" if self._transfer == _QUOTED else b""):
            raise MultipartError(f"truncated {self._transfer}")
        if self._content is not None:
            self._content.finish()

    def _decode_transfer(self, data: bytes) -> bytes:
        if self._transfer in _PLAIN:
            return data
        data = self._rest + data
        if self._transfer == _QUOTED:
            return self._decode_quoted(data)
        data = data.translate(None, _NOT_BASE64)
        whole = len(data) - len(data) % 4
        self._rest = data[whole:]
        if not whole:
            return b""
        try:
            if self._is_padded:
                raise binascii.Error("data behind the padding")
            self._is_padded = data.endswith(b"=", 0, whole)
            return binascii.a2b_base64(data[:whole], strict_mode=True)
        except binascii.Error as exc:
            raise MultipartError("invalid base64") from exc

    def _decode_quoted(self, data: bytes) -> bytes:
        line = data.removesuffix(b"\r")
        cut = len(line.rstrip(b" \t"))
        _check_blanks(len(line) - cut)
        if data[cut - 1 : cut] == b"=":
            cut -= 1
        elif cut == len(data) and data[cut - 2 : cut - 1] == b"=":
            cut -= 2  # an escape is three bytes
        self._rest = data[cut:]
        return _QUOTED_PIECE.sub(_decode_quoted_piece, data[:cut])


def _decode_quoted_piece(match: re.Match[bytes]) -> bytes:
    """RFC 2045 6.7: an escape, a soft line break, white space that counts only inside a line."""
    piece = match[0]
    if match[1] is not None:
        return bytes([int(match[1], 16)])
    _check_blanks(len(piece.strip(b"=\r\n")))
    if not piece.endswith(b"\n"):
        return piece
    if piece.startswith(b"="):
        return b""
    return b"\r\n" if piece.endswith(b"\r\n") else b"\n"


def _check_blanks(count: int) -> None:
    # Blanks wait for what is behind them, so there must be an end of them.
    if count > _MOST_BLANKS:
        raise MultipartError("too many blanks in quoted-printable")


class TransferCoder:
    """Does both codings of a part, piece by piece."""

    __slots__ = ("_content", "_opening", "_rest", "_transfer")

    def __init__(self, transfer: str, content: ContentEncoder | None) -> None:
        self._transfer = transfer
        self._content = content
        self._rest = b""
        self._opening = b""  # of the next quoted-printable piece

    def encode(self, data: bytes) -> bytes:
        """What the next piece becomes; some of it may come later."""
        return self._encode_transfer(data if self._content is None else self._content.encode(data))

    def finish(self) -> bytes:
        """The last bytes."""
        data = b"" if self._content is None else self._content.finish()
        data = self._encode_transfer(data)
        return data + binascii.b2a_base64(self._rest, newline=False) if self._rest else data

    def _encode_transfer(self, data: bytes) -> bytes:
        if self._transfer in _PLAIN:
            return data
        if self._transfer == _QUOTED:
            return self._encode_quoted(data)
        data = self._rest + data
        whole = len(data) - len(data) % 3
        self._rest = data[whole:]
        return binascii.b2a_base64(data[:whole], newline=False)

    def _encode_quoted(self, data: bytes) -> bytes:
        if not data:
            return b""
        # Not as text: line ends are part of what is sent, and none is changed on its way.
        quoted = binascii.b2a_qp(data, istext=False)
        # Line ends of its own are those that it found in the data.
        quoted = quoted.replace(b"=\r\n", b"=\n").replace(b"=\n", b"=\r\n")
        # RFC 2045 6.7: lines are short, so a soft break keeps pieces apart.
        opening, self._opening = self._opening, b"=\r\n"
        return opening + quoted


TransferEncoder: TypeAlias = Callable[[], TransferCoder]


def make_transfer_encoder(transfer: str, content: str) -> TransferEncoder | None:
    """What encodes a part with these two fields, anew each time; None where nothing is to do."""
    transfer, content = _check_transfer(transfer), _check_content(content)
    if transfer in _PLAIN and not content:
        return None
    return lambda: TransferCoder(transfer, make_encoder(content) if content else None)


def _check_transfer(text: str) -> str:
    name = text.strip().lower()
    if name not in _PLAIN and name not in (_BASE64, _QUOTED):
        raise MultipartError("unknown content transfer encoding")
    return name


def _check_content(text: str) -> str:
    name = text.strip().lower()
    if name in ("", "identity"):
        return ""
    if name not in supported_codings():
        raise MultipartError("unknown content encoding")
    return name
