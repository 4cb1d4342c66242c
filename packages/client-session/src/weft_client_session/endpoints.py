"""Where connections go: over TCP, to a unix socket, to a named pipe of Windows.

Decides what is dialled for a request. The pool and its line are the base's.
"""

import asyncio
import functools
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from ssl import SSLContext
from typing import TYPE_CHECKING, Protocol, Unpack

from multidict import CIMultiDict

from weft_client_session.connection import Connection
from weft_client_session.connector import (
    KEEPALIVE_SECONDS,
    BaseConnector,
    OldKeywords,
    warn_of_old,
)
from weft_client_session.deadlines import Deadlines, bounded
from weft_client_session.dial import (
    DialOptions,
    SocketFactory,
    Target,
    Tls,
    Tunnel,
    dial,
    dial_unix,
    translated,
)
from weft_client_session.errors import (
    ClientConnectorDNSError,
    ClientProxyConnectionError,
    DNSTimeoutError,
    RequestFailure,
    RequestPhase,
    SocketConnectTimeoutError,
    UnixClientConnectorError,
)
from weft_client_session.redirect_policy import TLS_SCHEMES
from weft_client_session.request import ClientRequest, ConnectionKey
from weft_client_session.resolver import (
    AbstractResolver,
    AddressCache,
    CacheTimes,
    HostAddresses,
    NameService,
    ResolveResult,
)
from weft_client_session.resumption import SessionCache
from weft_client_session.tls import (
    SSLSetting,
    checked_setting,
    pin_for,
    ready_context,
    settled_tls,
)
from weft_http_parser import Link, hdrs

if TYPE_CHECKING:  # where nobody traces, tracing is not loaded
    from weft_client_session.tracing import Trace


