"""Which pages may open a websocket to this server (RFC 6455 10.2, origins as RFC 6454 writes them).

Decides whether an Origin field is that of the server itself, or one of a list. Knows no
connection; that a browser sent the field is the browser's word.
"""

import functools
import re
from collections.abc import Container
from typing import Final, NamedTuple

from weft_http_parser import RequestHead
from weft_websocket.errors import HandshakeError

ANY_ORIGIN: Final = "*"
_NULL: Final = "null"  # what a page without an origin sends, such as one in a sandboxed frame
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = r"(\[[0-9a-f:.]+\]|[^\s/?#@:,\[\]]*)(?::([0-9]{1,5}))?"
_ORIGIN: Final = re.compile(rf"([a-z][a-z0-9+.-]*)://{_HOST}", re.ASCII)
_AUTHORITY: Final = re.compile(_HOST, re.ASCII)
_SHOWN_CHARACTERS: Final = 100


class Origin(NamedTuple):
    """Scheme, host and port in their normal form; an unknown scheme may have no port."""

    scheme: str
    host: str
    port: int | None


def parse_origin(text: str) -> Origin | None:
    """An origin; None for what is none, for "null" and for a list of several.

    >>> parse_origin("HTTPS://Example.com")
    Origin(scheme='https', host='example.com', port=443)
    """
    match = _ORIGIN.fullmatch(text.lower())
    if match is None:
        return None
    scheme, host, port = match.groups()
    return Origin(scheme, host, int(port) if port else _DEFAULT_PORTS.get(scheme))


def is_same_origin(origin: Origin, scheme: str, host: str) -> bool:
    """Whether a page of this origin was loaded from the server that was asked as `host`.

    A server that was asked without TLS takes a page that came with it: a proxy in front may have
    ended TLS. The contrary is refused: anybody on the way could have written that page.
    """
    match = _AUTHORITY.fullmatch(host.lower())
    if match is None or origin.scheme not in _DEFAULT_PORTS:
        return False
    if scheme == "https" and origin.scheme != "https":
        return False
    name, port = match.groups()
    own_port = int(port) if port else _DEFAULT_PORTS[origin.scheme]
    return bool(name) and (origin.host, origin.port) == (name, own_port)


@functools.lru_cache(maxsize=64)
def parse_origins(origins: tuple[str, ...]) -> frozenset[Origin | str]:
    """Origins that may connect, as a user writes them; ValueError for what is none.

    "null" stands for pages without an origin, "*" for every page.
    """
    return frozenset(map(_read_origin, origins))


def _read_origin(text: str) -> Origin | str:
    if text in (ANY_ORIGIN, _NULL):
        return text
    origin = parse_origin(text)
    if origin is None:
        raise ValueError(
            f"{text!r} is no origin; write a scheme and a host, and a port if it is not the"
            ' usual one, as in "https://example.com:8443"; or "null"; or "*" for all'
        )
    return origin


def check_origin(
    head: RequestHead, allowed: Container[Origin | str] | None, *, scheme: str, host: str
) -> None:
    """Raise HandshakeError(403) for a page that may not connect.

    `allowed` comes from parse_origins(); None stands for the server's own origin, by the scheme
    and the host that the request was made to. A request without Origin comes from no page, and
    passes.
    """
    fields = head.get_all("Origin")
    if not fields:
        return
    text = ", ".join(fields)  # more than one is an origin of nobody
    origin = _NULL if text == _NULL else parse_origin(text)
    if allowed is None:
        if isinstance(origin, Origin) and is_same_origin(origin, scheme, host):
            return
    elif ANY_ORIGIN in allowed or (origin is not None and origin in allowed):
        return
    raise HandshakeError(403, _advice(text[:_SHOWN_CHARACTERS], is_own=allowed is None))


def _advice(shown: str, *, is_own: bool) -> str:
    if not is_own:
        return f"Origin {shown!a} is not among the origins= that may connect"
    return (
        f"Origin {shown!a} is not the server's own; list it in origins= if its pages may connect"
        ' ("*" admits all), and have a proxy in front pass Host on as it came'
    )
