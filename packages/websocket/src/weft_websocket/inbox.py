"""The bounded queue between a connection and its one reader.

Decides when the reader is woken and when reading from the peer pauses. Knows messages; knows no
protocol and no closing.
"""

from collections import deque
from typing import Final, Protocol

from weft_http_parser import Hold, Waiter
from weft_websocket.codes import WSMessage, WSMessageTextBytes

Message = WSMessage | WSMessageTextBytes

# A queue is full at this size too, however few messages it holds.
_MAX_BYTES: Final = 2**18


class Gate(Protocol):
    """What pauses the peer; a Link is one."""

    def hold(self, reason: Hold) -> None: ...

    def release(self, reason: Hold) -> None: ...


class Inbox:
    """Messages in order, a reader that may wait for the next, and the gate that they close."""

    __slots__ = ("_gate", "_limit", "is_held", "messages", "waiter")

    def __init__(self, gate: Gate, limit: int) -> None:
        self._gate = gate
        self._limit = limit
        self.messages: deque[Message] = deque()
        self.waiter = Waiter()
        self.is_held = False

    @property
    def is_full(self) -> bool:
        """Whether the reader must take something before more is put in."""
        messages = self.messages
        if len(messages) >= self._limit:
            return True
        sizes = (
            len(message.data) for message in messages if isinstance(message.data, str | bytes)
        )
        return sum(sizes) >= _MAX_BYTES

    def hold(self) -> None:
        """Read no more from the peer."""
        if not self.is_held:
            self.is_held = True
            self._gate.hold(Hold.QUEUE)

    def release(self) -> None:
        """Read on."""
        if self.is_held:
            self.is_held = False
            self._gate.release(Hold.QUEUE)
