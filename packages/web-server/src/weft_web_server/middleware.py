"""Middlewares: how they are folded around a handler, and the one that repairs slashes.

Decides the order of wrapping. Knows no application; that one folds once, at its freeze.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import update_wrapper
from typing import TypeAlias, TypeVar

from .http_errors import HTTPMove, HTTPPermanentRedirect
from .request import Request
from .streaming import StreamResponse

Handler: TypeAlias = Callable[[Request], Awaitable[StreamResponse]]
Middleware: TypeAlias = Callable[[Request, Handler], Awaitable[StreamResponse]]
MiddlewareT = TypeVar("MiddlewareT")


def middleware(f: MiddlewareT) -> MiddlewareT:
    """Mark a middleware; the mark is no longer needed and changes nothing."""
    return f


def fold(middlewares: Sequence[Middleware], handler: Handler) -> Handler:
    """Wrap a handler, the first middleware outermost."""
    for layer in reversed(middlewares):
        handler = _wrap(layer, handler)
    return handler


def _wrap(layer: Middleware, handler: Handler) -> Handler:
    def call(request: Request) -> Awaitable[StreamResponse]:
        return layer(request, handler)

    # A middleware may look at the handler it is given: its name, its own attributes.
    return update_wrapper(call, handler)


def normalize_path_middleware(
    *,
    append_slash: bool = True,
    remove_slash: bool = False,
    merge_slashes: bool = True,
    redirect_class: type[HTTPMove] = HTTPPermanentRedirect,
) -> Middleware:
    """Redirect a path that leads nowhere to its neighbour that leads somewhere.

    The neighbours are the path with a slash at its end, or without it, and with runs of slashes
    made one.
    """
    if append_slash and remove_slash:
        raise ValueError("append_slash and remove_slash exclude each other; choose one")

    async def normalize_path(request: Request, handler: Handler) -> StreamResponse:
        if request.match_info.http_exception is None:
            return await handler(request)
        path, mark, query = request.raw_path.partition("?")
        for candidate in _neighbours(path, append_slash, remove_slash, merge_slashes):
            if await request.leads_somewhere(candidate):
                # Two slashes at the start would name a host (GHSA-v6wp-4m6f-gcjg).
                raise redirect_class("/" + candidate.lstrip("/") + mark + query)
        return await handler(request)

    return normalize_path


def _neighbours(
    path: str, append_slash: bool, remove_slash: bool, merge_slashes: bool
) -> list[str]:
    merged = re.sub("//+", "/", path)
    found = [merged] if merge_slashes else []
    for form in (path, merged) if merge_slashes else (path,):
        if append_slash and not form.endswith("/"):
            found.append(form + "/")
        if remove_slash and form.endswith("/"):
            found.append(form[:-1])
    return [form for form in found if form != path]
