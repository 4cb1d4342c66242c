"""What waits to be written to one slow peer: messages in a bounded queue, and places of senders.

Decides what happens to a message that does not fit. Knows no link, no frames and no clock.
"""

import enum
from collections import OrderedDict, deque
from collections.abc import Hashable
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

import attrs

from weft_websocket.codes import WSCloseCode

Message = TypeVar("Message", bound="Sized")
Place = TypeVar("Place")

# Neither side broke a rule or a policy (1008 answers a message that did): the peer may come back
# when it is faster, which is what IANA's registry says of 1013.
SLOW_CODE: Final = WSCloseCode.TRY_AGAIN_LATER
SLOW_REASON: Final = "too slow: messages wait"


class Sized(Protocol):
    """What a queue can count."""

    @property
    def size(self) -> int:
        """Bytes of it."""
        ...


class SlowPolicy(enum.Enum):
    """What broadcast() does to a connection whose queue is full.

    `DISCONNECT`: close it with 1013 (try again later). `DROP_OLDEST`: drop what has waited
    longest. `COALESCE`: a message takes the place of the one with its key that still waits; with
    another key it is queued, and drops the oldest when the queue is full.
    """

    DISCONNECT = "disconnect"
    DROP_OLDEST = "drop oldest"
    COALESCE = "coalesce"


@attrs.frozen(kw_only=True)
class SendLimits:
    """How much may wait for one slow peer, and what happens beyond that."""

    messages: int = 256
    bytes: int = 2**20
    policy: SlowPolicy = SlowPolicy.DISCONNECT


DEFAULT_LIMITS: Final = SendLimits()


class SendLag(NamedTuple):
    """How far one peer is behind."""

    messages: int
    """Queued and not written."""
    bytes: int
    """Of these messages, before compression."""
    seconds: float
    """How long the oldest of them has waited; 0.0 when none does."""
    buffered: int
    """Bytes that were written and that the transport has not sent."""
    dropped: int
    """Messages given up on this connection since it was opened."""


class Outcome(NamedTuple):
    """What became of a message that was put into a backlog."""

    is_queued: bool
    dropped: int


class Entry(Generic[Message, Place]):
    """One that waits: a message of a broadcast, or the place of a sender that waits itself."""

    __slots__ = ("key", "message", "place", "since")

    def __init__(
        self, message: Message | None, place: Place | None, key: Hashable, since: float
    ) -> None:
        self.message = message
        self.place = place
        self.key = key
        self.since = since


class Backlog(Generic[Message, Place]):
    """Messages and places in the order in which they came; the messages are bounded."""

    __slots__ = ("_by_key", "_bytes", "_line", "_messages", "dropped", "limits")

    def __init__(self, limits: SendLimits = DEFAULT_LIMITS) -> None:
        self.limits = limits
        self.dropped = 0
        self._line: OrderedDict[Entry[Message, Place], None] = OrderedDict()
        # The messages of the line alone, so that the oldest is found behind any number of places.
        self._messages: deque[Entry[Message, Place]] = deque()
        self._by_key: dict[Hashable, Entry[Message, Place]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._line)

    def put(self, message: Message, policy: SlowPolicy, key: Hashable, now: float) -> Outcome:
        """Queue a message as `policy` says; `key` is looked at by COALESCE alone."""
        dropped = self.dropped
        if policy is not SlowPolicy.COALESCE:
            key = None
        elif key in self._by_key:
            self._exchange(self._by_key[key], message)
            self._drop_to_fit(0, 0)
            return Outcome(True, self.dropped - dropped)
        size = message.size
        if not self._fits(size) and policy is SlowPolicy.DISCONNECT:
            self.dropped += 1  # and what waits follows it, once the connection is closed
            return Outcome(False, 1)
        self._drop_to_fit(1, size)
        if not self._fits(size):  # larger than the whole queue may be
            self.dropped += 1
            return Outcome(False, self.dropped - dropped)
        entry: Entry[Message, Place] = Entry(message, None, key, now)
        self._line[entry] = None
        self._messages.append(entry)
        self._bytes += size
        if key is not None:
            self._by_key[key] = entry
        return Outcome(True, self.dropped - dropped)

    def join(self, place: Place) -> Entry[Message, Place]:
        """Stand in line behind everything that is there."""
        entry: Entry[Message, Place] = Entry(None, place, None, 0.0)
        self._line[entry] = None
        return entry

    def leave(self, entry: Entry[Message, Place]) -> None:
        """Give up a place, if it was not popped."""
        self._line.pop(entry, None)

    def pop(self) -> Entry[Message, Place]:
        """The one whose turn it is."""
        entry, _ = self._line.popitem(last=False)
        if entry.message is not None:
            self._messages.popleft()
            self._forget(entry, entry.message)
        return entry

    def drop_messages(self) -> None:
        """Give up every message, and count them; places stay."""
        while self._messages:
            self._drop_oldest()

    def to_lag(self, now: float, buffered: int) -> SendLag:
        """The figures of this moment."""
        seconds = now - self._messages[0].since if self._messages else 0.0
        return SendLag(len(self._messages), self._bytes, seconds, buffered, self.dropped)

    # Inside.

    def _fits(self, size: int) -> bool:
        limits = self.limits
        return len(self._messages) < limits.messages and self._bytes + size <= limits.bytes

    def _drop_to_fit(self, count: int, size: int) -> None:
        limits = self.limits
        while self._messages and (
            len(self._messages) + count > limits.messages or self._bytes + size > limits.bytes
        ):
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        entry = self._messages.popleft()
        assert entry.message is not None  # places are in the line alone
        del self._line[entry]
        self._forget(entry, entry.message)
        self.dropped += 1

    def _exchange(self, entry: Entry[Message, Place], message: Message) -> None:
        """A newer message in the place of an older one: it waits no longer for being newer."""
        assert entry.message is not None  # only messages have keys
        self._bytes += message.size - entry.message.size
        entry.message = message
        self.dropped += 1

    def _forget(self, entry: Entry[Message, Place], message: Message) -> None:
        self._bytes -= message.size
        if entry.key is not None:
            del self._by_key[entry.key]
