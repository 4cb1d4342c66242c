"""Both sides of the opening handshake (RFC 6455 section 4, RFC 7692 section 7.1), over a head.

Decides whether a request may become a websocket and which extension and subprotocol it gets.
Knows heads; knows no connection and no application.
"""

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import attrs

from weft_http_parser import HTTP_11, RequestHead, ResponseHead
from weft_websocket.deflate import MAX_WINDOW_BITS, MIN_WINDOW_BITS, NAME, DeflateParams
from weft_websocket.errors import HandshakeError

Pairs = tuple[tuple[str, str], ...]
SelectSubprotocol = Callable[[Sequence[str]], str | None]

# RFC 6455 1.3
_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_VERSION: Final = "13"
_VERSION_FIELD: Final = "Sec-WebSocket-Version"
_VERSION_TEXT: Final = f"A websocket handshake has the field {_VERSION_FIELD}: {_VERSION}"
_PROTOCOL: Final = "Sec-WebSocket-Protocol"
_EXTENSIONS: Final = "Sec-WebSocket-Extensions"
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BITS: Final = re.compile(r"[89]|1[0-5]")
_FLAGS: Final = ("server_no_context_takeover", "client_no_context_takeover")
_SERVER_BITS: Final = "server_max_window_bits"
_CLIENT_BITS: Final = "client_max_window_bits"


@attrs.frozen
class Acceptance:
    """What a server answers with: the header fields of its 101, and what they settle."""

    headers: Pairs
    protocol: str | None
    deflate: DeflateParams | None


@attrs.frozen
class Agreement:
    """What a client learns from the 101."""

    protocol: str | None
    deflate: DeflateParams | None


class _Extension(NamedTuple):
    """One element of Sec-WebSocket-Extensions; parameters without a value have None."""

    name: str
    params: dict[str, str | None]


def make_key() -> str:
    """A fresh Sec-WebSocket-Key (RFC 6455 4.1 item 7)."""
    return base64.b64encode(os.urandom(16)).decode()


def make_accept(key: str) -> str:
    """The Sec-WebSocket-Accept that answers a key (RFC 6455 4.2.2 item 5.4).

    >>> make_accept("dGhlIHNhbXBsZSBub25jZQ==")
    's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
    """
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


def accept(
    head: RequestHead,
    *,
    protocols: Sequence[str] = (),
    compress: bool = True,
    select_subprotocol: SelectSubprotocol | None = None,
) -> Acceptance:
    """Answer a client's handshake, or raise HandshakeError with the answer to give instead.

    The subprotocol is the first of the client's that `protocols` holds, or what
    `select_subprotocol` makes of all that the client offers. With `compress` the first
    acceptable offer of permessage-deflate is taken; others are declined by silence.
    """
    key = _check_request(head)
    settled = _settle(head, protocols, compress, select_subprotocol)
    switch = (
        ("Upgrade", "websocket"),
        ("Connection", "upgrade"),
        ("Sec-WebSocket-Accept", make_accept(key)),
    )
    return attrs.evolve(settled, headers=switch + settled.headers)


def _settle(
    head: RequestHead,
    protocols: Sequence[str],
    compress: bool,
    select_subprotocol: SelectSubprotocol | None,
) -> Acceptance:
    """Subprotocol and extension: what is the same however the stream was opened (RFC 8441 5)."""
    headers: list[tuple[str, str]] = []
    offered = tuple(filter(_TOKEN.fullmatch, _tokens(head, _PROTOCOL)))
    if select_subprotocol is None:
        protocol = next((name for name in offered if name in protocols), None)
    else:
        protocol = select_subprotocol(offered)
        if protocol is not None and protocol not in offered:
            raise ValueError(
                f"select_subprotocol chose {protocol!r}, which the client does not offer; choose"
                f" one of {offered!r}, or None"
            )
    if protocol is not None:
        headers.append((_PROTOCOL, protocol))
    for offer in _parse_extensions(head.get_all(_EXTENSIONS)) if compress else ():
        answer = _answer_offer(offer)
        if answer is not None:
            deflate, text = answer
            headers.append((_EXTENSIONS, text))
            return Acceptance(tuple(headers), protocol, deflate)
    return Acceptance(tuple(headers), protocol, None)


