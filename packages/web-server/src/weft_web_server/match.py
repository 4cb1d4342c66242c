"""What matching a request gives: an endpoint made at freeze, and the parameters of the path.

Holds the answer; does not find it.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

import attrs
from yarl import URL

from weft_routing import Router

from .keys import AppMapping
from .route_options import RouteOptions
from .signals import Signal


class ResourceLike(Protocol):
    """What a route tells of its resource."""

    @property
    def name(self) -> str | None: ...
    @property
    def canonical(self) -> str: ...
    def url_for(self, **kwargs: str) -> URL: ...
    def get_info(self) -> dict[str, Any]: ...


class RouteLike(Protocol):
    """What a match tells of its route."""

    @property
    def method(self) -> str: ...
    @property
    def name(self) -> str | None: ...
    @property
    def handler(self) -> Callable[..., Any]: ...
    @property
    def resource(self) -> ResourceLike | None: ...
    @property
    def options(self) -> RouteOptions: ...
    def get_info(self) -> dict[str, Any]: ...
    def url_for(self, *args: str, **kwargs: str) -> URL: ...


class RouterLike(Protocol):
    """What a handler asks of the router: named resources."""

    def __getitem__(self, name: str) -> ResourceLike: ...
    def __iter__(self) -> Iterator[str]: ...
    def __contains__(self, name: object) -> bool: ...


class AbstractApplication(AppMapping):
    """What a request sees of its application."""

    __slots__ = ()

    @property
    def router(self) -> RouterLike:
        """The router, with its named resources."""
        raise NotImplementedError

    @property
    def logger(self) -> logging.Logger:
        """The logger of the application."""
        raise NotImplementedError

    @property
    def debug(self) -> bool:
        """Whether the loop is in debug mode."""
        raise NotImplementedError

    def leads_somewhere(self, method: str, path: str) -> bool:
        """Whether a route fits a method and a raw path."""
        raise NotImplementedError


class Found(Protocol):
    """The parameters of a path that a route took."""

    @property
    def params(self) -> Mapping[str, str]: ...
    @property
    def values(self) -> Mapping[str, Any]: ...


class NothingFound:
    """What stands for a match before there is one, and where there is none."""

    __slots__ = ()

    params: Final[Mapping[str, str]] = MappingProxyType({})
    values: Final[Mapping[str, Any]] = MappingProxyType({})


NOTHING_FOUND: Final = NothingFound()


@attrs.frozen(eq=False)
class Endpoint:
    """Where a request goes: everything about its route that freeze could decide beforehand."""

    handler: Callable[..., Awaitable[Any]]
    route: RouteLike
    apps: tuple[AbstractApplication, ...]
    app: AbstractApplication
    """The application that `request.app` is at first."""
    hooks: tuple[Signal[Any], ...] = ()
    error: Exception | None = None
    expect_handler: Callable[..., Awaitable[Any]] | None = None
    own_routes: "Router[Endpoint] | None" = None
    """Of a miss: the routes of its application, which tell 405 from 404."""
    options_handler: Callable[..., Awaitable[Any]] | None = None
    """Of a miss: what answers OPTIONS by itself, where the application wants that."""


class UrlMappingMatchInfo(dict[str, str]):
    """The parameters of the path, and the route that it matched."""

    __slots__ = ("_endpoint",)

    def __init__(self, match_dict: Mapping[str, str], endpoint: Endpoint) -> None:
        self.update(match_dict)
        self._endpoint = endpoint

    @property
    def route(self) -> RouteLike:
        """The route."""
        return self._endpoint.route

    @property
    def handler(self) -> Callable[..., Awaitable[Any]]:
        """The handler of the route, without middlewares."""
        return self._endpoint.route.handler

    @property
    def expect_handler(self) -> Callable[..., Awaitable[Any]] | None:
        """What answers an Expect field of this route."""
        return self._endpoint.expect_handler

    @property
    def http_exception(self) -> Exception | None:
        """The 404 or 405 of a request that no route fits."""
        return self._endpoint.error

    @property
    def apps(self) -> tuple[AbstractApplication, ...]:
        """The applications on the way to the route, outermost first."""
        return self._endpoint.apps

    @property
    def current_app(self) -> AbstractApplication:
        """The application that the route belongs to."""
        return self._endpoint.apps[-1]

    def get_info(self) -> dict[str, Any]:
        """Facts for humans."""
        return self._endpoint.route.get_info()

    def __repr__(self) -> str:
        return f"<MatchInfo {super().__repr__()}: {self._endpoint.route!r}>"
