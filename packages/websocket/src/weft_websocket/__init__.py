"""RFC 6455 and RFC 7692 as a core without I/O, and one asyncio shell."""

from weft_websocket._twin import BACKEND
from weft_websocket.aio import WebSocketStream
from weft_websocket.backlog import SendLag, SendLimits, SlowPolicy
from weft_websocket.broadcast import BroadcastReport, broadcast, broadcast_wait
from weft_websocket.codes import (
    WSCloseCode,
    WSMessage,
    WSMessageTextBytes,
    WSMsgType,
)
from weft_websocket.deflate import DeflateParams
from weft_websocket.errors import (
    HandshakeError,
    Rule,
    WebSocketClosed,
    WebSocketError,
    WeftWebSocketError,
    WSMessageTypeError,
)
from weft_websocket.handshake import (
    Acceptance,
    Agreement,
    accept,
    check_response,
    make_accept,
    make_key,
    upgrade_headers,
)
from weft_websocket.incoming import IncomingMessage
from weft_websocket.marking import coroutine_function
from weft_websocket.options import StreamOptions
from weft_websocket.origins import Origin, check_origin, parse_origins
from weft_websocket.outgoing import Chunks
from weft_websocket.prepared import PreparedMessage
from weft_websocket.protocol import Phase, WsEvent, WsProtocol

__version__ = "0.1.0"

__all__ = (
    "BACKEND",
    "Acceptance",
    "Agreement",
    "BroadcastReport",
    "Chunks",
    "DeflateParams",
    "HandshakeError",
    "IncomingMessage",
    "Origin",
    "Phase",
    "PreparedMessage",
    "Rule",
    "SendLag",
    "SendLimits",
    "SlowPolicy",
    "StreamOptions",
    "WSCloseCode",
    "WSMessage",
    "WSMessageTextBytes",
    "WSMessageTypeError",
    "WSMsgType",
    "WebSocketClosed",
    "WebSocketError",
    "WebSocketStream",
    "WeftWebSocketError",
    "WsEvent",
    "WsProtocol",
    "accept",
    "broadcast",
    "broadcast_wait",
    "check_origin",
    "check_response",
    "coroutine_function",
    "make_accept",
    "make_key",
    "parse_origins",
    "upgrade_headers",
)
