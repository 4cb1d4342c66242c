"""What a router answers to a method, a raw path and a host: ours, and aiohttp's beside it.

Skips the tests that import it where aiohttp is missing.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from support.tables import Built, describe_route
from yarl import URL

import weft_web_server as ours
from weft_http_parser import RequestHead
from weft_web_server.match import NOTHING_FOUND

theirs = pytest.importorskip("aiohttp.web")
tools = pytest.importorskip("aiohttp.test_utils")

Ask = tuple[str, str, str]
Answer = dict[str, Any]


def serve(built: Built, ask: Ask) -> ours.UrlMappingMatchInfo:
    """What a request gets that a server of ours has read."""
    request = make_request(ask)
    built.app.resolve(request)
    return request.match_info


def make_request(ask: Ask) -> ours.Request:
    """A request of ours that stands on no connection."""
    method, path, host = ask
    exchange: Any = SimpleNamespace(endpoint=None, match=NOTHING_FOUND)
    return ours.Request(RequestHead(method, path, headers=[("Host", host)]), exchange)


async def ask_weft(built: Built, ask: Ask, *, is_served: bool = True) -> Answer:
    """The answer of the router, which is the answer that is served.

    Where a user's resource is asked, what is served is not known before the handler runs.
    """
    info = await built.app.router.resolve(make_request(ask))
    info.add_app(built.app)
    answer = to_answer(built, info)
    assert not is_served or answer == to_answer(built, serve(built, ask))
    return answer


async def ask_aiohttp(built: Built, ask: Ask) -> Answer:
    """The answer of aiohttp's router."""
    method, path, host = ask
    request = tools.make_mocked_request(method, "/", headers={"Host": host})
    # Making the request would normalize the path; a server does not.
    request = request.clone(rel_url=URL.build(path=path, encoded=True))
    info = await built.app.router.resolve(request)
    info.add_app(built.app)  # as its Application does
    return to_answer(built, info)


def to_answer(built: Built, info: Any) -> Answer:
    """A match, in words that mean the same here and there."""
    error = info.http_exception
    return {
        "status": 200 if error is None else error.status,
        "allowed": sorted(getattr(error, "allowed_methods", ())),
        "Allow": None if error is None else error.headers.get("Allow"),
        "apps": [built.label(app) for app in info.apps],
        "current": built.label(info.current_app),
        "params": dict(info),
        "repr": repr(info).partition(" -> ")[0],
        "route": describe_route(info.route),
        "facts": sorted(info.get_info()),
        "own error": error is info.route.get_info().get("http_exception"),
    }
