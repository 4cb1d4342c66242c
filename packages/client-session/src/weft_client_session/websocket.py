"""The client's side of a websocket: the opening handshake over a response, and the shell.

Knows how to ask for the switch and to check the answer; frames are weft_websocket's.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from types import CoroutineType, TracebackType
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast

import attrs
from multidict import CIMultiDict

from weft_client_session.connection import Connection
from weft_client_session.errors import (
    ClientConnectionResetError,
    ServerDisconnectedError,
    WSServerHandshakeError,
)
from weft_client_session.options import ClientWSTimeout
from weft_client_session.refusal import read_start
from weft_client_session.response import ClientResponse
from weft_http_parser import LinkLost, Role
from weft_websocket import (
    Agreement,
    Chunks,
    HandshakeError,
    IncomingMessage,
    PreparedMessage,
    SendLag,
    SendLimits,
    StreamOptions,
    WebSocketClosed,
    WebSocketStream,
    WSMessage,
    WSMessageTextBytes,
    WSMessageTypeError,
    WSMsgType,
    WsProtocol,
    check_response,
    coroutine_function,
    make_key,
    upgrade_headers,
)

if TYPE_CHECKING:  # only a type checker needs the default: a plain name is one that decodes text
    from typing_extensions import TypeVar as TypeVarWithDefault

    DecodesText = TypeVarWithDefault("DecodesText", default=bool)
else:
    DecodesText = TypeVar("DecodesText")
Message = WSMessage | WSMessageTextBytes
_ENDS = (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class WebSocketOptions:
    """The keywords of `ws_connect` that concern the websocket, folded."""

    protocols: tuple[str, ...] = ()
    timeout: ClientWSTimeout
    autoclose: bool = True
    autoping: bool = True
    heartbeat: float | None = None
    compress: int = 0
    max_msg_size: int = 4 * 1024 * 1024
    decode_text: bool = True
    frame_timeout: float | None = 30.0
    message_timeout: float | None = 120.0

    def to_stream_options(self) -> StreamOptions:
        return StreamOptions(
            autoping=self.autoping,
            autoclose=self.autoclose,
            heartbeat_seconds=self.heartbeat,
            frame_timeout_seconds=self.frame_timeout,
            message_timeout_seconds=self.message_timeout,
            close_timeout_seconds=self.timeout.ws_close,
            receive_timeout_seconds=self.timeout.ws_receive,
        )


def ask(headers: CIMultiDict[str], options: WebSocketOptions) -> str:
    """Add the fields that ask for a websocket; the key that the answer must fit."""
    fields = upgrade_headers(
        make_key(), protocols=options.protocols, deflate_bits=options.compress
    )
    for name, value in fields:
        headers.setdefault(name, value)
    return headers["Sec-WebSocket-Key"]


async def check_handshake(
    response: ClientResponse, key: str, options: WebSocketOptions
) -> Agreement:
    """What the server agreed to; raises WSServerHandshakeError, and closes the response."""
    try:
        return check_response(
            response.head, key, protocols=options.protocols, deflate_bits=options.compress
        )
    except HandshakeError as exc:
        try:
            # What follows a 101 is of another protocol.
            body = b"" if response.status == 101 else await read_start(response.source)
        finally:
            response.close()
        raise WSServerHandshakeError(
            response.request_info,
            response.history,
            status=response.status,
            message=exc.text,
            headers=response.headers,
            body=body,
        ) from exc


class ClientWebSocketResponse(Generic[DecodesText]):
    """An open websocket."""

    __slots__ = ("__weakref__", "_agreement", "_connection", "_response", "_stream", "_watcher")

    def __init__(
        self, response: ClientResponse, agreement: Agreement, options: WebSocketOptions
    ) -> None:
        source = response.source
        connection = source.used_connection
        if connection is None:  # lost, or closed with the session, right behind the answer
            raise ServerDisconnectedError
        assert isinstance(connection, Connection)  # what a source uses is nothing else
        self._agreement = agreement
        self._response = response
        self._connection = connection
        protocol = WsProtocol(
            Role.CLIENT,
            max_message_size=options.max_msg_size,
            deflate=agreement.deflate,
            decode_text=options.decode_text,
        )
        link, leftover = source.switch()
        self._stream = WebSocketStream(link, protocol, options.to_stream_options())
        self._stream.start(leftover)
        # The place in the pool is free when the link is gone, whoever closed it.
        self._watcher = asyncio.create_task(self._watch())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Message]:
        kind = type(self)
        if kind is not ClientWebSocketResponse and _reads_itself(kind):
            return self
        return self._stream.__aiter__()

    async def __anext__(self) -> Message:
        message = await self.receive()
        if message.type in _ENDS:
            raise StopAsyncIteration
        return message

    # How it stands.

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._stream.closed

    @property
    def close_code(self) -> int | None:
        """The code of the close frame; None while the connection is open."""
        return self._stream.close_code

    @property
    def close_reason(self) -> str | None:
        """The text that came with the code, empty without one; None while it is open."""
        return self._stream.close_reason

    @property
    def protocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._agreement.protocol

    @property
    def compress(self) -> int:
        """The window bits of compression, 0 for none."""
        deflate = self._agreement.deflate
        return 0 if deflate is None else deflate.client_max_window_bits

    @property
    def client_notakeover(self) -> bool:
        """Whether each message of ours is compressed on its own."""
        deflate = self._agreement.deflate
        return deflate is not None and deflate.client_no_context_takeover

    def exception(self) -> BaseException | None:
        """What ended the connection, if it was no close frame."""
        return self._stream.exception()

    def get_extra_info(self, name: str, default: object = None) -> object:
        """A fact of the transport."""
        return self._connection.link.get_extra_info(name, default)

    # Sending.

    async def ping(self, message: bytes | str = b"") -> Awaitable[float]:
        """Ask for a sign of life; what it returns can be awaited for the seconds until it comes.

        `rtt = await (await ws.ping())`. A ping without a message carries four bytes of its own.
        """
        try:
            return await self._stream.ping(message)
        except ConnectionResetError as exc:
            raise _closed() from exc

    async def pong(self, message: bytes | str = b"") -> None:
        """Send a sign of life that nobody asked for."""
        try:
            await self._stream.pong(message)
        except ConnectionResetError as exc:
            raise _closed() from exc

    async def send_frame(
        self, message: bytes, opcode: WSMsgType, compress: int | None = None
    ) -> None:
        """Send a message of a given type."""
        try:
            await self._stream.send_frame(message, opcode, compress)
        except ConnectionResetError as exc:
            raise _closed() from exc

    # What can be written at once is written at the call: a coroutine would cost as much as the rest.
    # What goes wrong is raised where the result is awaited all the same, as gather() needs it. What
    # is returned is all that create_task() asks of a coroutine, whatever its type says.

    @coroutine_function
    def send_str(self, data: str, compress: int | None = None) -> Coroutine[Any, Any, None]:
        """Send a text message."""
        if not isinstance(data, str):
            return _fail(TypeError(f"data argument must be str ({type(data)!r})"))
        try:
            sent = self._stream.outbox.send_text(data, compress)
        except Exception as exc:
            return _fail(exc)
        return _finish(sent) if isinstance(sent, CoroutineType) else sent  # type: ignore[return-value]  # see above

    @coroutine_function
    def send_bytes(
        self, data: bytes | bytearray | memoryview, compress: int | None = None
    ) -> Coroutine[Any, Any, None]:
        """Send a binary message."""
        if not isinstance(data, bytes | bytearray | memoryview):
            return _fail(TypeError(f"data argument must be byte-ish ({type(data)!r})"))
        try:
            sent = self._stream.outbox.send_binary(data, compress)
        except Exception as exc:
            return _fail(exc)
        return _finish(sent) if isinstance(sent, CoroutineType) else sent  # type: ignore[return-value]  # see above

    async def send_json(
        self,
        data: object,
        compress: int | None = None,
        *,
        dumps: Callable[[Any], str] = json.dumps,
    ) -> None:
        """Send a text message with `data` as JSON."""
        await self.send_str(dumps(data), compress)

    async def send_json_bytes(
        self,
        data: object,
        compress: int | None = None,
        *,
        dumps: Callable[[Any], bytes],
    ) -> None:
        """Send a binary message with `data` as JSON."""
        try:
            await self._stream.send_binary(dumps(data), compress)
        except ConnectionResetError as exc:
            raise _closed() from exc

    async def send_prepared(self, message: PreparedMessage) -> None:
        """Send a message that is encoded once for many websockets."""
        try:
            await self._stream.send_prepared(message)
        except ConnectionResetError as exc:
            raise _closed() from exc

    async def send_stream(
        self, chunks: Chunks, *, text: bool | None = None, compress: int | None = None
    ) -> None:
        """Send one message in fragments while it is made; see WebSocketStream.send_stream()."""
        try:
            await self._stream.send_stream(chunks, text=text, compress=compress)
        except (LinkLost, WebSocketClosed) as exc:  # not what `chunks` raises
            raise _closed() from exc

    async def flush(self) -> None:
        """Wait until all that broadcast() queued is written; close() would drop it."""
        try:
            await self._stream.flush()
        except ConnectionResetError as exc:
            raise _closed() from exc

    def receive_stream(
        self, timeout: float | None = None, *, max_size: int | None = None
    ) -> IncomingMessage:
        """The next message in chunks, while it comes; see WebSocketStream.receive_stream()."""
        return self._stream.receive_stream(timeout, max_size=max_size)

    @property
    def stream(self) -> WebSocketStream:
        """The websocket below, which knows no HTTP."""
        return self._stream

    @property
    def send_limits(self) -> SendLimits:
        """How much broadcast() may queue here, and what happens beyond; may be replaced."""
        return self._stream.send_limits

    @send_limits.setter
    def send_limits(self, limits: SendLimits) -> None:
        self._stream.send_limits = limits

    @property
    def send_lag(self) -> SendLag:
        """How far the server is behind."""
        return self._stream.send_lag

    # Receiving.

    @coroutine_function
    def receive(self, timeout: float | None = None) -> Coroutine[Any, Any, Message]:
        """The next message; CLOSE, CLOSING, CLOSED or ERROR when there will be none."""
        return self._stream.receive(timeout)

    async def receive_str(self, *, timeout: float | None = None) -> str:  # noqa: ASYNC109
        """The text of the next message; WSMessageTypeError when it is none."""
        message = await self.receive(timeout)
        if message.type is not WSMsgType.TEXT:
            raise WSMessageTypeError(message.type, WSMsgType.TEXT)
        return cast(str, message.data)  # bytes where text is not decoded

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        """The bytes of the next message; WSMessageTypeError when it is not binary."""
        message = await self.receive(timeout)
        if message.type is not WSMsgType.BINARY:
            raise WSMessageTypeError(message.type, WSMsgType.BINARY)
        return cast(bytes, message.data)

    async def receive_json(
        self,
        *,
        loads: Callable[[Any], Any] = json.loads,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Any:  # what the caller's loads makes of it
        """The JSON in the next message, which must be text."""
        return loads(await self.receive_str(timeout=timeout))

    # Closing.

    async def close(self, *, code: int = 1000, message: bytes | str = b"") -> bool:
        """Say goodbye and wait for the server's; False when that was done before."""
        try:
            return await self._stream.close(code, message)
        finally:
            if self._connection.link.is_closing:
                self._response.close()

    # Inside.

    async def _watch(self) -> None:
        await self._connection.link.wait_closed()
        self._response.close()


