"""Signals along the life of a request. Costs nothing where nobody listens: it is not even loaded.

A `TraceConfig` holds sixteen signals; its receivers are coroutine functions called in order as
`await receiver(session, context, params)`.
"""

from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar, overload

from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

if TYPE_CHECKING:
    from typing import Any

P = TypeVar("P")


class TracedSession(Protocol):
    """The session, as far as tracing needs it."""

    @property
    def closed(self) -> bool: ...


class TracedResponse(Protocol):
    """The response, as far as tracing needs it."""

    @property
    def status(self) -> int: ...
    @property
    def url(self) -> URL: ...
    @property
    def headers(self) -> CIMultiDictProxy[str]: ...


class TraceRequestStartParams(NamedTuple):
    """A request begins."""

    method: str
    url: URL
    headers: "CIMultiDict[str]"


class TraceRequestChunkSentParams(NamedTuple):
    """A piece of the body is sent."""

    method: str
    url: URL
    chunk: bytes


class TraceResponseChunkReceivedParams(NamedTuple):
    """A piece of the answer's body is read."""

    method: str
    url: URL
    chunk: bytes


class TraceRequestEndParams(NamedTuple):
    """The head of the last answer is there."""

    method: str
    url: URL
    headers: "CIMultiDict[str]"
    response: TracedResponse


class TraceRequestExceptionParams(NamedTuple):
    """The request failed."""

    method: str
    url: URL
    headers: "CIMultiDict[str]"
    exception: BaseException


class TraceRequestRedirectParams(NamedTuple):
    """The answer is a redirect, which is followed."""

    method: str
    url: URL
    headers: "CIMultiDict[str]"
    response: TracedResponse


class TraceRequestHeadersSentParams(NamedTuple):
    """The head of the request is sent."""

    method: str
    url: URL
    headers: "CIMultiDict[str]"


class TraceConnectionQueuedStartParams(NamedTuple):
    """The request waits for a place in the pool."""


class TraceConnectionQueuedEndParams(NamedTuple):
    """The request got a place in the pool."""


class TraceConnectionCreateStartParams(NamedTuple):
    """A connection is being made."""


class TraceConnectionCreateEndParams(NamedTuple):
    """A connection was made."""


class TraceConnectionReuseconnParams(NamedTuple):
    """A connection is used again."""


class TraceDnsResolveHostStartParams(NamedTuple):
    """A host name is being looked up."""

    host: str


class TraceDnsResolveHostEndParams(NamedTuple):
    """A host name was looked up."""

    host: str


class TraceDnsCacheHitParams(NamedTuple):
    """The addresses of the host are known."""

    host: str


class TraceDnsCacheMissParams(NamedTuple):
    """The addresses of the host are not known."""

    host: str


# What receivers are given is the user's own: the context has any type, a session may be a subclass.
Receiver = Callable[["Any", "Any", P], Awaitable[None]]


class TraceSignal(Generic[P]):
    """Receivers in order: a list until it is frozen."""

    __slots__ = ("_receivers",)

    def __init__(self) -> None:
        self._receivers: list[Receiver[P]] | tuple[Receiver[P], ...] = []

    def __len__(self) -> int:
        return len(self._receivers)

    def __iter__(self) -> Iterator[Receiver[P]]:
        return iter(self._receivers)

    @property
    def frozen(self) -> bool:
        return isinstance(self._receivers, tuple)

    def append(self, receiver: Receiver[P]) -> None:
        """Add a receiver; an error once the signal is frozen."""
        self._open().append(receiver)

    def remove(self, receiver: Receiver[P]) -> None:
        self._open().remove(receiver)

    def freeze(self) -> None:
        self._receivers = tuple(self._receivers)

    async def send(self, session: TracedSession, context: object, params: P) -> None:
        """Call every receiver and wait for it."""
        for receiver in self._receivers:
            await receiver(session, context, params)

    def _open(self) -> list[Receiver[P]]:
        if isinstance(self._receivers, tuple):
            raise RuntimeError("Cannot modify frozen list.")
        return self._receivers


class _SignalField(Generic[P]):
    """An attribute of a TraceConfig; which signal it is, is told by the type of its params."""

    def __init__(self, kind: type[P]) -> None:
        self._kind = kind

    @overload
    def __get__(self, config: None, owner: type["TraceConfig"]) -> "_SignalField[P]": ...
    @overload
    def __get__(self, config: "TraceConfig", owner: type["TraceConfig"]) -> TraceSignal[P]: ...
    def __get__(
        self, config: "TraceConfig | None", owner: type["TraceConfig"]
    ) -> "TraceSignal[P] | _SignalField[P]":
        return self if config is None else config.signal_for(self._kind)


