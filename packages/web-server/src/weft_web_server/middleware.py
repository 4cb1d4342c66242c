"""Middlewares: how they are folded around a handler, and the one that repairs slashes.

Decides the order of wrapping, and what is a factory, as middlewares of aiohttp were long ago. Knows
no application; that one folds once, at its freeze.
"""

import contextlib
import inspect
import re
import warnings
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import update_wrapper
from types import FunctionType
from typing import Any, TypeAlias, TypeVar

from .http_errors import HTTPMove, HTTPPermanentRedirect
from .request import Request
from .streaming import StreamResponse

Handler: TypeAlias = Callable[[Request], Awaitable[StreamResponse]]
Middleware: TypeAlias = Callable[[Request, Handler], Awaitable[StreamResponse]]
MiddlewareT = TypeVar("MiddlewareT")


def middleware(f: MiddlewareT) -> MiddlewareT:
    """Mark a middleware. Only one whose first parameter is called `app` needs that: without the
    mark it is taken for a factory.
    """
    with contextlib.suppress(AttributeError):  # some objects take no mark
        f.__middleware_version__ = 1  # type: ignore[attr-defined]  # as aiohttp marks them
    return f


def fold(middlewares: Sequence[Middleware], handler: Handler) -> Handler:
    """Wrap a handler, the first middleware outermost."""
    for layer in reversed(middlewares):
        handler = _wrap(layer, handler)
    return handler


def to_layers(middlewares: Iterable[Middleware], app: object) -> list[Middleware]:
    """The middlewares of an application; factories among them are asked for each request."""
    return [_from_factory(layer, app) if is_factory(layer) else layer for layer in middlewares]


def is_factory(layer: Callable[..., Any]) -> bool:
    """Whether it is of the old style: ``async def factory(app, handler)`` gives a handler.

    aiohttp takes every one without the mark for that. Here the mark is not needed, so the name of
    the first parameter tells.
    """
    if getattr(layer, "__middleware_version__", 0):
        return False
    if isinstance(layer, FunctionType) and layer.__code__.co_varnames[:1] == ("request",):
        return False  # as most are called; this is asked for each route
    try:
        names = list(inspect.signature(layer).parameters)
    except (TypeError, ValueError):  # it is written in C
        return False
    return names[:1] == ["app"] and len(names) == 2


def warn_of_factories(middlewares: Iterable[Middleware]) -> None:
    """A DeprecationWarning for each middleware of the old style."""
    for layer in middlewares:
        if is_factory(layer):
            warnings.warn(
                "weft_web_server.Application(middlewares=[factory]) is deprecated since "
                "weft-web-server 0.1.0; write a middleware as async def middleware(request, "
                f"handler): {layer!r} takes an application",
                DeprecationWarning,
                stacklevel=2,
            )


def _from_factory(factory: Callable[..., Any], app: object) -> Middleware:
    async def call(request: Request, handler: Handler) -> StreamResponse:
        made: Handler = await factory(app, handler)
        return await made(request)

    return call


def _wrap(layer: Middleware, handler: Handler) -> Handler:
    if not callable(layer):
        raise TypeError(
            f"{layer!r} is no middleware; write async def middleware(request, handler)"
        )

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
