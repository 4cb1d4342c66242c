"""The course of one request: from what the caller said, over attempts and redirects, to an answer.

Decides what is tried again and what is told to whom. Keeps nothing between requests.
"""

import asyncio
import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import attrs
from multidict import CIMultiDict
from yarl import URL

from weft_client_session.connection import Connection
from weft_client_session.connector import BaseConnector
from weft_client_session.deadlines import Deadlines, describe
from weft_client_session.errors import (
    ClientConnectionError,
    ClientError,
    RequestPhase,
    TooManyRedirects,
    head_error,
    lost_error,
)
from weft_client_session.exchange import ClientExchange
from weft_client_session.jar import AbstractCookieJar, CookieJar
from weft_client_session.middleware import ClientMiddlewareType, fold
from weft_client_session.options import ClientTimeout, RequestOptions, Route, StatusCheck
from weft_client_session.proxies import PROXY_SCHEMES, netrc_auth, proxy_from_env
from weft_client_session.reading import BodyReading, reading_for
from weft_client_session.redirect_policy import Redirect, RedirectPolicy, is_same_origin
from weft_client_session.redirects import next_hop
from weft_client_session.request import (
    IDEMPOTENT_METHODS,
    ClientRequest,
    ConnectionKey,
    RequestSpec,
    checked_url,
    join_url,
    merge_headers,
    split_credentials,
    to_payload,
)
from weft_client_session.response import ClientResponse, Settings
from weft_http_parser import (
    MARK_SET_COOKIE,
    BasicAuth,
    Limits,
    LinkLost,
    ProtocolError,
    ResponseHead,
    Version,
    hdrs,
)

if TYPE_CHECKING:  # where nobody traces, tracing is not loaded
    from weft_client_session.tracing import TraceConfig, TracedSession


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Defaults:
    """What a session adds to what a request says."""

    base_url: URL | None
    headers: "CIMultiDict[str]"
    skipped: frozenset[str]
    auth: BasicAuth | None
    version: Version
    timeout: ClientTimeout
    trust_env: bool
    proxy: URL | None
    proxy_auth: BasicAuth | None
    raise_for_status: StatusCheck
    dumps: Callable[[object], str]
    dumps_bytes: Callable[[object], bytes] | None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tools:
    """What a session works with."""

    redirect_policy: RedirectPolicy
    requotes: bool
    owner: "TracedSession"
    defaults: Defaults
    connector: BaseConnector
    jar: AbstractCookieJar
    reading: BodyReading
    limits: Limits
    settings: Settings
    middlewares: Sequence[ClientMiddlewareType]
    trace_configs: "Sequence[TraceConfig]"


def build_spec(
    method: str, url: str | URL, options: RequestOptions, defaults: Defaults
) -> RequestSpec:
    """What a caller said and what his session adds, as one value."""
    content = options.content
    target = join_url(defaults.base_url, url, options.params)
    target, url_auth = split_credentials(target)
    auth = options.auth or url_auth
    headers = merge_headers(defaults.headers, options.headers)
    if auth is None and (defaults.base_url is None or is_same_origin(defaults.base_url, target)):
        auth = defaults.auth
    skipped = defaults.skipped
    if options.skip_auto_headers is not None:
        skipped |= {name.lower() for name in options.skip_auto_headers}
    return RequestSpec(
        method=method.upper(),
        url=target,
        headers=headers,
        auth=auth,
        cookies=_cookie_pairs(options),
        skipped=skipped,
        body=to_payload(content, defaults.dumps, defaults.dumps_bytes),
        content=content,
        route=options.route,
        version=defaults.version,
    )


def _cookie_pairs(options: RequestOptions) -> tuple[tuple[str, str], ...]:
    if not options.cookies:
        return ()
    jar = CookieJar(unsafe=True)
    jar.update_cookies(options.cookies)
    return tuple((morsel.key, morsel.coded_value) for morsel in jar)


class First(NamedTuple):
    """What the first hop of a course came to."""

    spec: RequestSpec
    request: ClientRequest
    key: ConnectionKey | None
    raw: bytes


