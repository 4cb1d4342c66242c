"""One request and its response on a link: what was sent of the answer, and what still may be.

Decides when the head goes out and that it goes out once. Knows the connection through a small
protocol; what comes after the answer is the connection's affair.
"""

import asyncio
import enum
from collections.abc import Sequence
from typing import Any, Final, Protocol, TypeAlias, TypeGuard

import attrs

from weft_http_parser import (
    HTTP_11,
    MARK_HTTP_10,
    PHRASES,
    Http1Connection,
    Link,
    LinkLost,
    Payload,
    ProtocolError,
    RequestHead,
    render_response_head,
)

from .encoding import Coder, negotiate
from .http_errors import HTTPRequestEntityTooLarge, HTTPUnsupportedMediaType, in_own_words
from .match import NOTHING_FOUND, Endpoint, Found
from .notice import Notice
from .plan import NO_CODING, Coding, Plan, Stamp, plan_quickly, plan_response
from .request import BaseRequest
from .request_body import RequestBody
from .response import Response
from .route_options import DisconnectPolicy
from .streaming import Buffer, StreamResponse

CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_FRAMING: Final = {"content-length", "transfer-encoding", "trailer"}
JOIN_SIZE: Final = 32_768  # a body up to this is joined with its head, a larger one is not copied


@attrs.frozen(kw_only=True)
class RequestLimits:
    """Bounds of what a handler reads at once; 0 is no bound."""

    body_size: int = 1_048_576
    form_fields: int = 1000


DEFAULT_REQUEST_LIMITS: Final = RequestLimits()


class Phase(enum.Enum):
    """How much of the answer is out."""

    OPEN = "nothing"
    STARTED = "the head"
    ENDED = "all"
    FAILED = "a part, and no more will come"


_ENDED: Final = Phase.ENDED
_OPEN: Final = Phase.OPEN  # a global is half the price of two attribute loads


class Host(Protocol):
    """What an exchange needs of its server."""

    @property
    def stamp(self) -> Stamp: ...
    @property
    def limits(self) -> RequestLimits: ...
    @property
    def is_draining(self) -> bool: ...
    @property
    def shutting_down(self) -> Notice: ...


class Carrier(Protocol):
    """What an exchange needs of its connection."""

    @property
    def core(self) -> Http1Connection: ...
    @property
    def link(self) -> Link: ...
    @property
    def host(self) -> "Host": ...

    def abort(self) -> None: ...
    def over(self, exchange: "Exchange") -> None: ...
    def switch(self) -> None: ...
    def write(self, data: bytes) -> None: ...
    def write_parts(self, parts: Sequence[Buffer]) -> None: ...


