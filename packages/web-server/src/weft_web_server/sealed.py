"""Headers and cookies of an answer whose head is out: copies that can only be read.

Decides that a change which comes too late is an error, and not lost. Knows no response.
"""

from collections.abc import Callable
from http.cookies import SimpleCookie
from typing import Never, TypeVar

from multidict import CIMultiDict

from .cookies import copy_cookies

T = TypeVar("T")


def _refuse(self: object, *args: object, **kwargs: object) -> Never:
    """Refused: the head was sent."""
    raise RuntimeError(
        "cannot change headers and cookies after the head was sent; do so before prepare(), or in"
        " on_response_prepare"
    )


def _without(*names: str) -> Callable[[type[T]], type[T]]:
    """A class whose methods of these names refuse."""

    def seal(kind: type[T]) -> type[T]:
        for name in names:
            setattr(kind, name, _refuse)
        return kind

    return seal


@_without("__setitem__", "__delitem__", "add", "clear", "extend", "merge", "pop", "popall")
@_without("popitem", "popone", "setdefault", "update")
class SealedHeaders(CIMultiDict[str]):
    """The headers that were sent.

    >>> sent = SealedHeaders({"Server": "weft"})
    >>> sent["server"]
    'weft'
    """


@_without("__setitem__", "__delitem__", "__ior__", "clear", "load", "pop", "popitem")
@_without("setdefault", "update")
class SealedCookies(SimpleCookie):
    """The cookies that were sent."""

    def __init__(self, cookies: SimpleCookie) -> None:
        super().__init__()
        for name, morsel in copy_cookies(cookies).items():
            dict.__setitem__(self, name, morsel)
