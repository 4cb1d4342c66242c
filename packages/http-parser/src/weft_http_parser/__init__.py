"""HTTP/1.1 messages: bytes to values and back, bodies, multipart and compression, without I/O."""

from typing import TYPE_CHECKING

from . import names as hdrs
from ._twin import (
    BACKEND,
    ChunkScanner,
    HeadScanner,
    RequestHead,
    ResponseHead,
    render_fields,
    render_request_head,
    render_response_head,
)
from .aio.iteration import (
    AsyncStreamIterator,
    ChunkTupleAsyncStreamIterator,
)
from .aio.link import (
    Hold,
    Link,
    Receiver,
)
from .aio.stream import (
    EMPTY_STREAM,
    EmptyStreamReader,
    Gate,
    StreamReader,
)
from .aio.waiter import Waiter
from .body.files import (
    BufferedReaderPayload,
    BytesIOPayload,
    IOBasePayload,
    TextIOPayload,
    guess_content_type,
)
from .body.payload import (
    PAYLOAD_REGISTRY,
    AsyncIterablePayload,
    BodyWriter,
    BytesPayload,
    JsonBytesPayload,
    JsonPayload,
    LookupError,
    Order,
    Payload,
    PayloadRegistry,
    StreamReaderPayload,
    StringIOPayload,
    StringPayload,
    get_payload,
    payload_type,
    register_payload,
)
from .errors import (
    BodyTooLarge,
    ContentCodingError,
    HeaderInjection,
    HttpParserError,
    LineTooLong,
    LinkLost,
    MultipartError,
    ProtocolError,
    Reason,
    UnknownPayload,
)
from .fields.cookies import (
    CookieOptions,
    format_cookie_value,
    format_cookies,
    format_set_cookie,
    make_morsel,
    parse_cookies,
    parse_set_cookie,
    to_simple_cookie,
)
from .fields.credentials import (
    BasicAuth,
    encode_basic_auth,
)
from .fields.media import (
    MediaType,
    parse_media_type,
)
from .fields.tokens import (
    check_text,
    is_token,
    parse_parameters,
)
from .heads import (
    CHUNKED,
    END,
    HTTP_10,
    HTTP_11,
    UNTIL_CLOSE,
    Buffer,
    End,
    Framing,
    Headers,
    Version,
)
from .late import late_names
from .limits import DEFAULT_LIMITS, Limits
from .names import (
    MARK_ACCEPT_ENCODING,
    MARK_AUTHORIZATION,
    MARK_CONDITIONAL,
    MARK_CONNECTION,
    MARK_CONTENT_ENCODING,
    MARK_CONTENT_LENGTH,
    MARK_CONTENT_TYPE,
    MARK_COOKIE,
    MARK_DATE,
    MARK_EXPECT,
    MARK_HOST,
    MARK_HTTP_10,
    MARK_LOCATION,
    MARK_OTHER_TARGET,
    MARK_RANGE,
    MARK_SERVER,
    MARK_SET_COOKIE,
    MARK_TRAILER,
    MARK_TRANSFER_ENCODING,
    MARK_UPGRADE,
    PHRASES,
)
from .strictness import LENIENT, STRICT, Strictness
from .wire.coding import (
    ContentDecoder,
    make_decoder,
    make_encoder,
    supported_codings,
)
from .wire.connection import Event, Http1Connection, Role
from .wire.engines import ContentEncoder, ZLibBackend, set_zlib_backend
from .wire.framing import frame_request, frame_response, has_body

# Parts that a plain program never touches load with the first use of one of their names.
if TYPE_CHECKING:
    from .body.form import FormData
    from .body.multipart import (
        BodyPartReader,
        BodyPartReaderPayload,
        MultipartReader,
        MultipartWriter,
    )
    from .body.scan import DEFAULT_MULTIPART_LIMITS, MultipartLimits, PartScanner
    from .fields.dates import format_http_date, parse_http_date
    from .fields.disposition import (
        ContentDisposition,
        content_disposition_filename,
        format_content_disposition,
        parse_content_disposition,
    )
    from .fields.etags import ETAG_ANY, ETag, format_etag, parse_etags
    from .fields.lists import parse_quality_list, parse_tokens
    from .fields.ranges import parse_range, parse_ranges
    from .fields.urlencoded import parse_urlencoded