class Exchange:
    """One request and its response."""

    __slots__ = (
        "body",
        "carrier",
        "endpoint",
        "head",
        "is_whole",
        "match",
        "persistent",
        "phase",
        "response",
        "task",
        "writer",
    )

    task: "asyncio.Task[Any]"

    def __init__(self, carrier: Carrier, head: RequestHead) -> None:
        self.carrier = carrier
        self.head = head
        self.body: RequestBody | None = None
        self.endpoint: Endpoint | None = None
        self.match: Found = NOTHING_FOUND
        self.is_whole = not head.framing  # the request was complete when it began
        self.phase = _OPEN
        self.persistent = False  # whether the answer leaves the connection open
        self.response: StreamResponse | None = None
        self.writer: ResponseWriter | None = None

    # For the request.

    @property
    def link(self) -> Link:
        """The link of the connection."""
        return self.carrier.link

    @property
    def max_body_size(self) -> int:
        """The most bytes that reading the whole body accepts."""
        if self.endpoint is not None:
            size = self.endpoint.route.options.client_max_size
            if size is not None:
                return size
        return self.carrier.host.limits.body_size

    @property
    def max_form_fields(self) -> int:
        """The most fields of a form."""
        return self.carrier.host.limits.form_fields

    @property
    def disconnect_policy(self) -> DisconnectPolicy | None:
        """What becomes of the handler when the client goes away; None is as the server."""
        return None if self.endpoint is None else self.endpoint.route.options.policy

    @property
    def disconnected(self) -> Notice:
        """The notice that the client is gone."""
        link = self.carrier.link
        watch = link.peer_watch
        if not isinstance(watch, Notice):
            watch = link.peer_watch = Notice()
            if link.has_peer_ended:
                watch.give()
        return watch

    @property
    def may_persist(self) -> bool:
        """Whether the connection may stay open after the answer."""
        if self.body is not None and self.body.awaits_continue:
            return False  # what comes in its place may be a request (RFC 9110 section 10.1.1)
        return self.head.persistent and not self.carrier.host.is_draining

    @property
    def shutting_down(self) -> Notice:
        """The server's notice that it ends."""
        return self.carrier.host.shutting_down

    @property
    def output_size(self) -> int:
        """The bytes of body that went out."""
        if self.writer is not None:
            return self.writer.output_size
        response = self.response
        if response is None or self.head.method == "HEAD" or response.status in (204, 304):
            return 0
        return response.body_length

    @property
    def size_error(self) -> type[Exception]:
        """The kind of the answer to a part that is too large; it takes the limit."""
        return HTTPRequestEntityTooLarge

    def refuse_size(self, limit: int, size: int) -> Exception:
        """The answer to a body that is too large."""
        return HTTPRequestEntityTooLarge(max_size=limit, actual_size=size)

    def refuse_fields(self, limit: int) -> Exception:
        """The answer to a form of too many fields."""
        text = f"413: a form has at most {limit} fields"
        error = HTTPRequestEntityTooLarge(max_size=limit, actual_size=limit + 1, text=text)
        error.own_text = text
        return error

    def refuse_media(self, text: str) -> Exception:
        """The answer to a body that cannot be read as text."""
        return in_own_words(HTTPUnsupportedMediaType, f"415: {text}")

    async def release(self) -> None:
        """Read the rest of the body and drop it."""
        if self.body is None:
            return
        stream = self.body.stream
        try:
            while not stream.at_eof():
                if not await stream.readany():
                    break
        except HTTPRequestEntityTooLarge:
            pass  # the connection deals with what is left

    def send_continue(self) -> None:
        """Let the client send the body (RFC 9110 section 10.1.1), if no answer is out."""
        assert self.body is not None  # it is the body's first read
        self.body.awaits_continue = False
        if self.phase is Phase.OPEN:
            self.carrier.write(self.carrier.core.send_rendered(CONTINUE, 0, status=100))

    async def send_early_hints(self, fields: list[tuple[str, str]]) -> None:
        """Send 103 (RFC 8297), unless the client is one of HTTP/1.0."""
        if self.phase is not _OPEN:
            raise RuntimeError("early hints come before the answer, and that is under way")
        if self.head.marks & MARK_HTTP_10:
            return  # RFC 9110 section 15.2
        if _FRAMING & {name.lower() for name, _ in fields}:
            raise ValueError("early hints have no body, and no field that frames one")
        raw = render_response_head(103, PHRASES[103], HTTP_11, fields)
        self.carrier.write(self.carrier.core.send_rendered(raw, 0, status=103))
        await self.link.drain()

    # The answer.

    def send_whole(self, response: Response) -> None:
        """Send a response whose body is bytes: head and body at once."""
        body = response._body
        size = 0 if body is None else len(body)  # type: ignore[arg-type]  # the caller looked
        carrier, head = self.carrier, self.head
        stamp = carrier.host.stamp
        self.response = response
        if self.may_persist:
            raw = plan_quickly(head, response, size, stamp)
            if raw is not None:
                self.phase = _ENDED
                self.persistent = True
                sent = b"" if head.method == "HEAD" else body or b""
                if len(sent) <= JOIN_SIZE:  # type: ignore[arg-type]  # the same
                    carrier.write(carrier.core.send_whole(raw, sent))  # type: ignore[arg-type]  # the same
                else:
                    carrier.write_parts((carrier.core.send_whole(raw), sent))  # type: ignore[arg-type]  # the same
                return
        plan = plan_response(head, response, size, stamp, may_persist=self.may_persist)
        self._send_planned(plan, b"" if body is None else body)  # type: ignore[arg-type]  # the same

    def _send_planned(self, plan: Plan, body: Buffer) -> None:
        carrier = self.carrier
        self.phase = _ENDED
        self.persistent = plan.persistent
        if not body or not plan.has_body:
            carrier.write(carrier.core.send_whole(plan.head, b"", persistent=plan.persistent))
        elif len(body) <= JOIN_SIZE:
            carrier.write(
                carrier.core.send_whole(plan.head, bytes(body), persistent=plan.persistent)
            )
        else:
            raw = carrier.core.send_whole(plan.head, b"", persistent=plan.persistent)
            carrier.write_parts((raw, body))

    async def finish(self, response: StreamResponse, request: BaseRequest) -> None:
        """Send what a handler returned, or the rest of it."""
        if self.phase is not Phase.OPEN and not self._is_for(response):
            raise RuntimeError(
                "the handler prepared one response and returned another; return the prepared one"
            )
        if self.phase is _OPEN and _is_value(response):
            await self.call_hooks(response, request)
            if self.phase is not _OPEN:
                raise RuntimeError("a response was prepared while on_response_prepare was at work")
            if self._is_plain(response):
                coding = self.negotiate(response, response._body)
                if coding is NO_CODING:
                    self.send_whole(response)
                else:
                    await self._send_coded(response, coding)
            else:
                # Without a link: the same response may be on its way to other clients.
                await response.write_to(self._start(response))
            return
        await response._answer(self, request)

    def _is_for(self, response: StreamResponse) -> bool:
        """Whether the answer that is under way is this response's."""
        own = self.writer
        return response is self.response or (own is not None and response._link is own)

    def _is_plain(self, response: Response) -> bool:
        """Whether the response goes out in one piece."""
        if isinstance(response._body, Payload) or self.head.method == "CONNECT":
            return False
        wishes = response._wishes
        return wishes is None or not (wishes.chunked or wishes.trailers)

    def negotiate(self, response: StreamResponse, body: object = None) -> Coding:
        """The coding of a response; `body` is the whole body where there is one."""
        compression = None if self.endpoint is None else self.endpoint.compression
        if compression is None and response._wishes is None:
            return NO_CODING
        size = len(body) if isinstance(body, bytes | bytearray | memoryview) else None
        if body is None and isinstance(response, Response):
            size = 0
        elif isinstance(body, Payload):
            size = body.size
        return negotiate(self.head, response, size, compression)

    async def _send_coded(self, response: Response, coding: Coding) -> None:
        """Send a response of bytes after coding it."""
        assert not isinstance(response._body, Payload)  # a payload is not plain
        data: Buffer = response._body or b""
        if coding.name is not None:
            data = await self._make_coder(coding.name, response).finish(data)
        if self.phase is not Phase.OPEN:
            raise RuntimeError("another response was prepared meanwhile")
        plan = plan_response(
            self.head,
            response,
            len(data),
            self.carrier.host.stamp,
            may_persist=self.may_persist,
            coding=coding,
        )
        self.send_data(response, plan, data)

    def _make_coder(self, coding: str, response: StreamResponse) -> Coder:
        compression = None if self.endpoint is None else self.endpoint.compression
        return Coder(coding, response.wishes, compression)

    async def start(self, response: StreamResponse, request: BaseRequest) -> "ResponseWriter":
        """Send the head of a response and link the response to its writer."""
        writer = await self.open_for(response, request)
        if writer is None:
            writer = response._link = self._start(response)
        return writer

    async def open_for(
        self, response: StreamResponse, request: BaseRequest
    ) -> "ResponseWriter | None":
        """Make sure that this response may be the answer; its writer, if it is so already."""
        if self.writer is not None and self._is_for(response):
            return self.writer
        self.check_free(response)
        await self.call_hooks(response, request)
        if self.phase is not Phase.OPEN:
            raise RuntimeError("a response was prepared while on_response_prepare was at work")
        return None

    def check_free(self, response: StreamResponse) -> None:
        """Make sure that there is no answer yet, and that the response is no other request's."""
        if self.phase is not Phase.OPEN:
            raise RuntimeError("this request has an answer already; prepare one response only")
        link = response._link
        if link is not None and not (response._is_reusable and link.is_ended):
            raise RuntimeError(
                f"this {type(response).__name__} answers another request; make one for each"
                " request, or return a web.Response without preparing it"
            )
        response._link = None  # until it has this request's; receivers of the signal may change it

    async def call_hooks(self, response: StreamResponse, request: BaseRequest) -> None:
        """Tell the applications' on_response_prepare."""
        if self.endpoint is not None and self.endpoint.hooks:
            for hook in self.endpoint.hooks:
                await hook.send(request, response)

    def _start(self, response: StreamResponse) -> "ResponseWriter":
        size, body = None, None
        if isinstance(response, Response):
            body = response._body
            size = response.content_length if body is not None else 0
        coding = self.negotiate(response, body)
        plan = plan_response(
            self.head,
            response,
            size if coding.name is None else None,
            self.carrier.host.stamp,
            may_persist=self.may_persist,
            coding=coding,
        )
        return self.open_writer(response, plan, coding.name)

    def open_writer(
        self, response: StreamResponse, plan: Plan, coding: str | None = None
    ) -> "ResponseWriter":
        """Send a planned head; the body follows through the writer."""
        core = self.carrier.core
        raw = core.send_rendered(
            plan.head, plan.framing, persistent=plan.persistent, status=response.status
        )
        coder = None
        if coding is not None and plan.has_body:
            coder = self._make_coder(coding, response)
        self.response = response
        self.persistent = plan.persistent
        self.phase = Phase.STARTED
        self.writer = ResponseWriter(self, plan, coder)
        if self.writer.may_send():
            self.carrier.write(raw)
        return self.writer

    def send_data(self, response: StreamResponse, plan: Plan, data: Buffer) -> "ResponseWriter":
        """Send a planned head and the whole body."""
        self.response = response
        self.writer = ResponseWriter(self, plan, None)
        self.writer.output_size = len(data) if plan.has_body else 0
        self._send_planned(plan, data)
        return self.writer

    def send_rendered(self, response: StreamResponse, head: bytes, body: bytes) -> None:
        """Send a head that is rendered up to the value of Content-Length, and the body."""
        carrier = self.carrier
        self.response = response
        self.phase = _ENDED
        self.persistent = True
        raw = head + carrier.host.stamp.tail
        if len(body) <= JOIN_SIZE:
            carrier.write(carrier.core.send_whole(raw, body))
        else:
            carrier.write_parts((carrier.core.send_whole(raw, b""), body))

    def open_beside(self, response: StreamResponse, plan: Plan) -> "ResponseWriter":
        """Send a planned head; the body, of the length it declares, goes to the link itself.

        `close_beside()` says that it is out.
        """
        carrier = self.carrier
        raw = carrier.core.send_whole(plan.head, b"", persistent=plan.persistent)
        self.response = response
        self.persistent = plan.persistent
        self.phase = Phase.STARTED
        self.writer = ResponseWriter(self, plan, None)
        carrier.write_parts((raw,))
        return self.writer

    def close_beside(self) -> None:
        """The body is out that went to the link itself."""
        self.phase = _ENDED

    def switch(self, response: StreamResponse, raw: bytes) -> bytes:
        """Answer with 101 and leave HTTP; the bytes that came behind the request."""
        core = self.carrier.core
        self.carrier.write(core.send_rendered(raw, 0, status=101))
        self.carrier.switch()
        self.response = response
        self.phase = _ENDED
        return core.switch()

    def fail(self) -> None:
        """Give up on an answer of which a part is out: the client must see that it is cut.

        A websocket can say so itself, and ends the link.
        """
        self.phase = Phase.FAILED
        self.persistent = False
        if self.response is None or not self.response._give_up():
            self.carrier.abort()


