"""A coroutine that begins at the call, not where its result is awaited.

Decides nothing; senders keep the order of their calls with it. Knows no websocket.
"""

from collections.abc import Awaitable, Coroutine, Generator
from typing import Any

from weft_websocket._twin import Done

_DONE = Done()


def begin(coroutine: Coroutine[Any, Any, None]) -> Awaitable[None]:
    """Run a coroutine up to its first wait; awaiting the result goes on from there.

    What it raises before that is raised at the call. Whoever drops the result has the coroutine
    closed: it must clean up without waiting.
    """
    try:
        waits_for = coroutine.send(None)
    except StopIteration:
        return _DONE
    return _go_on(_Begun(coroutine, waits_for))


async def _go_on(begun: "_Begun") -> None:
    await begun


class _Begun:
    """What is left of a coroutine that waits for something, on behalf of no task yet."""

    __slots__ = ("_coroutine", "_waits_for")

    def __init__(self, coroutine: Coroutine[Any, Any, None], waits_for: object) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        rest = self._coroutine.__await__()
        try:
            yield self._waits_for
        except BaseException as exc:
            rest.throw(exc)  # it raises, since what begins cleans up without waiting
        yield from rest
