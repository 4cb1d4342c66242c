"""JSON as the standard library writes it, by one encoder that is kept.

Decides nothing of the text: `json.dumps` makes the same, and an encoder for each call, which takes
twice as long as a small answer does.
"""

import json
from collections.abc import Callable, Iterable
from json import JSONEncoder, encoder
from typing import Any, Final

Encode = Callable[[Any, int], Iterable[str]]


def _make_encode() -> Encode | None:
    """The encoder in C, where it is as it was when this was written."""
    make: Any = getattr(encoder, "c_make_encoder", None)
    escape = encoder.encode_basestring_ascii
    try:
        # Without marks of what is under way: two threads would take each other's for a circle.
        encode: Encode = make(
            None, JSONEncoder().default, escape, None, ": ", ", ", False, False, True
        )
        works = "".join(encode({"a": [1, "b\n", None]}, 0)) == '{"a": [1, "b\\n", null]}'
    except Exception:
        return None
    return encode if works else None


_encode: Final = _make_encode()


def format_json(data: Any) -> str:
    r"""What `json.dumps(data)` gives or raises.

    >>> format_json({"name": "M\u00fcller", "tags": [1, None]})
    '{"name": "M\\u00fcller", "tags": [1, null]}'
    """
    if _encode is None:
        return json.dumps(data)
    try:
        return "".join(_encode(data, 0))
    except RecursionError:
        return json.dumps(data)  # which tells a circle from a deep nest