class Course:
    """One request on its way."""

    __slots__ = (
        "_deadlines",
        "_history",
        "_key",
        "_options",
        "_raw",
        "_reading",
        "_tools",
        "_traces",
        "first",
    )

    def __init__(
        self, tools: Tools, options: RequestOptions, deadlines: Deadlines | None = None
    ) -> None:
        timeout = options.timeout or tools.defaults.timeout
        context = options.trace_request_ctx
        self._tools = tools
        self._options = options
        # A course may go on where another way has ended, and has no more time then.
        self._deadlines = deadlines or Deadlines(timeout, tools.connector.running_loop().time())
        self._traces = [config.trace(tools.owner, context) for config in tools.trace_configs]
        self._reading = self._choose_reading()
        self._history: list[ClientResponse] = []
        self._raw = b""
        self._key: ConnectionKey | None = None
        # What the first hop came to, for those who want to send the same again.
        self.first: First | None = None

    async def run(
        self, spec: RequestSpec, response: ClientResponse | None = None
    ) -> ClientResponse:
        """The last answer, checked and told to whoever traces.

        A first `response` may have come already.
        """
        if not self._traces:
            return await self._run(spec, response)
        asked = (spec.method, spec.url.with_fragment(None), spec.headers)
        for trace in self._traces:
            await trace.request_start(*asked)
        try:
            response = await self._run(spec, response)
            for trace in self._traces:
                await trace.request_end(*asked, response)
            return response
        except BaseException as exc:
            for trace in self._traces:
                await trace.request_exception(*asked, exc)
            raise

    async def _run(self, spec: RequestSpec, response: ClientResponse | None) -> ClientResponse:
        try:
            response = await self._follow(spec, response)
        except BaseException:
            if spec.body is not None:
                await spec.body.close()
            raise
        check = self._options.following.raise_for_status
        if check is None:
            check = self._tools.defaults.raise_for_status
        if check is False:
            return response
        try:
            await check_status(response, check)
        except BaseException:
            response.close()
            raise
        return response

    async def _follow(self, spec: RequestSpec, response: ClientResponse | None) -> ClientResponse:
        """Go from hop to hop."""
        tools, following = self._tools, self._options.following
        middlewares = self._options.middlewares
        if middlewares is None:
            middlewares = tools.middlewares
        handler = fold(middlewares, self._send)
        while True:
            if response is None:
                if tools.defaults.trust_env:
                    spec = await self._with_netrc(spec)
                request = self._build(spec)
                response = await handler(request)
                self._note_first(spec, request)
            if not following.allow_redirects:
                return response
            try:
                hop = self._next_hop(spec, response.head)
            except BaseException:
                response.close()
                raise
            if hop is None:
                response.set_history(tuple(self._history))
                return response
            await self._leave(response, following.max_redirects)
            spec, response = hop, None

    def _next_hop(self, spec: RequestSpec, head: ResponseHead) -> RequestSpec | None:
        """The request that a redirect asks for, if it asks for one that may be made."""
        hop = next_hop(spec, head, requotes=self._tools.requotes)
        if hop is None:
            return None
        redirect = Redirect(
            status=head.status,
            source=spec.url,
            target=hop.url,
            method=hop.method,
            count=len(self._history) + 1,
        )
        policy = self._options.following.redirect_policy or self._tools.redirect_policy
        return hop if policy(redirect) else None

    def _note_first(self, spec: RequestSpec, request: ClientRequest) -> None:
        if self.first is None:
            self.first = First(spec, request, self._key, self._raw)

    async def _leave(self, response: ClientResponse, max_redirects: int) -> None:
        self._history.append(response)
        if len(self._history) >= max_redirects:
            response.close()
            raise TooManyRedirects(self._history[0].request_info, tuple(self._history))
        for trace in self._traces:
            headers = CIMultiDict(response.headers)
            await trace.request_redirect(response.method, response.url, headers, response)
        response.release()

    def _build(self, spec: RequestSpec) -> ClientRequest:
        """The message of one hop: its way and its cookies."""
        tools = self._tools
        url = checked_url(spec.url, tools.connector.allowed_protocol_schema_set)
        route = self._choose_route(spec)
        if route is not spec.route:
            spec = attrs.evolve(spec, route=route)
        return ClientRequest(spec, cookies=cookies_for(tools.jar, url), session=tools.owner)

    async def _with_netrc(self, spec: RequestSpec) -> RequestSpec:
        """The password that the user's netrc file has for this hop's host."""
        if spec.auth is not None or hdrs.AUTHORIZATION in spec.headers:
            return spec
        loop, host = asyncio.get_running_loop(), spec.url.host or ""
        auth = await loop.run_in_executor(None, netrc_auth, host, os.environ)
        return spec if auth is None else attrs.evolve(spec, auth=auth)

    def _choose_route(self, spec: RequestSpec) -> Route:
        route, defaults = self._options.route, self._tools.defaults
        if route.proxy is None and defaults.proxy is None and not defaults.trust_env:
            return route
        proxy = route.proxy if route.proxy is not None else defaults.proxy
        auth = route.proxy_auth or defaults.proxy_auth
        if proxy is None and defaults.trust_env:
            proxy = proxy_from_env(spec.url, os.environ)
        if proxy is None:
            return attrs.evolve(route, proxy=None, proxy_auth=None, proxy_headers=None)
        proxy_url, url_auth = split_credentials(checked_proxy(proxy))
        return attrs.evolve(route, proxy=proxy_url, proxy_auth=auth or url_auth)

    async def _send(self, request: ClientRequest) -> ClientResponse:
        """One message and its answer; the innermost handler."""
        tools = self._tools
        raw = request.render()
        self._raw = raw
        self._deadlines.is_repeatable = (
            request.method in IDEMPOTENT_METHODS and request.is_repeatable
        )
        may_be_stale = True  # one such loss is borne
        while True:
            connection = await self._connect(request)
            self._key = connection.key
            is_reused = connection.uses > 0
            exchange = ClientExchange(connection, self._deadlines, self._reading)
            try:
                head = await self._exchange(exchange, raw, request)
                break
            except LinkLost as exc:
                # Not a byte was sent, so the server has seen nothing.
                if not is_reused and not may_be_stale:
                    raise self._unsent(exc, exchange) from exc
                may_be_stale = may_be_stale and is_reused
            except ClientConnectionError:
                if not may_be_stale or not is_reused or not may_repeat(exchange, request):
                    raise
                may_be_stale = False
            self._deadlines.attempt += 1
        keep_cookies(tools.jar, head, request.url)
        return ClientResponse(head, request, exchange, tools.settings, self._traces)

    async def _connect(self, request: ClientRequest) -> Connection:
        """A connection for one attempt."""
        connector, deadlines = self._tools.connector, self._deadlines
        limits = self._options.reading.limits(self._tools.limits)
        if not self._traces:
            connection = connector.take_for(request, limits)
            if connection is not None:
                return connection
        try:
            return await connector.connect(request, self._traces, deadlines, limits=limits)
        except (ClientError, TimeoutError) as exc:
            now, url = connector.running_loop().time(), request.proxy or request.url
            peer = (url.raw_host or "", url.port or 0)
            describe(exc, deadlines, deadlines.phase, now, peer)
            raise

    def _unsent(self, error: LinkLost, exchange: ClientExchange) -> ClientConnectionError:
        """What is raised where nothing could be sent."""
        lost = lost_error(error)
        exchange.describe(lost)
        lost.phase, lost.safe_to_retry = RequestPhase.SEND, True
        return lost

    async def _exchange(
        self, exchange: ClientExchange, raw: bytes, request: ClientRequest
    ) -> ResponseHead:
        try:
            exchange.connection.watch(exchange.deadline)
            await exchange.send(raw, request, self._traces)
            if self._deadlines.is_paced:
                exchange.touch()
            return await exchange.answer()
        except ProtocolError as exc:
            exchange.close()
            error = head_error(exc, request.request_info)
            exchange.describe(error)
            raise error from exc
        except BaseException:
            exchange.close()
            raise

    def _choose_reading(self) -> BodyReading:
        return reading_for(self._options.reading, self._tools.reading)


