"""Finding out that a silent peer is gone.

Decides when a ping is due and when to give up. Knows no messages and no closing handshake.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol


class Owner(Protocol):
    """Whose peer is watched."""

    @property
    def is_listening(self) -> bool:
        """Whether bytes of the peer would reach us."""
        ...

    def send_heartbeat(self) -> None:
        """Send a ping, if that is possible."""
        ...

    def give_up(self, text: str) -> None:
        """The peer is dead."""
        ...


# A peer is looked at four times in its period: the ping is due when three looks found nothing, so
# never later than the period, and the pong has two more to come.
_LOOKS: Final = 4
_QUIET_LOOKS: Final = 3
_DEAD_LOOKS: Final = 5


class Heartbeat:
    """Pings a peer before it was silent for as long as `seconds`, and gives it half that to answer.

    A timer looks now and then, so that what comes costs next to nothing: it empties a list.
    """

    __slots__ = ("_loop", "_owner", "_quiet_looks", "_seconds", "_silence", "_timer", "hear")

    def __init__(self, owner: Owner, seconds: float) -> None:
        self._owner = owner
        self._seconds = seconds
        self._loop = asyncio.get_running_loop()
        self._silence: list[None] = [None]
        self.hear: Callable[[], None] = self._silence.clear
        """Bytes came: the peer lives."""
        self._quiet_looks = -1  # whoever has just connected has as long as one just heard
        self._timer = self._loop.call_later(seconds / _LOOKS, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        # Who does not listen would not hear the peer: then silence says nothing.
        if self._silence and self._owner.is_listening:
            self._quiet_looks += 1
        else:
            self._quiet_looks = 0
            self._silence[:] = (None,)
        if self._quiet_looks == _DEAD_LOOKS:
            self._owner.give_up(f"No PONG received after {self._seconds / 2} seconds")
            return
        if self._quiet_looks == _QUIET_LOOKS:
            self._owner.send_heartbeat()
        self._timer = self._loop.call_later(self._seconds / _LOOKS, self._look)
