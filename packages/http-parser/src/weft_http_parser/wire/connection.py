"""Http1Connection: the messages of one HTTP/1.1 connection, without I/O.

Decides in which order bytes, heads and ends may come and go, for both roles (RFC 9112 9). Knows
no sockets, no clock and nobody who calls it.

Each direction goes through the phases of `phases`, and a cycle is one message each way. Both
stop at the end of their message; bytes behind it stay inside until `next_cycle` or `switch`.

What most reads bring goes through `receive` of `_twin.Inlet`, on which this stands; here is what
becomes of all others.
"""

from collections.abc import Sequence
from typing import Final, TypeAlias

from .._twin import ChunkScanner, RequestHead, ResponseHead
from .._twin import Inlet as _Inlet
from ..errors import ProtocolError, Reason
from ..heads import CHUNKED, END, Buffer, End, Framing, Headers
from ..limits import DEFAULT_LIMITS, Limits
from ..phases import HEAD_STEPS, IN_BODY, NEXT, OVER, Phase, Role, Step
from ..strictness import STRICT, Strictness
from .decode import UntilCloseDecoder, make_body_decoder, make_end
from .encode import BodyEncoder, make_body_encoder
from .framing import check_bodiless, check_host, frame_request, frame_response

Event: TypeAlias = RequestHead | ResponseHead | bytes | End
"""A head, a piece of its body, or the end of the message."""

_MOST_INTERIMS: Final = 20


# A member found through its class costs ten times as much as a global.
_SERVER: Final[Role] = Role.SERVER
_IDLE: Final[Phase] = Phase.IDLE
_DONE: Final[Phase] = Phase.DONE
_TUNNEL: Final[Phase] = Phase.TUNNEL
_CYCLE: Final[Step] = Step.CYCLE
_END: Final[Step] = Step.END