def upgrade_headers(
    key: str, *, protocols: Sequence[str] = (), deflate_bits: int = 0
) -> list[tuple[str, str]]:
    """The header fields that make a GET request a client's handshake.

    `deflate_bits` offers permessage-deflate with at most that window (9 to 15; 0: no offer).
    """
    # RFC 7692 7.1.2 allows 8 as well, and zlib cannot compress with it.
    if deflate_bits and not MIN_WINDOW_BITS < deflate_bits <= MAX_WINDOW_BITS:
        raise ValueError(f"compression takes 9 to 15 bits, or 0 for none, not {deflate_bits}")
    headers = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        (_VERSION_FIELD, _VERSION),
        ("Sec-WebSocket-Key", key),
    ]
    if protocols:
        headers.append((_PROTOCOL, ", ".join(protocols)))
    if deflate_bits:
        offer = f"{NAME}; {_CLIENT_BITS}"
        if deflate_bits < MAX_WINDOW_BITS:
            offer += f"; {_SERVER_BITS}={deflate_bits}"
        headers.append((_EXTENSIONS, offer))
    return headers


def check_response(
    head: ResponseHead, key: str, *, protocols: Sequence[str] = (), deflate_bits: int = 0
) -> Agreement:
    """What the server agreed to, or HandshakeError with what is wrong (RFC 6455 4.1).

    Give the same `protocols` and `deflate_bits` as to upgrade_headers().
    """

    def refuse(text: str) -> HandshakeError:
        return HandshakeError(head.status, text, tuple(head.headers.items()))

    if head.status != 101:
        raise refuse("Invalid response status")
    if (head.get("Upgrade") or "").lower() != "websocket":
        raise refuse("Invalid upgrade header")
    if not _has_token(head, "Connection", "upgrade"):
        raise refuse("Invalid connection header")
    if head.get_all("Sec-WebSocket-Accept") != [make_accept(key)]:
        raise refuse("Invalid challenge response")
    chosen = head.get_all(_PROTOCOL)
    if len(chosen) > 1 or any(name not in protocols for name in chosen):
        raise refuse("Invalid subprotocol")
    extensions = _parse_extensions(head.get_all(_EXTENSIONS))
    deflate = None
    if extensions:
        deflate = _read_answer(extensions[0], deflate_bits) if len(extensions) == 1 else None
        if deflate is None:
            raise refuse("Invalid extension")
    return Agreement(chosen[0] if chosen else None, deflate)


def _check_request(head: RequestHead) -> str:
    """The key of a proper handshake (RFC 6455 4.2.1)."""
    if head.method != "GET" or head.version < HTTP_11:
        raise HandshakeError(400, "A websocket handshake is a GET request of HTTP/1.1")
    if not _has_token(head, "Upgrade", "websocket"):
        raise HandshakeError(400, "A websocket handshake has the field Upgrade: websocket")
    if not _has_token(head, "Connection", "upgrade"):
        raise HandshakeError(400, "A websocket handshake has the field Connection: Upgrade")
    if head.get_all(_VERSION_FIELD) != [_VERSION]:
        # RFC 6455 4.2.2 item 4; RFC 9110 15.5.22 wants Upgrade in a 426.
        fields = ((_VERSION_FIELD, _VERSION), ("Upgrade", "websocket"), ("Connection", "Upgrade"))
        raise HandshakeError(426, _VERSION_TEXT, fields)
    if head.framing:
        # Frames begin behind the head (RFC 6455 4.1): whoever disagrees on where that is smuggles.
        raise HandshakeError(400, "A websocket handshake has no body")
    keys = head.get_all("Sec-WebSocket-Key")
    if len(keys) != 1 or not _is_key(keys[0]):
        raise HandshakeError(
            400, "A websocket handshake has the field Sec-WebSocket-Key: 16 bytes in base64"
        )
    return keys[0]


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 16
    except (binascii.Error, ValueError):
        return False


