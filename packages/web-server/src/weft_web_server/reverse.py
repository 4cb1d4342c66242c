"""From the name of a route to its resource, through an application and those around it.

Decides whose names come first. Builds no URL: the resource does.
"""

from collections.abc import Iterable, Iterator
from typing import Protocol

from .errors import UnknownRouteName
from .match import AbstractApplication, ResourceLike


class Names(Protocol):
    """The part of a router that has the names."""

    def __iter__(self) -> Iterator[str]: ...
    def __getitem__(self, name: str) -> ResourceLike: ...


def find_named(apps: Iterable[AbstractApplication], name: str) -> ResourceLike:
    """The resource of this name of the first application that has one."""
    routers = [app.router for app in apps]
    for router in routers:
        if name in router:
            return router[name]
    raise UnknownRouteName(name, _find_near(name, routers))


def _find_near(name: str, routers: Iterable[Names]) -> tuple[str, ...]:
    from difflib import get_close_matches  # late: only an error needs it

    known = dict.fromkeys(each for router in routers for each in router)
    return tuple(get_close_matches(name, known, n=5))
