"""What an error answer looks like: plain text, HTML or Problem Details (RFC 9457).

Decides by what the client accepts. One renderer makes the answers of a server: where no route
fits, where a handler raises, and where a request was too broken to become one. Repeats nothing
of the request; a traceback is shown in debug mode only.
"""

import html
import json
import traceback
from collections.abc import Callable
from typing import Final

import attrs

from weft_http_parser import PHRASES, choose_media

from .request import BaseRequest
from .response import Response

TEXT: Final = "text/plain"
PROBLEM: Final = "application/problem+json"
_OFFERED: Final = (TEXT, PROBLEM, "application/json", "text/html")
_PAGE: Final = """\
<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head><body>
<h1>{title}</h1>
{rest}</body></html>
"""


@attrs.frozen(kw_only=True)
class ErrorFacts:
    """What is known of an error that is to be answered."""

    status: int
    detail: str = ""
    """One sentence on this error, which holds nothing of the request; empty for none."""
    text: str
    """The answer as plain text."""
    request: BaseRequest | None = None
    """None where the bytes of the client were no request."""
    exception: BaseException | None = None
    """In debug mode, what a handler raised."""

    @property
    def title(self) -> str:
        """The phrase of the status."""
        return PHRASES.get(self.status, "Error")


def asks_for_form(request: BaseRequest) -> bool:
    """Whether a client may want anything but plain text."""
    return request._head.get("Accept") not in (None, "*/*")


RenderError = Callable[[ErrorFacts], Response]


def render_error(facts: ErrorFacts) -> Response:
    """The answer to an error in the form that the client asks for: plain text, unless its Accept
    likes HTML or JSON better.

    >>> render_error(ErrorFacts(status=404, text="404: Not Found")).text
    '404: Not Found'
    """
    fields = [] if facts.request is None else facts.request.headers.getall("Accept", [])
    kind = choose_media(fields, _OFFERED) if fields else None
    if kind is None or kind == TEXT:
        return Response(status=facts.status, text=facts.text + _to_trace(facts))
    response = _to_page(facts) if kind == "text/html" else render_problem(facts)
    response.headers["Vary"] = "Accept"
    return response


def render_problem(facts: ErrorFacts) -> Response:
    """The answer to an error as Problem Details, whatever the client accepts.

    >>> render_problem(ErrorFacts(status=404, text="404: Not Found")).text
    '{"type": "about:blank", "title": "Not Found", "status": 404}'
    """
    problem: dict[str, object] = {
        "type": "about:blank",  # RFC 9457 section 4.2.1: the status says it all
        "title": facts.title,
        "status": facts.status,
    }
    if facts.detail:
        problem["detail"] = facts.detail
    if facts.exception is not None:
        problem["traceback"] = traceback.format_exception(facts.exception)
    return Response(status=facts.status, text=json.dumps(problem), content_type=PROBLEM)


def _to_page(facts: ErrorFacts) -> Response:
    rest = f"<p>{html.escape(facts.detail)}</p>\n" if facts.detail else ""
    if facts.exception is not None:
        rest += f"<h2>Traceback:</h2>\n<pre>{html.escape(_to_trace(facts).strip())}</pre>\n"
    title = html.escape(f"{facts.status} {facts.title}")
    page = _PAGE.format(title=title, rest=rest)
    return Response(status=facts.status, text=page, content_type="text/html")


def _to_trace(facts: ErrorFacts) -> str:
    if facts.exception is None:
        return ""
    return "\n\n" + "".join(traceback.format_exception(facts.exception))
