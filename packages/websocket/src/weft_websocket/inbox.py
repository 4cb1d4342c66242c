"""The bounded queue between a connection and its one reader.

Decides when the reader is woken and when reading from the peer pauses. Knows messages; knows no
protocol and no closing.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Generator
from typing import Final, Protocol

from weft_http_parser import Hold
from weft_websocket.codes import WSMessage, WSMessageTextBytes

Message = WSMessage | WSMessageTextBytes

# A queue is full at this size too, however few messages it holds.
_MAX_BYTES: Final = 2**18


class Gate(Protocol):
    """What pauses the peer; a Link is one."""

    def hold(self, reason: Hold) -> None: ...

    def release(self, reason: Hold) -> None: ...


class Waiter:
    """What a reader awaits, again and again: wake() steps its task at once.

    Looks like a future to the task that awaits it, and saves that task the pass through the loop
    which a future takes. While another task runs, wake() goes through the loop all the same, since
    tasks do not nest.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_callback",
        "_context",
        "_is_cancelled",
        "_loop",
    )

    def __init__(self) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[[Waiter], object] | None = None
        self._context: contextvars.Context | None = None
        self._is_cancelled = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __await__(self) -> Generator["Waiter", None, None]:
        self._asyncio_future_blocking = True
        self._is_cancelled = False
        yield self

    @property
    def is_awaited(self) -> bool:
        """Whether a task waits and has not been woken."""
        return self._callback is not None

    def wake(self) -> None:
        """Step the task that waits; nothing when none does."""
        callback, self._callback = self._callback, None
        if callback is None:
            return
        assert self._context is not None  # a callback comes with one
        if asyncio.current_task(self._loop) is None:
            self._context.run(callback, self)
        else:
            self.get_loop().call_soon(callback, self, context=self._context)

    # What the awaiting task calls.

    def get_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def add_done_callback(
        self, callback: Callable[["Waiter"], object], *, context: contextvars.Context
    ) -> None:
        self._callback, self._context = callback, context

    def cancel(self, msg: object = None) -> bool:
        callback, self._callback = self._callback, None
        if callback is None:
            return False
        self._is_cancelled = True
        self.get_loop().call_soon(callback, self, context=self._context)
        return True

    def result(self) -> None:
        if self._is_cancelled:
            raise asyncio.CancelledError


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
