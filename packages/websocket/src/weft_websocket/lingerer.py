"""What happens to a link whose peer broke a rule, after it was told so.

Decides when such a link is dropped. Knows no messages.
"""

import asyncio
from typing import Final

from weft_http_parser import Hold, Link

_LINGER_SECONDS: Final = 10.0


class Lingerer:
    """Receives for a link whose peer broke a rule: drops everything until the peer is gone.

    Closing at once would have the kernel answer unread bytes with a reset, and the peer might
    never see our close frame.
    """

    __slots__ = ("_link", "_timer")

    def __init__(self, link: Link) -> None:
        self._link = link
        self._timer = asyncio.get_running_loop().call_later(_LINGER_SECONDS, link.abort)

    def start(self) -> None:
        self._link.receiver = self
        self._link.release(Hold.QUEUE)
        if self._link.transport.can_write_eof():
            self._link.write_eof()
        else:
            self._link.close()

    def link_made(self, link: Link) -> None:
        """Never called: the link was made long ago."""

    def data_received(self, data: bytes) -> None:
        """Nothing that comes is believed any more."""

    def eof_received(self) -> bool:
        return False

    def link_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
