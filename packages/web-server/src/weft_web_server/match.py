"""What matching a request gives: an endpoint made at freeze, and the parameters of the path.

Holds the answer; does not find it.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Protocol

import attrs
from yarl import URL

from weft_http_parser import RequestHead
from weft_routing import Pattern, Place, Router

from .compression import Compression
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
    @property
    def place(self) -> Place | None: ...
    def get_info(self) -> dict[str, Any]: ...
    def url_for(self, *args: str, **kwargs: str) -> URL: ...
    async def handle_expect_header(self, request: Any, /) -> Any: ...


class RequestLike(Protocol):
    """What an application needs of a request to look for another path."""

    @property
    def method(self) -> str: ...
    @property
    def _head(self) -> RequestHead: ...
    def clone(self, *, rel_url: URL) -> Any: ...


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

    async def leads_somewhere(self, request: RequestLike, path: str) -> bool:
        """Whether a route fits a request with another raw path."""
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


class FoundByUser:
    """What was found by asking resources: text, to be read once more where somebody wants values."""

    __slots__ = ("_route", "params")

    def __init__(self, params: Mapping[str, str], route: RouteLike) -> None:
        self.params = params
        self._route = route

    @property
    def values(self) -> Mapping[str, Any]:
        # A resource of a user has no pattern, or one of its own.
        pattern = getattr(self._route.resource, "pattern", None)
        if not isinstance(pattern, Pattern):
            return self.params
        values: dict[str, Any] = dict(self.params)
        for parameter in pattern.parameters:
            if parameter.convertor is not None:
                values[parameter.name] = parameter.convertor.parse(values[parameter.name])
        return values


NOTHING_FOUND: Final = NothingFound()


@attrs.frozen(eq=False)
class Inside:
    """What is known of an application where no route of its table fits a request."""

    routes: "Router[Endpoint] | None" = None
    """Its table, which tells 405 from 404; None where that is the table which led here."""
    has_hosts: bool = False
    """Whether other applications stand in it by host."""
    options_handler: Callable[..., Awaitable[Any]] | None = None
    """What answers OPTIONS by itself, where the application wants that."""
    make_route: "Callable[[], RouteLike] | None" = None
    """Makes the route of one request that is a miss, for whoever asks for it; None: as the endpoint
    says. Raising an error leaves a traceback in it, so the next request needs one of its own."""
    refusals: "dict[tuple[str, tuple[str, ...]], Endpoint]" = attrs.field(factory=dict)
    """The endpoints for methods that a path does not have, once a request needed them: by the
    method and those that it has."""


@attrs.frozen(eq=False, weakref_slot=False)
class Endpoint:
    """Where a request goes: everything about its route that freeze could decide beforehand.

    There is one for each route: what only a miss has is `inside`.
    """

    handler: Callable[..., Awaitable[Any]]
    route: RouteLike
    apps: tuple[AbstractApplication, ...]
    app: AbstractApplication
    """The application that `request.app` is at first."""
    hooks: tuple[Signal[Any], ...] = ()
    expect_handler: Callable[..., Awaitable[Any]] | None = None
    compression: Compression | None = None
    """What is compressed of the answers, unless they say otherwise."""
    inside: Inside | None = None
    """Of a miss: how to find out what it is. None where there is an answer."""
    is_plain: bool = attrs.field(init=False)
    """Whether a response goes out as it is, with no hook and no coding to ask."""

    @is_plain.default
    def _is_plain(self) -> bool:
        return not self.hooks and self.compression is None


_new_dict = dict.__new__


class UrlMappingMatchInfo(dict[str, str]):
    """The parameters of the path, and the route that it matched."""

    __slots__ = ("_apps", "_current_app", "_endpoint", "_is_frozen", "_route")

    def __init__(self, match_dict: Mapping[str, str], route: RouteLike) -> None:
        super().__init__(match_dict)
        self._endpoint: Endpoint | None = None
        self._route: RouteLike | None = route
        self._apps: tuple[AbstractApplication, ...] = ()
        self._current_app: AbstractApplication | None = None
        self._is_frozen = False

    @property
    def route(self) -> RouteLike:
        """The route."""
        if self._route is None:
            endpoint = self._endpoint
            assert endpoint is not None  # one of both is there
            make_route = None if endpoint.inside is None else endpoint.inside.make_route
            self._route = endpoint.route if make_route is None else make_route()
        return self._route

    @property
    def handler(self) -> Callable[..., Awaitable[Any]]:
        """The handler of the route, without middlewares."""
        return self.route.handler

    @property
    def expect_handler(self) -> Callable[..., Awaitable[Any]]:
        """What answers an Expect field of this route."""
        return self.route.handle_expect_header

    @property
    def http_exception(self) -> Exception | None:
        """The 404 or 405 of a request that no route fits."""
        # Only the route of a miss has one.
        error: Exception | None = getattr(self.route, "http_exception", None)
        return error

    @property
    def apps(self) -> tuple[AbstractApplication, ...]:
        """The applications on the way to the route, outermost first."""
        return self._apps if self._endpoint is None else self._endpoint.apps

    def add_app(self, app: AbstractApplication) -> None:
        """Add an application outside those that are known."""
        if self._endpoint is not None or self._is_frozen:
            raise RuntimeError("applications cannot be added to a match after freeze()")
        if self._current_app is None:
            self._current_app = app
        self._apps = (app, *self._apps)

    @property
    def current_app(self) -> AbstractApplication:
        """The application that is at work; at first the one that the route belongs to."""
        if self._current_app is None:
            raise RuntimeError("no application is known; add_app() adds one")
        return self._current_app

    @current_app.setter
    def current_app(self, app: AbstractApplication) -> None:
        self._current_app = app

    def freeze(self) -> None:
        """Let no more applications be added."""
        self._is_frozen = True

    @classmethod
    def of(
        cls, endpoint: Endpoint, params: Mapping[str, str], app: AbstractApplication
    ) -> "UrlMappingMatchInfo":
        """The frozen match of a request, with the application that is at work."""
        info = _new_dict(cls)  # half the price of __init__() and assigning twice
        if params:  # those of a literal path are a view, and to copy nothing from it takes long
            info |= params
        info._endpoint = endpoint  # knows the route and the applications, and is for ever
        info._route = None
        info._current_app = app
        return info

    def get_info(self) -> dict[str, Any]:
        """Facts for humans."""
        return self.route.get_info()

    def __repr__(self) -> str:
        error = self.http_exception
        if error is not None:
            return f"<MatchInfoError {getattr(error, 'status', '')}: {error}>"
        return f"<MatchInfo {super().__repr__()}: {self.route!r}>"
