"""WsProtocol: the whole of RFC 6455 behind the opening handshake, as bytes in and events out.

Decides what a message is, when the closing handshake is over and what may still be sent. Knows
no loop, no clock and no socket, and never calls back.

The closing handshake is the table ``_NEXT``. OPEN goes on until one side closes; CLOSE_RECEIVED
still sends, for an application may answer what came before the close frame; FAILED is a peer
that broke a rule, and still sends for the same reason; LOST has only what was kept back to read; CLOSED is the end.
"""

import enum
from collections.abc import Sequence
from typing import Final, TypeAlias

from weft_http_parser import Role
from weft_websocket._twin import FrameScanner, next_key, render_frame
from weft_websocket._twin.api import Frame
from weft_websocket.codes import WSCloseCode, WSMessage, WSMessageTextBytes, WSMsgType
from weft_websocket.deflate import DeflateParams, Deflater, Inflater, Packing
from weft_websocket.errors import Rule, WebSocketClosed, WebSocketError
from weft_websocket.fragments import Fragments
from weft_websocket.frames import (
    CONTROL_LIMIT,
    FIN,
    OPCODE,
    PARTS_SIZE,
    RSV1,
    WHOLE_BINARY,
    WHOLE_TEXT,
    Buffer,
    OpenMessage,
    format_close,
    parse_close,
    render_parts,
)
from weft_websocket.parts import IncomingParts
from weft_websocket.prepared import PreparedMessage

WsEvent: TypeAlias = WSMessage | WSMessageTextBytes | WebSocketError
"""A message, or as the last event of all the rule that the peer broke."""

MAX_MESSAGE_SIZE: Final = 4 * 2**20
MAX_FRAGMENTS: Final = 65536
# Frames scanned, and bytes inflated, before receive() hands over what it has.
_BATCH_FRAMES: Final = 16
_BATCH_BYTES: Final = 2**18

_TEXT: Final = WSMsgType.TEXT
_BINARY: Final = WSMsgType.BINARY
_CLOSE: Final = WSMsgType.CLOSE
_RULES: Final = {int(rule): rule for rule in Rule}


class Phase(enum.Enum):
    """Where the closing handshake stands."""

    OPEN = "open"
    CLOSE_SENT = "close frame sent"
    CLOSE_RECEIVED = "close frame received"
    FAILED = "failed by the peer"
    LOST = "lost"
    CLOSED = "closed"


class _Step(enum.Enum):
    SEND_CLOSE = enum.auto()
    RECEIVE_CLOSE = enum.auto()
    FAIL = enum.auto()
    LOSE = enum.auto()


_OPEN: Final = Phase.OPEN
_NEXT: Final = {
    (Phase.OPEN, _Step.SEND_CLOSE): Phase.CLOSE_SENT,
    (Phase.OPEN, _Step.RECEIVE_CLOSE): Phase.CLOSE_RECEIVED,
    (Phase.OPEN, _Step.FAIL): Phase.FAILED,
    (Phase.OPEN, _Step.LOSE): Phase.LOST,
    (Phase.CLOSE_SENT, _Step.RECEIVE_CLOSE): Phase.CLOSED,
    (Phase.CLOSE_SENT, _Step.FAIL): Phase.CLOSED,
    (Phase.CLOSE_SENT, _Step.LOSE): Phase.LOST,
    (Phase.CLOSE_RECEIVED, _Step.SEND_CLOSE): Phase.CLOSED,
    (Phase.CLOSE_RECEIVED, _Step.LOSE): Phase.CLOSED,
    (Phase.FAILED, _Step.SEND_CLOSE): Phase.CLOSED,
    (Phase.FAILED, _Step.LOSE): Phase.CLOSED,
    (Phase.LOST, _Step.RECEIVE_CLOSE): Phase.CLOSED,
    (Phase.LOST, _Step.FAIL): Phase.CLOSED,
    (Phase.LOST, _Step.LOSE): Phase.LOST,
    (Phase.CLOSED, _Step.LOSE): Phase.CLOSED,
}


_SENDING: Final = (Phase.OPEN, Phase.CLOSE_RECEIVED, Phase.FAILED)


