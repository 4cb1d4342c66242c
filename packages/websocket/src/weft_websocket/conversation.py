"""What goes on between the messages of a websocket: its closing, its watches, and what a reader gets.

Decides what a reader gets in which state of the closing, and how long the peer may take to
answer a close or a ping. Owner of an inbox, which calls it, as the link and the watches do; the
application has a WebSocketStream. Knows no frames and no handshake.
"""

import asyncio
import enum
from collections import deque
from typing import Final, NoReturn

from weft_http_parser import Hold, Link, Role
from weft_websocket._twin import Inbox
from weft_websocket._twin.api import Frame
from weft_websocket.codes import (
    CLOSED,
    CLOSING,
    Message,
    WSCloseCode,
    WSMessage,
    WSMessageTextBytes,
    WSMsgType,
)
from weft_websocket.ending import ABNORMAL, Close, Ending
from weft_websocket.errors import WebSocketClosed, WebSocketError
from weft_websocket.frames import Buffer
from weft_websocket.heartbeat import Heartbeat
from weft_websocket.incoming import PartsQueue
from weft_websocket.intake import Intake
from weft_websocket.lingerer import Lingerer
from weft_websocket.options import StreamOptions
from weft_websocket.outbox import Outbox
from weft_websocket.pings import Ping, Pings
from weft_websocket.protocol import Phase, WsEvent, WsProtocol
from weft_websocket.stall import StallWatch

# How often a server's handler may read from a closed websocket before it is told that it loops.
_CLOSED_READS: Final = 5

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_CLOSE: Final = WSMsgType.CLOSE
# Pings of one read that are answered. One would do, and no flood makes more of them; but peers
# that match pongs with their pings send a few at once.
_PONGS: Final = 16
# RFC 6455 5.5.2: a ping before the close frame is answered, though both came in one read.
_ANSWERING: Final = (Phase.OPEN, Phase.CLOSE_RECEIVED)
# How long messages before a broken rule may be answered: then the peer is told of the rule.
_ANSWER_SECONDS: Final = 10.0
_ENDS: Final = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


class _Stage(enum.IntEnum):
    """What receive() does when no message is left. It moves down only."""

    OPEN = 0  # waits
    CLOSING = 1  # the peer's close was read; ours is left to the application
    ENDED = 2  # nothing more will come, and the application does not know yet
    CLOSED = 3


_OPEN: Final = _Stage.OPEN