class Http1Connection(_Inlet):
    """Both directions of one connection.

    >>> server = Http1Connection(Role.SERVER)
    >>> server.receive(b"GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n")
    [<RequestHead GET '/'>, <End>]
    >>> server.send_whole(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\n", b"hi")
    b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nhi'
    >>> server.next_cycle()
    []
    """

    __slots__ = ("_encoder", "_error", "_interims", "_request")

    def __init__(
        self, role: Role, limits: Limits = DEFAULT_LIMITS, strictness: Strictness = STRICT
    ) -> None:
        """Only a client may be anything but STRICT; another server raises ValueError."""
        # What receiving needs was set by `__new__`, which has the same parameters.
        self._encoder: BodyEncoder | None = None
        self._request = b""  # the head of the request of this cycle, where we sent it
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
        return self._held if self._receiving in OVER else 0

    @property
    def has_received(self) -> bool:
        """A byte of the peer's message of this cycle came."""
        return self._receiving is not _IDLE or self._held > 0

    @property
    def is_idle(self) -> bool:
        """Nothing of this cycle was received or sent."""
        return self._receiving is _IDLE and self._sending is _IDLE and not self._held

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
        return not self._has_ended or self._held > 0

    @property
    def chunk_ends(self) -> Sequence[int]:
        """Body offsets at which chunks ended during the last `receive` or `next_cycle`."""
        return () if self._decoder is None else self._decoder.ends

    # Receiving

    def receive_eof(self) -> list[Event]:
        """The events of the end of the peer's bytes.

        None between messages, End where that ends the body, ProtocolError inside a message.
        """
        if self._error is not None:
            raise ProtocolError(self._error.reason, self._error.offset)
        self._has_ended = True
        return self._end_events()

    def next_cycle(self) -> list[Event]:
        """Begin the next pair of messages; the events of bytes that are already here."""
        if not self.can_cycle:
            raise self._misuse()
        self._receiving = self._sending = NEXT[_DONE][_CYCLE]
        self._decoder = None
        self._interims = 0
        self._method = ""  # an answer to a head that is none may have a body
        if not self._data:
            return []
        events = self._take_events()
        if not self._has_ended:
            return events
        try:
            return events + self._end_events()
        except ProtocolError as exc:
            exc.events = tuple(events)
            raise

    def _answered(self) -> list[Event] | None:
        self._step_sending(Step.WHOLE)
        events = self.next_cycle()
        return events if events or self._held else None

    def switch(self) -> bytes:
        """Leave HTTP; the bytes that came behind the last message."""
        self._step_sending(Step.SWITCH)
        try:
            self._step_receiving(Step.SWITCH)
        except KeyError:
            raise self._misuse() from None
        rest = bytes(self._data[self._at :])
        self._take_to(len(self._data))
        return rest

    def _receive_more(self, data: bytes) -> list[Event]:
        if self._receiving in IN_BODY:
            self._append(data)
            return self._take_body([])
        if self._receiving is _IDLE:
            self._append(data)
            return self._take_events()
        self._hold_back(data)
        return []

    def _take_events(self) -> list[Event]:
        """The events of what is held, from the head of a message up to its end."""
        if self._sending is _IDLE and self._role is not _SERVER and self._data:
            raise self._fail(Reason.UNASKED_RESPONSE, self._position)
        try:
            head = self._scanner.scan(self._data, self._at)
        except ProtocolError as exc:
            raise self._fail(exc.reason, self._position + exc.offset) from None
        if head is None:
            return []
        self._take_to(self._scanner.end)
        events = self._begin_message(head)
        if not self._data or self._receiving in OVER:
            return events
        if self._receiving is not _IDLE:
            return self._take_body(events)
        try:
            return events + self._take_events()
        except ProtocolError as exc:
            exc.events = (*events, *exc.events)
            raise

    def _begin_message(self, head: RequestHead | ResponseHead) -> list[Event]:
        """A head that was found and taken, and its end where no decoder is needed for that."""
        try:
            if isinstance(head, RequestHead):
                frame_request(head)
                self._method = head.method
                step = HEAD_STEPS[head.framing == 0, head.persistent]
            else:
                step = self._judge_response(head)
            framing = head.framing
            if framing > self._limits.body:
                raise ProtocolError(Reason.BODY_TOO_LARGE, len(head.raw) - 1)
        except ProtocolError as exc:
            begin = self._position - len(head.raw)
            raise self._fail(exc.reason, begin + exc.offset) from None
        self._receiving = phase = NEXT[_IDLE][step]
        if phase in IN_BODY:
            if framing == CHUNKED:
                self._decoder = ChunkScanner(self._limits)
            elif 0 < framing <= self._held:
                return self._check_ahead([head, self._take_whole_body(framing), END])
            else:
                self._decoder = make_body_decoder(framing, self._limits)
        elif phase is not _IDLE:
            return self._check_ahead([head] if phase is _TUNNEL else [head, END])
        return [head]

    def _take_whole_body(self, length: int) -> bytes:
        """A body that came with its head needs no decoder."""
        end = self._at + length
        body = bytes(self._data[self._at : end])
        self._take_to(end)
        self._step_receiving(_END)
        return body

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

    def _take_body(self, events: list[Event]) -> list[Event]:
        """The same events, and behind them those of the bytes that are held."""
        decoder, data = self._decoder, self._data
        assert decoder is not None  # a body always has one
        try:
            end = decoder.feed(data, self._at, events)  # type: ignore[arg-type]  # takes bytes in
        except ProtocolError as exc:
            error = self._fail(exc.reason, self._position + exc.offset)
            error.events = tuple(events)
            raise error from None
        if end == len(data):
            self._data, self._at = b"", 0
        else:
            self._at = end
        return self._end_body(events) if decoder.done else events

    def _end_body(self, events: list[Event]) -> list[Event]:
        """The end of the message behind the last events of its body."""
        assert self._decoder is not None  # it gave them out
        self._step_receiving(_END)
        events.append(make_end(self._decoder.trailers))
        return self._check_ahead(events)

    def _end_events(self) -> list[Event]:
        """What the end of the peer's bytes means here."""
        if self._receiving is _IDLE:
            # Empty lines alone are no message (RFC 9112 2.2).
            if bytes(self._data[self._at :]).strip(b"\r\n"):
                raise self._fail(Reason.INCOMPLETE, self._received)
            self._step_receiving(Step.CLOSE)
        elif self._receiving in IN_BODY:
            if not isinstance(self._decoder, UntilCloseDecoder):
                raise self._fail(Reason.INCOMPLETE, self._received)
            self._step_receiving(_END)
            return [END]
        return []

    def _hold_back(self, data: bytes) -> None:
        """Keep bytes behind the message, which nobody may look at yet."""
        if self._error is not None:
            raise ProtocolError(self._error.reason, self._error.offset)
        if self._receiving not in OVER or self._has_ended:
            raise self._misuse()
        self._decoder = None  # its chunk ends were those of an earlier call
        self._append(data)
        self._check_ahead([])

    def _check_ahead(self, events: list[Event]) -> list[Event]:
        """The events, behind which the message is over; what is held behind it has a limit."""
        if self._data and self._held > self._limits.ahead:
            error = self._fail(Reason.TOO_MUCH_AHEAD, self._position + self._limits.ahead)
            error.events = tuple(events)
            raise error
        return events

    # Bytes that are held

    @property
    def _held(self) -> int:
        return len(self._data) - self._at

    @property
    def _position(self) -> int:
        """Offset in the connection of the first byte that is not taken."""
        return self._received - self._held

    def _append(self, data: bytes) -> None:
        self._received += len(data)
        held = self._data
        if not held:
            self._data = data
            return
        if isinstance(held, bytes):
            self._data = held = bytearray(memoryview(held)[self._at :])
        else:
            del held[: self._at]
        self._at = 0
        held += data

    def _take_to(self, end: int) -> None:
        if end == len(self._data):
            self._data, self._at = b"", 0
        else:
            self._at = end

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
        self, raw: bytes, body: bytes = b"", *, persistent: bool = True, method: str = ""
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
