"""Http1Connection: the messages of one HTTP/1.1 connection, without I/O.

Decides in which order bytes, heads and ends may come and go, for both roles (RFC 9112 9). Knows
no sockets, no clock and nobody who calls it.

Each direction goes through the phases of `wire.phases`, and a cycle is one message each way. Both
stop at the end of their message; bytes behind it stay inside until `next_cycle` or `switch`.
"""

import enum
from collections.abc import Sequence
from typing import Final, TypeAlias

from .._twin import HeadScanner, RequestHead, ResponseHead
from ..errors import ProtocolError, Reason
from ..heads import END, Buffer, End, Framing, Headers
from ..limits import DEFAULT_LIMITS, Limits
from ..strictness import STRICT, Strictness
from .decode import BodyDecoder, UntilCloseDecoder, make_body_decoder, make_end
from .encode import BodyEncoder, make_body_encoder
from .framing import FRAMING_MARKS, check_bodiless, check_host, frame_request, frame_response
from .phases import ENDED, HEAD_STEPS, IN_BODY, NEXT, OVER, Phase, Step

Event: TypeAlias = RequestHead | ResponseHead | bytes | End
"""A head, a piece of its body, or the end of the message."""

_MOST_INTERIMS: Final = 20


class Role(enum.Enum):
    """Which side of the connection this is."""

    CLIENT = "client"
    SERVER = "server"


# A member found through its class costs ten times as much as a global.
_SERVER: Final[Role] = Role.SERVER
_IDLE: Final[Phase] = Phase.IDLE
_DONE: Final[Phase] = Phase.DONE
_WHOLE: Final[Step] = Step.WHOLE
_TUNNEL: Final[Phase] = Phase.TUNNEL
_CYCLE: Final[Step] = Step.CYCLE
_END: Final[Step] = Step.END


class _Backlog:
    """Bytes that came and are not taken yet, and how many ever came."""

    __slots__ = ("at", "data", "has_ended", "received")

    def __init__(self) -> None:
        self.data: bytes | bytearray = b""
        self.at = 0
        """What is before this index of the data was taken."""
        self.received = 0
        self.has_ended = False

    def append(self, data: bytes) -> None:
        self.received += len(data)
        if not self.data:
            self.data = data
            return
        if isinstance(self.data, bytes):
            self.data = bytearray(memoryview(self.data)[self.at :])
        else:
            del self.data[: self.at]
        self.at = 0
        self.data += data

    def take_to(self, end: int) -> None:
        if end == len(self.data):
            self.data = b""
            end = 0
        self.at = end

    def take_rest(self) -> bytes:
        rest = bytes(self.data[self.at :])
        self.take_to(len(self.data))
        return rest

    def __len__(self) -> int:
        return len(self.data) - self.at

    @property
    def position(self) -> int:
        """Offset in the connection of the first byte that is not taken."""
        return self.received - len(self)