def _tokens(head: RequestHead | ResponseHead, name: str) -> list[str]:
    """The elements of a comma-separated field, over all its lines."""
    elements = (part.strip(" \t") for line in head.get_all(name) for part in line.split(","))
    return [element for element in elements if element]


def _has_token(head: RequestHead | ResponseHead, name: str, token: str) -> bool:
    return any(element.lower() == token for element in _tokens(head, name))


def _parse_extensions(lines: Iterable[str]) -> list[_Extension]:
    """Sec-WebSocket-Extensions (RFC 6455 9.1).

    What does not follow the grammar becomes an extension of no name, which nobody accepts. A
    quoted value holds a token, so a comma never stands within a valid one.
    """
    parts = (part.strip(" \t") for line in lines for part in line.split(","))
    return [_parse_extension(part) for part in parts if part]


def _parse_extension(text: str) -> _Extension:
    name, *pairs = (part.strip(" \t") for part in text.split(";"))
    params: dict[str, str | None] = {}
    for pair in pairs:
        key, equals, value = (part.strip(" \t") for part in pair.partition("="))
        if len(value) > 1 and value[0] == value[-1] == '"':
            value = value[1:-1]
        is_value = _TOKEN.fullmatch(value) if equals else not value
        if not _TOKEN.fullmatch(key) or key in params or not is_value:
            return _Extension("", {})
        params[key] = value if equals else None
    return _Extension(name, params)


def _read_params(extension: _Extension) -> dict[str, int | bool | None] | None:
    """Parameters of permessage-deflate as values, or None when one is unknown or invalid."""
    if extension.name.lower() != NAME:
        return None
    values: dict[str, int | bool | None] = {}
    for key, value in extension.params.items():
        if key in _FLAGS and value is None:
            values[key] = True
        elif key in (_SERVER_BITS, _CLIENT_BITS) and value and _BITS.fullmatch(value):
            values[key] = int(value)
        elif key == _CLIENT_BITS and value is None:
            values[key] = None
        else:
            return None
    return values


def _answer_offer(offer: _Extension) -> tuple[DeflateParams, str] | None:
    """The parameters for an offer and the text that says so (RFC 7692 7.1); None declines it."""
    values = _read_params(offer)
    if values is None:
        return None
    # A client's window is only ours to bound where it offered that; no bound means the whole.
    settled = {key: value for key, value in values.items() if value is not None}
    text = "; ".join(
        [NAME, *(key if value is True else f"{key}={value}" for key, value in settled.items())]
    )
    return _to_params(settled), text


def _read_answer(answer: _Extension, deflate_bits: int) -> DeflateParams | None:
    """What a server's answer settles; None where it answers something we did not offer."""
    values = _read_params(answer)
    if values is None or not deflate_bits:
        return None
    if values.get(_CLIENT_BITS, 0) is None:  # 7.1.2.2: without a value only in an offer
        return None
    params = _to_params({key: value for key, value in values.items() if value is not None})
    # 7.1.2.1: a server that was asked for a smaller window must say that it keeps to it.
    return params if params.server_max_window_bits <= deflate_bits else None


def _to_params(values: dict[str, int | bool]) -> DeflateParams:
    return DeflateParams(
        server_no_context_takeover=bool(values.get(_FLAGS[0], False)),
        client_no_context_takeover=bool(values.get(_FLAGS[1], False)),
        server_max_window_bits=int(values.get(_SERVER_BITS, MAX_WINDOW_BITS)),
        client_max_window_bits=int(values.get(_CLIENT_BITS, MAX_WINDOW_BITS)),
    )
