"""A notice: given once, and known from then on to whoever asks or waits.

Decides nothing of what it tells. Not an `asyncio.Event`, as it has a truth value and can be awaited
by itself.
"""

import asyncio
from collections.abc import Generator


class Notice:
    """False until it is given; awaiting it waits for that.

    >>> notice = Notice()
    >>> bool(notice)
    False
    >>> notice.give()
    >>> bool(notice)
    True
    """

    __slots__ = ("_is_given", "_waiters")

    def __init__(self) -> None:
        self._is_given = False
        self._waiters: list[asyncio.Future[None]] = []

    def __bool__(self) -> bool:
        return self._is_given

    def __await__(self) -> Generator[object, None, None]:
        return self.wait().__await__()

    async def wait(self) -> None:
        """Return when the notice is given; at once where it has been."""
        if self._is_given:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def give(self) -> None:
        """Tell all who wait; a second time does nothing."""
        self._is_given = True
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