class WsProtocol:
    """One websocket connection without its transport.

    >>> server, client = WsProtocol(Role.SERVER), WsProtocol(Role.CLIENT)
    >>> server.receive(client.send_text("hello"))
    [WSMessage(type=<WSMsgType.TEXT: 1>, data='hello', extra='')]
    """

    __slots__ = (
        "_deflater",
        "_frames",
        "_inflater",
        "_is_client",
        "_max_message_size",
        "_open",
        "_parts",
        "_text_type",
        "deflate",
        "phase",
        "role",
        "scanner",
    )

    def __init__(
        self,
        role: Role,
        *,
        max_message_size: int = MAX_MESSAGE_SIZE,
        deflate: DeflateParams | None = None,
        decode_text: bool = True,
    ) -> None:
        self.role = role
        self.deflate = deflate
        self._is_client = role is Role.CLIENT
        self._max_message_size = max_message_size
        self._text_type = WSMessage if decode_text else WSMessageTextBytes
        self.phase = Phase.OPEN
        """Where the closing handshake stands; for others to read."""
        self.scanner = FrameScanner(
            not self._is_client,
            deflate is not None,
            decode_text,
            max_message_size,
            MAX_FRAGMENTS,
            _BATCH_FRAMES,
        )
        self._deflater = None if deflate is None else Deflater(role, deflate)
        self._inflater = None if deflate is None else Inflater(role, deflate)
        self._frames: Sequence[Frame] = ()  # scanned, and left for next_batch()
        self._open: OpenMessage | None = None
        self._parts: IncomingParts | None = None

    # Receiving.

    def receive(self, data: bytes) -> list[WsEvent]:
        """What is complete with these bytes, at most a batch: then ``has_more`` is true.

        A rule that the peer broke is the last event, as a WebSocketError; nothing follows it,
        nor a CLOSE message.
        """
        if self.phase is not _OPEN and not self._is_reading:
            return []
        frames = self.scanner.feed(data)
        if self._frames:
            frames = [*self._frames, *frames]
        return self.take(frames)

    def next_batch(self) -> list[WsEvent]:
        """More of what receive() left, as long as ``has_more`` is true."""
        if not self.has_more:
            return []
        return self.take(self._frames or self.scanner.feed(b""))

    def receive_close(self, data: bytes = b"") -> list[WsEvent]:
        """receive() for whoever has closed and reads no messages: they are not even unpacked.

        A compressed bomb would else cost most where nobody wants it.
        """
        if not self._is_reading:
            return []
        self._parts = None
        frames = [*self._frames, *self.scanner.feed(data)]
        return self.take([it for it in frames if len(it) == 2 and it[0] & OPCODE > _BINARY])

    def receive_eof(self) -> list[WsEvent]:
        """The peer's bytes have ended: an error unless both sides had sent their close frames."""
        is_known = self.phase in (Phase.FAILED, Phase.LOST, Phase.CLOSED)
        self._step(_Step.LOSE)
        if is_known:
            return []
        text = "the connection was lost without a closing handshake"
        return [WebSocketError(WSCloseCode.ABNORMAL_CLOSURE, text)]

    @property
    def has_more(self) -> bool:
        """Bytes or frames are left that next_batch() would look at."""
        is_kept = self._frames or self.scanner.has_more or self._is_amid_fragment
        return bool(is_kept) and self._is_reading

    @property
    def _is_amid_fragment(self) -> bool:
        return self._parts is not None and self._parts.has_more

    def begin_parts(self, max_message_size: int | None = None) -> list[WsEvent]:
        """Give the next message in parts, or the rest of the one that is under way.

        What was kept of it comes at once. See IncomingParts for what a part is. Another limit
        holds for this message where one is given, 0 for none.
        """
        limit = self._max_message_size if max_message_size is None else max_message_size
        parts = IncomingParts(self._inflater, self._text_type is WSMessage, limit)
        if self._parts is not None and self._parts.is_begun:  # and skipped: it goes first
            self._parts.follower = parts
            return []
        self._expect(parts)
        frames = self._frames
        if self._open is not None:
            frames = [(self._open.first, bytes(self._open.data)), *frames]
            self._open = None
        return self.take(frames)

    def _expect(self, parts: IncomingParts | None) -> None:
        self._parts = parts
        if parts is not None and parts.max_size != self._max_message_size:
            self.scanner.allow(parts.max_size)

    def skip_parts(self) -> None:
        """Give no more parts: the rest of the message is read and dropped."""
        if self._parts is not None:
            self._parts.is_skipped = True
            self._parts.follower = None
            if not self._parts.is_begun:
                self._parts = None
                self.scanner.allow(None)

    @property
    def is_in_parts(self) -> bool:
        """The next message, or the one under way, comes in parts."""
        return self._parts is not None

    @property
    def half_message(self) -> tuple[int, int] | None:
        """The message that is kept until it is whole: its number, a measure that grows with it."""
        if self._open is None:
            return None
        half = self.scanner.half
        return self._open.number, len(self._open.data) + (half[1] if half else 0)

    @property
    def can_send(self) -> bool:
        """Whether a message may still be sent."""
        return self.phase in _SENDING

    def take(self, frames: Sequence[Frame]) -> list[WsEvent]:
        """The second half of receive(), for whoever feeds the ``scanner`` itself."""
        events: list[WsEvent] = []
        self._frames = ()
        if self.phase is not _OPEN and not self._is_reading:
            return events
        inflated = 0
        rest = iter(frames)
        try:
            if self._parts is not None and self._parts.has_more:
                inflated = self._take_parts(self._parts, events)
                if inflated > _BATCH_BYTES:
                    self._frames = list(rest)
            for frame in rest:
                if len(frame) == 3:  # a message; half the price of isinstance()
                    events.append(frame)
                    self._parts = None  # asked for before a message that came whole
                    continue
                inflated += self._take_frame(*frame, events)
                if inflated > _BATCH_BYTES:
                    self._frames = list(rest)
            if self._parts is not None and not self.has_more:
                self._take_half(self._parts, events)
            if self.scanner.fault and self._is_at_fault:
                raise WebSocketError.of(_RULES[self.scanner.fault])
        except WebSocketError as exc:
            self._step(_Step.FAIL)
            events.append(exc)
        return events

    @property
    def _is_at_fault(self) -> bool:
        """All before the rule that the scanner found broken was taken."""
        return not self._frames and not self._is_amid_fragment and self._is_reading

    def _take_frame(self, first: int, payload: bytes, events: list[WsEvent]) -> int:
        """What is not a whole plain message; returns how many bytes were inflated."""
        opcode = first & OPCODE
        if opcode > _BINARY:
            events.append(self._to_control(WSMsgType(opcode), payload))
            return 0
        if self._parts is not None:
            self._parts.put(first, payload)
            return self._take_parts(self._parts, events)
        data: bytes | bytearray = payload
        if opcode and not first & FIN:
            self._open = OpenMessage(first, payload)
            return 0
        if not opcode:
            fragments = self._open
            assert fragments is not None  # the scanner refuses a lone continuation
            fragments.data += payload
            if not first & FIN:
                return 0
            self._open = None
            first, data = fragments.first, fragments.data
        message = self._to_message(first, data)
        events.append(message)
        return len(message.data) if first & RSV1 else 0

    def _take_parts(self, parts: IncomingParts, events: list[WsEvent]) -> int:
        """The parts of a fragment, up to a batch; returns how many bytes that was."""
        taken = 0
        while parts.has_more and taken <= _BATCH_BYTES:
            found, size = parts.take()
            events += found
            taken += size
        if parts.is_over:
            self._expect(parts.follower)
        return taken

    def _take_half(self, parts: IncomingParts, events: list[WsEvent]) -> None:
        """What has come of the frame that is under way."""
        fragment = self.scanner.take_part()
        if fragment is not None:
            parts.put(*fragment)
            self._take_parts(parts, events)

    def _to_message(self, first: int, data: bytes | bytearray) -> WSMessage | WSMessageTextBytes:
        if first & RSV1:
            assert self._inflater is not None  # the scanner refuses the bit without it
            data = self._inflater.decompress(data, self._max_message_size)
        if first & OPCODE == _BINARY:
            return WSMessage(_BINARY, bytes(data), "")
        try:
            text = data.decode()
        except UnicodeDecodeError:  # plain text was checked as it came
            raise WebSocketError.of(Rule.TEXT) from None
        if self._text_type is WSMessage:
            return WSMessage(_TEXT, text, "")
        return WSMessageTextBytes(_TEXT, bytes(data), "")

    def _to_control(self, opcode: WSMsgType, payload: bytes) -> WSMessage:
        if opcode is not _CLOSE:
            return WSMessage(opcode, payload, "")
        close = parse_close(payload)
        if isinstance(close, Rule):
            raise WebSocketError.of(close)
        self._step(_Step.RECEIVE_CLOSE)
        return WSMessage(_CLOSE, *close)

    # Sending.

    def send_text(self, data: str | Buffer, compress: int | None = None) -> bytes:
        """A text message; bytes must be UTF-8. `compress`: a level for this one, 0 for none."""
        if self.phase is not _OPEN:
            self._check_can_send()
        if self._deflater is not None and compress != 0:
            return self.send_compressed(_TEXT, data, compress)
        return render_frame(WHOLE_TEXT, data, next_key() if self._is_client else None)

    def send_binary(self, data: Buffer, compress: int | None = None) -> list[Buffer]:
        """A binary message, in parts: large data is not copied where it need not be masked."""
        if self.phase is not _OPEN:
            self._check_can_send()
        if self._deflater is not None and compress != 0:
            return [self.send_compressed(_BINARY, data, compress)]
        if self._is_client:
            return [render_frame(WHOLE_BINARY, data, next_key())]
        if len(data) < PARTS_SIZE:
            return [render_frame(WHOLE_BINARY, data, None)]
        return render_parts(WHOLE_BINARY, data)

    def send_compressed(
        self, opcode: WSMsgType, data: str | Buffer, compress: int | None = None
    ) -> bytes:
        """A message, compressed here and now; ValueError where none was agreed on."""
        if self.phase is not _OPEN:
            self._check_can_send()
        if self._deflater is None:
            raise ValueError("no compression was agreed on")
        payload = data.encode() if isinstance(data, str) else data
        return self._render(FIN | RSV1 | opcode, self._deflater.compress(payload, compress))

    def begin_packing(self, data: str | Buffer, compress: int | None = None) -> Packing:
        """The first half of a compressed message: run() the result on any thread.

        Then give it to send_packed(), before another message is begun.
        """
        if self._deflater is None:
            raise ValueError("no compression was agreed on")
        data = data.encode() if isinstance(data, str) else data
        return self._deflater.begin(data, compress)

    def send_packed(self, opcode: WSMsgType, packing: Packing) -> bytes:
        """The second half: the frame of a message that was compressed."""
        self._check_can_send()
        assert self._deflater is not None  # begin_packing() would have raised
        packed = self._deflater.finish(packing)
        return self._render(FIN | RSV1 | opcode, packed)

    def send_prepared(self, message: PreparedMessage) -> bytes:
        """A message that is encoded once for many connections; not amid a begun one."""
        if self.phase is not _OPEN:
            self._check_can_send()
        bits = 0
        if self._deflater is not None and message.compress != 0:
            bits = self._deflater.pass_by()
        if self._is_client:
            return render_frame(*message.parts(bits), next_key())
        return message.frame(bits)

    def begin_fragments(self, opcode: WSMsgType, compress: int | None = None) -> Fragments:
        """A message in fragments; until the last one only control frames may go between."""
        self._check_can_send()
        if self._deflater is None or compress == 0:
            return Fragments(opcode, None)
        return Fragments(opcode, self._deflater.begin(b"", compress))

    def send_fragment(
        self, fragments: Fragments, payload: Buffer, *, is_last: bool = False
    ) -> bytes:
        """What ``fragments.pack()`` or, as the last one, ``pack_end()`` gave, as a frame."""
        self._check_can_send()
        if is_last and fragments.packing is not None:
            assert self._deflater is not None  # begin_fragments() took its coder
            self._deflater.finish(fragments.packing)
        return self._render(fragments.next_first(is_last), payload)

    def send_ping(self, data: str | Buffer = b"") -> bytes:
        """A ping of at most 125 bytes (RFC 6455 5.5.2)."""
        return self._send_control(WSMsgType.PING, data)

    def send_pong(self, data: str | Buffer = b"") -> bytes:
        """A pong of at most 125 bytes, asked for or not (RFC 6455 5.5.3)."""
        return self._send_control(WSMsgType.PONG, data)

    def send_close(self, code: int = WSCloseCode.OK, reason: Buffer | str = b"") -> bytes:
        """Our half of the closing handshake; nothing else can be sent afterwards.

        ValueError for a code that must not be sent or a reason over 123 bytes.
        """
        payload = format_close(code, reason)
        self._step(_Step.SEND_CLOSE)
        return self._render(FIN | _CLOSE, payload)

    def _send_control(self, opcode: WSMsgType, data: str | Buffer) -> bytes:
        self._check_can_send()
        payload = data.encode() if isinstance(data, str) else data
        if memoryview(payload).nbytes > CONTROL_LIMIT:
            raise ValueError("a control frame carries at most 125 bytes (RFC 6455 5.5)")
        return self._render(FIN | opcode, payload)

    def _render(self, first: int, payload: Buffer) -> bytes:
        return render_frame(first, payload, next_key() if self._is_client else None)

    def _check_can_send(self) -> None:
        if not self.can_send:
            raise WebSocketClosed

    @property
    def _is_reading(self) -> bool:
        return self.phase in (Phase.OPEN, Phase.CLOSE_SENT, Phase.LOST)

    def _step(self, step: _Step) -> None:
        try:
            self.phase = _NEXT[self.phase, step]
        except KeyError:
            raise WebSocketClosed from None
