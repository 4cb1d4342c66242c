"""What a handler may be: a function of the request, or a class with a method for each verb.

Knows no routes and no applications.
"""

import inspect
from collections.abc import Generator
from types import CodeType, FunctionType
from typing import Any, Final, TypeAlias

from .http_errors import HTTPMethodNotAllowed
from .middleware import Handler
from .request import Request
from .streaming import StreamResponse


class View:
    """A handler as a class: one coroutine method for each HTTP method, in lower case."""

    __slots__ = ("__dict__", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request

    @property
    def request(self) -> Request:
        """The request being answered."""
        return self._request

    def __await__(self) -> Generator[Any, None, StreamResponse]:
        return self._answer().__await__()

    async def _answer(self) -> StreamResponse:
        method = self._request.method
        handler = getattr(self, method.lower(), None) if method in VIEW_METHODS else None
        if handler is None:
            allowed = {name for name in VIEW_METHODS if hasattr(self, name.lower())}
            raise HTTPMethodNotAllowed(method, allowed)
        answer = await handler()
        if not isinstance(answer, StreamResponse):
            raise TypeError(
                f"{type(self).__name__}.{method.lower()}() returned {type(answer).__name__}; "
                "return a response"
            )
        return answer


VIEW_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)

AnyHandler: TypeAlias = Handler | type[View]

_GENERATOR: Final = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR


def check_handler(handler: AnyHandler) -> AnyHandler:
    """Refuse what could never answer a request, with what to write instead."""
    if isinstance(handler, type) and issubclass(handler, View):
        return handler
    subject: object = handler
    if isinstance(handler, type) or not callable(subject):
        raise TypeError(
            f"{handler!r} is no handler; give an async function that takes the request, or a View"
        )
    if isinstance(subject, FunctionType) and _is_simple(subject.__code__):
        return handler
    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        raise TypeError(f"{_name(handler)} is a generator; return a response instead of yielding")
    try:
        # What a decorator wraps may take more: the wrapper is what is called.
        signature = inspect.signature(handler, follow_wrapped=False)
    except ValueError:  # built in C, without a signature
        return handler
    try:
        signature.bind(None)
    except TypeError:
        raise TypeError(
            f"{_name(handler)}{signature} is no handler; it must take one argument, the request"
        ) from None
    return handler


def _is_simple(code: CodeType) -> bool:
    """Whether it is the code of a function of one argument, seen at a glance as most are that."""
    return code.co_argcount == 1 and not code.co_kwonlyargcount and not code.co_flags & _GENERATOR


def _name(handler: object) -> str:
    return str(getattr(handler, "__qualname__", repr(handler)))
