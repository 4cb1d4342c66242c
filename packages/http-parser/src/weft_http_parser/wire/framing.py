"""How a message is delimited, and whether its connection outlives it (RFC 9112 6.3, 9.3).

Decides once per message, from its head. Knows no roles, no phases and no bytes behind the head.
Every fault is one of the head as a whole, so its offset is that of the head's last byte.
"""

import re
from typing import Final

from .._twin import RequestHead, ResponseHead
from .._twin.api import FRAMING_MARKS
from ..errors import ProtocolError, Reason
from ..heads import CHUNKED, HTTP_11, UNTIL_CLOSE, Framing
from ..names import (
    MARK_CONNECTION,
    MARK_CONTENT_LENGTH,
    MARK_HOST,
    MARK_HTTP_10,
    MARK_OTHER_TARGET,
    MARK_TRANSFER_ENCODING,
)

_MOST_DIGITS: Final = 18
_SPACE: Final = " \t"
_CHUNKED_ALONE: Final = ["chunked"]  # what everybody says
# RFC 3986 3.2.2: a host that is there, the same as in Host.
_REG_NAME: Final = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})"
_ADDRESS: Final = rf"\[(?:[0-9A-Fa-f]*+:[0-9A-Fa-f:.]*+|[vV][0-9A-Fa-f]++\.(?:{_REG_NAME}|:)++)\]"
_HOST: Final = rf"(?:{_ADDRESS}|{_REG_NAME}++)"
# RFC 9112 3.2.2 with RFC 9110 4.2.1: an http URI has a host; user information is refused.
_ABSOLUTE: Final = re.compile(
    rf"(?:https?|wss?)://{_HOST}(?::[0-9]*+)?(?:[/?][^#]*+)?", re.IGNORECASE | re.ASCII
)
_AUTHORITY: Final = re.compile(rf"{_HOST}:[0-9]{{1,5}}", re.ASCII)


def frame_request(head: RequestHead) -> None:
    """Set `framing` and `persistent` of a request, or refuse it."""
    marks = head.marks & FRAMING_MARKS
    if not marks or marks == MARK_CONTENT_LENGTH:
        head.framing = _read_length(head) if marks else 0
        head.persistent = True
        return
    if marks == MARK_TRANSFER_ENCODING:
        if head.get_all("transfer-encoding") != _CHUNKED_ALONE:
            _check_codings(head)
        head.framing = CHUNKED
        head.persistent = True
        return
    if marks & MARK_OTHER_TARGET and not _is_servable(head.method, head.target):
        raise _fault(head, Reason.TARGET)
    framing = _find_framing(head)
    head.framing = 0 if framing is None else framing
    # RFC 9110 9.3.6: what follows CONNECT may be a tunnel's, and is never taken for a request.
    head.persistent = head.method != "CONNECT" and _is_persistent(head)


def frame_response(head: ResponseHead, request_method: str) -> None:
    """Set `framing` and `persistent` of the response to a request of that method, or refuse it."""
    framing = _find_framing(head)
    # RFC 9112 6.3 items 1 and 2: no body, whatever the fields say.
    if not has_body(head.status, request_method):
        framing = 0
    head.framing = UNTIL_CLOSE if framing is None else framing
    head.persistent = framing is not None and _is_persistent(head)


def check_host(head: RequestHead) -> None:
    """Refuse to send a request of HTTP/1.1 without one Host (RFC 9112 3.2).

    One that is received was checked by its scanner.
    """
    if head.version == HTTP_11 and len(head.get_all("host")) != 1:
        has_some = head.marks & MARK_HOST
        raise _fault(head, Reason.HOST_REPEATED if has_some else Reason.HOST_MISSING)


def check_bodiless(head: ResponseHead) -> None:
    """Refuse to send a Transfer-Encoding where no body may follow (RFC 9112 6.1)."""
    if head.marks & MARK_TRANSFER_ENCODING and (head.status < 200 or head.status == 204):
        raise _fault(head, Reason.CODING)


