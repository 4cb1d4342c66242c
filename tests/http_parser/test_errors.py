import pickle

import pytest

from weft_http_parser import (
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

ERRORS = (
    (ProtocolError(Reason.BARE_LF, 7), "LF without CR (byte 7)"),
    (
        HeaderInjection("header value", "a\nb"),
        "header value has a character that is not allowed there: 'a\\nb'",
    ),
    (ContentCodingError("gzip", "truncated"), "gzip: truncated"),
    (BodyTooLarge(10), "body larger than 10 bytes"),
    (MultipartError("no boundary"), "no boundary"),
    (LinkLost(), "the connection is lost"),
    (LineTooLong(10), "Chunk too big: a line of more than 10 bytes"),
    (UnknownPayload(int), "no payload is registered for a value of type int"),
)


@pytest.mark.parametrize(("error", "text"), ERRORS)
def test_text_is_made_from_fields(error: HttpParserError, text: str) -> None:
    assert str(error) == text
    assert isinstance(error, HttpParserError)


@pytest.mark.parametrize("error", [error for error, _ in ERRORS])
def test_errors_survive_pickling(error: HttpParserError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_events_are_no_part_of_text_or_copies() -> None:
    error = ProtocolError(Reason.BARE_LF, 7)
    assert error.events == ()
    before = str(error), repr(error), error.args
    error.events = (object(),)
    assert (str(error), repr(error), error.args) == before
    assert pickle.loads(pickle.dumps(error)).events == ()


def test_reasons_differ_in_text() -> None:
    assert len({reason.text for reason in Reason}) == len(Reason)


@pytest.mark.parametrize("reason", Reason)
def test_reasons_suggest_an_error_status(reason: Reason) -> None:
    assert 400 <= reason.status < 600
    assert ProtocolError(reason, 0).status == reason.status


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.METHOD, 400),
        (Reason.LINE_TOO_LONG, 414),
        (Reason.FIELD_TOO_LONG, 431),
        (Reason.TOO_MANY_FIELDS, 431),
        (Reason.HEAD_TOO_LARGE, 431),
        (Reason.BODY_TOO_LARGE, 413),
        (Reason.CODING_UNKNOWN, 501),
        (Reason.VERSION, 505),
    ],
)
def test_status(reason: Reason, status: int) -> None:
    assert reason.status == status


def test_builtin_roots() -> None:
    assert issubclass(HeaderInjection, ValueError)
    assert issubclass(MultipartError, ValueError)
    assert issubclass(LinkLost, ConnectionResetError)


def test_injected_text_is_cut() -> None:
    assert len(str(HeaderInjection("method", "x" * 10_000))) < 200
