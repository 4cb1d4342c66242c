"""Link (RFC 8288): targets, what they are to the resource, and what else is said of them.

Decides what the field says. Knows no base: targets are as they are written.
"""

import re
from collections.abc import Iterable

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.extended import format_extended, parse_extended
from weft_http_parser.fields.tokens import (
    check_text,
    format_quoted,
    has_controls,
    is_token,
    unescape,
)

MAX_LINKS = 256
"""Links read from one message."""
_PARAMETER = re.compile(
    r"[ \t]*+;[ \t;]*+([^=;,\"<>\s]++)[ \t]*+"
    r"(?:=[ \t]*+(?:\"((?:[^\"\\]++|\\.)*+)\"|([^\";,\s]*+)(?!\"))|(?=[;,]|\Z))"
)
"""RFC 8288 B.3: a value may be missing, and be text that is neither a token nor quoted."""
_MEMBER_END = re.compile(r"[ \t;]*+(?:,|\Z)")


@attrs.frozen
class LinkValue:
    """One link (RFC 8288 3). `parameters` has them all, names in lower case, in their order.

    >>> link = parse_links('<b>; rel="next prev"; title="x, y"')[0]
    >>> link.target, link.rel, link.title
    ('b', ('next', 'prev'), 'x, y')
    """

    target: str
    parameters: tuple[tuple[str, str], ...] = ()

    def get(self, name: str) -> str | None:
        """The first parameter of that name, which is the one that counts (RFC 8288 3.3)."""
        return next((value for key, value in self.parameters if key == name), None)

    @property
    def rel(self) -> tuple[str, ...]:
        """The relation types, in lower case (RFC 8288 2.1.1, 3.3)."""
        return tuple((self.get("rel") or "").lower().split())

    @property
    def anchor(self) -> str | None:
        """What is linked, where it is not the resource itself (RFC 8288 3.2)."""
        return self.get("anchor")

    @property
    def title(self) -> str | None:
        """The title, by `title*` where that can be read (RFC 8288 3.4.1)."""
        extended = self.get("title*")
        decoded = None if extended is None else parse_extended(extended)
        return self.get("title") if decoded is None else decoded


def parse_links(lines: str | Iterable[str]) -> tuple[LinkValue, ...]:
    """The links of a Link field, over all its lines, at most 256 (RFC 8288 3, B.2).

    What is no link, up to the next comma, is passed over; a parameter that cannot be read ends its
    link, of which the parameters before it stay.

    >>> [link.target for link in parse_links(["<a,b>; rel=next, <c>", "nothing, <d>"])]
    ['a,b', 'c', 'd']
    """
    found: list[LinkValue] = []
    for line in [lines] if isinstance(lines, str) else lines:
        at = 0
        while len(found) < MAX_LINKS and (at := _next_target(line, at)) >= 0:
            close = line.find(">", at)
            if close < 0:
                break
            target = line[at:close].strip()
            parameters, at = _parse_parameters(line, close + 1)
            if not has_controls(target):
                found.append(LinkValue(target, parameters))
    return tuple(found)


def _next_target(text: str, at: int) -> int:
    """The index behind the next `<` that begins a member; -1 for none."""
    while at < len(text):
        end = text.find(",", at)
        end = len(text) if end < 0 else end
        begin = text.find("<", at, end)
        if begin >= 0 and not text[at:begin].strip():
            return begin + 1
        at = end + 1
    return -1


def _parse_parameters(text: str, at: int) -> tuple[tuple[tuple[str, str], ...], int]:
    """The parameters from an index on, and the index behind the comma that follows them."""
    found: list[tuple[str, str]] = []
    while match := _PARAMETER.match(text, at):
        name, quoted, plain = match.groups()
        at = match.end()
        found.append((name.lower(), (plain or "") if quoted is None else unescape(quoted)))
    end = _MEMBER_END.match(text, at)
    if end is not None:
        return tuple(found), end.end()
    comma = text.find(",", at)
    return tuple(found), len(text) if comma < 0 else comma + 1


def format_link(link: LinkValue) -> str:
    """One link as it is sent; HeaderInjection where text would break out of its place. Text beyond
    ASCII becomes an extended parameter, unless the link has that too (RFC 8288 3.4.1).

    >>> format_link(LinkValue("/b", (("rel", "next"), ("title", "x, y"))))
    '</b>; rel="next"; title="x, y"'
    """
    if ">" in link.target or "<" in link.target or not link.target.isascii():
        raise HeaderInjection("link target", link.target)
    parts = [f"<{check_text('link target', link.target)}>"]
    for name, value in link.parameters:
        if not is_token(name):
            raise HeaderInjection("link parameter", name)
        if name.endswith("*"):
            if not is_token(value):
                raise HeaderInjection("link parameter", value)
            parts.append(f"{name}={value}")
        elif value.isascii():
            parts.append(f"{name}={format_quoted(value)}")
        elif link.get(f"{name}*") is None:
            check_text("link parameter", value)
            parts.append(f"{name}*={format_extended(value)}")
    return "; ".join(parts)