def has_body(status: int, request_method: str) -> bool:
    """Whether a response may have a body at all.

    >>> has_body(200, "GET"), has_body(200, "HEAD"), has_body(304, "GET"), has_body(200, "CONNECT")
    (True, False, False, False)
    """
    if request_method == "HEAD" or status < 200 or status in (204, 304):
        return False
    return not (request_method == "CONNECT" and status < 300)


def _find_framing(head: RequestHead | ResponseHead) -> Framing | None:
    """What the fields say; None when they say nothing."""
    marks = head.marks
    if marks & MARK_TRANSFER_ENCODING:
        # RFC 9112 6.1: both fields together are how requests are smuggled.
        if marks & MARK_CONTENT_LENGTH:
            raise _fault(head, Reason.LENGTH_AND_CODING)
        if marks & MARK_HTTP_10:
            raise _fault(head, Reason.CODING_IN_HTTP_10)
        _check_codings(head)
        return CHUNKED
    if marks & MARK_CONTENT_LENGTH:
        return _read_length(head)
    return None


def _check_codings(head: RequestHead | ResponseHead) -> None:
    """One chunked, at the end, is all that is supported (RFC 9112 6.1, 7)."""
    values = head.get_all("transfer-encoding")
    if values == _CHUNKED_ALONE:
        return
    elements = ",".join(values).split(",")
    codings = [coding for coding in (element.strip(_SPACE) for element in elements) if coding]
    # `lower` folds the kelvin sign to "k" too: the spelling must be ASCII first.
    if not codings or not codings[-1].isascii() or codings[-1].lower() != "chunked":
        raise _fault(head, Reason.CODING)
    for coding in codings[:-1]:
        is_chunked = coding.isascii() and coding.lower() == "chunked"
        raise _fault(head, Reason.CODING if is_chunked else Reason.CODING_UNKNOWN)


def _read_length(head: RequestHead | ResponseHead) -> int:
    """RFC 9112 6.3 item 5: digits; repeats must be the same."""
    values = head.get_all("content-length")
    if len(values) > 1 or "," in values[0]:
        values = [element.strip(_SPACE) for element in ",".join(values).split(",")]
        # "3" and "03" are one number but two spellings: nobody in good faith sends both.
        if len(set(values)) > 1:
            raise _fault(head, _find_length_fault(values))
    digits = values[0]
    if not _is_length(digits):
        raise _fault(head, Reason.LENGTH)
    return int(digits)


def _is_length(digits: str) -> bool:
    # `isdigit` alone would take digits of other scripts, and `int` signs and underscores.
    return digits.isdigit() and digits.isascii() and len(digits) <= _MOST_DIGITS


def _find_length_fault(values: list[str]) -> Reason:
    return Reason.LENGTH_CONFLICT if all(map(_is_length, values)) else Reason.LENGTH


def _is_persistent(head: RequestHead | ResponseHead) -> bool:
    """RFC 9112 9.3: `close` wins; else 1.1 stays, and 1.0 stays when asked to."""
    if not head.marks & MARK_CONNECTION:
        return not head.marks & MARK_HTTP_10
    text = ",".join(head.get_all("connection")).lower()
    if text == "keep-alive":  # what most clients say, when they say anything
        return True
    names = {option.strip(_SPACE) for option in text.split(",")}
    if "close" in names:
        return False
    return not head.marks & MARK_HTTP_10 or "keep-alive" in names


def _is_servable(method: str, target: str) -> bool:
    """RFC 9112 3.2: the forms of a target that do not begin with a slash."""
    if method == "CONNECT":
        return _AUTHORITY.fullmatch(target) is not None
    if target == "*":
        return method == "OPTIONS"
    return _ABSOLUTE.fullmatch(target) is not None


def _fault(head: RequestHead | ResponseHead, reason: Reason) -> ProtocolError:
    return ProtocolError(reason, len(head.raw) - 1)
