"""Host names to addresses by c-ares (the extra `aiodns`), without a thread. Opens no connections."""

import asyncio
import socket
from typing import TYPE_CHECKING, Any

from weft_client_session.resolver import AbstractResolver, ResolveResult

if TYPE_CHECKING:  # an extra: loaded when a resolver is first asked
    import aiodns
    import pycares

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class AsyncResolver(AbstractResolver):
    """Asks name servers from the loop itself, by `aiodns.DNSResolver(*args, **kwargs)`.

    It may be made before a loop runs, and belongs to the one that first asks it. `loop` is there
    for aiohttp's programs, and not needed. It reads /etc/hosts and /etc/resolv.conf and knows
    nothing of nsswitch: names of mDNS (`.local`) are found by `ThreadedResolver` only.

    Raises RuntimeError where aiodns is not installed.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None = None, *args: Any, **kwargs: Any
    ) -> None:
        try:
            import aiodns  # late: an extra
        except ImportError as exc:
            raise RuntimeError(
                "AsyncResolver needs aiodns: pip install 'weft-client-session[aiodns]', "
                "or use ThreadedResolver"
            ) from exc
        self._arguments = args, kwargs
        self._resolver: aiodns.DNSResolver | None = None
        self._loop: asyncio.AbstractEventLoop | None = loop
        self._is_closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises OSError when there are none, and RuntimeError when the
        resolver is closed or belongs to another loop."""
        import aiodns  # late: an extra

        resolver = self._bound_resolver()
        try:
            found = await resolver.getaddrinfo(
                host, family=family, port=port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        except aiodns.error.DNSError as exc:
            reason = exc.args[1] if len(exc.args) > 1 else "no answer"
            raise OSError(None, f"{host}: {reason}") from exc
        return [_result(host, port, node) for node in found.nodes]

    async def close(self) -> None:
        """Give up the queries under way and the sockets; a second time does nothing."""
        self._is_closed = True
        resolver, self._resolver = self._resolver, None
        if resolver is not None:
            await resolver.close()

    def _bound_resolver(self) -> "aiodns.DNSResolver":
        import aiodns  # late: an extra

        if self._is_closed:
            raise RuntimeError("this AsyncResolver is closed")
        running = asyncio.get_running_loop()
        if self._resolver is None:
            args, kwargs = self._arguments
            self._loop = running
            self._resolver = aiodns.DNSResolver(*args, **{**kwargs, "loop": running})
        elif self._loop is not running:
            raise RuntimeError(f"this AsyncResolver belongs to {self._loop!r}, not to {running!r}")
        return self._resolver


def _result(host: str, port: int, node: "pycares.AddrInfoNode") -> ResolveResult:
    address = node.addr[0]
    text = address.decode("ascii") if isinstance(address, bytes) else str(address)
    return ResolveResult(
        hostname=host,
        host=text,
        port=port,
        family=socket.AddressFamily(node.family),
        proto=0,
        flags=int(_NUMERIC),
    )