async def open_websocket(
    response: ClientResponse, key: str, options: WebSocketOptions
) -> ClientWebSocketResponse[bool]:
    """The websocket that an answer opens, or WSServerHandshakeError."""
    agreement = await check_handshake(response, key, options)
    return ClientWebSocketResponse(response, agreement, options)


def _reads_itself(kind: "type[ClientWebSocketResponse[Any]]") -> bool:
    """Whether a subclass has a receive() of its own, which iteration goes through."""
    own = ClientWebSocketResponse
    return kind.receive is not own.receive or kind.__anext__ is not own.__anext__


async def _fail(exc: Exception) -> None:
    if isinstance(exc, ConnectionResetError):
        raise _closed() from exc
    raise exc


async def _finish(sent: Awaitable[None]) -> None:
    try:
        await sent
    except ConnectionResetError as exc:
        raise _closed() from exc


def _closed() -> ClientConnectionResetError:
    return ClientConnectionResetError("Cannot write to closing transport")


def to_ws_timeout(
    timeout: ClientWSTimeout | float | None, default: ClientWSTimeout
) -> ClientWSTimeout:
    """A number is the time that the server has to answer a close frame."""
    if timeout is None:
        return default
    if isinstance(timeout, ClientWSTimeout):
        return timeout
    return attrs.evolve(default, ws_close=timeout)
