"""Which redirects are followed. Pure; knows URLs and nothing of how they are asked for."""

from collections.abc import Callable

import attrs
from yarl import URL

from weft_client_session.errors import InsecureRedirectError

TLS_SCHEMES = frozenset({"https", "wss"})


def is_same_origin(one: URL, other: URL) -> bool:
    """Scheme, host and port are the same (RFC 9110 4.3.1); the usual port may be left out."""
    return (one.scheme, one.raw_host, one.port) == (other.scheme, other.raw_host, other.port)


@attrs.frozen(kw_only=True)
class Redirect:
    """A redirect that could be followed."""

    status: int
    source: URL
    """What answered with it."""
    target: URL
    """Where it leads."""
    method: str
    """Of the request that would be sent there."""
    count: int
    """1 for the first in the chain."""

    @property
    def is_downgrade(self) -> bool:
        """From TLS to plain text."""
        return self.source.scheme in TLS_SCHEMES and self.target.scheme not in TLS_SCHEMES

    @property
    def is_cross_origin(self) -> bool:
        """To another host, port or scheme: credentials do not go along."""
        return not is_same_origin(self.source, self.target)


RedirectPolicy = Callable[[Redirect], bool]
"""True: follow. False: the redirect is the answer. What it raises, the request raises."""


def refuse_downgrades(redirect: Redirect) -> bool:
    """Follow every redirect but those from TLS to plain text, which raise InsecureRedirectError."""
    if redirect.is_downgrade:
        raise InsecureRedirectError(redirect.source, redirect.target)
    return True
