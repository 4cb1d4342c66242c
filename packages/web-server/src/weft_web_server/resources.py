"""Resources of a path: their names, their routes by method, and the URLs of their patterns.

Knows patterns. One resource can tell whether it fits a request; to find the one that fits among
many is not its affair.
"""

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from yarl import URL

from weft_routing import (
    BUILT_IN_CONVERTORS,
    DuplicateRoute,
    Match,
    PathConvertor,
    Pattern,
    Place,
    Router,
    build_url,
    parse_pattern,
)

from .match import UrlMappingMatchInfo
from .middleware import Middleware
from .prefixes import check_prefix, join_prefix, to_literal
from .request import Request
from .route_objects import (
    ANY_METHOD,
    AbstractResource,
    ExpectHandler,
    Info,
    Resolved,
    ResourceRoute,
)
from .route_options import RouteOptions
from .views import AnyHandler


class Registry(Protocol):
    """What a resource needs of the router that it is registered with."""

    def admit(self, route: ResourceRoute) -> None:
        """Take note of a route; RuntimeError for one that could never be reached."""


class Resource(AbstractResource):
    """A path with routes by method."""

    __slots__ = ("_registry", "_routes")

    def __init__(self, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._routes: tuple[ResourceRoute, ...] = ()  # most have one or two
        self._registry: Registry | None = None

    def add_route(  # wide: the shape of aiohttp
        self,
        method: str,
        handler: AnyHandler,
        *,
        expect_handler: ExpectHandler | None = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> ResourceRoute:
        """Add a handler for a method; "*" takes every one that no other route takes.

        `place` is where the route was written, if that is not where this is called.
        """
        route = ResourceRoute(
            method,
            handler,
            self,
            expect_handler=expect_handler,
            middlewares=middlewares,
            options=options,
            place=place,
        )
        self.register_route(route)
        return route

    def register_route(self, route: ResourceRoute) -> None:
        """Add a route that was made elsewhere; RuntimeError for one that could not be reached."""
        if not isinstance(route, ResourceRoute):
            raise TypeError(f"{route!r} is no ResourceRoute")
        check_is_free(route, self.canonical, self._routes)
        if self._registry is not None:
            self._registry.admit(route)
        self._routes += (route,)

    def register_with(self, registry: Registry) -> None:
        """Let a router know of the routes, of those that come later too."""
        for route in self:
            registry.admit(route)
        self._registry = registry

    async def resolve(self, request: Request) -> Resolved:
        params = self._match(request.rel_url.raw_path)
        if params is None:
            return None, set()
        allowed = {route.method for route in self._routes}
        route = find_route(self._routes, request.method)
        return None if route is None else UrlMappingMatchInfo(params, route), allowed

    @abstractmethod
    def _match(self, path: str) -> Mapping[str, str] | None:
        """The parameters of a raw path; None for another path."""

    def __len__(self) -> int:
        return len(self._routes)

    def __iter__(self) -> Iterator[ResourceRoute]:
        return iter(self._routes)

    def __repr__(self) -> str:
        name = "" if self._name is None else f"{self._name!r} "
        return f"<{type(self).__name__} {name} {self.canonical}>"


class PatternResource(Resource):
    """A path that a pattern describes."""

    __slots__ = ("_given", "_pattern", "_test")

    def __init__(self, pattern: Pattern, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._pattern = pattern
        self._given = pattern.text
        self._test: PathTest | None = None  # made by the first _match()

    @property
    def pattern(self) -> Pattern:
        """The path with the prefixes of parents."""
        return self._pattern

    @property
    def canonical(self) -> str:
        return self._pattern.canonical

    def add_prefix(self, prefix: str) -> None:
        self._pattern = join_prefix(check_prefix(prefix), self._pattern)
        self._test = None

    def raw_match(self, path: str) -> bool:
        return path == self._given

    def _match(self, path: str) -> Mapping[str, str] | None:
        if self._test is None:
            self._test = PathTest(self._pattern)
        return self._test.params(path)


class PlainResource(PatternResource):
    """A path without parameters."""

    __slots__ = ()

    def __init__(self, path: str, *, name: str | None = None) -> None:
        super().__init__(to_literal(path), name=name)

    def raw_match(self, path: str) -> bool:
        return path == self.canonical

    def freeze(self) -> None:
        if not self._pattern.text:  # of an application that no other one has put below a prefix
            self._pattern = to_literal("/")
            self._test = None

    def url_for(self) -> URL:  # type: ignore[override]  # there is nothing to fill in
        return build_url(self._pattern, {})

    def get_info(self) -> Info:
        return {"path": self.canonical}


class DynamicResource(PatternResource):
    """A path with parameters; `convertors` are those that it may name."""

    __slots__ = ()

    def __init__(
        self,
        path: str,
        *,
        name: str | None = None,
        convertors: Mapping[str, PathConvertor[Any]] = BUILT_IN_CONVERTORS,
    ) -> None:
        super().__init__(parse_pattern(path, convertors), name=name)

    def url_for(self, **parts: Any) -> URL:
        return build_url(self._pattern, parts)

    def get_info(self) -> Info:
        return {"formatter": self.canonical, "pattern": self._pattern.regex}


def find_route(routes: Iterable[ResourceRoute], method: str) -> ResourceRoute | None:
    """The route for a method among those of one path: its own, or that of any method."""
    by_method = {route.method: route for route in routes}
    return by_method.get(method) or by_method.get(ANY_METHOD)


def check_is_free(route: ResourceRoute, path: str, taken: Iterable[ResourceRoute]) -> None:
    """RuntimeError where another route takes every request that this one could take."""
    other = find_route(taken, route.method)
    if other is not None:
        raise DuplicateRoute(route.method, path, other.method, route.place, other.place)


class PathTest:
    """One pattern, and whether a path fits it: for a resource that is asked alone."""

    __slots__ = ("_router",)

    def __init__(self, pattern: Pattern) -> None:
        self._router: Router[None] = Router()
        self._router.add(ANY_METHOD, pattern, None)
        self._router.freeze()

    def params(self, path: str) -> Mapping[str, str] | None:
        """The parameters of a raw path; None where it does not fit."""
        match = self._router.match(ANY_METHOD, path)
        return match.params if isinstance(match, Match) else None