def _is_value(response: StreamResponse) -> TypeGuard[Response]:
    """Whether a response is sent without a link to one request, as no method of it is its own."""
    kind = type(response)
    return kind is Response or (
        isinstance(response, Response)
        and kind.prepare is StreamResponse.prepare
        and kind.write_eof is Response.write_eof
    )


Job: TypeAlias = tuple[Exchange, BaseRequest]
"""What a request's task is given. The exchange does not know the request: no circle is left."""


class ResponseWriter:
    """The mutable half of a response: what is written to it goes out, framed and coded."""

    __slots__ = ("_coder", "_exchange", "_plan", "output_size")

    def __init__(self, exchange: Exchange, plan: Plan, coder: Coder | None) -> None:
        self._exchange = exchange
        self._plan = plan
        self._coder = coder
        self.output_size = 0

    @property
    def is_ended(self) -> bool:
        """Whether the body is complete."""
        return self._exchange.phase is not Phase.STARTED

    @property
    def is_persistent(self) -> bool:
        """Whether the connection stays open."""
        return self._plan.persistent

    @property
    def task(self) -> "asyncio.Task[Any]":
        """The task that answers the request."""
        return self._exchange.task

    def get_extra_info(self, name: str, default: object = None) -> object:
        """What the transport knows."""
        return self._exchange.link.get_extra_info(name, default)

    async def write(self, data: Buffer) -> None:
        """Send a piece of the body, and wait while the client is slow."""
        if not self.may_send():
            return
        if self._coder is not None:
            data = await self._coder.encode(data, self._flush)
            if not self.may_send():
                return
        self._send(data)
        await self.drain()

    async def write_payload(self, payload: Payload) -> None:
        """Send a payload."""
        if self.may_send() and self._plan.has_body:
            await payload.write(self)

    async def write_eof(self, data: Buffer = b"") -> None:
        """End the body; a second call does nothing."""
        exchange = self._exchange
        if exchange.phase is Phase.ENDED:
            return
        if self.may_send() and self._coder is not None:
            data = await self._coder.finish(data)
        if not self.may_send():
            exchange.phase = Phase.ENDED
            exchange.persistent = False
            return
        self._send(data)
        trailers = None
        if self._plan.has_trailers:
            assert exchange.response is not None  # since the head is out
            trailers = exchange.response.wishes.trailers
        exchange.phase = Phase.ENDED
        ending = self._translated(exchange.carrier.core.send_end, trailers)
        if ending:
            exchange.carrier.write(ending)
        await self.drain()

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""
        try:
            await self._exchange.link.drain()
        except LinkLost:
            if not self._is_shielded:
                raise

    @property
    def _is_shielded(self) -> bool:
        return self._exchange.disconnect_policy is DisconnectPolicy.SHIELD

    def _flush(self) -> None:
        """The handler has paused: let the client read what was coded so far."""
        exchange = self._exchange
        assert self._coder is not None  # it is who calls
        if exchange.phase is Phase.STARTED and not exchange.link.is_closing:
            self._send(self._coder.flush())

    def _send(self, data: Buffer) -> None:
        if not data or not self._plan.has_body:
            return
        exchange = self._exchange
        parts = self._translated(exchange.carrier.core.send_data, data)
        self.output_size += len(data)
        exchange.carrier.write_parts(parts)

    def _translated(self, send: Any, *args: Any) -> Any:
        try:
            return send(*args)
        except ProtocolError as exc:
            self._exchange.fail()
            raise RuntimeError(f"the response is broken off: {exc.reason.text}") from exc

    def may_send(self) -> bool:
        """Whether more can be sent; False where that is to be dropped, an error otherwise."""
        phase = self._exchange.phase
        if phase is Phase.ENDED:
            raise RuntimeError("cannot write after write_eof()")
        if phase is not Phase.FAILED and not self._exchange.link.is_closing:
            return True
        if phase is Phase.FAILED or not self._is_shielded:
            raise LinkLost("cannot write: the connection is closed")
        return False
