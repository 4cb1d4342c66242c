"""Host names to addresses, and how long an answer is kept. Opens no connections."""

import abc
import asyncio
import ipaddress
import socket
from collections import OrderedDict
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

import attrs

if TYPE_CHECKING:  # where nobody traces, tracing is not loaded
    from weft_client_session.tracing import Trace

_FAMILIES: frozenset[int] = frozenset({socket.AF_INET, socket.AF_INET6})
_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class ResolveResult(TypedDict):
    """One address of a host."""

    hostname: str
    host: str
    port: int
    family: int
    proto: int
    flags: int


class AbstractResolver(abc.ABC):
    """What a connector asks for addresses."""

    @abc.abstractmethod
    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of `host`; raises OSError when there are none."""

    @abc.abstractmethod
    async def close(self) -> None:
        """Give up what the resolver holds."""


class ThreadedResolver(AbstractResolver):
    """The system's resolver, in a thread of the loop's executor."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        infos = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
        )
        return [
            ResolveResult(
                hostname=host,
                host=_numeric_host(address),
                port=int(address[1]),
                family=kind,
                proto=proto,
                flags=int(_FLAGS),
            )
            for kind, _, proto, _, address in infos
            if kind in _FAMILIES
        ]

    async def close(self) -> None:
        """Nothing is held."""


DefaultResolver = ThreadedResolver


def _numeric_host(address: tuple[str | int, ...] | tuple[int, bytes]) -> str:
    host = str(address[0])
    if len(address) == 4 and address[3] and "%" not in host:
        return f"{host}%{address[3]}"  # a link-local address needs its interface
    return host


@attrs.frozen(kw_only=True)
class CacheTimes:
    """How long answers of a resolver are good, in seconds; None is for ever.

    `failed`: a host that was not found is not asked for again. `stale`: an answer that is too old is
    still used where the resolver fails (RFC 8767).
    """

    found: float | None = 10
    failed: float = 0
    stale: float = 0


