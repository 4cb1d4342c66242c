"""Message types, close codes and the messages an application receives.

Decides what a message looks like; knows nothing of frames, connections or roles.
"""

import enum
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias


class WSMsgType(enum.IntEnum):
    """What a message is: the opcodes of RFC 6455 5.2, and three that only the receiver makes."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    PING = 0x9
    PONG = 0xA
    CLOSE = 0x8
    CLOSING = 0x100
    CLOSED = 0x101
    ERROR = 0x102


class WSCloseCode(enum.IntEnum):
    """Why a connection was closed (RFC 6455 7.4.1 and the registry it opened)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL_CLOSURE = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


# RFC 6455 7.4.1: 1004 is reserved, 1005, 1006 and 1015 must never be put into a frame.
_REGISTERED: Final = frozenset({*range(1000, 1004), *range(1007, 1015)})


def is_sendable(code: int) -> bool:
    """Whether a close frame may carry this code (RFC 6455 7.4.1 and 7.4.2).

    >>> [is_sendable(code) for code in (1000, 1005, 1014, 1015, 2999, 3000, 4999, 5000)]
    [True, False, True, False, False, True, True, False]
    """
    return code in _REGISTERED or 3000 <= code <= 4999


# `data` and what `loads` returns are Any on purpose: their type follows `type`, and a union would
# have every user of aiohttp's shape write a cast.
class WSMessage(NamedTuple):
    """One message, as aiohttp shapes it.

    ``data`` by ``type``: ``str`` (TEXT), ``bytes`` (BINARY, PING, PONG), the close code or 0 when
    the peer gave none (CLOSE), the exception (ERROR), ``None`` (CLOSING, CLOSED). ``extra`` is
    the close reason of CLOSE.

    >>> WSMessage(WSMsgType.TEXT, '{"a": 1}', "").json()
    {'a': 1}
    """

    type: WSMsgType
    data: Any
    extra: str | None

    def json(self, *, loads: Callable[[Any], Any] = json.loads) -> Any:
        """The data, decoded as JSON."""
        return loads(self.data)


class WSMessageTextBytes(NamedTuple):
    """A TEXT message whose ``data`` is checked but undecoded UTF-8 (``decode_text=False``)."""

    type: WSMsgType
    data: Any  # bytes; typed as that of WSMessage, or code that handles both would need a cast
    extra: str | None

    def json(self, *, loads: Callable[[bytes], Any] = json.loads) -> Any:
        """The data, decoded as JSON."""
        return loads(self.data)


Message: TypeAlias = WSMessage | WSMessageTextBytes

CLOSING: Final = WSMessage(WSMsgType.CLOSING, None, None)
CLOSED: Final = WSMessage(WSMsgType.CLOSED, None, None)