class Http1Connection:
    """Both directions of one connection.

    >>> server = Http1Connection(Role.SERVER)
    >>> server.receive(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    [<RequestHead GET '/'>, <End>]
    >>> server.send_whole(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n", b"hi")
    b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi'
    >>> server.next_cycle()
    []
    """

    __slots__ = (
        "_backlog",
        "_decoder",
        "_encoder",
        "_error",
        "_interims",
        "_limits",
        "_method",
        "_receiving",
        "_request",
        "_role",
        "_scanner",
        "_sending",
    )

    def __init__(
        self, role: Role, limits: Limits = DEFAULT_LIMITS, strictness: Strictness = STRICT
    ) -> None:
        """Only a client may be anything but STRICT; another server raises ValueError."""
        self._role = role
        self._limits = limits
        self._scanner = HeadScanner(role is _SERVER, limits, strictness)
        self._backlog = _Backlog()
        self._receiving: Phase = _IDLE
        self._sending: Phase = _IDLE
        self._decoder: BodyDecoder | None = None
        self._encoder: BodyEncoder | None = None
        self._method = ""  # of the request of this cycle
        self._request = b""  # its head, where we sent it
        self._interims = 0
        self._error: ProtocolError | None = None

    # What can be asked

    @property
    def role(self) -> Role:
        """Which side this is."""
        return self._role

    @property
    def buffered(self) -> int:
        """Bytes held behind the end of the peer's message; they wait for the next cycle."""
        return len(self._backlog) if self._receiving in OVER else 0

    @property
    def has_received(self) -> bool:
        """A byte of the peer's message of this cycle came."""
        return self._receiving is not _IDLE or len(self._backlog) > 0

    @property
    def is_idle(self) -> bool:
        """Nothing of this cycle was received or sent."""
        return self._receiving is _IDLE and self._sending is _IDLE and not len(self._backlog)

    @property
    def is_peer_done(self) -> bool:
        """The peer's message is over."""
        return self._receiving in OVER

    @property
    def is_our_done(self) -> bool:
        """Our message is over."""
        return self._sending in OVER

    @property
    def can_cycle(self) -> bool:
        """Both messages are over and the connection may carry another pair."""
        if self._receiving is not _DONE or self._sending is not _DONE:
            return False
        return not self._backlog.has_ended or len(self._backlog) > 0

    @property
    def chunk_ends(self) -> Sequence[int]:
        """Body offsets at which chunks ended during the last `receive` or `next_cycle`."""
        return () if self._decoder is None else self._decoder.ends

    # Receiving

    def receive(self, data: bytes) -> list[Event]:
        """The events of more bytes; empty while no head or body byte is whole.

        Raises ProtocolError, and the same again from then on. What was completed before the
        fault is in its `events`, and in those of no later one.
        """
        backlog = self._backlog
        if self._receiving is not _IDLE or backlog.data or self._role is not _SERVER:
            return self._receive_more(data)
        # The usual case of a server: the first bytes of a request, and often all of them.
        try:
            head = self._scanner.scan(data, 0)
        except ProtocolError as exc:
            raise self._fail(exc.reason, backlog.received + exc.offset) from None
        backlog.received += len(data)
        if isinstance(head, RequestHead) and not head.marks & FRAMING_MARKS:
            if self._scanner.end == len(data):
                self._method = head.method
                self._receiving = NEXT[_IDLE][_WHOLE]
                return [head, END]
        backlog.data = data
        return [] if head is None else self._follow_head(head)

    def receive_eof(self) -> list[Event]:
        """The events of the end of the peer's bytes.

        None between messages, End where that ends the body, ProtocolError inside a message.
        """
        if self._error is not None:
            raise ProtocolError(self._error.reason, self._error.offset)
        self._backlog.has_ended = True
        return self._end_events()

    def next_cycle(self) -> list[Event]:
        """Begin the next pair of messages; the events of bytes that are already here."""
        if not self.can_cycle:
            raise self._misuse()
        self._receiving = self._sending = NEXT[_DONE][_CYCLE]
        self._decoder = None
        self._interims = 0
        self._method = ""  # an answer to a head that is none may have a body
        if not self._backlog.data:
            return []
        events = self._take_events()
        if not self._backlog.has_ended:
            return events
        try:
            return events + self._end_events()
        except ProtocolError as exc:
            exc.events = tuple(events)
            raise

    def switch(self) -> bytes:
        """Leave HTTP; the bytes that came behind the last message."""
        self._step_sending(Step.SWITCH)
        try:
            self._step_receiving(Step.SWITCH)
        except KeyError:
            raise self._misuse() from None
        return self._backlog.take_rest()

    def _receive_more(self, data: bytes) -> list[Event]:
        if self._receiving in IN_BODY:
            self._backlog.append(data)
            return self._decode_body()
        if self._receiving is _IDLE:
            self._backlog.append(data)
            return self._take_events()
        self._hold_back(data)
        return []

    def _take_events(self) -> list[Event]:
        """The events of the backlog, up to the end of the message."""
        if self._receiving is not _IDLE:
            return self._decode_body()
        backlog = self._backlog
        if self._sending is _IDLE and self._role is not _SERVER and backlog.data:
            raise self._fail(Reason.UNASKED_RESPONSE, backlog.position)
        try:
            head = self._scanner.scan(backlog.data, backlog.at)
        except ProtocolError as exc:
            raise self._fail(exc.reason, backlog.position + exc.offset) from None
        return [] if head is None else self._follow_head(head)

    def _follow_head(self, head: RequestHead | ResponseHead) -> list[Event]:
        """A head that was found, and the events behind it."""
        backlog = self._backlog
        backlog.take_to(self._scanner.end)
        try:
            step = (
                self._judge_request(head)
                if isinstance(head, RequestHead)
                else self._judge_response(head)
            )
            if head.framing > self._limits.body:
                raise ProtocolError(Reason.BODY_TOO_LARGE, len(head.raw) - 1)
        except ProtocolError as exc:
            begin = backlog.position - len(head.raw)
            raise self._fail(exc.reason, begin + exc.offset) from None
        self._step_receiving(step)
        if self._receiving in ENDED:
            return self._check_ahead([head, END])
        if self._receiving is _TUNNEL:
            return self._check_ahead([head])
        if self._receiving in IN_BODY:
            if 0 < head.framing <= len(backlog):
                return self._check_ahead([head, self._take_whole_body(head.framing), END])
            self._decoder = make_body_decoder(head.framing, self._limits)
        if not backlog.data:
            return [head]
        try:
            return [head, *self._take_events()]
        except ProtocolError as exc:
            exc.events = (head, *exc.events)
            raise

    def _take_whole_body(self, length: int) -> bytes:
        """A body that came with its head needs no decoder."""
        backlog = self._backlog
        end = backlog.at + length
        body = bytes(backlog.data[backlog.at : end])
        backlog.take_to(end)
        self._step_receiving(_END)
        return body

    def _judge_request(self, head: RequestHead) -> Step:
        """Frame a head and find what it does to the direction that it came from."""
        frame_request(head)
        self._method = head.method
        return HEAD_STEPS[head.framing == 0, head.persistent]

    def _judge_response(self, head: ResponseHead) -> Step:
        frame_response(head, self._method)
        if head.status < 200 or (self._method == "CONNECT" and head.status < 300):
            return self._judge_bodiless(head)
        return HEAD_STEPS[head.framing == 0, head.persistent]

    def _judge_bodiless(self, head: ResponseHead) -> Step:
        """RFC 9110 15.2: interim responses; 7.8: a switch that we asked for; 9.3.6: CONNECT."""
        last = len(head.raw) - 1
        if head.status >= 200:
            return Step.TUNNEL
        if head.status == 101:
            if b"\r\nupgrade:" not in self._request.lower():
                raise ProtocolError(Reason.UNASKED_SWITCH, last)
            return Step.TUNNEL
        self._interims += 1
        if self._interims > _MOST_INTERIMS:
            raise ProtocolError(Reason.TOO_MANY_INTERIMS, last)
        return Step.INTERIM

    def _decode_body(self) -> list[Event]:
        backlog, decoder = self._backlog, self._decoder
        assert decoder is not None  # a body always has one
        data = backlog.data
        pieces: list[bytes] = []
        try:
            end = decoder.feed(data, backlog.at, pieces)
        except ProtocolError as exc:
            error = self._fail(exc.reason, backlog.position + exc.offset)
            error.events = tuple(pieces)
            raise error from None
        if end == len(data):
            backlog.data, backlog.at = b"", 0
        else:
            backlog.at = end
        if not decoder.done:
            return pieces  # type: ignore[return-value]  # nobody else has this list
        self._step_receiving(_END)
        return self._check_ahead([*pieces, make_end(decoder.trailers)])

    def _end_events(self) -> list[Event]:
        """What the end of the peer's bytes means here."""
        backlog = self._backlog
        if self._receiving is _IDLE:
            # Empty lines alone are no message (RFC 9112 2.2).
            if bytes(backlog.data[backlog.at :]).strip(b"\r\n"):
                raise self._fail(Reason.INCOMPLETE, backlog.received)
            self._step_receiving(Step.CLOSE)
        elif self._receiving in IN_BODY:
            if not isinstance(self._decoder, UntilCloseDecoder):
                raise self._fail(Reason.INCOMPLETE, backlog.received)
            self._step_receiving(_END)
            return [END]
        return []

    def _hold_back(self, data: bytes) -> None:
        """Keep bytes behind the message, which nobody may look at yet."""
        if self._error is not None:
            raise ProtocolError(self._error.reason, self._error.offset)
        if self._receiving not in OVER or self._backlog.has_ended:
            raise self._misuse()
        self._decoder = None  # its chunk ends were those of an earlier call
        self._backlog.append(data)
        self._check_ahead([])

    def _check_ahead(self, events: list[Event]) -> list[Event]:
        """The events, behind which the message is over; what is held behind it has a limit."""
        backlog, limit = self._backlog, self._limits.ahead
        if backlog.data and len(backlog) > limit:
            error = self._fail(Reason.TOO_MUCH_AHEAD, backlog.position + limit)
            error.events = tuple(events)
            raise error
        return events

    # Sending

    def send_head(self, head: RequestHead | ResponseHead) -> bytes:
        """The bytes of a head; `send_end` must follow, but not behind an interim head or a switch.

        Sets the head's framing from its fields; where they contradict each other, that is a step
        out of order. A server sends no requests, and a client nothing else.
        """
        if isinstance(head, RequestHead) is (self._role is _SERVER):
            raise self._misuse()
        try:
            if isinstance(head, RequestHead):
                check_host(head)
                frame_request(head)
            else:
                check_bodiless(head)
                frame_response(head, self._method)
        except ProtocolError as exc:
            # The fault is ours, so the peer is not to be told of its status.
            raise self._misuse() from exc
        if isinstance(head, RequestHead):
            return self.send_rendered(
                head.raw, head.framing, persistent=head.persistent, method=head.method
            )
        return self.send_rendered(
            head.raw, head.framing, persistent=head.persistent, status=head.status
        )

    def send_rendered(
        self,
        raw: bytes,
        framing: Framing,
        *,
        persistent: bool = True,
        method: str = "",
        status: int = 0,
    ) -> bytes:
        """As `send_head`, for a head that this package rendered: its bytes, and what they say.

        A client names the method, a server the status where it is not a final one.
        """
        if self._role is not _SERVER:
            self._note_request(raw, method)
        elif 0 < status < 200 and status != 101:
            self._step_sending(Step.INTERIM)
            return raw
        elif status == 101 or (self._method == "CONNECT" and 200 <= status < 300):
            self._step_sending(Step.TUNNEL)
            return raw
        self._step_sending(HEAD_STEPS[False, persistent])
        self._encoder = make_body_encoder(framing)
        return raw

    def send_whole(
        self, raw: bytes, body: bytes, *, persistent: bool = True, method: str = ""
    ) -> bytes:
        """A rendered head and its whole body as one buffer and one step.

        The head must declare the length of that body.
        """
        if self._role is not _SERVER:
            self._note_request(raw, method)
        self._step_sending(HEAD_STEPS[True, persistent])
        return raw + body if body else raw

    def send_data(self, data: Buffer) -> list[Buffer]:
        """The framed pieces of more body bytes, none for none."""
        if self._encoder is None or self._sending not in IN_BODY:
            raise self._misuse()
        try:
            return self._encoder.encode(data)
        except ProtocolError as exc:
            raise self._misuse(exc.reason, exc.offset) from None

    def send_end(self, trailers: Headers | None = None) -> bytes:
        """What ends the message; trailers only where the body is chunked, and none that frames,
        routes or codes it (RFC 9110 6.5.1)."""
        if self._encoder is None or self._sending not in IN_BODY:
            raise self._misuse()
        try:
            ending = self._encoder.finish(trailers)
        except ProtocolError as exc:
            raise self._misuse(exc.reason, exc.offset) from None
        self._step_sending(Step.END)
        return ending

    def _note_request(self, raw: bytes, method: str) -> None:
        self._request = raw
        self._method = method or raw[: raw.index(b" ")].decode("ascii")

    # Phases

    def _step_receiving(self, step: Step) -> None:
        self._receiving = NEXT[self._receiving][step]

    def _step_sending(self, step: Step) -> None:
        try:
            self._sending = NEXT[self._sending][step]
        except KeyError:
            raise self._misuse() from None

    def _fail(self, reason: Reason, offset: int) -> ProtocolError:
        """The peer broke the protocol: nothing more is read, an answer may still be sent."""
        self._receiving = Phase.FAILED
        self._error = ProtocolError(reason, offset)
        return ProtocolError(reason, offset)

    def _misuse(self, reason: Reason = Reason.OUT_OF_ORDER, offset: int = 0) -> ProtocolError:
        """Our own side broke it: nothing more is sent."""
        self._sending = Phase.FAILED
        return ProtocolError(reason, offset)
