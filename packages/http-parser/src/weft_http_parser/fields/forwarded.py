"""Forwarded (RFC 7239): what proxies say of the hops before them.

Decides what was said. Knows no peer and trusts nobody: any client can send the field, so only
the elements that one's own proxies appended mean anything. They stand last.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.tokens import format_value, is_token, unescape

_PAIR = re.compile(
    r"[ \t]*+([!#$%&'*+.^_`|~0-9A-Za-z-]++)="
    r"(?:\"((?:[^\"\\]++|\\.)*+)\"|([!#$%&'*+.^_`|~0-9A-Za-z-]++(?::[0-9]{1,5}+)?+))"
)
"""RFC 7239 4, and an address with a port that somebody did not quote."""
_BETWEEN = re.compile(r"[ \t]*+([;,]|\Z)")
_NODE = re.compile(
    r"(?:(?P<ip4>[0-9.]++)|\[(?P<ip6>[0-9A-Fa-f:.]++)\]|(?P<name>unknown|_[0-9A-Za-z._-]++))"
    r"(?::(?P<port>[0-9]{1,5}+|_[0-9A-Za-z._-]++))?+",
    re.IGNORECASE | re.ASCII,
)


@attrs.frozen
class ForwardedNode:
    """A proxy or a client, as `for` and `by` name it (RFC 7239 6).

    `port` is text, for it may be obfuscated too.

    >>> parse_forwarded_node("[2001:db8::1]:4711")
    ForwardedNode(name='2001:db8::1', port='4711')
    """

    name: str
    port: str | None = None

    @property
    def is_obfuscated(self) -> bool:
        """Whether the name is one that a proxy made up (RFC 7239 6.3)."""
        return self.name.startswith("_")

    @property
    def is_unknown(self) -> bool:
        """Whether the proxy knew nothing, or told nothing (RFC 7239 6.2)."""
        return self.name == "unknown"


@attrs.frozen
class Forwarded:
    """One hop: its parameters, names in lower case (RFC 7239 4, 5).

    `tuple(hop.parameters for hop in parse_forwarded(lines))` is `request.forwarded` of aiohttp.

    >>> hop = parse_forwarded('for="[::1]:80";proto=https')[0]
    >>> hop.for_node.name, hop.proto, hop.host
    ('::1', 'https', None)
    """

    parameters: Mapping[str, str]

    @property
    def for_node(self) -> ForwardedNode | None:
        """Who made the request that the proxy got (RFC 7239 5.2)."""
        return parse_forwarded_node(self.parameters.get("for", ""))

    @property
    def by_node(self) -> ForwardedNode | None:
        """Where the request came in at the proxy (RFC 7239 5.1)."""
        return parse_forwarded_node(self.parameters.get("by", ""))

    @property
    def host(self) -> str | None:
        """The Host that the proxy was asked for (RFC 7239 5.3)."""
        return self.parameters.get("host")

    @property
    def proto(self) -> str | None:
        """The scheme that the proxy was asked by (RFC 7239 5.4)."""
        return self.parameters.get("proto")


def parse_forwarded(lines: str | Iterable[str]) -> tuple[Forwarded, ...]:
    """The hops of a Forwarded field, over all its lines, the client's own first (RFC 7239 4).

    A fault ends its element, of which the parameters before it stay; the next begins behind the
    next comma. So whatever a client sends, the elements that proxies appended are read, and stand
    last. An element of which nothing is left stays as an empty one; of a name that an element has
    twice the last counts.

    >>> [dict(hop.parameters) for hop in parse_forwarded('For="a,b";by=_x, for="un, for=c')]
    [{'for': 'a,b', 'by': '_x'}, {}, {'for': 'c'}]
    """
    found: list[Forwarded] = []
    for line in [lines] if isinstance(lines, str) else lines:
        found += [Forwarded(MappingProxyType(pairs)) for pairs in _parse_line(line)]
    return tuple(found)


def _parse_line(line: str) -> list[dict[str, str]]:
    elements: list[dict[str, str]] = [{}]
    at = 0
    while at < len(line):
        pair = _PAIR.match(line, at)
        end = _BETWEEN.match(line, pair.end() if pair else at)
        if pair is not None:
            name, quoted, plain = pair.groups()
            elements[-1][name.lower()] = plain if quoted is None else unescape(quoted)
        if end is None:
            comma = line.find(",", pair.end() if pair else at)
            if comma < 0:
                break
            elements.append({})
            at = comma + 1
            continue
        if end[1] == ",":
            elements.append({})
        at = end.end()
    return elements


def parse_forwarded_node(text: str) -> ForwardedNode | None:
    """A node: an address, `unknown` or `_obfuscated`, with or without a port (RFC 7239 6); None
    when it is none. Whether the digits of an address make one is not looked at.

    >>> parse_forwarded_node("192.0.2.43:47011").port, parse_forwarded_node("[::1").__class__
    ('47011', <class 'NoneType'>)
    """
    match = _NODE.fullmatch(text)
    if match is None:
        return None
    name = match["ip4"] or match["ip6"] or match["name"]
    return ForwardedNode(name.lower() if match["ip6"] or name[0] in "uU" else name, match["port"])


def format_forwarded(hops: Iterable[Mapping[str, str]]) -> str:
    """A Forwarded field; HeaderInjection where text would break out of its place (RFC 7239 4).

    >>> format_forwarded([{"for": "[::1]:80", "proto": "https"}, {"for": "_b"}])
    'for="[::1]:80";proto=https, for=_b'
    """
    elements: list[str] = []
    for hop in hops:
        for name in hop:
            if not is_token(name):
                raise HeaderInjection("Forwarded parameter", name)
        elements.append(";".join(f"{name}={format_value(value)}" for name, value in hop.items()))
    return ", ".join(elements)
