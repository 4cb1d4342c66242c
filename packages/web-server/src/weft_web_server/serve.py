"""From a request to its answer: runs the handler and turns what it raises into a response.

Decides which fault gets which status, and what is logged of it. Knows no bytes.
"""

import asyncio
import logging
import time
import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final, Protocol

from weft_http_parser import (
    MARK_EXPECT,
    MARK_HTTP_10,
    PHRASES,
    BodyTooLarge,
    ContentCodingError,
    MultipartError,
    Payload,
    ProtocolError,
)

from ._twin.api import Work
from .access_log import AbstractAccessLogger, AbstractAsyncAccessLogger
from .error_pages import ErrorFacts, asks_for_form, render_error
from .errors import RequestAddressError, RequestPayloadError, RequestTimeout
from .exchange import Exchange, Job, Phase
from .http_errors import HTTPException, HTTPExpectationFailed
from .peer_log import PeerLog
from .request import BaseRequest
from .response import Response
from .settings import ServerOptions
from .streaming import StreamResponse
from .tasks import Tasks

Resolve = Callable[[Any], Callable[[Any], Awaitable[Any]]]
Log = Callable[[BaseRequest, StreamResponse, float], None]

_OPEN: Final = Phase.OPEN
TROUBLE: Final = "500 Internal Server Error\n\nServer got itself in trouble"


class Host(Protocol):
    """What running a handler needs of the server."""

    @property
    def is_draining(self) -> bool: ...
    @property
    def is_debug(self) -> bool: ...
    @property
    def options(self) -> ServerOptions: ...
    @property
    def resolve(self) -> Resolve: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def peer_log(self) -> PeerLog: ...
    @property
    def logger(self) -> logging.Logger: ...
    @property
    def is_logging(self) -> bool: ...
    @property
    def access_logger(self) -> AbstractAccessLogger | AbstractAsyncAccessLogger | None: ...

    def exchange_over(self) -> None: ...


def make_work(host: Host) -> Work:
    """The coroutine function that answers one request of a server.

    What its handler has come to, where its first step is done, is given as an awaitable, with the
    time at which that began.
    """
    resolve = host.resolve
    log_access = make_log_access(host)

    async def work(
        exchange: Exchange,
        request: BaseRequest,
        begun: Awaitable[Any] | None = None,
        started_at: float = 0.0,
    ) -> None:
        is_logging = host.is_logging
        if is_logging and not started_at:
            started_at = time.monotonic()
        try:
            if begun is not None:
                response = await begun
            else:
                handler = resolve(request)
                response = None
                if exchange.head.marks & MARK_EXPECT:
                    response = await _expect(exchange, request)
                if response is None:
                    response = await handler(request)
            if (
                type(response) is Response
                and exchange.phase is _OPEN
                and response._wishes is None
                and (type(response._body) is bytes or response._body is None)
                and (exchange.endpoint is None or exchange.endpoint.is_plain)
            ):
                exchange.send_whole(response)
            else:
                try:
                    await exchange.finish(check_response(response, request), request)
                finally:
                    _run_after(host, exchange)
            if exchange.carrier.link.is_full:
                # Whoever asks on and reads nothing waits, or his answers would pile up here.
                await exchange.carrier.link.drain()
        except BaseException as exc:
            await _recover(host, (exchange, request), exc)
        finally:
            if is_logging and exchange.response is not None:
                log_access(request, exchange.response, started_at)
            # Its writer knows the exchange: no circle is left, and a body's file ends with it.
            exchange.response = None
            exchange.carrier.over(exchange)
            if host.is_draining:
                host.exchange_over()

    return work


async def _expect(exchange: Exchange, request: BaseRequest) -> StreamResponse | None:
    """Answer an Expect field (RFC 9110 section 10.1.1); 100 goes out when the body is read."""
    endpoint = exchange.endpoint
    if endpoint is not None and endpoint.expect_handler is not None:
        answer: StreamResponse | None = await endpoint.expect_handler(request)
        return answer
    head = exchange.head
    # RFC 9110 section 10.1.1: what a client of 1.0 expects is ignored.
    if not head.expects_continue and not head.marks & MARK_HTTP_10:
        raise HTTPExpectationFailed
    return None


def check_response(response: object, request: BaseRequest) -> StreamResponse:
    """What a handler returned, if it is a response."""
    if isinstance(response, StreamResponse):
        return response
    if isinstance(response, HTTPException):
        warnings.warn(
            "weft_web_server.HTTPException as a return value is deprecated since"
            " weft-web-server 0.1; raise it",
            DeprecationWarning,
            stacklevel=2,
        )
        return response.response
    what = "None" if response is None else f"an object of type {type(response).__name__}"
    raise NotAResponse(
        f"the handler of {request.method} {request.path!a} returned {what};"
        " return a web.Response (is a return statement missing?)"
    )


class NotAResponse(TypeError):
    """A handler returned something else."""


