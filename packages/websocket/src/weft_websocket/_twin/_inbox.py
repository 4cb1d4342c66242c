"""Messages to the one task that waits for them, in Python. The specification of ``_c``'s part.

Decides how a reader waits and is woken, and which bytes need no more than the scanner. Knows no
closing and no compression; asks for asyncio's functions where a task waits, and imports none.
"""

import importlib
from collections.abc import Callable, Generator
from contextvars import Context
from typing import Any, Final, NoReturn, Protocol, final

from weft_websocket._twin._py import FrameScanner
from weft_websocket._twin.api import Frame
from weft_websocket.codes import Message, WSMsgType

_MEMORY_SIZE: Final = 2**16

# A queue is full at this size too, however few messages it holds.
_MAX_BYTES: Final = 2**18

_PLAIN: Final = (WSMsgType.TEXT, WSMsgType.BINARY)

Callback = Callable[["Inbox"], object]


class Owner(Protocol):
    """Whose messages they are: everything that is no plain message is its business."""

    def take_frames(self, frames: list[Frame]) -> None:
        """Take what the scanner gave, where not all of it is plain messages."""

    def take_bytes(self, data: bytes) -> None:
        """Take bytes, while the inbox is not direct."""

    def read_end(self, is_iteration: bool, /) -> Message:
        """What a reader gets when nothing is left."""
        ...

    def finish_read(self, message: Message, is_iteration: bool, /) -> Message:
        """What a reader gets for a message that is neither text nor binary."""
        ...

    def refuse_reader(self, callback: Callback, /) -> NoReturn:
        """Raise, since a task waits already; `callback` steps it."""
        ...

    def hold_peer(self) -> None:
        """Read no more from the peer."""

    def refill(self) -> None:
        """A message was taken while the peer was held."""

    def eof_received(self) -> bool: ...

    def link_lost(self, exc: Exception | None, /) -> None: ...


class Answering(Protocol):
    """Whoever sends the answers."""

    _answers_now: bool


class _Wait:
    """The task that waits: how it is stepped, where, and whether it was cancelled meanwhile."""

    __slots__ = ("callback", "cancelled", "context", "loop")

    def __init__(self) -> None:
        self.callback: Callback | None = None
        self.context: Context | None = None
        self.cancelled: BaseException | None = None
        self.loop: Any = None  # of the task that waited first


class _Fill:
    """How much is in the queue, and may be."""

    __slots__ = ("bytes", "limit")

    def __init__(self, limit: int) -> None:
        self.bytes = 0
        self.limit = limit


