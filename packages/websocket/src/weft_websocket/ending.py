"""How a connection ends: the code it was closed with, what broke it, and who waits for the end.

Knows events; knows no link, no sending and no timer.
"""

import asyncio
from typing import Final, NamedTuple

from weft_websocket.codes import WSCloseCode, WSMessageTextBytes, WSMsgType
from weft_websocket.errors import WebSocketError
from weft_websocket.protocol import WsEvent


class Close(NamedTuple):
    """A close frame: the peer's, or ours until it has answered."""

    code: int
    reason: str


ABNORMAL: Final = Close(WSCloseCode.ABNORMAL_CLOSURE, "")


class Ending:
    """What is known of the end, and the task in close() that waits for the peer's half."""

    __slots__ = ("_closer", "close", "exception")

    def __init__(self) -> None:
        self.close: Close | None = None
        self.exception: BaseException | None = None
        self._closer: asyncio.Future[bool] | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether close() waits, or has waited: nobody reads messages any more."""
        return self._closer is not None

    def expect(self) -> None:
        """close() is about to wait: events are for note()."""
        self._closer = asyncio.get_running_loop().create_future()

    async def wait(self) -> None:
        """Until the peer's close frame has come, it broke a rule, or is gone.

        The connection has ended abnormally but for the first of them.
        """
        closer = self._closer
        assert closer is not None  # after expect()
        try:
            await closer
        finally:
            if closer.cancelled() or not closer.done() or not closer.result():
                self.close = ABNORMAL

    def note(self, event: WsEvent) -> None:
        """Take the code or the exception from an event that nobody will read."""
        if isinstance(event, WebSocketError):
            self.exception = event
            self.settle(is_answered=False)
        elif isinstance(event, WSMessageTextBytes):
            return
        elif event.type is WSMsgType.CLOSE:
            self.close = Close(event.data, event.extra or "")
            self.settle(is_answered=True)
        elif event.type is WSMsgType.ERROR and isinstance(event.data, WebSocketError):
            self.close = Close(event.data.code, str(event.data))

    def settle(self, *, is_answered: bool) -> None:
        """Let close() go on, if it waits; the first event decides."""
        if self._closer is not None and not self._closer.done():
            self._closer.set_result(is_answered)