def may_repeat(exchange: ClientExchange, request: ClientRequest) -> bool:
    """RFC 9110 9.2.2: a kept connection that died is no answer to an idempotent request."""
    if exchange.has_received or not request.is_repeatable:
        return False
    if isinstance(exchange.error, TimeoutError):
        return False  # it did not die: the server has the request, and is slow
    return request.method in IDEMPOTENT_METHODS


def cookies_for(jar: AbstractCookieJar, url: URL) -> list[tuple[str, str]]:
    """The pairs that go with a request."""
    if isinstance(jar, CookieJar) and not len(jar):
        return []
    return [(morsel.key, morsel.coded_value) for morsel in jar.filter_cookies(url).values()]


def keep_cookies(jar: AbstractCookieJar, head: ResponseHead, url: URL) -> None:
    """Let the jar have the cookies of an answer."""
    if head.marks & MARK_SET_COOKIE:
        jar.update_cookies_from_headers(head.get_all("Set-Cookie"), url)


async def check_status(response: ClientResponse, check: StatusCheck) -> None:
    """Raise for an error status, or let the caller's own check do it."""
    if not isinstance(check, bool):
        await check(response)
    elif response.status >= 400:
        await response.raise_with_start()


def checked_proxy(proxy: str | URL) -> URL:
    """A proxy that can be spoken to."""
    url = URL(proxy)
    if url.scheme not in PROXY_SCHEMES:
        raise ValueError(f"a proxy is reached by http or https, not by {proxy!s}")
    return url
