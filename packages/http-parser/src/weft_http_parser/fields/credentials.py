"""Basic credentials (RFC 7617).

Decides their form in a field. Knows no users.
"""

import binascii
from typing import NamedTuple, Protocol


class UrlLike(Protocol):
    """What this module needs of a URL."""

    @property
    def user(self) -> str | None: ...

    @property
    def password(self) -> str | None: ...


class _Fields(NamedTuple):
    login: str
    password: str
    encoding: str


class BasicAuth(_Fields):
    """A login and a password (RFC 7617 2).

    >>> BasicAuth("Aladdin", "open sesame").encode()
    'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='
    """

    __slots__ = ()

    def __new__(cls, login: str, password: str = "", encoding: str = "latin1") -> "BasicAuth":
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in login (RFC 7617 2)')
        return super().__new__(cls, login, password, encoding)

    @classmethod
    def decode(cls, auth_header: str, encoding: str = "latin1") -> "BasicAuth":
        """The credentials of an Authorization field; ValueError when it is malformed.

        >>> BasicAuth.decode("Basic dTpw").password
        'p'
        """
        scheme, space, coded = auth_header.partition(" ")
        if not space:
            raise ValueError("Could not parse authorization header.")
        if scheme.lower() != "basic":
            raise ValueError(f"Unknown authorization method {scheme}")
        try:
            decoded = binascii.a2b_base64(coded.encode("ascii"), strict_mode=True)
            login, colon, password = decoded.decode(encoding).partition(":")
        except (binascii.Error, UnicodeError):
            raise ValueError("Invalid base64 encoding.") from None
        if not colon:
            raise ValueError("Invalid credentials.")
        return cls(login, password, encoding)

    @classmethod
    def from_url(cls, url: UrlLike, *, encoding: str = "latin1") -> "BasicAuth | None":
        """The credentials in a URL, if it has any."""
        if url.user is None and url.password is None:
            return None
        return cls(url.user or "", url.password or "", encoding)

    def encode(self) -> str:
        """The value of an Authorization field."""
        return encode_basic_auth(self.login, self.password, self.encoding)


def encode_basic_auth(login: str, password: str = "", encoding: str = "utf-8") -> str:
    """The value of an Authorization field (RFC 7617 2).

    >>> encode_basic_auth("u", "p")
    'Basic dTpw'
    """
    if ":" in login:
        raise ValueError('A ":" is not allowed in login (RFC 7617 2)')
    joined = f"{login}:{password}".encode(encoding)
    return "Basic " + binascii.b2a_base64(joined, newline=False).decode("ascii")
