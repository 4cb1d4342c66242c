"""What can go wrong with a request, as a tree of exceptions with aiohttp's names.

Each error carries fields and makes its text from them. Nothing here knows how errors come about;
the last functions translate the errors of lower packages.
"""

import enum
import ssl
import warnings
from collections.abc import Sequence
from typing import Protocol

from multidict import MultiMapping
from yarl import URL

from weft_http_parser import ProtocolError, parse_media_type


class PeerKey(Protocol):
    """Whom a connection goes to."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int | None: ...
    @property
    def ssl(self) -> object: ...


class Asked(Protocol):
    """What was asked: the part of a RequestInfo that texts need."""

    @property
    def real_url(self) -> URL: ...


class RequestPhase(enum.StrEnum):
    """What a request was about."""

    POOL = "pool"
    """It waited for a place among the connections."""
    DNS = "dns"
    """Its host was looked up."""
    CONNECT = "connect"
    """A socket was connected."""
    TLS = "tls"
    """TLS was agreed on, with a proxy or with the server."""
    PROXY = "proxy"
    """A proxy was asked for a tunnel."""
    SEND = "send"
    """It was being sent."""
    FIRST_BYTE = "first_byte"
    """It was sent, and nothing of the answer had come."""
    READ = "read"
    """The answer had begun to come."""


# What comes before the first byte of a request, so that the server knows nothing of it.
UNSENT_PHASES = frozenset(RequestPhase) - {
    RequestPhase.SEND,
    RequestPhase.FIRST_BYTE,
    RequestPhase.READ,
}


class RequestFailure:
    """What an error says about the request that it ended; None and False where there was none.

    `safe_to_retry`: to send the request again does no harm, because the server has seen nothing of
    it, or because its method is idempotent (RFC 9110 9.2.2) and its body can be sent again. It does
    not say that a second try would have more luck.
    """

    __slots__ = ()

    phase: RequestPhase | None = None
    elapsed_seconds: float | None = None
    peer: tuple[str, int] | str | None = None
    attempt: int | None = None
    safe_to_retry: bool = False


class ClientError(RequestFailure, Exception):
    """The root of every error of this package but `TotalTimeoutError`."""


class TotalTimeoutError(RequestFailure, TimeoutError):
    """The whole request took too long. No ClientError, as in aiohttp."""


# Answers that came, and are refused.


class ClientResponseError(ClientError):
    """An answer arrived and is an error: a status, a broken head, too many redirects.

    `body` is the start of what the server said besides, at most 4 KiB, as far as it had come.
    """

    def __init__(
        self,
        request_info: Asked,
        history: Sequence[object],
        *,
        status: int = 0,
        message: str = "",
        headers: MultiMapping[str] | None = None,
        body: bytes = b"",
        code: int | None = None,
    ) -> None:
        self.request_info = request_info
        self.history = tuple(history)
        self.status = status if code is None else code
        self.message = message
        self.headers = headers
        self.body = body
        if code is not None:
            if status:
                raise ValueError("Both code and status arguments are provided; use status alone")
            text = "code argument is deprecated; use status instead"
            warnings.warn(text, DeprecationWarning, stacklevel=2)
        super().__init__(request_info, self.history)

    @property
    def code(self) -> int:
        """Deprecated: the status."""
        warnings.warn("code is deprecated; use status instead", DeprecationWarning, stacklevel=2)
        return self.status

    @property
    def text(self) -> str:
        """`body` as text; what cannot be decoded is replaced."""
        kind = None if self.headers is None else self.headers.get("Content-Type")
        media = None if kind is None else parse_media_type(kind)
        charset = "utf-8" if media is None else media.parameters.get("charset", "utf-8")
        try:
            return self.body.decode(charset, "replace")
        except LookupError:  # a charset that is none
            return self.body.decode("utf-8", "replace")

    def __str__(self) -> str:
        url = str(self.request_info.real_url)
        return f"{self.status}, message={self.message!r}, url={url!r}"

    def __repr__(self) -> str:
        parts = [repr(self.request_info), f"({len(self.history)} before)"]
        if self.status:
            parts.append(f"status={self.status!r}")
        if self.message:
            parts.append(f"message={self.message!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


class ContentTypeError(ClientResponseError):
    """The body is not of the type that was asked for."""


class WSServerHandshakeError(ClientResponseError):
    """The server refused to speak websocket, or spoke it wrongly."""


class ClientHttpProxyError(ClientResponseError):
    """A proxy refused the tunnel."""


class TooManyRedirects(ClientResponseError):
    """The chain of redirects is longer than allowed."""


class ClientPayloadError(ClientError):
    """The body is cut short, garbled, or cannot be sent again."""


class UploadAbortedError(ClientError):
    """The body was not sent to its end."""


# Connections.


class ClientConnectionError(ClientError):
    """The connection could not be made, broke, or is closed."""


class ClientConnectionResetError(ClientConnectionError, ConnectionResetError):
    """The peer reset the connection."""


class ClientOSError(ClientConnectionError, OSError):
    """The operating system reported an error on the socket."""


class ClientConnectorError(ClientOSError):
    """No connection could be made."""

    def __init__(self, connection_key: PeerKey, os_error: OSError) -> None:
        self._key = connection_key
        self.os_error = os_error
        super().__init__(os_error.errno, os_error.strerror)
        self.args = (connection_key, os_error)

    @property
    def host(self) -> str:
        """The host that was to be reached."""
        return self._key.host

    @property
    def port(self) -> int | None:
        """The port that was to be reached."""
        return self._key.port

    @property
    def ssl(self) -> object:
        """The TLS setting: True, False, a context or a fingerprint."""
        return self._key.ssl

    def __str__(self) -> str:
        tls = "default" if self.ssl is True else self.ssl
        reason = self.os_error.strerror or self.os_error
        return f"Cannot connect to host {self.host}:{self.port} ssl:{tls} [{reason}]"

    __reduce__ = BaseException.__reduce__


class ClientConnectorDNSError(ClientConnectorError):
    """The host name has no address."""


class ClientProxyConnectionError(ClientConnectorError):
    """The proxy cannot be reached."""


class UnixClientConnectorError(ClientConnectorError):
    """The unix socket cannot be reached."""

    def __init__(self, path: str, connection_key: PeerKey, os_error: OSError) -> None:
        self.path = path
        super().__init__(connection_key, os_error)
        self.args = (path, connection_key, os_error)

    def __str__(self) -> str:
        reason = self.os_error.strerror or self.os_error
        return f"Cannot connect to unix socket {self.path} [{reason}]"


class ClientSSLError(ClientConnectorError):
    """TLS could not be agreed on."""


class ClientConnectorSSLError(ClientSSLError, ssl.SSLError):
    """The TLS handshake failed."""


class ClientConnectorCertificateError(ClientSSLError, ssl.CertificateError):
    """The server's certificate is not trusted, or is for another name."""

    def __init__(self, connection_key: PeerKey, certificate_error: Exception) -> None:
        self.certificate_error = certificate_error
        if isinstance(certificate_error, OSError):  # it is, when it comes from the handshake
            super().__init__(connection_key, certificate_error)
        else:
            super().__init__(connection_key, OSError(None, str(certificate_error)))
        self.args = (connection_key, certificate_error)

    def __str__(self) -> str:
        error = self.certificate_error
        return (
            f"Cannot connect to host {self.host}:{self.port} ssl:{self.ssl} "
            f"[{type(error).__name__}: {error}]"
        )


