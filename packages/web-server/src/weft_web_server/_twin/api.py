"""What stands apart from both twins: the number that tells whether they fit, and what they ask for."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

from weft_http_parser import Http1Connection

API: Final = 2
"""Grows with every change of what the twins share, so that no stale binary is taken for this."""

Work: TypeAlias = Callable[..., Coroutine[Any, Any, None]]
"""The coroutine function that answers a request: it takes exchange, request, and what the handler
has come to so far and when that began, where its first step is done."""


class Kinds(NamedTuple):
    """What requests are made of. An instance stands for those that are to be made like it."""

    exchange: Any
    body: Any
    """Of a request whose body came with its head."""
    request: Any
    """None where the class has a constructor of its own."""
    request_class: type
    carrier: type
    response: type
    prefixes: dict[tuple[int, str | None, str], bytes]
    """Of plain responses that were rendered: what stands before the length."""
    octets: str
    idle: object
    busy: object
    ready: object
    open: object
    ended: object
    never: float
    keep_alive: float
    resolve: Callable[[Any], Callable[[Any], Awaitable[Any]]]
    find: Callable[[str, str], Any] | None
    """What `resolve` asks for a method and a path, where it asks nothing else."""
    match: type
    destination: type
    log_access: Callable[[Any, Any, float], None]
    """Takes request, response, and when the request was started."""


class Host(Protocol):
    """What starting requests needs of a server."""

    @property
    def request_class(self) -> Callable[[Any, Any], Any]: ...


class Carrier(Protocol):
    """What has the exchange that is to be started."""

    @property
    def exchange(self) -> Any: ...
    @property
    def core(self) -> Http1Connection: ...
