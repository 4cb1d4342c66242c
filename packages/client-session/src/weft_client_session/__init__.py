"""An asyncio HTTP client with the API of aiohttp.ClientSession."""

from typing import TYPE_CHECKING

from weft_client_session.connection import Connection
from weft_client_session.connector import BaseConnector
from weft_client_session.endpoints import TCPConnector, UnixConnector
from weft_client_session.errors import (
    ClientConnectionError,
    ClientConnectionResetError,
    ClientConnectorCertificateError,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientConnectorSSLError,
    ClientError,
    ClientHttpProxyError,
    ClientOSError,
    ClientPayloadError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSSLError,
    ConnectionTimeoutError,
    ContentTypeError,
    InvalidURL,
    InvalidUrlClientError,
    InvalidUrlRedirectClientError,
    NonHttpUrlClientError,
    NonHttpUrlRedirectClientError,
    RedirectClientError,
    ServerConnectionError,
    ServerDisconnectedError,
    ServerFingerprintMismatch,
    ServerTimeoutError,
    SocketTimeoutError,
    TooManyRedirects,
    UnixClientConnectorError,
    UploadAbortedError,
    WSServerHandshakeError,
)
from weft_client_session.jar import AbstractCookieJar, CookieJar, DummyCookieJar
from weft_client_session.middleware import ClientHandlerType, ClientMiddlewareType
from weft_client_session.one_shot import request
from weft_client_session.options import ClientTimeout, ClientWSTimeout
from weft_client_session.request import ClientRequest, ConnectionKey, RequestInfo
from weft_client_session.resolver import (
    AbstractResolver,
    DefaultResolver,
    ResolveResult,
    ThreadedResolver,
)
from weft_client_session.response import ClientResponse
from weft_client_session.session import ClientSession
from weft_client_session.tls import Fingerprint
from weft_http_parser import BasicAuth, encode_basic_auth, hdrs, late_names

# Parts that a plain program never touches load with the first use of one of their names.
if TYPE_CHECKING:
    from weft_client_session.async_resolver import AsyncResolver
    from weft_client_session.digest import DigestAuthMiddleware
    from weft_client_session.reconnect import ReconnectingWebSocket, ReconnectPolicy
    from weft_client_session.testing import FakeResolver, TestClient, TestedServer
    from weft_client_session.tracing import (
        TraceConfig,
        TraceConnectionCreateEndParams,
        TraceConnectionCreateStartParams,
        TraceConnectionQueuedEndParams,
        TraceConnectionQueuedStartParams,
        TraceConnectionReuseconnParams,
        TraceDnsCacheHitParams,
        TraceDnsCacheMissParams,
        TraceDnsResolveHostEndParams,
        TraceDnsResolveHostStartParams,
        TraceRequestChunkSentParams,
        TraceRequestEndParams,
        TraceRequestExceptionParams,
        TraceRequestHeadersSentParams,
        TraceRequestRedirectParams,
        TraceRequestStartParams,
        TraceResponseChunkReceivedParams,
    )
    from weft_client_session.websocket import ClientWebSocketResponse
    from weft_http_parser import FormData
    from weft_websocket import (
        WebSocketError,
        WSCloseCode,
        WSMessage,
        WSMessageTypeError,
        WSMsgType,
    )
else:
    __getattr__, __dir__ = late_names(
        globals(),
        {
            "weft_client_session.async_resolver": ("AsyncResolver",),
            "weft_client_session.digest": ("DigestAuthMiddleware",),
            "weft_client_session.reconnect": ("ReconnectPolicy", "ReconnectingWebSocket"),
            "weft_client_session.testing": (
                "FakeResolver",
                "TestClient",
                "TestedServer",
            ),
            "weft_client_session.tracing": (
                "TraceConfig",
                "TraceConnectionCreateEndParams",
                "TraceConnectionCreateStartParams",
                "TraceConnectionQueuedEndParams",
                "TraceConnectionQueuedStartParams",
                "TraceConnectionReuseconnParams",
                "TraceDnsCacheHitParams",
                "TraceDnsCacheMissParams",
                "TraceDnsResolveHostEndParams",
                "TraceDnsResolveHostStartParams",
                "TraceRequestChunkSentParams",
                "TraceRequestEndParams",
                "TraceRequestExceptionParams",
                "TraceRequestHeadersSentParams",
                "TraceRequestRedirectParams",
                "TraceRequestStartParams",
                "TraceResponseChunkReceivedParams",
            ),
            "weft_client_session.websocket": ("ClientWebSocketResponse",),
            "weft_http_parser": ("FormData",),
            "weft_websocket": (
                "WebSocketError",
                "WSCloseCode",
                "WSMessage",
                "WSMessageTypeError",
                "WSMsgType",
            ),
        },
    )

__version__ = "0.1.0"

__all__ = (
    "AbstractCookieJar",
    "AbstractResolver",
    "AsyncResolver",
    "BaseConnector",
    "BasicAuth",
    "ClientConnectionError",
    "ClientConnectionResetError",
    "ClientConnectorCertificateError",
    "ClientConnectorDNSError",
    "ClientConnectorError",
    "ClientConnectorSSLError",
    "ClientError",
    "ClientHandlerType",
    "ClientHttpProxyError",
    "ClientMiddlewareType",
    "ClientOSError",
    "ClientPayloadError",
    "ClientProxyConnectionError",
    "ClientRequest",
    "ClientResponse",
    "ClientResponseError",
    "ClientSSLError",
    "ClientSession",
    "ClientTimeout",
    "ClientWSTimeout",
    "ClientWebSocketResponse",
    "Connection",
    "ConnectionKey",
    "ConnectionTimeoutError",
    "ContentTypeError",
    "CookieJar",
    "DefaultResolver",
    "DigestAuthMiddleware",
    "DummyCookieJar",
    "FakeResolver",
    "Fingerprint",
    "FormData",
    "InvalidURL",
    "InvalidUrlClientError",
    "InvalidUrlRedirectClientError",
    "NonHttpUrlClientError",
    "NonHttpUrlRedirectClientError",
    "ReconnectPolicy",
    "ReconnectingWebSocket",
    "RedirectClientError",
    "RequestInfo",
    "ResolveResult",
    "ServerConnectionError",
    "ServerDisconnectedError",
    "ServerFingerprintMismatch",
    "ServerTimeoutError",
    "SocketTimeoutError",
    "TCPConnector",
    "TestClient",
    "TestedServer",
    "ThreadedResolver",
    "TooManyRedirects",
    "TraceConfig",
    "TraceConnectionCreateEndParams",
    "TraceConnectionCreateStartParams",
    "TraceConnectionQueuedEndParams",
    "TraceConnectionQueuedStartParams",
    "TraceConnectionReuseconnParams",
    "TraceDnsCacheHitParams",
    "TraceDnsCacheMissParams",
    "TraceDnsResolveHostEndParams",
    "TraceDnsResolveHostStartParams",
    "TraceRequestChunkSentParams",
    "TraceRequestEndParams",
    "TraceRequestExceptionParams",
    "TraceRequestHeadersSentParams",
    "TraceRequestRedirectParams",
    "TraceRequestStartParams",
    "TraceResponseChunkReceivedParams",
    "UnixClientConnectorError",
    "UnixConnector",
    "UploadAbortedError",
    "WSCloseCode",
    "WSMessage",
    "WSMessageTypeError",
    "WSMsgType",
    "WSServerHandshakeError",
    "WebSocketError",
    "encode_basic_auth",
    "hdrs",
    "request",
)