class ServerConnectionError(ClientConnectionError):
    """The server ended the connection, or kept silent."""


class ServerDisconnectedError(ServerConnectionError):
    """The server closed the connection before it answered."""

    def __init__(self, message: str | None = None) -> None:
        self.message = "Server disconnected" if message is None else message
        super().__init__(self.message)


class ServerFingerprintMismatch(ServerConnectionError):
    """The server's certificate is not the pinned one."""

    def __init__(self, expected: bytes, got: bytes, host: str, port: int) -> None:
        self.expected = expected
        self.got = got
        self.host = host
        self.port = port
        super().__init__(expected, got, host, port)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} expected={self.expected.hex()} got={self.got.hex()} "
            f"host={self.host!r} port={self.port!r}>"
        )

    __str__ = __repr__


class ServerTimeoutError(ServerConnectionError, TimeoutError):
    """The server did not act in time."""


class ConnectionTimeoutError(ServerTimeoutError):
    """No connection was ready in time."""


class PoolTimeoutError(ConnectionTimeoutError):
    """No place among the connections got free in time."""


class DNSTimeoutError(ConnectionTimeoutError):
    """The host was not looked up in time."""


class SocketConnectTimeoutError(ConnectionTimeoutError):
    """No socket was connected, with all that belongs to it, in time."""


