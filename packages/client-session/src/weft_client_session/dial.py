"""Addresses to a Link: happy eyeballs, TLS, and tunnels through proxies.

Opens what it is told to open. Knows no pool, no cache and no names: addresses are given.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from typing import TypedDict

import attrs
from multidict import CIMultiDict
from yarl import URL

from weft_client_session.deadlines import NEVER, Deadlines, bounded
from weft_client_session.errors import (
    ClientConnectorCertificateError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    RequestPhase,
    TLSTimeoutError,
)
from weft_client_session.request import ConnectionKey, RequestInfo
from weft_client_session.resolver import ResolveResult
from weft_client_session.resumption import ResumingContext
from weft_client_session.tls import Fingerprint
from weft_http_parser import (
    HTTP_11,
    LENIENT,
    Http1Connection,
    Link,
    ProtocolError,
    Receiver,
    ResponseHead,
    Role,
    hdrs,
    render_request_head,
)

AddressInfo = tuple[int | socket.AddressFamily, int | socket.SocketKind, int, str, tuple[str, int]]
SocketFactory = Callable[[AddressInfo], socket.socket]
# Of the loop, which takes no "for ever": the deadlines of a request are what counts.
HANDSHAKE_SECONDS = 3600.0
SHUTDOWN_SECONDS = 1.0


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DialOptions:
    """How sockets are opened, for all connections of a connector."""

    local_addr: tuple[str, int] | None = None
    happy_eyeballs_seconds: float | None = 0.25
    interleave: int | None = None
    socket_factory: SocketFactory | None = None


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tls:
    """TLS with one peer."""

    context: ssl.SSLContext
    server_hostname: str
    pin: Fingerprint | None = None
    session: ssl.SSLSession | None = None  # to take up again


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Tunnel:
    """A proxy is asked to pass bytes on to a server; `tls` is spoken with that server."""

    url: URL
    authority: str
    headers: "CIMultiDict[str]"
    tls: Tls


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Target:
    """Where to connect. `tls` is spoken with whoever has these addresses."""

    key: ConnectionKey
    addresses: Sequence[ResolveResult]
    tls: Tls | None = None
    tunnel: Tunnel | None = None
    is_proxy: bool = False


async def dial(
    receiver: Receiver, target: Target, options: DialOptions, deadlines: Deadlines
) -> Link:
    """A connected link for `receiver`; raises ClientConnectorError and its kind.

    Notes in `deadlines` how far it is, and holds handshakes to them.
    """
    error = ClientProxyConnectionError if target.is_proxy else ClientConnectorError
    with translated(target.key, error):
        sock = await connect_first(target.addresses, options)
        link = await _adopt(receiver, sock, target.tls, deadlines)
    if target.tunnel is None:
        return link
    try:
        await open_tunnel(link, target.tunnel, target.key, deadlines)
        link.receiver = receiver
        return link
    except BaseException:
        link.abort()
        raise


async def dial_unix(receiver: Receiver, path: str, tls: Tls | None, deadlines: Deadlines) -> Link:
    """A link to a unix socket; raises OSError."""
    link = Link(receiver)
    loop = asyncio.get_running_loop()
    async with in_handshake_time(tls, deadlines):
        await loop.create_unix_connection(lambda: link, path, **_tls_arguments(tls))
    return link


def in_handshake_time(tls: Tls | None, deadlines: Deadlines) -> AbstractAsyncContextManager[None]:
    """Bound a TLS handshake, where there is one."""
    if tls is None:
        return nullcontext()
    deadlines.phase = RequestPhase.TLS
    seconds, now = deadlines.timeout.tls, asyncio.get_running_loop().time()
    text = f"No TLS with {tls.server_hostname} within {seconds} s"
    at = deadlines.after(seconds, now) if seconds else NEVER
    return bounded(at, lambda: deadlines.overdue(at, TLSTimeoutError, text))


@contextmanager
def translated(
    key: ConnectionKey,
    error: Callable[[ConnectionKey, OSError], ClientConnectorError] = ClientConnectorError,
) -> Iterator[None]:
    """Errors of sockets and TLS as errors of this package."""
    try:
        yield
    except ssl.CertificateError as exc:
        raise ClientConnectorCertificateError(key, exc) from exc
    except ssl.SSLError as exc:
        raise ClientConnectorSSLError(key, exc) from exc
    except TimeoutError as exc:
        if exc.errno is None:
            raise  # somebody's deadline, not the kernel's
        raise error(key, exc) from exc
    except OSError as exc:
        raise error(key, exc) from exc


async def _adopt(
    receiver: Receiver, sock: socket.socket, tls: Tls | None, deadlines: Deadlines
) -> Link:
    link = Link(receiver)
    loop, arguments = asyncio.get_running_loop(), _tls_arguments(tls)
    try:
        async with in_handshake_time(tls, deadlines):
            await loop.create_connection(lambda: link, sock=sock, **arguments)
        if tls is not None and tls.pin is not None:
            tls.pin.check(link)
    except BaseException:
        link.abort()
        sock.close()
        raise
    return link


class _TlsArguments(TypedDict, total=False):
    ssl: ssl.SSLContext
    server_hostname: str
    ssl_handshake_timeout: float
    ssl_shutdown_timeout: float


def _tls_arguments(tls: Tls | None) -> _TlsArguments:
    """The arguments of `create_connection`."""
    if tls is None:
        return {}
    context: ssl.SSLContext = tls.context
    if tls.session is not None:
        # Loops have no way to say a session; all they do with a context is to wrap.
        context = ResumingContext(context, tls.session)  # type: ignore[assignment]
    return {
        "ssl": context,
        "server_hostname": tls.server_hostname,
        "ssl_handshake_timeout": HANDSHAKE_SECONDS,
        "ssl_shutdown_timeout": SHUTDOWN_SECONDS,
    }


# Sockets: RFC 8305.


def interleaved(addresses: Sequence[ResolveResult], first_count: int) -> list[ResolveResult]:
    """The addresses with their families taking turns, after `first_count` of the first one.

    >>> [a["host"] for a in interleaved([{"host": h, "family": f} for h, f in
    ...     [("a", 6), ("b", 6), ("c", 4)]], 1)]
    ['a', 'c', 'b']
    """
    families: dict[int, list[ResolveResult]] = {}
    for address in addresses:
        families.setdefault(address["family"], []).append(address)
    queues = list(families.values())
    ordered = queues[0][: first_count - 1] if queues else []
    if queues:
        del queues[0][: first_count - 1]
    for place in range(max(map(len, queues), default=0)):
        ordered += [queue[place] for queue in queues if place < len(queue)]
    return ordered


async def connect_first(addresses: Sequence[ResolveResult], options: DialOptions) -> socket.socket:
    """A socket connected to the address that answers first.

    The next address is tried when the one before failed, or did not answer for a while.
    """
    if options.interleave or (options.happy_eyeballs_seconds and options.interleave is None):
        addresses = interleaved(addresses, options.interleave or 1)
    if len(addresses) == 1 or not options.happy_eyeballs_seconds:
        return await _connect_in_turn(addresses, options)
    return await _connect_staggered(addresses, options, options.happy_eyeballs_seconds)


async def _connect_in_turn(
    addresses: Sequence[ResolveResult], options: DialOptions
) -> socket.socket:
    errors: list[OSError] = []
    for address in addresses:
        try:
            return await _connect_one(address, options)
        except OSError as exc:
            errors.append(exc)
    raise _first_error(errors)


async def _connect_staggered(
    addresses: Sequence[ResolveResult], options: DialOptions, delay_seconds: float
) -> socket.socket:
    waiting = list(reversed(addresses))
    attempts: set[asyncio.Task[socket.socket]] = set()
    errors: list[OSError] = []
    won: socket.socket | None = None
    try:
        while won is None and (waiting or attempts):
            if waiting:
                attempt = _connect_one(waiting.pop(), options)
                attempts.add(asyncio.create_task(attempt))
            done, attempts = await asyncio.wait(
                attempts,
                timeout=delay_seconds if waiting else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            won = _pick(done, errors)
    finally:
        await _give_up(attempts)
    if won is None:
        raise _first_error(errors)
    return won


def _pick(done: set[asyncio.Task[socket.socket]], errors: list[OSError]) -> socket.socket | None:
    won: socket.socket | None = None
    for task in done:
        exc = task.exception()
        if isinstance(exc, OSError):
            errors.append(exc)
        elif exc is not None:
            raise exc
        elif won is None:
            won = task.result()
        else:
            task.result().close()
    return won


async def _give_up(attempts: set[asyncio.Task[socket.socket]]) -> None:
    for task in attempts:
        task.cancel()
    for outcome in await asyncio.gather(*attempts, return_exceptions=True):
        if isinstance(outcome, socket.socket):
            outcome.close()


async def _connect_one(address: ResolveResult, options: DialOptions) -> socket.socket:
    name = (address["host"], address["port"])
    info = (address["family"], socket.SOCK_STREAM, address["proto"], "", name)
    factory = options.socket_factory
    sock = factory(info) if factory is not None else socket.socket(*info[:3])
    try:
        sock.setblocking(False)
        if options.local_addr is not None:
            _bind(sock, options.local_addr)
        await asyncio.get_running_loop().sock_connect(sock, _socket_name(address))
    except BaseException:
        sock.close()
        raise
    return sock


def _bind(sock: socket.socket, local_addr: tuple[str, int]) -> None:
    try:
        sock.bind(local_addr)
    except OSError as exc:
        text = f"cannot bind to {local_addr}: {exc.strerror}"
        raise OSError(exc.errno, text) from exc


def _socket_name(address: ResolveResult) -> tuple[object, ...]:
    host, port = address["host"], address["port"]
    if address["family"] != socket.AF_INET6:
        return (host, port)
    host, _, zone = host.partition("%")
    scope = 0
    if zone:
        scope = int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)
    return (host, port, 0, scope)


def _first_error(errors: Sequence[OSError]) -> OSError:
    return errors[0] if errors else OSError(None, "the host has no address")


# Tunnels: RFC 9110 9.3.6.


class _Answer:
    """The receiver that waits for a proxy's answer."""

    def __init__(self, core: Http1Connection) -> None:
        self._core = core
        self.head: asyncio.Future[ResponseHead] = asyncio.get_running_loop().create_future()

    def link_made(self, link: Link) -> None:
        """The link is older than this receiver."""

    def data_received(self, data: bytes) -> None:
        try:
            self._take(self._core.receive(data))
        except ProtocolError as exc:
            self._take(exc.events)
            self._refuse(exc)

    def eof_received(self) -> bool:
        self._refuse(ConnectionResetError(None, "the proxy closed the connection"))
        return False

    def link_lost(self, exc: Exception | None) -> None:
        self._refuse(exc or ConnectionResetError(None, "the proxy is gone"))

    def _take(self, events: Sequence[object]) -> None:
        for event in events:
            if isinstance(event, ResponseHead) and event.status >= 200 and not self.head.done():
                self.head.set_result(event)

    def _refuse(self, exc: Exception) -> None:
        if not self.head.done():
            self.head.set_exception(exc)