class AddressCache:
    """Answers of a resolver by key, each for a time, at most `max_size` of them. Knows no clock."""

    __slots__ = ("_entries", "_failures", "_max_size", "_times")

    def __init__(self, times: CacheTimes, max_size: int) -> None:
        if max_size <= 0:
            raise ValueError("dns_cache_max_size must be positive")
        self._times = times
        self._max_size = max_size
        self._entries: OrderedDict[Hashable, tuple[Sequence[ResolveResult], float]] = OrderedDict()
        self._failures: OrderedDict[Hashable, tuple[OSError, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable, now: float) -> list[ResolveResult] | None:
        """The answer, unless it is too old; each time its first address moves to the end.

        Raises OSError while a failure is remembered.
        """
        failure = self._failures.get(key)
        if failure is not None and now < failure[1] + self._times.failed:
            raise OSError(*failure[0].args) from failure[0]
        return self._get(key, now, self._times.found)

    def get_stale(self, key: Hashable, now: float) -> list[ResolveResult] | None:
        """The answer, though it is too old, for who got no new one."""
        found = self._times.found
        return None if found is None else self._get(key, now, found + self._times.stale)

    def _get(self, key: Hashable, now: float, seconds: float | None) -> list[ResolveResult] | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        addresses, added = entry
        if seconds is not None and added + seconds <= now:
            return None
        turned = (*addresses[1:], addresses[0])
        self._entries[key] = (turned, added)
        self._entries.move_to_end(key)
        return list(addresses)

    def put(self, key: Hashable, addresses: Sequence[ResolveResult], now: float) -> None:
        """Keep an answer; the one asked for longest ago goes when there are too many."""
        self._failures.pop(key, None)
        if not addresses:
            return
        self._entries[key] = (tuple(addresses), now)
        self._entries.move_to_end(key)
        while len(self._entries) > self._max_size:
            self._entries.popitem(last=False)

    def put_failure(self, key: Hashable, error: OSError, now: float) -> None:
        """Remember that there was no answer."""
        if not self._times.failed:
            return
        self._failures[key] = (error, now)
        self._failures.move_to_end(key)
        while len(self._failures) > self._max_size:
            self._failures.popitem(last=False)

    def clear(self) -> None:
        self._entries.clear()
        self._failures.clear()

    def discard(self, key: Hashable) -> None:
        self._entries.pop(key, None)
        self._failures.pop(key, None)


HostAddresses = Mapping[str, str | Sequence[str]]


def checked_hosts(hosts: HostAddresses | None) -> dict[str, tuple[str, ...]]:
    """Hosts and their addresses; ValueError for what is no address."""
    checked: dict[str, tuple[str, ...]] = {}
    for host, given in (hosts or {}).items():
        addresses = (given,) if isinstance(given, str) else tuple(given)
        if not addresses or any(literal_address(one, 0) is None for one in addresses):
            raise ValueError(f"hosts[{host!r}] should be addresses, got {given!r}")
        checked[host.lower()] = addresses
    return checked


class NameService:
    """A resolver with a cache; one host is looked up once at a time."""

    def __init__(
        self,
        resolver: AbstractResolver | None,
        family: socket.AddressFamily,
        cache: AddressCache,
        uses_cache: bool = True,
        hosts: HostAddresses | None = None,
    ) -> None:
        self._hosts = checked_hosts(hosts)
        self._resolver = resolver
        self._owns_resolver = resolver is None
        self._lookups: dict[tuple[str, int], asyncio.Future[None]] = {}
        self.family = family
        self.cache = cache
        self.uses_cache = uses_cache

    async def resolve(
        self, host: str, port: int, traces: "Sequence[Trace]" = ()
    ) -> list[ResolveResult]:
        """The addresses of a host, which may be one itself; raises OSError."""
        if self._hosts and (given := self._hosts.get(host.lower())) is not None:
            return [{**address_of(one, port), "hostname": host} for one in given]
        literal = literal_address(host, port)
        if literal is not None:
            return [literal]
        if not self.uses_cache:
            return await self._look_up(host, port, traces)
        key, loop = (host, port), asyncio.get_running_loop()
        while (lookup := self._lookups.get(key)) is not None:
            await asyncio.wait([lookup])
        known = self.cache.get(key, loop.time())
        if known is not None:
            for trace in traces:
                await trace.dns_cache_hit(host)
            return known
        lookup = self._lookups[key] = loop.create_future()
        try:
            for trace in traces:
                await trace.dns_cache_miss(host)
            found = await self._look_up(host, port, traces)
            self.cache.put(key, found, loop.time())
            return found
        except OSError as exc:
            stale = self.cache.get_stale(key, loop.time())
            if stale is None:
                self.cache.put_failure(key, exc, loop.time())
                raise
            return stale
        finally:
            del self._lookups[key]
            lookup.set_result(None)

    async def _look_up(
        self, host: str, port: int, traces: "Sequence[Trace]"
    ) -> list[ResolveResult]:
        if self._resolver is None:
            self._resolver = ThreadedResolver()
        for trace in traces:
            await trace.dns_resolvehost_start(host)
        found = await self._resolver.resolve(host, port, family=self.family)
        for trace in traces:
            await trace.dns_resolvehost_end(host)
        if not found:
            raise OSError(None, f"no address for {host}")
        return found

    async def close(self) -> None:
        """Close the resolver, unless it was given."""
        if self._resolver is not None and self._owns_resolver:
            await self._resolver.close()


def address_of(host: str, port: int) -> ResolveResult:
    """The address that this text is."""
    found = literal_address(host, port)
    assert found is not None  # it was checked
    return found


def literal_address(host: str, port: int) -> ResolveResult | None:
    """The address that a host name already is."""
    bare = host.partition("%")[0]
    try:
        version = ipaddress.ip_address(bare).version
    except ValueError:
        return None
    return ResolveResult(
        hostname=host,
        host=host,
        port=port,
        family=socket.AF_INET if version == 4 else socket.AF_INET6,
        proto=socket.IPPROTO_TCP,
        flags=int(_FLAGS),
    )