class Inbox:
    """The messages of one connection, in order, and the one task that may wait for the next.

    A link's receiver. While ``is_direct``, bytes go through the scanner to the reader, which is
    stepped in the same pass of the loop: it takes the inbox for a future, and saves what a future
    costs. While another task runs, the step goes through the loop, since tasks do not nest.
    """

    __slots__ = (
        "_asyncio_future_blocking",
        "_fill",
        "_memory",
        "_owner",
        "_scanner",
        "_sender",
        "_wait",
        "hear",
        "is_direct",
        "is_ended",
        "is_held",
        "messages",
    )

    def __init__(
        self, owner: Owner, scanner: FrameScanner, limit: int, sender: Answering | None = None
    ) -> None:
        self._owner = owner
        self._scanner = scanner
        self._sender = sender
        self._fill = _Fill(limit)
        self.messages: list[Message] = []
        self.hear: Callable[[], object] | None = None
        self.is_direct = True
        self.is_ended = False
        self.is_held = False
        self._asyncio_future_blocking = False
        self._memory = bytearray()
        self._wait = _Wait()

    # Messages.

    @property
    def is_full(self) -> bool:
        """Whether the reader must take something before more is put in."""
        return len(self.messages) >= self._fill.limit or self._fill.bytes >= _MAX_BYTES

    def put(self, message: Message, /) -> None:
        """Queue a message; wakes nobody."""
        self.messages.append(message)
        self._fill.bytes += _size_of(message)

    def clear(self) -> None:
        """Drop what is queued."""
        self.messages.clear()
        self._fill.bytes = 0

    def take(self, *, is_iteration: bool) -> Message:
        """The next message, or the end by the owner's rules."""
        if not self.messages:
            return self._owner.read_end(is_iteration)
        message = self.messages.pop(0)
        self._fill.bytes -= _size_of(message)
        if self.is_held:
            self._owner.refill()
        if message[0] in _PLAIN:
            return message
        return self._owner.finish_read(message, is_iteration)

    # Reading.

    def read(self) -> "Reading":
        """The next message, to be awaited."""
        return Reading(self, is_iteration=False)

    def __aiter__(self) -> "Inbox":
        return self

    def __anext__(self) -> "Reading":
        return Reading(self, is_iteration=True)

    @property
    def is_awaited(self) -> bool:
        """Whether a task waits and has not been woken."""
        return self._wait.callback is not None

    def wait(self) -> "Inbox":
        """Get ready for the task that is about to wait."""
        self._wait.cancelled = None
        self._asyncio_future_blocking = True
        return self

    def leave(self) -> None:
        """The task that waited does so no more."""
        self._wait.callback = self._wait.context = None

    def check_reader(self) -> None:
        """Refuse a second reader."""
        if self._wait.callback is not None:
            self._owner.refuse_reader(self._wait.callback)

    def wake(self) -> None:
        """Step the task that waits; nothing when none does."""
        callback, context, loop = self._wait.callback, self._wait.context, self._wait.loop
        self.leave()
        if callback is None:
            return
        assert context is not None  # a callback comes with one
        asyncio = importlib.import_module("asyncio")
        if asyncio._get_running_loop() is not loop:
            loop.call_soon_threadsafe(callback, self, context=context)
        elif asyncio.current_task(loop) is None:
            context.run(callback, self)
        else:
            loop.call_soon(callback, self, context=context)

    def settle(self) -> None:
        """Wake the reader if there is something for it, and hold the peer if it is behind."""
        if self.messages or self.is_ended:
            self.wake()
        if self.messages and not self.is_held and self.is_full:
            self._owner.hold_peer()

    # What the link calls.

    def data_received(self, data: bytes, /) -> None:
        """The peer's next bytes."""
        if self.hear is not None:
            self.hear()
        if not self.is_direct:
            self._owner.take_bytes(data)
            return
        is_alone = self.is_awaited and not self.messages
        frames = self._scanner.feed(data)
        if (
            self._scanner.fault
            or self._scanner.has_more
            or any(type(it) is tuple for it in frames)
        ):
            self._owner.take_frames(frames)
        else:
            for message in frames:
                self.put(message)  # type: ignore[arg-type]  # pairs were excluded
        if self._sender is None or not is_alone or len(self.messages) != 1:
            self.settle()
            return
        # Its answer is worth a system call of its own; several are joined by the transport.
        self._sender._answers_now = True
        try:
            self.settle()
        finally:
            self._sender._answers_now = False

    # What a transport calls that reads into memory of ours.

    def get_buffer(self, hint: int, /) -> memoryview:
        """Where the transport is to read the peer's next bytes."""
        self._memory = bytearray(_MEMORY_SIZE)  # not kept: most inboxes are idle
        return memoryview(self._memory)

    def buffer_updated(self, size: int, /) -> None:
        """The peer's next bytes are there."""
        memory, self._memory = self._memory, bytearray()
        if not 0 <= size <= len(memory):
            raise ValueError("more was read than get_buffer() had room for")
        self.data_received(bytes(memoryview(memory)[:size]))

    def link_made(self, link: object, /) -> None:
        """Nothing to do: the link was there before the inbox."""

    def eof_received(self) -> bool:
        return self._owner.eof_received()

    def link_lost(self, exc: Exception | None, /) -> None:
        self._owner.link_lost(exc)

    # What the awaiting task calls.

    def get_loop(self) -> Any:
        """The loop of the task that waits."""
        if self._wait.loop is None:
            self._wait.loop = importlib.import_module("asyncio").get_running_loop()
        return self._wait.loop

    def add_done_callback(self, callback: Callback, /, *, context: Context) -> None:
        """The task tells how it is stepped."""
        self.get_loop()
        self._wait.callback, self._wait.context = callback, context

    def cancel(self, msg: object = None) -> bool:
        """The task is cancelled while it waits; False once it was woken."""
        callback, context = self._wait.callback, self._wait.context
        if callback is None:
            return False
        error = importlib.import_module("asyncio").CancelledError
        self._wait.cancelled = error() if msg is None else error(msg)
        self.leave()
        self._wait.loop.call_soon(callback, self, context=context)
        return True

    def result(self) -> None:
        """What the waiting comes to."""
        if self._wait.cancelled is not None:
            cancelled, self._wait.cancelled = self._wait.cancelled, None
            raise cancelled


@final
class Reading:
    """What the reader of an inbox awaits: a coroutine in all but its type."""

    __slots__ = ("_inbox", "_is_iteration", "_phase")

    def __init__(self, inbox: Inbox, *, is_iteration: bool) -> None:
        self._inbox = inbox
        self._is_iteration = is_iteration
        self._phase = "new"

    def __await__(self) -> Generator[Inbox, None, Message]:
        return self  # it has what `await` uses of a generator

    def __iter__(self) -> "Reading":
        return self

    def __next__(self) -> Inbox:
        return self.send(None)

    def send(self, value: None, /) -> Inbox:
        """Go on."""
        inbox = self._inbox
        if self._phase == "done":
            raise RuntimeError("cannot reuse already awaited receive()")
        try:
            inbox.check_reader()
        except RuntimeError:
            self._phase = "done"
            raise
        if not inbox.messages and not inbox.is_ended:
            self._phase = "waits"
            return inbox.wait()
        self._phase = "done"
        raise StopIteration(inbox.take(is_iteration=self._is_iteration))

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> NoReturn:
        """Leave, with an exception."""
        self.close()
        if isinstance(typ, type):
            raise typ() if val is None else val
        raise typ

    def close(self) -> None:
        """Leave: nobody waits any more, and no message is lost."""
        if self._phase == "waits":
            self._inbox.leave()
        self._phase = "done"


@final
class Done:
    """What a sender awaits when there is nothing to wait for: a coroutine that is over."""

    __slots__ = ()

    def __await__(self) -> Generator[None, None, None]:
        return self  # it has what `await` uses of a generator

    def __iter__(self) -> "Done":
        return self

    def __next__(self) -> NoReturn:
        raise StopIteration

    def send(self, value: None, /) -> NoReturn:
        """It is over."""
        raise StopIteration

    def throw(self, typ: Any, val: Any = None, tb: Any = None, /) -> NoReturn:
        """Raise the exception."""
        if isinstance(typ, type):
            raise typ() if val is None else val
        raise typ

    def close(self) -> None:
        """Nothing to do."""


def _size_of(message: Message) -> int:
    data = message[1]
    return len(data) if isinstance(data, str | bytes) else 0
