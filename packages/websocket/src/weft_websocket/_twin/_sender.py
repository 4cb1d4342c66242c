"""A plain message to its frame to the link, and keys to mask it with, in Python.

The specification of that part of ``_c``. Decides when a message needs nothing but to be written;
knows no compression, no turns and no closing.
"""

import os
from collections.abc import Awaitable
from typing import Any, Final, Protocol

from weft_websocket._twin._inbox import Done
from weft_websocket._twin._py import BINARY, FIN, TEXT, Buffer, render_frame

# An unmasked payload from here on is not copied behind its header.
_PARTS_SIZE: Final = 32768
_KEY_POOL_SIZE: Final = 4096


class _Keys:
    """Masking keys: strong random bytes (RFC 6455 5.3), fetched for a thousand frames at once."""

    __slots__ = ("_at", "_pool")

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop what is left: a forked process must not send its parent's keys."""
        self._pool = b""
        self._at = 0

    def next(self) -> bytes:
        """Four bytes."""
        at = self._at
        if at == len(self._pool):
            self._pool, at = os.urandom(_KEY_POOL_SIZE), 0
        self._at = at + 4
        return self._pool[at : at + 4]


_keys = _Keys()
next_key = _keys.next
forget_keys = _keys.forget


class Transport(Protocol):
    """What is behind a link."""

    def get_write_buffer_size(self) -> int: ...


class Link(Protocol):
    """Where frames go."""

    @property
    def bypass(self) -> int:
        """The descriptor to send on past the transport, or -1."""
        ...

    @property
    def transport(self) -> Transport: ...

    @property
    def is_full(self) -> bool: ...

    def write(self, data: Buffer, /) -> None: ...


class Phased(Protocol):
    """Whose phase tells whether anything may be sent."""

    @property
    def phase(self) -> object: ...

    def send_prepared(self, message: Any, /) -> bytes:
        """A message in the form that this connection needs."""
        ...


class Sender:
    """Writes plain messages at the call; ``write_text`` and ``write_binary`` do all others.

    Plain is what goes out as it is, while ``_is_free`` and in the `open_phase` of its protocol.

    While ``_answers_now``, which one message ends, it is sent past the transport where the link
    allows that and nothing waits in the transport. What the socket does not take is the link's.
    """

    __slots__ = (
        "_answers_now",
        "_is_free",
        "_is_masked",
        "_is_plain",
        "_link",
        "_offered_at",
        "_open_phase",
        "_protocol",
        "_unsent",
        "_write_limit",
    )

    def __init__(
        self,
        link: Link,
        protocol: Phased,
        write_limit: int,
        open_phase: object,
        is_plain: bool,
        is_masked: bool,
    ) -> None:
        self._link = link
        self._protocol = protocol
        self._write_limit = write_limit
        self._open_phase = open_phase
        self._is_plain = is_plain
        self._is_masked = is_masked
        self._answers_now = False
        self._is_free = True
        self._offered_at = -1e300  # never
        self._unsent = 0

    def send_text(self, data: str | Buffer, compress: int | None, /) -> Awaitable[None]:
        """Send a text message."""
        if self._can_write():
            return self._write(FIN | TEXT, data)
        return self.write_text(data, compress)

    def send_binary(self, data: Buffer, compress: int | None, /) -> Awaitable[None]:
        """Send a binary message."""
        is_small = isinstance(data, bytes) and (self._is_masked or len(data) < _PARTS_SIZE)
        if self._can_write() and (is_small or (self._answers_now and isinstance(data, bytes))):
            return self._write(FIN | BINARY, data)
        return self.write_binary(data, compress)

    def write_text(self, data: str | Buffer, compress: int | None) -> Awaitable[None]:
        """What needs more; for a subclass."""
        raise NotImplementedError

    def write_binary(self, data: Buffer, compress: int | None) -> Awaitable[None]:
        """What needs more; for a subclass."""
        raise NotImplementedError

    def drain(self) -> Awaitable[None]:
        """Wait until the peer has taken enough; for a subclass."""
        raise NotImplementedError

    def _can_write(self) -> bool:
        return self._is_free and self._is_plain and self._protocol.phase is self._open_phase

    def write_frame(self, frame: bytes, /) -> Awaitable[None]:
        """Write a frame that is ready."""
        rest: Buffer = frame
        if self._answers_now:
            self._answers_now = False
            rest = memoryview(frame)[self._send_past(frame) :]
        if rest:
            self._link.write(rest)
            self._unsent += len(rest)
        return DONE if self._unsent <= self._write_limit else self.drain()

    def offer_now(self, message: object, frame: bytes, now: float, pause: float) -> bool:
        """Of offer_all()."""
        if not self._is_free or self._protocol.phase is not self._open_phase:
            return False
        if not self._is_plain or self._is_masked:
            frame = self._protocol.send_prepared(message)
        rest: Buffer = frame
        if now - self._offered_at >= pause:
            sent = self._send_past(frame)
            if sent:
                self._offered_at = now
            rest = memoryview(frame)[sent:]
        if not rest:
            return True
        if self._link.is_full:
            return False
        try:
            self._link.write(rest)
        except ConnectionError:
            return False
        return True

    def _write(self, first: int, data: str | Buffer) -> Awaitable[None]:
        return self.write_frame(render_frame(first, data, next_key() if self._is_masked else None))

    def _send_past(self, frame: bytes) -> int:
        """How much of it the socket took."""
        if self._link.bypass < 0 or self._link.transport.get_write_buffer_size():
            return 0
        try:
            return os.write(self._link.bypass, frame)
        except OSError:  # it is full, or broken, which the transport finds out by itself
            return 0


DONE: Final = Done()


def offer_all(
    senders: tuple[Sender, ...], message: object, frame: bytes, now: float, pause: float, /
) -> list[int]:
    """Write a message at once wherever that can be done; the places of the other senders.

    `frame` is the message where it is plain and not masked. It goes past the transport, except
    where one did less than `pause` seconds before `now`: the transport joins what comes so fast.
    """
    return [
        at for at, sender in enumerate(senders) if not sender.offer_now(message, frame, now, pause)
    ]