class TLSTimeoutError(ConnectionTimeoutError):
    """TLS was not agreed on in time."""


class SocketTimeoutError(ServerTimeoutError):
    """Nothing was read from the socket for too long, or nothing could be written."""


class SendTimeoutError(SocketTimeoutError):
    """The server took nothing of the request for too long."""


class FirstByteTimeoutError(SocketTimeoutError):
    """The request was sent, and nothing came back in time."""


class ReadTimeoutError(SocketTimeoutError):
    """The answer stopped coming for too long."""


# URLs.


class InvalidURL(ClientError, ValueError):
    """A URL that cannot be asked for."""

    def __init__(self, url: str | URL, description: str | None = None) -> None:
        self._url = url
        self._description = description
        super().__init__(*((url,) if description is None else (url, description)))

    @property
    def url(self) -> str | URL:
        """The URL, as it was given."""
        return self._url

    @property
    def description(self) -> str | None:
        """What is wrong with it."""
        return self._description

    def __str__(self) -> str:
        return f"{self._url} - {self._description}" if self._description else str(self._url)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"


class InvalidUrlClientError(InvalidURL):
    """The URL of a request cannot be asked for."""


class RedirectClientError(ClientError):
    """The server redirects to where no client should go."""


class InsecureRedirectError(RedirectClientError):
    """The server redirects from TLS to plain text, which everybody on the way can read and change.

    A `redirect_policy` that returns True follows it all the same.
    """

    def __init__(self, source: URL, target: URL) -> None:
        self.source = source
        self.target = target
        super().__init__(source, target)

    def __str__(self) -> str:
        return f"{self.source.origin()} redirects to {self.target.origin()}, without TLS"


class NonHttpUrlClientError(ClientError):
    """The URL is of a scheme that this client does not speak."""


class InvalidUrlRedirectClientError(InvalidUrlClientError, RedirectClientError):
    """The server redirects to what is no URL."""


class NonHttpUrlRedirectClientError(NonHttpUrlClientError, RedirectClientError):
    """The server redirects to a scheme that this client does not speak."""


# Translations of foreign errors.


def head_error(error: ProtocolError, request_info: Asked) -> ClientResponseError:
    """The head of the answer breaks the rules."""
    return ClientResponseError(request_info, (), status=400, message=str(error))


def body_error(error: Exception) -> ClientPayloadError:
    """The body of the answer breaks the rules, or ends too early."""
    return ClientPayloadError(f"Response payload is not completed: {error}")


def lost_error(cause: Exception | None) -> ClientConnectionError:
    """The connection is gone before the answer came."""
    if isinstance(cause, OSError) and not isinstance(cause, ConnectionResetError):
        return ClientOSError(cause.errno, cause.strerror or str(cause))
    return ServerDisconnectedError()
