from weft_web_server import (
    CleanupError,
    ConfigurationError,
    PayloadAccessError,
    RequestPayloadError,
    RequestTimeout,
    WebServerError,
)


def test_one_root() -> None:
    for kind in (CleanupError, ConfigurationError, PayloadAccessError, RequestPayloadError):
        assert issubclass(kind, WebServerError)
    assert issubclass(RequestTimeout, RequestPayloadError)


def test_cleanup_error_keeps_what_was_raised() -> None:
    first, second = ValueError("a"), KeyError("b")
    assert CleanupError("both", [first, second]).exceptions == [first, second]
