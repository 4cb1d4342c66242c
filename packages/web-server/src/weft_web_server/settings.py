"""Every limit and deadline of a server, with its default."""

import logging
from typing import Any, Final

import attrs

from weft_http_parser import DEFAULT_LIMITS, Limits

from .access_log import AbstractAccessLogger, AccessLogger
from .exchange import DEFAULT_REQUEST_LIMITS, RequestLimits

server_logger: Final = logging.getLogger("weft.server")
access_logger: Final = logging.getLogger("weft.access")


@attrs.frozen(kw_only=True)
class Deadlines:
    """How long a server waits, in seconds."""

    head: float = 30.0
    """From the first byte of a head, or from the connecting, to the end of the head."""
    keep_alive: float = 75.0
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


@attrs.frozen(kw_only=True)
class ServerOptions:
    """What a server can be told."""

    deadlines: Deadlines = Deadlines()
    limits: Limits = DEFAULT_LIMITS
    request_limits: RequestLimits = DEFAULT_REQUEST_LIMITS
    linger_size: int = 262_144
    access_log: logging.Logger | None = access_logger
    access_log_class: type[AbstractAccessLogger] = AccessLogger
    access_log_format: str = AccessLogger.LOG_FORMAT
    logger: logging.Logger = server_logger
    tcp_keepalive: bool = True
    auto_decompress: bool = True
    handler_cancellation: bool = False
    debug: bool = False


def to_options(
    *,
    keepalive_timeout: float = 75.0,
    lingering_time: float = 5.0,
    max_line_size: int = 8190,
    max_field_size: int = 8190,
    max_headers: int = 128,
    read_bufsize: int | None = None,
    timeout_ceil_threshold: float | None = None,
    **options: Any,
) -> ServerOptions:
    """The options behind the keywords that users of aiohttp know."""
    deadlines = Deadlines(keep_alive=keepalive_timeout, linger=lingering_time)
    limits = Limits(line=max_line_size, field=max_field_size, fields=max_headers)
    known = {field.name for field in attrs.fields(ServerOptions)}
    for name in options:
        if name not in known:
            raise TypeError(f"a server has no option {name!r}; it has {', '.join(sorted(known))}")
    return attrs.evolve(ServerOptions(deadlines=deadlines, limits=limits), **options)