async def _recover(host: Host, job: Job, exc: BaseException) -> None:
    """Answer for a handler that raised, as far as an answer can still be given."""
    exchange, request = job
    if not isinstance(exc, Exception):  # cancelled, or the program ends
        exchange.fail()
        raise exc
    if _is_loss(exc) and exchange.phase is Phase.ENDED and not exchange.link.is_closing:
        host.peer_log.tell(logging.DEBUG, "the client's websocket has ended before its handler")
        exchange.fail()  # no more than closes it, where the error was another connection's
        return
    if exchange.link.is_closing and (_is_loss(exc) or isinstance(exc, TimeoutError)):
        # A TimeoutError is the link's, which has ended with a client that takes nothing.
        host.peer_log.tell(
            logging.DEBUG, "the client went away before its answer, or took nothing of it"
        )
        exchange.fail()
        return
    response = to_response(host, request, exc)
    if response.status >= 500:
        _log_fault(host, request, exc)
    if isinstance(exc, HTTPException):
        exc.__traceback__ = None  # it knows the request, which may know the error
    if exchange.phase is not _OPEN:
        _run_after(host, exchange)
        _log_late(host, exchange, exc, response)
        exchange.fail()
        return
    exchange.response = None
    try:
        await exchange.finish(response, request)
        _run_after(host, exchange)
    except Exception as second:
        if not (_is_loss(second) and exchange.link.is_closing):
            host.logger.exception("the answer to a failed request failed too")
        exchange.fail()


def _run_after(host: Host, exchange: Exchange) -> None:
    """Begin what is to be done behind the answer, which is out as far as it will be."""
    response = exchange.response
    if response is not None and response._wishes is not None:
        for call in response._wishes.after:
            host.tasks.run(call)


def _is_loss(exc: Exception) -> bool:
    """Whether a write failed because the client is gone: LinkLost, or a websocket's error.

    Those of other connections that a handler has come from the system, with a number.
    """
    return isinstance(exc, ConnectionResetError) and exc.errno is None


def to_response(host: Host, request: BaseRequest, exc: Exception) -> Response:
    """The answer to an exception: what it describes, or what its kind deserves."""
    if isinstance(exc, HTTPException):
        response = exc.response
        if exc.status < 400 or not exc.is_own:
            return response  # the words of a handler
        if host.options.render_error is render_error and not asks_for_form(request):
            return response
        assert exc.own_text is not None  # is_own says so
        rendered = _render(host, request, exc.status, exc.own_text, None)
        return rendered.standing_for(response)
    status, text = _judge(exc)
    is_shown = status == 500 and host.is_debug
    response = _render(host, request, status, text, exc if is_shown else None)
    if status in (400, 408, 413):
        response.force_close()
    return response


def _render(
    host: Host, request: BaseRequest | None, status: int, text: str, exc: Exception | None
) -> Response:
    """What the renderer of the server makes of an error; one that fails is logged."""
    phrase = PHRASES.get(status, "")
    detail = text.removeprefix(f"{status}: ").removeprefix(f"{status} {phrase}").strip()
    facts = ErrorFacts(
        status=status,
        detail="" if detail == phrase else detail,
        text=f"{status} {phrase}" if exc is not None else text,
        request=request,
        exception=exc,
    )
    try:
        response = host.options.render_error(facts)
        if isinstance(response._body, Payload):
            raise TypeError("the body is no bytes and no text")
    except Exception:
        host.logger.exception("render_error() failed; it is to return a web.Response")
        return Response(status=status, text=text)
    # One of our own is new; another may be kept for the next error.
    return response if host.options.render_error is render_error else response.copy()


def render_fault(host: Host, status: int, text: str) -> Response:
    """The answer to bytes that never became a request."""
    return _render(host, None, status, f"{status}: {text}", None)


def _judge(exc: Exception) -> tuple[int, str]:
    if isinstance(exc, RequestTimeout):
        return 408, "408: the body came too slowly"
    if isinstance(exc, BodyTooLarge):
        return 413, "413: the body is too large"
    if isinstance(exc, ProtocolError) and exc.status < 500:
        return exc.status, f"{exc.status}: {exc.reason.text}"
    if isinstance(exc, MultipartError):
        return exc.status, f"{exc.status}: the form cannot be read"
    if isinstance(exc, RequestPayloadError | ContentCodingError):
        return 400, "400: the body of the request is broken"
    if isinstance(exc, RequestAddressError):
        return 400, "400: the target or the Host of the request is no address"
    if isinstance(exc, asyncio.TimeoutError):
        return 504, "504: Gateway Timeout"
    return 500, TROUBLE


def _log_fault(host: Host, request: BaseRequest, exc: Exception) -> None:
    remote = request.remote
    if isinstance(exc, NotAResponse):
        host.logger.error("%s", exc)
    elif not isinstance(exc, HTTPException):
        host.logger.error("Error handling request from %s", remote, exc_info=exc)


def _log_late(host: Host, exchange: Exchange, exc: Exception, response: Response) -> None:
    if isinstance(exc, HTTPException) or response.status < 500:
        host.logger.error(
            "%s was raised when the answer was already under way; the connection is closed",
            type(exc).__name__,
        )


def make_log_access(host: Host) -> Log:
    """What is told of each answer that is out, with the time at which its request was started."""
    logger, tasks, monotonic = host.access_logger, host.tasks, time.monotonic
    if logger is None:
        return _log_nothing
    if isinstance(logger, AbstractAsyncAccessLogger):
        log: Log = partial(logger.begin, tasks)
    else:
        log = logger.log

    def log_access(request: BaseRequest, response: StreamResponse, started_at: float) -> None:
        try:
            log(request, response, monotonic() - started_at)
        except Exception:
            host.logger.exception("the access log failed")

    return log_access


def _log_nothing(request: BaseRequest, response: StreamResponse, started_at: float) -> None:
    """There is no log."""
