"""One message to many websockets, of which some are slow.

Decides what a slow one costs the others: nothing. Knows no frames and no queues.
"""

import asyncio
import time
from collections.abc import Hashable, Iterable
from typing import Final, NamedTuple, Protocol

from weft_websocket._twin import offer_all
from weft_websocket.aio import WebSocketStream
from weft_websocket.backlog import SLOW_CODE, SLOW_REASON, SlowPolicy
from weft_websocket.frames import Buffer
from weft_websocket.outbox import Fate
from weft_websocket.prepared import PreparedMessage

# Messages that follow each other faster are joined for each socket, at the price of one more turn.
_PAUSE_SECONDS: Final = 0.001


class Target(Protocol):
    """What broadcast() sends to: a WebSocketStream, or a server's or client's websocket."""

    @property
    def stream(self) -> WebSocketStream:
        """The stream of it; RuntimeError before it has one."""
        ...


class BroadcastReport(NamedTuple):
    """What became of a message, in numbers of websockets."""

    sent: int
    """Written at once."""
    queued: int
    """Behind, and the message waits for them."""
    dropped: int
    """Messages that were given up, older ones or this: not a number of websockets."""
    disconnected: int
    """Too far behind, and closed for it."""
    closed: int
    """Closed before."""


def broadcast(
    sockets: Iterable[Target],
    message: str | Buffer | PreparedMessage,
    *,
    policy: SlowPolicy | None = None,
    key: Hashable = None,
) -> BroadcastReport:
    """Send to all at once; waits for none.

    A peer that is slow has the message queued; when its queue is full, `policy` decides, or where
    it is None the policy in the websocket's own `send_limits`. `key`: what COALESCE goes by.
    Raises RuntimeError, before anything is sent, when a websocket is not open yet.
    """
    if not isinstance(message, PreparedMessage):
        message = PreparedMessage(message)
    fates = dict.fromkeys(Fate, 0)
    dropped = 0
    # The streams first: what is not open yet raises before anything is sent.
    streams = [socket.stream for socket in sockets]
    outboxes = tuple([stream.outbox for stream in streams])
    left = offer_all(outboxes, message, message.frame(0), time.monotonic(), _PAUSE_SECONDS)
    fates[Fate.SENT] = len(streams) - len(left)
    for stream in [streams[at] for at in left]:
        offer = stream.outbox.offer(message, policy, key)
        fates[offer.fate] += 1
        dropped += offer.dropped
        if offer.fate is Fate.REFUSED:
            dropped += stream.send_lag.messages
            stream.fail(SLOW_CODE, SLOW_REASON)
    return _to_report(fates, dropped)


async def broadcast_wait(
    sockets: Iterable[Target], message: str | Buffer | PreparedMessage
) -> BroadcastReport:
    """Send to all, and wait until each peer has room for it: the slowest one sets the pace.

    What can be written is written at once, the rest as each peer gets on. A cancellation leaves
    the message unsent to those that still wait. RuntimeError as in broadcast().
    """
    if not isinstance(message, PreparedMessage):
        message = PreparedMessage(message)
    fates = dict.fromkeys(Fate, 0)
    streams = [socket.stream for socket in sockets]
    async with asyncio.TaskGroup() as group:
        for stream in streams:
            if stream.outbox.has_room:
                fates[stream.outbox.offer(message, None, None).fate] += 1
            else:
                group.create_task(_send_one(stream, message, fates))
    return _to_report(fates, 0)


async def _send_one(
    stream: WebSocketStream, message: PreparedMessage, fates: dict[Fate, int]
) -> None:
    fate = Fate.SENT
    try:
        await stream.outbox.send_when_free(message)
    except (ConnectionError, TimeoutError):
        fate = Fate.CLOSED
    fates[fate] += 1


def _to_report(fates: dict[Fate, int], dropped: int) -> BroadcastReport:
    return BroadcastReport(
        fates[Fate.SENT], fates[Fate.QUEUED], dropped, fates[Fate.REFUSED], fates[Fate.CLOSED]
    )
