"""Text and JSON of a part, of which a peer chose both the bytes and the charset.

Decides what each of its faults is called. Knows no part.
"""

import json
from typing import Any

from weft_http_parser.errors import MultipartError
from weft_http_parser.fields.charsets import find_codec

_SHOWN = 40  # characters of a charset that is not known


class PartCharsetError(MultipartError, LookupError):
    """A part in a charset that is none, or that a peer may not choose."""

    def __init__(self, charset: str) -> None:
        super().__init__(f"unknown charset {charset[:_SHOWN]!r}", status=415)


class PartTextError(MultipartError, UnicodeDecodeError):
    """A part that is no text of its charset."""

    def __init__(self, encoding: str, data: bytes, start: int, end: int, reason: str) -> None:
        UnicodeDecodeError.__init__(self, encoding, data, start, end, reason)
        self.fault = f"no {encoding} text: {reason}"
        self.status = 400


class PartJsonError(MultipartError, json.JSONDecodeError):
    """A part that is no JSON, or has too deep brackets or too long numbers."""

    def __init__(self, msg: str, doc: str, pos: int) -> None:
        json.JSONDecodeError.__init__(self, msg, doc, pos)
        self.fault = msg
        self.status = 400


def peer_codec(charset: str) -> str:
    """The codec of a charset that the peer named; PartCharsetError, a LookupError, without."""
    codec = find_codec(charset)
    if codec is None:
        raise PartCharsetError(charset)
    return codec


def decode_text(data: bytes, codec: str) -> str:
    """The text; PartTextError, a UnicodeDecodeError, where it is none."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError as exc:
        raise PartTextError(exc.encoding, exc.object, exc.start, exc.end, exc.reason) from exc


# Any: what JSON holds is known to the caller alone.
def decode_json(text: str) -> Any:
    """The value; PartJsonError, a json.JSONDecodeError, where it is none."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise PartJsonError(exc.msg, exc.doc, exc.pos) from exc
    except (ValueError, RecursionError) as exc:  # of a number, or of brackets
        raise PartJsonError(str(exc), text, 0) from exc
