"""Every limit and deadline of a server, with its default."""

import logging
import math
from collections.abc import Mapping
from typing import Any, Final, TypeVar

import attrs

from weft_http_parser import DEFAULT_LIMITS, Limits

from .access_log import AbstractAccessLogger, AbstractAsyncAccessLogger, AccessLogger
from .error_pages import RenderError, render_error
from .exchange import DEFAULT_REQUEST_LIMITS, RequestLimits
from .route_options import RouteOptions

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # looked at before use

server_logger: Final = logging.getLogger("weft.server")
access_logger: Final = logging.getLogger("weft.access")

KEEP_ALIVE_SECONDS: Final = 75.0


@attrs.frozen(kw_only=True)
class Deadlines:
    """How long a server waits, in seconds."""

    head: float = 30.0
    """From the first byte of a head, or from the connecting, to the end of the head."""
    keep_alive: float = KEEP_ALIVE_SECONDS
    """Between two requests of a connection."""
    body: float = 30.0
    """Without a byte of a body that the handler waits for."""
    body_grace: float = 10.0
    """Before the rate of a body counts."""
    body_rate: float = 240.0
    """The least bytes a second of a body."""
    linger: float = 5.0
    """For what is left of a body when the answer is out."""
    write: float = 60.0
    """Without the client taking a byte of the answer."""
    handler: float = 0.0
    """For a handler whose route sets no `timeout`; 0 is no limit."""
    tls_handshake: float = 10.0
    """From the connecting to the end of the TLS handshake."""
    tls_shutdown: float = 1.0
    """For the client's part in the end of TLS."""

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if not isinstance(value, int | float):
                raise TypeError(f"Deadlines.{name} is {value!r}; give seconds, math.inf for never")
            if not value >= 0:  # also what is no number in order, a NaN
                raise ValueError(f"Deadlines.{name} is {value!r}; give what is not negative")

    def of_route(self, options: RouteOptions) -> "Deadlines":
        """These, with what a route has set of them; 0 there is no limit."""
        idle, rate = options.body_timeout, options.body_rate
        if idle is None and rate is None:
            return self
        return attrs.evolve(
            self,
            body=self.body if idle is None else idle or math.inf,
            body_rate=self.body_rate if rate is None else rate,
        )


@attrs.frozen(kw_only=True)
class Bounds:
    """How much a server takes on."""

    max_connections: int | None = None
    """Open at once; None is four fifths of the descriptors this process may have, 0 no limit."""
    max_concurrent_requests: int = 0
    """At work at once, before others are answered with 503; 0 is no limit."""
    max_requests_per_connection: int = 0
    """Answered before a connection is closed; 0 is no limit."""
    linger_size: int = 262_144
    """The most bytes of a body that is read for nobody, when the answer is out."""
    fault_lines_per_second: int = 10
    """Lines in the log on faults of clients; the others are counted."""

    def __attrs_post_init__(self) -> None:
        for name, value in attrs.asdict(self).items():
            if value is not None and (not isinstance(value, int) or value < 0):
                raise ValueError(f"{name} is {value!r}; give a whole number that is not negative")


@attrs.frozen(kw_only=True)
class AccessLogOptions:
    """What is written of each answer, and by whom."""

    access_log: logging.Logger | None = access_logger
    """None for no lines at all."""
    access_log_class: type[AbstractAccessLogger] | type[AbstractAsyncAccessLogger] = AccessLogger
    access_log_format: str = AccessLogger.LOG_FORMAT

    def make_logger(self) -> AbstractAccessLogger | AbstractAsyncAccessLogger | None:
        """What writes the lines, if there are any."""
        if self.access_log is None:
            return None
        return self.access_log_class(self.access_log, self.access_log_format)


DEFAULT_ACCESS: Final = AccessLogOptions()
DEFAULT_DEADLINES: Final = Deadlines()
DEFAULT_BOUNDS: Final = Bounds()


@attrs.frozen(kw_only=True)
class ServerOptions:
    """What a server can be told."""

    deadlines: Deadlines = DEFAULT_DEADLINES
    bounds: Bounds = DEFAULT_BOUNDS
    limits: Limits = DEFAULT_LIMITS
    request_limits: RequestLimits = DEFAULT_REQUEST_LIMITS
    access: AccessLogOptions = DEFAULT_ACCESS
    logger: logging.Logger = server_logger
    tcp_keepalive: bool = True
    auto_decompress: bool = True
    handler_cancellation: bool = False
    debug: bool = False
    """Whether 500 shows the traceback; in debug mode of the loop it does anyway."""
    render_error: RenderError = render_error
    """What makes the answers to errors that nobody gave words of his own."""


def to_options(
    *,
    deadlines: Deadlines = DEFAULT_DEADLINES,
    bounds: Bounds = DEFAULT_BOUNDS,
    access: AccessLogOptions = DEFAULT_ACCESS,
    limits: Limits = DEFAULT_LIMITS,
    read_bufsize: int | None = None,
    timeout_ceil_threshold: float | None = None,
    loop: object = None,
    **options: Any,
) -> ServerOptions:
    """The options behind the keywords that users of aiohttp know, and those of `Bounds`.

    A keyword goes before what `deadlines`, `bounds` and `limits` say of the same.
    """
    deadlines = _with(deadlines, _DEADLINES, options)
    limits = _with(limits, _LIMITS, options)
    bounds = _with(bounds, _BOUNDS, options)
    access = _with(access, _ACCESS, options)
    known = {field.name for field in attrs.fields(ServerOptions)}
    for name in options:
        if name not in known:
            names = ", ".join(sorted({*known, *_DEADLINES, *_LIMITS, *_BOUNDS, *_ACCESS}))
            raise TypeError(f"a server has no option {name!r}; it has {names}")
    return ServerOptions(
        deadlines=deadlines, bounds=bounds, limits=limits, access=access, **options
    )


_DEADLINES: Final = {"keepalive_timeout": "keep_alive", "lingering_time": "linger"}
_LIMITS: Final = {"max_line_size": "line", "max_field_size": "field", "max_headers": "fields"}
_BOUNDS: Final = {field.name: field.name for field in attrs.fields(Bounds)}
_ACCESS: Final = {field.name: field.name for field in attrs.fields(AccessLogOptions)}
ValuesT = TypeVar("ValuesT", Deadlines, Bounds, Limits, AccessLogOptions)


def _with(values: ValuesT, names: Mapping[str, str], options: dict[str, Any]) -> ValuesT:
    """Values with what the options say of them; that is taken out."""
    own = {names[name]: options.pop(name) for name in names if name in options}
    return attrs.evolve(values, **own) if own else values


def count_allowed(max_connections: int | None) -> float:
    """How many connections there may be: as set, or as the system's limit of descriptors has it.

    A fifth is left for files, for the connections of the application, and for the surprise.
    """
    if max_connections is not None:
        return max_connections or math.inf
    if resource is None:  # Windows has no such limit
        return math.inf
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if soft == resource.RLIM_INFINITY else max(1, soft * 4 // 5)
