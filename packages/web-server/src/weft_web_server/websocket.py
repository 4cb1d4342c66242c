"""WebSocketResponse: a websocket as an answer, with aiohttp's interface over a WebSocketStream.

Decides what `prepare()` agrees to. What happens on the wire is the stream's.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final

import attrs

from weft_http_parser import HTTP_11, Hold, Role, hdrs, render_response_head
from weft_websocket import (
    Acceptance,
    Chunks,
    HandshakeError,
    IncomingMessage,
    Origin,
    PreparedMessage,
    SendLag,
    SendLimits,
    StreamOptions,
    WebSocketStream,
    WSCloseCode,
    WSMessage,
    WSMessageTextBytes,
    WSMessageTypeError,
    WSMsgType,
    WsProtocol,
    accept,
    check_origin,
    coroutine_function,
    parse_origins,
)

from .cookies import format_cookies
from .exchange import Exchange, ResponseWriter
from .http_errors import (
    HTTPBadRequest,
    HTTPException,
    HTTPForbidden,
    HTTPServiceUnavailable,
    HTTPUpgradeRequired,
    in_own_words,
)
from .plan import SERVER_NAME, Plan
from .request import BaseRequest
from .streaming import Buffer, StreamResponse, Writer

_OWN_FIELDS: Final = frozenset(
    {"connection", "content-length", "content-type", "transfer-encoding", "upgrade"}
)

_ERRORS: Final = {400: HTTPBadRequest, 403: HTTPForbidden, 426: HTTPUpgradeRequired}

Message = WSMessage | WSMessageTextBytes
SelectSubprotocol = Callable[[Any, Sequence[str]], str | None]


@attrs.frozen
class WebSocketReady:
    """Whether a request can become a websocket, and with which subprotocol."""

    ok: bool
    protocol: str | None

    def __bool__(self) -> bool:
        return self.ok


@attrs.frozen(kw_only=True)
class _Settings:
    """What a websocket was asked to be."""

    stream: StreamOptions
    protocols: tuple[str, ...]
    select_subprotocol: SelectSubprotocol | None
    origins: frozenset[Origin | str] | None
    compress: bool
    max_message_size: int
    decode_text: bool


class WebSocketResponse(StreamResponse):
    """A websocket: prepare it, then read and send from any number of tasks, one reading."""

    __slots__ = ("_settings", "_stream", "_ws_protocol")

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = 45.0,
        protocols: Iterable[str] = (),
        compress: bool = True,
        max_msg_size: int = 4_194_304,
        writer_limit: int = 262_144,
        decode_text: bool = True,
        origins: Iterable[str] | str | None = None,
        select_subprotocol: SelectSubprotocol | None = None,
        frame_timeout: float | None = 30.0,
        message_timeout: float | None = 120.0,
    ) -> None:
        super().__init__(status=101)
        self._settings = _Settings(
            stream=StreamOptions(
                autoping=autoping,
                autoclose=autoclose,
                heartbeat_seconds=heartbeat,
                frame_timeout_seconds=frame_timeout,
                message_timeout_seconds=message_timeout,
                close_timeout_seconds=timeout,
                receive_timeout_seconds=receive_timeout,
                write_limit=writer_limit,
            ),
            protocols=tuple(protocols),
            select_subprotocol=select_subprotocol,
            origins=_read_origins(origins),
            compress=compress,
            max_message_size=max_msg_size,
            decode_text=decode_text,
        )
        self._stream: WebSocketStream | None = None
        self._ws_protocol: str | None = None

    # The handshake.

    def can_prepare(self, request: BaseRequest) -> WebSocketReady:
        """Whether `prepare()` would succeed."""
        if self._stream is not None:
            raise RuntimeError("Already started")
        try:
            acceptance = self._accept(request)
        except HandshakeError:
            return WebSocketReady(False, None)
        return WebSocketReady(True, acceptance.protocol)

    def _accept(self, request: BaseRequest) -> Acceptance:
        settings = self._settings
        head, select = request._head, settings.select_subprotocol
        acceptance = accept(
            head,
            protocols=settings.protocols,
            compress=settings.compress,
            select_subprotocol=None if select is None else partial(select, request),
        )
        if head.get(hdrs.ORIGIN) is not None:
            check_origin(head, settings.origins, scheme=request.scheme, host=request.host)
        return acceptance

    async def prepare(self, request: BaseRequest) -> Writer | None:
        """Agree to the handshake; raises the HTTP error that answers a bad one."""
        exchange = request.exchange
        assert isinstance(exchange, Exchange)  # requests have no others
        if self._stream is not None:
            return self._link
        settings = self._settings
        try:
            acceptance = self._accept(request)
        except HandshakeError as exc:
            raise _to_http_error(exc) from exc
        await exchange.open_for(self, request)
        if exchange.carrier.host.is_draining:  # the sockets that are open are told at this moment
            raise in_own_words(HTTPServiceUnavailable, "The server is about to end")
        fields = [*acceptance.headers, ("Date", exchange.carrier.host.stamp.date)]
        fields += [pair for pair in self.headers.items() if pair[0].lower() not in _OWN_FIELDS]
        if "Server" not in self.headers:
            fields.append(("Server", SERVER_NAME))
        fields += format_cookies(self.cookies)
        raw = render_response_head(101, self.reason, HTTP_11, fields)
        link = exchange.link
        link.hold(Hold.SWITCH)
        leftover = exchange.switch(self, raw)
        protocol = WsProtocol(
            Role.SERVER,
            max_message_size=settings.max_message_size,
            deflate=acceptance.deflate,
            decode_text=settings.decode_text,
        )
        self._ws_protocol = acceptance.protocol
        self._stream = WebSocketStream(link, protocol, settings.stream)
        self._link = ResponseWriter(exchange, Plan(raw, 0, False, False), None)
        self._stream.start(leftover)
        return self._link

    @property
    def ws_protocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._ws_protocol

    @property
    def compress(self) -> int | bool:
        """The bits of the compression window, 0 without compression; before that, the wish."""
        if self._stream is None:
            return self._settings.compress
        deflate = self._stream.deflate
        return 0 if deflate is None else deflate.server_max_window_bits

    # Its state.

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent or received any more."""
        return self._stream is not None and self._stream.closed

    @property
    def close_code(self) -> int | None:
        """The code that the other side closed with."""
        return None if self._stream is None else self._stream.close_code

    @property
    def close_reason(self) -> str | None:
        """The text that came with the code, empty without one; None while it is open."""
        return None if self._stream is None else self._stream.close_reason

    def exception(self) -> BaseException | None:
        """What broke the connection."""
        return None if self._stream is None else self._stream.exception()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What the transport knows."""
        if not isinstance(self._link, ResponseWriter):
            return default
        return self._link.get_extra_info(name, default)

    # Sending.

    # What can be written at once is written at the call: a coroutine would cost as much as the rest.
    # What goes wrong is raised where the result is awaited all the same, as gather() needs it. What
    # is returned is all that create_task() asks of a coroutine, whatever its type says.

    @coroutine_function
    def send_str(self, data: str, compress: int | None = None) -> Coroutine[Any, Any, None]:
        """Send a text message."""
        if not isinstance(data, str):
            return _fail(TypeError(f"data argument must be str ({type(data)!r})"))
        try:
            return (self._stream or self._opened()).outbox.send_text(data, compress)  # type: ignore[return-value]  # see above
        except Exception as exc:
            return _fail(exc)

    @coroutine_function
    def send_bytes(self, data: Buffer, compress: int | None = None) -> Coroutine[Any, Any, None]:
        """Send a binary message."""
        if not isinstance(data, bytes | bytearray | memoryview):
            return _fail(TypeError(f"data argument must be byte-ish ({type(data)!r})"))
        try:
            return (self._stream or self._opened()).outbox.send_binary(data, compress)  # type: ignore[return-value]  # the same
        except Exception as exc:
            return _fail(exc)

    async def send_json(
        self,
        data: Any,
        compress: int | None = None,
        *,
        dumps: Callable[[Any], str] = json.dumps,
    ) -> None:
        """Send JSON as a text message."""
        await self._opened().send_text(dumps(data), compress)

    async def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], bytes]
    ) -> None:
        """Send JSON, by a serializer that gives bytes, as a binary message."""
        await self._opened().send_binary(dumps(data), compress)

    async def send_frame(
        self, message: bytes, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send a frame of a kind."""
        await self._opened().send_frame(message, opcode, compress)

    async def ping(self, message: bytes | str = b"") -> Awaitable[float]:
        """Send a ping; what it returns can be awaited for the seconds until its pong.

        `rtt = await (await ws.ping())`. A ping without a message carries four bytes of its own.
        """
        return await self._opened().ping(message)

    async def pong(self, message: bytes | str = b"") -> None:
        """Send a pong that nobody asked for."""
        await self._opened().pong(message)

    async def send_prepared(self, message: PreparedMessage) -> None:
        """Send a message that is encoded once for many websockets."""
        await self._opened().send_prepared(message)

    async def send_stream(
        self, chunks: Chunks, *, text: bool | None = None, compress: int | None = None
    ) -> None:
        """Send one message in fragments while it is made; see WebSocketStream.send_stream()."""
        await self._opened().send_stream(chunks, text=text, compress=compress)

    async def flush(self) -> None:
        """Wait until all that broadcast() queued is written; close() would drop it."""
        await self._opened().flush()

    def receive_stream(
        self, timeout: float | None = None, *, max_size: int | None = None
    ) -> IncomingMessage:
        """The next message in chunks, while it comes; see WebSocketStream.receive_stream()."""
        return self._opened().receive_stream(timeout, max_size=max_size)

    @property
    def stream(self) -> WebSocketStream:
        """The websocket below, which knows no HTTP; RuntimeError before `prepare()`."""
        return self._opened()

    @property
    def send_limits(self) -> SendLimits:
        """How much broadcast() may queue here, and what happens beyond; may be replaced."""
        return self._opened().send_limits

    @send_limits.setter
    def send_limits(self, limits: SendLimits) -> None:
        self._opened().send_limits = limits

    @property
    def send_lag(self) -> SendLag:
        """How far the other side is behind."""
        return self._opened().send_lag

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """Close, and wait for the other side to do so; False when it is closed already."""
        return await self._opened().close(code, message)

    # Receiving.

    @coroutine_function
    def receive(self, timeout: float | None = None) -> Coroutine[Any, Any, Message]:
        """The next message, of any kind."""
        return self._opened().receive(timeout)

    async def receive_str(self, *, timeout: float | None = None) -> str | bytes:  # noqa: ASYNC109  aiohttp's
        """The text of the next message, which must be text."""
        message = await self.receive(timeout)
        if message.type is not WSMsgType.TEXT:
            raise WSMessageTypeError(message.type, WSMsgType.TEXT)
        text: str | bytes = message.data
        return text

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109  aiohttp's
        """The bytes of the next message, which must be binary."""
        message = await self.receive(timeout)
        if message.type is not WSMsgType.BINARY:
            raise WSMessageTypeError(message.type, WSMsgType.BINARY)
        data: bytes = message.data
        return data

    async def receive_json(
        self,
        *,
        loads: Callable[[Any], Any] = json.loads,
        timeout: float | None = None,  # noqa: ASYNC109  aiohttp's
    ) -> Any:
        """The JSON in the next message, which must be text."""
        return loads(await self.receive_str(timeout=timeout))

    def __aiter__(self) -> AsyncIterator[Message]:
        kind = type(self)
        if self._stream is None or (kind is not WebSocketResponse and _reads_itself(kind)):
            return self
        return self._stream.__aiter__()

    async def __anext__(self) -> Message:
        message = await self.receive()
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            raise StopAsyncIteration
        return message

    # As a response.

    async def write(self, data: Buffer) -> None:
        """A websocket sends messages: this is an error."""
        raise RuntimeError("cannot write() to a websocket; use send_str() or send_bytes()")

    async def write_eof(self, data: Buffer = b"") -> None:
        """Close, if the handler has not done so."""
        await self._opened().close()

    def _give_up(self) -> bool:
        """Close with 1011, unless it was closed before."""
        if self._stream is None:  # it failed between the 101 and the first frame
            return False
        self._stream.abandon()
        return True

    def _make_farewell(self) -> Coroutine[Any, Any, bool]:
        """Close with 1001; who reads is told at once, and the handler may come to its end."""
        return self.close(code=WSCloseCode.GOING_AWAY, message=b"Server shutdown")

    def _opened(self) -> WebSocketStream:
        if self._stream is None:
            raise RuntimeError("Call .prepare() first")
        return self._stream


def _reads_itself(kind: type[WebSocketResponse]) -> bool:
    """Whether a subclass has a receive() of its own, which iteration goes through."""
    own = WebSocketResponse
    return kind.receive is not own.receive or kind.__anext__ is not own.__anext__


async def _fail(exc: Exception) -> None:
    raise exc


def _read_origins(origins: Iterable[str] | str | None) -> frozenset[Origin | str] | None:
    if origins is None:
        return None
    return parse_origins((origins,) if isinstance(origins, str) else tuple(origins))


def _to_http_error(exc: HandshakeError) -> HTTPException:
    return in_own_words(_ERRORS[exc.status], exc.text, exc.headers)