class TCPConnector(BaseConnector):
    """Connections over TCP, with or without TLS, straight or through a proxy."""

    def __init__(  # wide: the shape of aiohttp
        self,
        *,
        use_dns_cache: bool = True,
        ttl_dns_cache: float | None = 10,
        ttl_dns_failed: float = 0,
        ttl_dns_stale: float = 0,
        dns_cache_max_size: int = 1000,
        hosts: HostAddresses | None = None,
        family: socket.AddressFamily = socket.AF_UNSPEC,
        ssl: SSLSetting | None = True,
        local_addr: tuple[str, int] | None = None,
        resolver: AbstractResolver | None = None,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        force_close: bool = False,
        limit: int | None = 100,
        limit_per_host: int = 0,
        connection_max_age: float | None = None,
        connection_max_uses: int | None = None,
        happy_eyeballs_delay: float | None = 0.25,
        interleave: int | None = None,
        socket_factory: SocketFactory | None = None,
        verify_ssl: bool = True,
        fingerprint: bytes | None = None,
        ssl_context: SSLContext | None = None,
        **old: Unpack[OldKeywords],
    ) -> None:
        warn_of_old(old, 2)
        given = {"verify_ssl": verify_ssl, "fingerprint": fingerprint, "ssl_context": ssl_context}
        ssl = settled_tls({**given, "ssl": ssl}, 2)["ssl"]  # type: ignore[assignment]  # checked below
        super().__init__(
            keepalive_timeout=keepalive_timeout,
            force_close=force_close,
            limit=limit,
            limit_per_host=limit_per_host,
            connection_max_age=connection_max_age,
            connection_max_uses=connection_max_uses,
        )
        self._options = DialOptions(
            local_addr=local_addr,
            happy_eyeballs_seconds=happy_eyeballs_delay,
            interleave=interleave,
            socket_factory=socket_factory,
        )
        self._ssl = checked_setting(ssl)
        self._sessions = SessionCache()
        times = CacheTimes(found=ttl_dns_cache, failed=ttl_dns_failed, stale=ttl_dns_stale)
        self._names = NameService(
            resolver, family, AddressCache(times, dns_cache_max_size), use_dns_cache, hosts
        )

    @property
    def family(self) -> socket.AddressFamily:
        """The family of addresses that are asked for; AF_UNSPEC is all."""
        return self._names.family

    @property
    def use_dns_cache(self) -> bool:
        """Answers of the resolver are kept for a while."""
        return self._names.uses_cache

    def clear_dns_cache(self, host: str | None = None, port: int | None = None) -> None:
        """Forget the addresses of one host, or of all."""
        if (host is None) != (port is None):
            raise ValueError("either both host and port or none of them are allowed")
        if host is None or port is None:
            self._names.cache.clear()
        else:
            self._names.cache.discard((host, port))

    async def close(self, *, abort_ssl: bool = False) -> None:
        """Close every connection, in use or not, and the resolver."""
        await super().close(abort_ssl=abort_ssl)
        await self._names.close()

    async def open(
        self,
        request: ClientRequest,
        connection: Connection,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Link:
        """A new link to the server, or to the proxy."""
        key, url = connection.key, request.proxy or request.url
        host = url.raw_host or ""
        addresses = await self._addresses(request, key, traces, deadlines)
        target = Target(
            key=key,
            addresses=addresses,
            tls=await self._tls(request, key, host) if url.scheme in TLS_SCHEMES else None,
            tunnel=await self._tunnel(request, key),
            is_proxy=request.proxy is not None,
        )
        async with in_socket_time(request, deadlines):
            return await dial(connection, target, self._options, deadlines)

    async def _addresses(
        self,
        request: ClientRequest,
        key: ConnectionKey,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> list[ResolveResult]:
        url = request.proxy or request.url
        host, port = url.raw_host or "", url.port or 0
        deadlines.phase = RequestPhase.DNS
        at = deadlines.after(deadlines.timeout.dns, asyncio.get_running_loop().time())
        text = f"The host {host} was not looked up in time"
        try:
            async with bounded(at, lambda: deadlines.overdue(at, DNSTimeoutError, text)):
                return await self._names.resolve(host, port, traces)
        except OSError as exc:
            if isinstance(exc, RequestFailure):  # of the bound
                raise
            if request.proxy is not None:
                raise ClientProxyConnectionError(key, exc) from exc
            raise ClientConnectorDNSError(key, exc) from exc

    async def _tls(self, request: ClientRequest, key: ConnectionKey, host: str) -> Tls:
        if request.proxy is not None:
            return Tls(context=await ready_context(True, self._ssl), server_hostname=host)
        context = await ready_context(key.ssl, self._ssl)
        name = (key.server_hostname or host).rstrip(".")
        return Tls(
            context=context,
            server_hostname=name,
            pin=pin_for(key.ssl, self._ssl),
            session=self._sessions.get(context, name, key.port or 0),
        )

    def take_back(self, connection: Connection) -> None:
        """The connection is free for the next request."""
        self._keep_session(connection)
        super().take_back(connection)

    def forget(self, connection: Connection) -> None:
        """The connection was in use, and closes."""
        self._keep_session(connection)
        super().forget(connection)

    def _keep_session(self, connection: Connection) -> None:
        key = connection.key
        if key.is_ssl and key.proxy is None and connection.uses == 1:
            self._sessions.keep(connection.link.get_extra_info("ssl_object"), key.port or 0)

    async def _tunnel(self, request: ClientRequest, key: ConnectionKey) -> Tunnel | None:
        if request.proxy is None or not request.is_ssl():
            return None
        route, url = request.route, request.url
        authority = f"{url.host_subcomponent}:{url.port}"
        headers: CIMultiDict[str] = CIMultiDict({hdrs.HOST: authority})
        headers.update(CIMultiDict(route.proxy_headers or ()))
        if route.proxy_auth is not None:
            headers[hdrs.PROXY_AUTHORIZATION] = route.proxy_auth.encode()
        tls = Tls(
            context=await ready_context(key.ssl, self._ssl),
            server_hostname=(key.server_hostname or request.host).rstrip("."),
            pin=pin_for(key.ssl, self._ssl),
        )
        return Tunnel(url=request.proxy, authority=authority, headers=headers, tls=tls)


class UnixConnector(BaseConnector):
    """Connections to one unix socket, whatever the host of the URL."""

    allowed_protocol_schema_set = BaseConnector.allowed_protocol_schema_set | {"unix"}

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        limit: int | None = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        connection_max_age: float | None = None,
        connection_max_uses: int | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            connection_max_age=connection_max_age,
            connection_max_uses=connection_max_uses,
            loop=loop,
        )
        self._path = os.fspath(path)

    @property
    def path(self) -> str:
        """The path of the socket."""
        return self._path

    async def open(
        self,
        request: ClientRequest,
        connection: Connection,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Link:
        """A new link to the socket."""
        key, tls = connection.key, None
        if request.is_ssl():
            name = key.server_hostname or request.host
            tls = Tls(context=await ready_context(key.ssl), server_hostname=name)
        error = functools.partial(UnixClientConnectorError, self._path)
        async with in_socket_time(request, deadlines):
            with translated(key, error):
                return await dial_unix(connection, self._path, tls, deadlines)


class NamedPipeConnector(BaseConnector):
    """Connections to one named pipe of Windows, on its proactor loop, whatever the host of the URL.

    TLS is not spoken through it.
    """

    allowed_protocol_schema_set = BaseConnector.allowed_protocol_schema_set | {"npipe"}

    def __init__(
        self,
        path: str,
        force_close: bool = False,
        keepalive_timeout: float | None = KEEPALIVE_SECONDS,
        limit: int | None = 100,
        limit_per_host: int = 0,
        loop: asyncio.AbstractEventLoop | None = None,
        *,
        connection_max_age: float | None = None,
        connection_max_uses: int | None = None,
    ) -> None:
        super().__init__(
            force_close=force_close,
            keepalive_timeout=keepalive_timeout,
            limit=limit,
            limit_per_host=limit_per_host,
            connection_max_age=connection_max_age,
            connection_max_uses=connection_max_uses,
            loop=loop,
        )
        self._path = os.fspath(path)

    @property
    def path(self) -> str:
        """The path of the pipe."""
        return self._path

    async def open(
        self,
        request: ClientRequest,
        connection: Connection,
        traces: "Sequence[Trace]",
        deadlines: Deadlines,
    ) -> Link:
        """A new link to the pipe; RuntimeError on a loop that knows none."""
        loop = asyncio.get_running_loop()
        connect: PipeConnect | None = getattr(loop, "create_pipe_connection", None)
        if connect is None:
            raise RuntimeError(
                f"{type(loop).__name__} knows no named pipes; "
                "use the ProactorEventLoop of Windows for a NamedPipeConnector"
            )
        if request.is_ssl():
            raise ValueError("a NamedPipeConnector speaks no TLS")
        link = Link(connection)
        async with in_socket_time(request, deadlines):
            with translated(connection.key):
                await connect(lambda: link, self._path)
        return link


class PipeConnect(Protocol):
    """What the proactor loop of Windows has besides."""

    async def __call__(self, protocol_factory: Callable[[], Link], address: str, /) -> object: ...


def in_socket_time(
    request: ClientRequest, deadlines: Deadlines
) -> AbstractAsyncContextManager[None]:
    """Bound what connects a socket."""
    deadlines.phase = RequestPhase.CONNECT
    at = deadlines.socket_at(asyncio.get_running_loop().time())
    text = f"Connection timeout to host {request.url}"
    return bounded(at, lambda: deadlines.overdue(at, SocketConnectTimeoutError, text))