class Conversation:
    """One websocket, as its inbox, its link and its watches see it."""

    __slots__ = (
        "_closed_reads",
        "_incoming",
        "_link",
        "_pings",
        "_stage",
        "_watches",
        "ending",
        "inbox",
        "options",
        "outbox",
        "protocol",
    )

    def __init__(self, link: Link, protocol: WsProtocol, options: StreamOptions) -> None:
        self.protocol = protocol
        self.options = options
        self._link = link
        self.outbox = Outbox(link, protocol, options.write_limit, options.send_limits)
        link.open_bypass()
        kind = Inbox if link.bypass < 0 else Intake
        self.inbox = kind(self, protocol.scanner, options.queue_limit, self.outbox)
        self._stage = _Stage.OPEN
        self.ending = Ending()
        self._closed_reads = 0
        self._incoming: PartsQueue | None = None
        self._watches: tuple[Heartbeat | StallWatch, ...] = ()
        self._pings: Pings | None = None  # most are never pinged

    def start(self, leftover: bytes) -> None:
        """Take the link over, with the bytes that came behind the handshake."""
        if isinstance(self.inbox, Intake):
            self.inbox.link, self._link.receiver = self._link, self
            self._link.read_into(self.inbox)
        else:
            self._link.receiver = self.inbox
        options = self.options
        frame_seconds = options.frame_timeout_seconds
        message_seconds = options.message_timeout_seconds
        if frame_seconds or message_seconds:
            self._watches = (StallWatch(self, frame_seconds, message_seconds),)
        if options.heartbeat_seconds:
            heartbeat = Heartbeat(self, options.heartbeat_seconds)
            self.inbox.hear = heartbeat.hear
            self._watches += (heartbeat,)
        if leftover:
            self.inbox.data_received(leftover)
        if self._link.is_lost:
            self.link_lost(None)
        self._link.release(Hold.SWITCH)

    @property
    def is_closed(self) -> bool:
        """Whether the application has closed it, or has been told of its end."""
        return self._stage is _Stage.CLOSED

    # A message in parts.

    def begin_parts(self, max_size: int | None) -> PartsQueue | None:
        if self.inbox.is_awaited:
            self.inbox.read().send(None)  # raises: a second reader
        if self.inbox.messages or self._stage is not _OPEN:
            return None
        self._incoming = PartsQueue(self.inbox)
        self._take(self.protocol.begin_parts(max_size))
        return self._incoming

    def refill_parts(self) -> None:
        if self.inbox.is_held:
            self.refill()

    def end_parts(self, incoming: PartsQueue) -> None:
        self._incoming = None
        incoming.leave()
        self.protocol.skip_parts()
        self._take([])
        if self.inbox.is_held:
            self.refill()

    # What the inbox asks for.

    def refuse_reader(self, callback: object) -> NoReturn:
        """A task waits for a message, and another one would."""
        reader, name = getattr(callback, "__self__", None), ""
        if isinstance(reader, asyncio.Task):
            name = f": {reader.get_name()} waits"
        elif isinstance(reader, PartsQueue) and reader.reader is not None:
            name = f": {reader.reader.get_name()} has not left its receive_stream()"
        raise RuntimeError(f"Concurrent call to receive() is not allowed{name}")

    def read_end(self, is_iteration: bool) -> Message:
        """What a reader gets when no message is left."""
        message = self._read_end()
        if is_iteration:
            raise StopAsyncIteration
        return message

    def finish_read(self, message: Message, is_iteration: bool) -> Message:
        """What a reader gets for a message that is neither text nor binary."""
        self._note_read(message)
        if is_iteration and message[0] in _ENDS:
            raise StopAsyncIteration
        return message

    def take_frames(self, frames: list[Frame]) -> None:
        """Take what the scanner gave for the last bytes, where not all is plain messages."""
        self._take(self.protocol.take(frames))

    def take_bytes(self, data: bytes) -> None:
        """Take bytes when the scanner's frames alone do not tell what they are."""
        if self.ending.is_awaited:
            self._skip_to_close(data)
            return
        self._take(self.protocol.receive(data))
        self.inbox.settle()
        if self._incoming is not None:
            self._incoming.keep_place()

    def hold_peer(self) -> None:
        """Read no more from the peer."""
        if not self.inbox.is_held:
            self.inbox.is_held = True
            self._link.hold(Hold.QUEUE)

    def release_peer(self) -> None:
        """Read on."""
        if self.inbox.is_held:
            self.inbox.is_held = False
            self._link.release(Hold.QUEUE)

    def refill(self) -> None:
        """Take what the protocol kept back, then let the link read, once half is read."""
        if len(self.inbox.messages) > self.options.queue_limit // 2:
            return
        if self.protocol.has_more and not self._is_full:
            self._take([])
        if not self._is_full and not self.protocol.has_more:
            self.release_peer()

    @property
    def _is_full(self) -> bool:
        return self.inbox.is_full or (self._incoming is not None and self._incoming.is_full)

    def _note_read(self, message: Message) -> None:
        """What reading this message does to the connection."""
        assert not isinstance(message, WSMessageTextBytes)  # the inbox hands text over itself
        if message.type is WSMsgType.ERROR:
            error = message.data
            self.ending.close = ABNORMAL
            if isinstance(error, WebSocketError):
                self.ending.close = Close(error.code, str(error))
                self._tell(error)
            self._enter(_Stage.CLOSED)
        elif message.type is _CLOSE:
            self.ending.close = Close(message.data, message.extra or "")
            self._enter(_Stage.CLOSING)
            if self.options.autoclose:
                self._enter(_Stage.CLOSED)
                self._answer_close(message.data)

    def _read_end(self) -> Message:
        if self._stage is _Stage.CLOSING:
            return CLOSING
        if self._stage is _Stage.CLOSED:
            self._closed_reads += 1
            if self._closed_reads >= _CLOSED_READS and self.protocol.role is Role.SERVER:
                raise RuntimeError("WebSocket connection is closed.")
        elif self.ending.close is None:
            self.ending.close = ABNORMAL
        self._enter(_Stage.CLOSED)
        return CLOSED

    def _answer_close(self, code: int) -> None:
        """Echo the peer's code (RFC 6455 5.5.1) and be done; the link flushes before it closes."""
        if self.protocol.phase is Phase.CLOSE_RECEIVED and not self._link.is_closing:
            self._link.write(self.protocol.send_close(code))
        self._link.close()

    # What the application asks for.

    async def ping(self, data: str | Buffer = b"") -> Ping:
        """Send a ping of at most 125 bytes; await what this returns for the seconds to its pong.

        An empty one gets four bytes by which its pong is known.
        """
        if self._pings is None:
            self._pings = Pings(asyncio.get_running_loop().time)
        payload = data.encode() if isinstance(data, str) else bytes(data)
        ping = self._pings.begin(payload)
        await self.outbox.send_rendered(self.protocol.send_ping(ping.payload))
        return ping

    async def close(self, code: int = WSCloseCode.OK, message: Buffer | str = b"") -> bool:
        """Send a close frame and wait for the peer's; False when that was done before.

        A waiting receive() gets CLOSING, and messages not read yet are dropped. ValueError for a
        code that must not be sent or a reason over 123 bytes.
        """
        if self._stage is _Stage.CLOSED:
            return False
        if self._end(code, message):
            if self.protocol.phase is Phase.CLOSE_SENT:
                await self._wait_for_close()
            self._link.close()
        return True

    def abandon(self, code: int = WSCloseCode.INTERNAL_ERROR, message: Buffer | str = b"") -> None:
        """Send a close frame for an application that failed, and wait for nothing.

        The link is closed once the peer has ended its side, 10 seconds later at most. Nothing
        happens where the websocket was closed before.
        """
        if self._stage is not _Stage.CLOSED and self._end(code, message):
            Lingerer(self._link).start()

    def fail(self, code: int, reason: str) -> None:
        """Close without waiting, for a fault of ours or a peer too slow; the reader is told.

        Nothing when the closing has begun.
        """
        if self._stage is _OPEN and not self._link.is_closing:
            self._fail(WebSocketError(code, reason))
            self.inbox.wake()

    # Closing.

    def _end(self, code: int, message: Buffer | str) -> bool:
        """The application reads no more; whether a close frame could be sent to the peer."""
        if self.protocol.phase is Phase.FAILED and isinstance(
            self.ending.exception, WebSocketError
        ):
            self._tell(self.ending.exception)
        frame = self._render_close(code, message)
        for queued in self.inbox.messages:
            self.ending.note(queued)
        self._enter(_Stage.CLOSED)
        self.inbox.clear()
        incoming = self._incoming
        if incoming is not None:
            incoming.clear()
        if self.inbox.is_awaited and (incoming is None or incoming.is_awaited):
            self.inbox.put(CLOSING)
            self.inbox.wake()
        is_sent = bool(frame) and not self._link.is_closing
        if self.ending.close is None:  # ours stands until the peer's comes
            self.ending.close = Close(code, _to_text(message)) if is_sent else ABNORMAL
        if is_sent:
            self._link.write(frame)
        return is_sent

    def _render_close(self, code: int, message: Buffer | str) -> bytes:
        try:
            return self.protocol.send_close(code, message)
        except WebSocketClosed:  # lost, or failed and told so
            return b""

    async def _wait_for_close(self) -> None:
        self.ending.expect()
        try:
            self._skip_to_close(b"")
            self.release_peer()
            async with asyncio.timeout(self.options.close_timeout_seconds):
                await self.ending.wait()
        except TimeoutError as exc:
            self.ending.exception = exc
            self._link.abort()
        finally:
            self._link.close()

    def _skip_to_close(self, data: bytes) -> None:
        """Drop what comes behind our close frame, until the peer's (RFC 6455 1.4)."""
        while True:
            for event in self.protocol.receive_close(data):
                self.ending.note(event)
            if not self.protocol.has_more:
                return
            data = b""

    def _enter(self, stage: _Stage) -> None:
        self._stage = max(self._stage, stage)
        self.inbox.is_ended = True
        self.inbox.is_direct = False
        for watch in self._watches:
            watch.stop()
        if stage > _Stage.CLOSING:
            self.outbox.shut()
            if self._pings is not None:
                self._pings.fail(WebSocketClosed("The connection ended before the pong came"))

    # What the link calls.

    def link_made(self, link: Link) -> None:
        """Never called: the link was made before."""

    def data_received(self, data: bytes) -> None:
        """The peer's next bytes; a link gives them to the inbox itself."""
        self.inbox.data_received(data)

    def eof_received(self) -> bool:
        self.link_lost(None)
        return False

    def link_lost(self, exc: Exception | None) -> None:
        errors = self.protocol.receive_eof()
        if errors and self.ending.exception is None:
            error = errors[0]
            assert isinstance(error, WebSocketError)  # receive_eof() gives nothing else
            error.__cause__ = exc
            self.ending.exception = error
        self._enter(_Stage.ENDED)
        self.ending.settle(is_answered=False)
        self.inbox.wake()

    # Inside.

    def _take(self, events: list[WsEvent]) -> None:
        """Queue what is for the reader, and answer the last pings of all that is there."""
        pings: deque[bytes] = deque(maxlen=_PONGS)
        inbox = self.inbox
        incoming = self._incoming
        autoping = self.options.autoping or (incoming is not None and not incoming.is_whole)
        while True:
            for event in events:
                if isinstance(event, WebSocketError):
                    self._fail(event)
                    continue
                kind = event[0]
                if kind is WSMsgType.PONG and self._pings is not None:
                    self._pings.answer(event.data)
                if kind is _TEXT or kind is _BINARY or kind is _CLOSE or not autoping:
                    inbox.put(event)
                elif kind is WSMsgType.PING:
                    pings.append(event.data)
                elif incoming is not None and kind is WSMsgType.CONTINUATION:
                    incoming.put(event)
                    autoping = self.options.autoping or not incoming.is_whole
            if not self.protocol.has_more:
                break
            if self._is_full:
                self.hold_peer()
                break
            events = self.protocol.next_batch()
        # Once a rule is broken nothing is read, though the reader may not know of it yet.
        is_open = self._stage is _OPEN and self.protocol.phase is Phase.OPEN
        is_plain = not self.protocol.has_more and not self.protocol.is_in_parts
        inbox.is_direct = is_open and is_plain and incoming is None
        if incoming is not None:
            if incoming.is_full:
                self.hold_peer()
            incoming.settle()
        if pings:
            self._answer_pings(pings)

    def _answer_pings(self, pings: deque[bytes]) -> None:
        """RFC 6455 5.5.3: recent pings are enough, and none for a peer that reads nothing."""
        protocol, link = self.protocol, self._link
        if link.is_closing or protocol.phase not in _ANSWERING:
            return
        if link.transport.get_write_buffer_size() <= self.options.write_limit:
            link.write(b"".join(map(protocol.send_pong, pings)))

    def _fail(self, error: WebSocketError) -> None:
        """Tell the reader which rule was broken, behind the messages before it, and the peer.

        The peer hears of it when the reader does, who may answer those messages until then; but
        no reader makes it wait for long.
        """
        self.ending.exception = error
        is_behind = bool(self.inbox.messages)
        self.inbox.put(WSMessage(WSMsgType.ERROR, error, None))
        if not is_behind or self.protocol.phase is not Phase.FAILED:
            self._tell(error)
            return
        for watch in self._watches:
            watch.stop()
        asyncio.get_running_loop().call_later(_ANSWER_SECONDS, self._tell, error)

    def _tell(self, error: WebSocketError) -> None:
        """Close for an error, unless that was done before."""
        if not self.protocol.can_send:
            return
        self._enter(_Stage.ENDED)
        if not self._link.is_closing:
            self._link.write(self.protocol.send_close(error.code, str(error)))
            Lingerer(self._link).start()

    # What the watches call.

    def send_heartbeat(self) -> None:
        """Ping, unless the closing has begun."""
        if self.protocol.phase is Phase.OPEN and not self._link.is_closing:
            self._link.write(self.protocol.send_ping())

    def give_up(self, text: str) -> None:
        """The peer is dead: no closing handshake, an ERROR for the reader."""
        self.ending.exception = TimeoutError(text)
        self.inbox.put(WSMessage(WSMsgType.ERROR, self.ending.exception, None))
        self._enter(_Stage.ENDED)
        self._link.abort()
        self.inbox.wake()

    @property
    def half_frame(self) -> tuple[int, int] | None:
        """What has come of the frame that is under way, if the peer could send the rest."""
        return None if self.inbox.is_held else self.protocol.scanner.half

    @property
    def half_message(self) -> tuple[int, int] | None:
        """What has come of the message that is kept, if the peer could send the rest."""
        return None if self.inbox.is_held else self.protocol.half_message

    @property
    def is_listening(self) -> bool:
        """Whether bytes of the peer would reach us."""
        return not self.inbox.is_held


def _to_text(reason: Buffer | str) -> str:
    return reason if isinstance(reason, str) else bytes(reason).decode(errors="replace")