else:
    __getattr__, __dir__ = late_names(
        globals(),
        {
            "weft_http_parser.body.form": ("FormData",),
            "weft_http_parser.body.multipart": (
                "BodyPartReader",
                "BodyPartReaderPayload",
                "MultipartReader",
                "MultipartWriter",
            ),
            "weft_http_parser.body.scan": (
                "DEFAULT_MULTIPART_LIMITS",
                "MultipartLimits",
                "PartScanner",
            ),
            "weft_http_parser.fields.dates": (
                "format_http_date",
                "parse_http_date",
            ),
            "weft_http_parser.fields.disposition": (
                "ContentDisposition",
                "content_disposition_filename",
                "format_content_disposition",
                "parse_content_disposition",
            ),
            "weft_http_parser.fields.etags": (
                "ETAG_ANY",
                "ETag",
                "format_etag",
                "parse_etags",
            ),
            "weft_http_parser.fields.lists": (
                "parse_quality_list",
                "parse_tokens",
            ),
            "weft_http_parser.fields.ranges": (
                "parse_range",
                "parse_ranges",
            ),
            "weft_http_parser.fields.urlencoded": ("parse_urlencoded",),
        },
    )

__version__ = "0.1.0"

__all__ = (
    "BACKEND",
    "CHUNKED",
    "DEFAULT_LIMITS",
    "DEFAULT_MULTIPART_LIMITS",
    "EMPTY_STREAM",
    "END",
    "ETAG_ANY",
    "HTTP_10",
    "HTTP_11",
    "LENIENT",
    "MARK_ACCEPT_ENCODING",
    "MARK_AUTHORIZATION",
    "MARK_CONDITIONAL",
    "MARK_CONNECTION",
    "MARK_CONTENT_ENCODING",
    "MARK_CONTENT_LENGTH",
    "MARK_CONTENT_TYPE",
    "MARK_COOKIE",
    "MARK_DATE",
    "MARK_EXPECT",
    "MARK_HOST",
    "MARK_HTTP_10",
    "MARK_LOCATION",
    "MARK_OTHER_TARGET",
    "MARK_RANGE",
    "MARK_SERVER",
    "MARK_SET_COOKIE",
    "MARK_TRAILER",
    "MARK_TRANSFER_ENCODING",
    "MARK_UPGRADE",
    "PAYLOAD_REGISTRY",
    "PHRASES",
    "STRICT",
    "UNTIL_CLOSE",
    "AsyncIterablePayload",
    "AsyncStreamIterator",
    "BasicAuth",
    "BodyPartReader",
    "BodyPartReaderPayload",
    "BodyTooLarge",
    "BodyWriter",
    "Buffer",
    "BufferedReaderPayload",
    "BytesIOPayload",
    "BytesPayload",
    "ChunkScanner",
    "ChunkTupleAsyncStreamIterator",
    "ContentCodingError",
    "ContentDecoder",
    "ContentDisposition",
    "ContentEncoder",
    "CookieOptions",
    "ETag",
    "EmptyStreamReader",
    "End",
    "Event",
    "FormData",
    "Framing",
    "Gate",
    "HeadScanner",
    "HeaderInjection",
    "Headers",
    "Hold",
    "Http1Connection",
    "HttpParserError",
    "IOBasePayload",
    "JsonBytesPayload",
    "JsonPayload",
    "Limits",
    "LineTooLong",
    "Link",
    "LinkLost",
    "LookupError",
    "MediaType",
    "MultipartError",
    "MultipartLimits",
    "MultipartReader",
    "MultipartWriter",
    "Order",
    "PartScanner",
    "Payload",
    "PayloadRegistry",
    "ProtocolError",
    "Reason",
    "Receiver",
    "RequestHead",
    "ResponseHead",
    "Role",
    "StreamReader",
    "StreamReaderPayload",
    "Strictness",
    "StringIOPayload",
    "StringPayload",
    "TextIOPayload",
    "UnknownPayload",
    "Version",
    "Waiter",
    "ZLibBackend",
    "check_text",
    "content_disposition_filename",
    "encode_basic_auth",
    "format_content_disposition",
    "format_cookie_value",
    "format_cookies",
    "format_etag",
    "format_http_date",
    "format_set_cookie",
    "frame_request",
    "frame_response",
    "get_payload",
    "guess_content_type",
    "has_body",
    "hdrs",
    "is_token",
    "late_names",
    "make_decoder",
    "make_encoder",
    "make_morsel",
    "parse_content_disposition",
    "parse_cookies",
    "parse_etags",
    "parse_http_date",
    "parse_media_type",
    "parse_parameters",
    "parse_quality_list",
    "parse_range",
    "parse_ranges",
    "parse_set_cookie",
    "parse_tokens",
    "parse_urlencoded",
    "payload_type",
    "register_payload",
    "render_fields",
    "render_request_head",
    "render_response_head",
    "set_zlib_backend",
    "supported_codings",
    "to_simple_cookie",
)
