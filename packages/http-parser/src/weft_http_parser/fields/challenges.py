"""Challenges and credentials of any scheme (RFC 9110 11): Bearer (RFC 6750), Digest (RFC 7616).

Decides their form in a field. Knows no users and computes no digests.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import attrs

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.tokens import (
    WHITESPACE,
    format_quoted,
    format_value,
    is_token,
    parse_quoted,
    split_unquoted,
)

MAX_CHALLENGES = 64
"""Challenges read from one message."""
_TOKEN68 = "-._~+/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})
# RFC 7616 3.3, 3.4: these are quoted even where they are tokens, and the last only in a challenge.
_QUOTED = frozenset(
    {"realm", "domain", "nonce", "opaque", "username", "uri", "response", "cnonce", "scope"}
)
_QUOTED_IN_CHALLENGE = _QUOTED | {"qop"}


@attrs.frozen
class AuthValue:
    """A scheme with its token or its parameters: what a server asks (WWW-Authenticate,
    Proxy-Authenticate) and what a client answers (Authorization), which have one grammar
    (RFC 9110 11.3, 11.4). The scheme and the parameters' names are in lower case.

    >>> parse_credentials("Bearer abc").token
    'abc'
    """

    scheme: str
    token: str | None = None
    parameters: Mapping[str, str] = _NO_PARAMETERS

    @property
    def realm(self) -> str | None:
        """What is protected (RFC 9110 11.5)."""
        return self.parameters.get("realm")


def parse_challenges(lines: str | Iterable[str]) -> tuple[AuthValue, ...]:
    """The challenges of a WWW-Authenticate or Proxy-Authenticate, over all its lines, at most 64
    (RFC 9110 11.6.1). The same comma parts challenges and their parameters: a member that is
    `name=value` belongs to the challenge before it, any other begins one.

    A parameter that is malformed, or that no scheme comes before, is passed over; of a name that
    a challenge has twice the first counts.

    >>> found = parse_challenges('Digest realm="a, b", nonce=x, Negotiate YQ==, Basic realm="c"')
    >>> [(one.scheme, one.token or one.realm) for one in found]
    [('digest', 'a, b'), ('negotiate', 'YQ=='), ('basic', 'c')]
    """
    found: list[AuthValue] = []
    for line in [lines] if isinstance(lines, str) else lines:
        found += _parse_line(line, MAX_CHALLENGES - len(found))
    return tuple(found)


def _parse_line(line: str, most: int) -> list[AuthValue]:
    found: list[AuthValue] = []
    parameters: dict[str, str] = {}
    for item in split_unquoted(line, ","):
        pair = _parse_pair(item)
        if pair is None:
            scheme, _, rest = item.partition(" ")
            if not is_token(scheme):
                continue
            if len(found) >= most:
                break
            rest = rest.strip(WHITESPACE)
            parameters = {}
            pair = _parse_pair(rest)
            token = rest if pair is None and _is_token68(rest) else None
            found.append(AuthValue(scheme.lower(), token, MappingProxyType(parameters)))
        if pair is not None and found and found[-1].token is None:
            parameters.setdefault(*pair)
    return found


def _parse_pair(item: str) -> tuple[str, str] | None:
    """A parameter: `name = token` or `name = "text"` (RFC 9110 11.2); None for anything else."""
    name, equals, value = item.partition("=")
    name, value = name.rstrip(WHITESPACE), value.strip(WHITESPACE)
    if not equals or not is_token(name):
        return None
    if is_token(value):
        return name.lower(), value
    text = parse_quoted(value)
    return None if text is None else (name.lower(), text)


def _is_token68(text: str) -> bool:
    return bool(text) and not text.rstrip("=").strip(_TOKEN68) and text[0] != "="


def parse_credentials(text: str) -> AuthValue | None:
    """What an Authorization or Proxy-Authorization holds (RFC 9110 11.6.2); None when it is
    malformed. Of a name that comes twice None too: two readers could take different ones.

    >>> parse_credentials('Digest username="u", nc=00000001').parameters["nc"]
    '00000001'
    >>> parse_credentials('Digest username="u", username="v"') is None
    True
    """
    scheme, _, rest = text.strip(WHITESPACE).partition(" ")
    rest = rest.strip(WHITESPACE)
    if not is_token(scheme):
        return None
    if not rest:
        return AuthValue(scheme.lower())
    if _is_token68(rest) and _parse_pair(rest) is None:
        return AuthValue(scheme.lower(), rest)
    parameters = parse_auth_parameters(rest)
    return None if parameters is None else AuthValue(scheme.lower(), None, parameters)


def parse_auth_parameters(text: str) -> Mapping[str, str] | None:
    """The parameters of an Authentication-Info (RFC 9110 11.6.3), names in lower case; None when
    one is malformed or comes twice.

    >>> dict(parse_auth_parameters('nextnonce="a", qop=auth'))
    {'nextnonce': 'a', 'qop': 'auth'}
    """
    pairs = [_parse_pair(item) for item in split_unquoted(text, ",") if item]
    whole = [pair for pair in pairs if pair is not None]
    found = dict(whole)
    return MappingProxyType(found) if len(found) == len(pairs) else None


def format_credentials(value: AuthValue) -> str:
    """The value of an Authorization field; HeaderInjection where text would break out. What
    Digest wants in quotes is, and the rest only where it has to be (RFC 7616 3.4).

    >>> format_credentials(AuthValue("Digest", parameters={"username": "u", "qop": "auth"}))
    'Digest username="u", qop=auth'
    >>> format_credentials(AuthValue("Bearer", "abc"))
    'Bearer abc'
    """
    return _format(value, _QUOTED)


def format_challenge(value: AuthValue) -> str:
    """One challenge of a WWW-Authenticate; HeaderInjection where text would break out
    (RFC 9110 11.6.1, RFC 7616 3.3).

    >>> format_challenge(AuthValue("Digest", parameters={"realm": "r", "qop": "auth"}))
    'Digest realm="r", qop="auth"'
    """
    return _format(value, _QUOTED_IN_CHALLENGE)


def _format(value: AuthValue, quoted: frozenset[str]) -> str:
    if not is_token(value.scheme):
        raise HeaderInjection("authentication scheme", value.scheme)
    if value.token is not None:
        if not _is_token68(value.token):
            raise HeaderInjection("authentication token", value.token)
        return f"{value.scheme} {value.token}"
    parts: list[str] = []
    for name, text in value.parameters.items():
        if not is_token(name):
            raise HeaderInjection("authentication parameter", name)
        coded = format_quoted(text) if name.lower() in quoted else format_value(text)
        parts.append(f"{name}={coded}")
    return f"{value.scheme} {', '.join(parts)}".rstrip(" ")
