"""The options of the command that serves: where to listen, and the settings of the server.

Decides what they are called and what they become for `run_app()`. Serves nothing itself.
"""

import argparse
import socket
import ssl
from typing import Any, Final

from .errors import ConfigurationError
from .loops import LOOP_NAMES
from .unix_sockets import socket_from_fd, sockets_of_systemd

SYSTEMD: Final = "systemd"
_LEVELS: Final = ("debug", "info", "warning", "error")
_GIVEN_ON: Final = (
    "shutdown_timeout",
    "keepalive_timeout",
    "backlog",
    "max_connections",
    "max_concurrent_requests",
    "max_requests_per_connection",
    "access_log_format",
    "loop",
)


def add_places(parser: argparse.ArgumentParser) -> None:
    """Where to listen."""
    group = parser.add_argument_group("where to listen")
    add = group.add_argument
    add(
        "-H",
        "--hostname",
        "--host",
        help="host name or address to serve on (default: localhost)",
    )
    add("-P", "--port", type=int, default=8080, help="TCP port to serve on (default: 8080)")
    add(
        "-U",
        "--path",
        help="path of a Unix socket to serve on, or @NAME for an abstract one; with a host name"
        " both are served on",
    )
    add("--unix-mode", type=_octal, metavar="MODE", help="permissions of that file, such as 660")
    add(
        "--fd",
        action="append",
        metavar="N",
        help=f"a listening socket that this process was given; {SYSTEMD!r} takes those of systemd",
    )
    add("--backlog", type=int, help="clients that may wait to be accepted (default: 128)")
    add("--reuse-port", action="store_true", help="let other processes listen on the port too")
    add("--tls-cert", metavar="FILE", help="serve HTTPS with this certificate chain (PEM)")
    add("--tls-key", metavar="FILE", help="its private key, if that is another file")


def add_settings(parser: argparse.ArgumentParser) -> None:
    """What the server is told."""
    group = parser.add_argument_group("how to serve")
    add = group.add_argument
    add("--loop", choices=LOOP_NAMES, help="the event loop (default: uvloop if it is installed)")
    add("--shutdown-timeout", type=float, metavar="SECONDS", help="for requests at the end (60)")
    add("--keepalive-timeout", type=float, metavar="SECONDS", help="between two requests (75)")
    add("--max-connections", type=int, metavar="N", help="open at once (4/5 of the descriptors)")
    add("--max-concurrent-requests", type=int, metavar="N", help="at work at once, others get 503")
    add("--max-requests-per-connection", type=int, metavar="N", help="then it is closed")
    add("--access-log-format", metavar="FORMAT", help="as of aiohttp: %%a %%t %%r %%s …")
    add("--no-access-log", action="store_true", help="log no requests")
    add("--log-level", choices=_LEVELS, default="debug", help="of all logs (default: debug)")


def _octal(text: str) -> int:
    return int(text, 8)


def to_places(options: argparse.Namespace) -> dict[str, Any]:
    """Where to listen, as `run_app()` takes it."""
    host, port, path = options.hostname, options.port, options.path
    if path is not None and not hasattr(socket, "AF_UNIX"):
        raise ConfigurationError(
            "this system has no Unix sockets; serve on a host name and a port"
        )
    if path is None and not options.fd:
        host = host or "localhost"
    elif host is None:
        port = None
    if path is not None and path.startswith("@"):
        path = "\0" + path[1:]
    places = {"host": host, "port": port, "path": path, "unix_mode": options.unix_mode}
    places["ssl_context"] = _make_tls(options.tls_cert, options.tls_key)
    places["reuse_port"] = options.reuse_port or None
    if options.fd:
        places["sock"] = [sock for each in options.fd for sock in _find_sockets(each)]
    return places


def _find_sockets(text: str) -> list[socket.socket]:
    if text == SYSTEMD:
        return sockets_of_systemd()
    if not text.isdecimal():
        raise ConfigurationError(f"--fd is {text!r}; give a number, or {SYSTEMD!r}")
    return [socket_from_fd(int(text))]


def _make_tls(cert: str | None, key: str | None) -> ssl.SSLContext | None:
    if cert is None:
        if key is not None:
            raise ConfigurationError("--tls-key needs --tls-cert, the certificate to the key")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except OSError as exc:  # ssl's errors are such
        raise ConfigurationError(f"cannot use the certificate {cert}: {exc}") from exc
    return context


def to_settings(options: argparse.Namespace) -> dict[str, Any]:
    """What the server is told, as `run_app()` takes it; what was not said is left out."""
    settings = {name: getattr(options, name) for name in _GIVEN_ON}
    settings = {name: value for name, value in settings.items() if value is not None}
    if options.no_access_log:
        settings["access_log"] = None
    return settings