async def open_tunnel(
    link: Link, tunnel: Tunnel, key: ConnectionKey, deadlines: Deadlines
) -> None:
    """Ask the proxy at the other end of `link` for a tunnel, and speak TLS through it."""
    deadlines.phase = RequestPhase.PROXY
    core = Http1Connection(Role.CLIENT, strictness=LENIENT)  # as behind the tunnel
    answer = _Answer(core)
    link.receiver = answer
    raw = render_request_head("CONNECT", tunnel.authority, HTTP_11, tunnel.headers)
    link.write(core.send_whole(raw, b"", method="CONNECT"))
    try:
        head = await answer.head
    except (ProtocolError, OSError) as exc:
        cause = exc if isinstance(exc, OSError) else OSError(None, str(exc))
        raise ClientProxyConnectionError(key, cause) from exc
    if head.status != 200:
        info = RequestInfo(tunnel.url, hdrs.METH_CONNECT, head.headers)
        raise ClientHttpProxyError(
            info, (), status=head.status, message=head.reason, headers=head.headers
        )
    if core.switch():
        # A server says nothing before the TLS handshake: the proxy made these bytes up.
        raise ClientProxyConnectionError(key, OSError(None, "bytes behind the proxy's answer"))
    with translated(key):
        async with in_handshake_time(tunnel.tls, deadlines):
            await link.start_tls(
                tunnel.tls.context,
                server_hostname=tunnel.tls.server_hostname,
                handshake_timeout_seconds=HANDSHAKE_SECONDS,
                shutdown_timeout_seconds=SHUTDOWN_SECONDS,
            )
    if tunnel.tls.pin is not None:
        tunnel.tls.pin.check(link)
