"""Intake: an inbox that a transport reads into, past the link.

Decides nothing: what the transport tells beside bytes goes to the link, as before.
"""

import asyncio

from weft_http_parser import Link
from weft_websocket._twin import Inbox


class Intake(Inbox, asyncio.BufferedProtocol):
    """A link's stand-in at its transport; the link's receiver must be another object.

    A read comes without a bytes object of its own, and the rest of a large message is read to
    where it belongs.
    """

    __slots__ = ("link",)

    link: Link

    def pause_writing(self) -> None:
        self.link.pause_writing()

    def resume_writing(self) -> None:
        self.link.resume_writing()

    def eof_received(self) -> bool:
        return self.link.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self.link.connection_lost(exc)
