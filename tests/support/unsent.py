"""Requests that are not sent: to ask routers and resources what fits."""

from typing import Any

from weft_http_parser import RequestHead, Version
from weft_web_server import Request


def ask(path: str, method: str = "GET", **fields: str) -> Request:
    """A request of an application, which no server has taken."""
    exchange: Any = None  # resolving needs none
    return Request(RequestHead(method, path, Version(1, 1), fields.items()), exchange)