class TraceConfig:
    """Sixteen signals, and how the context that their receivers share is made."""

    def __init__(
        self, trace_config_ctx_factory: Callable[..., SimpleNamespace] = SimpleNamespace
    ) -> None:
        self._factory = trace_config_ctx_factory
        self._signals: dict[type, TraceSignal[Any]] = {}  # the key is the type of the params
        self._is_frozen = False

    on_request_start = _SignalField(TraceRequestStartParams)
    on_request_chunk_sent = _SignalField(TraceRequestChunkSentParams)
    on_response_chunk_received = _SignalField(TraceResponseChunkReceivedParams)
    on_request_end = _SignalField(TraceRequestEndParams)
    on_request_exception = _SignalField(TraceRequestExceptionParams)
    on_request_redirect = _SignalField(TraceRequestRedirectParams)
    on_request_headers_sent = _SignalField(TraceRequestHeadersSentParams)
    on_connection_queued_start = _SignalField(TraceConnectionQueuedStartParams)
    on_connection_queued_end = _SignalField(TraceConnectionQueuedEndParams)
    on_connection_create_start = _SignalField(TraceConnectionCreateStartParams)
    on_connection_create_end = _SignalField(TraceConnectionCreateEndParams)
    on_connection_reuseconn = _SignalField(TraceConnectionReuseconnParams)
    on_dns_resolvehost_start = _SignalField(TraceDnsResolveHostStartParams)
    on_dns_resolvehost_end = _SignalField(TraceDnsResolveHostEndParams)
    on_dns_cache_hit = _SignalField(TraceDnsCacheHitParams)
    on_dns_cache_miss = _SignalField(TraceDnsCacheMissParams)

    def signal_for(self, kind: type[P]) -> TraceSignal[P]:
        """The signal whose params are of this type."""
        signal = self._signals.get(kind)
        if signal is None:
            signal = self._signals[kind] = TraceSignal()
            if self._is_frozen:
                signal.freeze()
        return signal

    def freeze(self) -> None:
        """No receiver can be added any more."""
        self._is_frozen = True
        for signal in self._signals.values():
            signal.freeze()

    def trace_config_ctx(self, trace_request_ctx: object = None) -> SimpleNamespace:
        """A new context for one request."""
        return self._factory(trace_request_ctx=trace_request_ctx)

    def trace(self, session: TracedSession, trace_request_ctx: object) -> "Trace":
        """What tells these receivers of one request."""
        return Trace(session, self, self.trace_config_ctx(trace_request_ctx))


class Trace:
    """One TraceConfig in the course of one request."""

    __slots__ = ("_config", "_context", "_session")

    def __init__(
        self, session: TracedSession, config: TraceConfig, context: SimpleNamespace
    ) -> None:
        self._session = session
        self._config = config
        self._context = context

    async def send(self, params: object) -> None:
        """Call the receivers of the signal with params of this type."""
        signal = self._config.signal_for(type(params))
        if signal:
            await signal.send(self._session, self._context, params)

    # One for each signal, so that who sends them need not load this module.

    async def request_start(self, method: str, url: URL, headers: "CIMultiDict[str]") -> None:
        await self.send(TraceRequestStartParams(method, url, headers))

    async def request_headers_sent(
        self, method: str, url: URL, headers: "CIMultiDict[str]"
    ) -> None:
        await self.send(TraceRequestHeadersSentParams(method, url, headers))

    async def request_chunk_sent(self, method: str, url: URL, chunk: bytes) -> None:
        await self.send(TraceRequestChunkSentParams(method, url, chunk))

    async def response_chunk_received(self, method: str, url: URL, chunk: bytes) -> None:
        await self.send(TraceResponseChunkReceivedParams(method, url, chunk))

    async def request_redirect(
        self, method: str, url: URL, headers: "CIMultiDict[str]", response: TracedResponse
    ) -> None:
        await self.send(TraceRequestRedirectParams(method, url, headers, response))

    async def request_end(
        self, method: str, url: URL, headers: "CIMultiDict[str]", response: TracedResponse
    ) -> None:
        await self.send(TraceRequestEndParams(method, url, headers, response))

    async def request_exception(
        self, method: str, url: URL, headers: "CIMultiDict[str]", exception: BaseException
    ) -> None:
        await self.send(TraceRequestExceptionParams(method, url, headers, exception))

    async def connection_queued_start(self) -> None:
        await self.send(TraceConnectionQueuedStartParams())

    async def connection_queued_end(self) -> None:
        await self.send(TraceConnectionQueuedEndParams())

    async def connection_create_start(self) -> None:
        await self.send(TraceConnectionCreateStartParams())

    async def connection_create_end(self) -> None:
        await self.send(TraceConnectionCreateEndParams())

    async def connection_reuseconn(self) -> None:
        await self.send(TraceConnectionReuseconnParams())

    async def dns_resolvehost_start(self, host: str) -> None:
        await self.send(TraceDnsResolveHostStartParams(host))

    async def dns_resolvehost_end(self, host: str) -> None:
        await self.send(TraceDnsResolveHostEndParams(host))

    async def dns_cache_hit(self, host: str) -> None:
        await self.send(TraceDnsCacheHitParams(host))

    async def dns_cache_miss(self, host: str) -> None:
        await self.send(TraceDnsCacheMissParams(host))
