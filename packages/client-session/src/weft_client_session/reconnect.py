"""A websocket that is opened again whenever it ends: the waits between, and the errors that stop it.

Knows the session that opens; what is sent and received is the caller's.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Final, Protocol, Self

import attrs

from weft_client_session.errors import (
    ClientConnectionError,
    ClientResponseError,
    ClientSSLError,
    ServerFingerprintMismatch,
)
from weft_client_session.websocket import ClientWebSocketResponse

_log: Final = logging.getLogger("weft.client")
# Statuses that say: later, perhaps.
_PASSING_STATUSES: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MOST_DOUBLINGS: Final = 64  # beyond, every sensible wait is the longest


def may_pass(error: Exception) -> bool:
    """Whether another attempt may succeed where this error stopped one.

    Connections that fail or time out, and answers of 408, 425, 429, 500, 502, 503 and 504. A wrong
    certificate, any other answer and a mistake in the call stay as they are.
    """
    if isinstance(error, ClientResponseError):
        return error.status in _PASSING_STATUSES
    if isinstance(error, ClientSSLError | ServerFingerprintMismatch):
        return False
    return isinstance(error, ClientConnectionError | TimeoutError)


@attrs.frozen(kw_only=True)
class ReconnectPolicy:
    """How long to wait before a websocket is opened again, and when to give up.

    The first wait is at most `first_seconds`, each further one `factor` times as long, up to
    `max_seconds`; of that a random part between half and all is waited, so that the clients of a
    server that was gone do not come back in one moment. A connection that lasted
    `settled_seconds` starts all anew. After `max_attempts` failures in a row, and at once after
    an error for which `may_pass` is false, the error is raised.

    >>> policy = ReconnectPolicy(random=lambda: 1.0)
    >>> [policy.wait_seconds(failures) for failures in (1, 2, 3, 100)]
    [0.5, 1.0, 2.0, 60.0]
    """

    first_seconds: float = 0.5
    factor: float = 2.0
    max_seconds: float = 60.0
    settled_seconds: float = 10.0
    max_attempts: int | None = None
    may_pass: Callable[[Exception], bool] = may_pass
    random: Callable[[], float] = random.random
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def wait_seconds(self, failures: int) -> float:
        """The wait behind so many failures in a row."""
        steps = min(failures - 1, _MOST_DOUBLINGS)
        longest: float = min(self.max_seconds, self.first_seconds * self.factor**steps)
        return longest * (1 + self.random()) / 2


DEFAULT_POLICY: Final = ReconnectPolicy()


class Session(Protocol):
    """Whose websockets these are."""

    @property
    def closed(self) -> bool: ...


Connect = Callable[[], Awaitable[ClientWebSocketResponse[bool]]]


class ReconnectingWebSocket:
    """Opens a websocket, and another one each time that the last has ended or was left.

    `async for ws in session.ws_reconnect(url):` runs its body once for each connection. `break`
    leaves the loop and its websocket open; the end of `async with` closes it. An error in the
    body is the caller's. The loop ends when the session is closed.
    """

    __slots__ = ("_connect", "_failures", "_opened_at", "_refusals", "_session", "_ws", "policy")

    def __init__(self, session: Session, connect: Connect, policy: ReconnectPolicy) -> None:
        self.policy = policy
        self._session = session
        self._connect = connect
        self._ws: ClientWebSocketResponse[bool] | None = None
        self._opened_at = 0.0
        self._failures = 0
        self._refusals = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._leave()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ClientWebSocketResponse[bool]:
        await self._leave()
        while True:
            if self._failures:
                await self.policy.sleep(self.policy.wait_seconds(self._failures))
                if self._session.closed:
                    raise StopAsyncIteration
            try:
                ws = await self._connect()
            except Exception as exc:
                self._note_failure(exc)
            else:
                self._ws = ws
                self._refusals = 0
                self._opened_at = self.policy.clock()
                return ws

    def _note_failure(self, error: Exception) -> None:
        """Count an attempt that failed, or raise what no further one would change."""
        self._failures += 1
        self._refusals += 1
        if not self.policy.may_pass(error) or self._refusals == self.policy.max_attempts:
            raise error
        _log.debug("a websocket could not be opened, attempt %d: %r", self._refusals, error)

    async def _leave(self) -> None:
        """Close the last websocket, and tell from its age whether all is well."""
        ws, self._ws = self._ws, None
        if ws is None:
            return
        is_settled = self.policy.clock() - self._opened_at >= self.policy.settled_seconds
        self._failures = 1 if is_settled else self._failures + 1
        await ws.close()
