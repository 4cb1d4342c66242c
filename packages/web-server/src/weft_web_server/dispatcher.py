"""UrlDispatcher: collects the resources and routes of one application.

Decides what may be registered beside what. A server does not ask it: an application builds one
table from its own dispatcher and those of its sub-applications when it freezes.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from weft_routing import (
    BUILT_IN_CONVERTORS,
    DuplicateName,
    Match,
    PathConvertor,
    Place,
    Router,
    check_convertors,
)

from .domains import MatchedSubAppResource
from .grafting import Line, anchor_of, door_to, is_own, make_router, root_of, routes_of
from .http_errors import HTTPException, HTTPMethodNotAllowed, HTTPNotFound
from .match import UrlMappingMatchInfo
from .middleware import Middleware
from .places import find_place
from .prefixes import PrefixedSubAppResource
from .request import Request
from .resources import (
    DynamicResource,
    PatternResource,
    PlainResource,
    Resource,
    check_is_free,
)
from .route_objects import (
    AbstractResource,
    AbstractRoute,
    ExpectHandler,
    ResourceRoute,
    SystemRoute,
)
from .route_options import RouteOptions
from .router_views import ResourcesView, RoutesView
from .routes import AbstractRouteDef
from .static import StaticResource
from .views import AnyHandler

Target: TypeAlias = ResourceRoute | AbstractResource


class UrlDispatcher(Mapping[str, AbstractResource]):
    """The router of an application; as a mapping it gives named resources.

    `convertors` are those that the paths of its routes may name, beside `{name}` and
    `{name:regex}`: `{id!int}`.
    """

    __slots__ = (
        "__weakref__",
        "_convertors",
        "_domains",
        "_has_foreign",
        "_index",
        "_is_frozen",
        "_named",
        "_resources",
        "_table",
        "_taken",
    )

    def __init__(
        self, *, convertors: Mapping[str, PathConvertor[Any]] = BUILT_IN_CONVERTORS
    ) -> None:
        check_convertors(convertors)
        self._convertors = convertors
        self._resources: list[AbstractResource] = []
        self._named: dict[str, AbstractResource] = {}
        self._domains: list[MatchedSubAppResource] = []
        # By the literal beginning of the path; made when resources are first asked.
        self._index: dict[str, list[AbstractResource]] | None = None
        self._taken: dict[str, tuple[ResourceRoute, ...]] = {}  # by path, until freeze()
        self._table: Router[Target] | None = None  # made by the first resolve() after freeze()
        self._is_frozen = False
        self._has_foreign = False

    # Named resources.

    def __getitem__(self, name: str) -> AbstractResource:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def named_resources(self) -> Mapping[str, AbstractResource]:
        """The resources that have a name."""
        return MappingProxyType(self._named)

    def resources(self) -> ResourcesView:
        """All resources, in the order of registration."""
        return ResourcesView(self._resources)

    def routes(self) -> RoutesView:
        """All routes, in the order of registration, with those of sub-applications."""
        return RoutesView(self._resources)

    # Resolving.

    async def resolve(self, request: Request) -> UrlMappingMatchInfo:
        """The match for a request; its `http_exception` tells of a miss.

        For tests and for resources of your own. A server finds endpoints in a table instead,
        unless there are such resources.
        """
        for domain in self._domains:
            info, _ = await domain.resolve(request)
            if info is not None:
                return info
        if self._has_foreign or not self._is_frozen:
            return await self._ask(request)
        return await self._look_up(request)

    async def _look_up(self, request: Request) -> UrlMappingMatchInfo:
        if self._table is None:
            self._table = self._make_table()
        match = self._table.match(request.method, request.rel_url.raw_path)
        if not isinstance(match, Match):
            return _to_miss(request.method, match.allowed)
        if isinstance(match.value, AbstractResource):
            info, _ = await match.value.resolve(request)
            assert info is not None  # it has all that its lines take
            return info
        return UrlMappingMatchInfo(match.params, match.value)

    def _make_table(self) -> Router[Target]:
        lines: list[Line[Any]] = []
        for resource in self._resources:
            if isinstance(resource, MatchedSubAppResource):
                continue
            lines += routes_of(resource)
            if isinstance(resource, PrefixedSubAppResource):
                lines += door_to(resource.prefix, resource)
            elif isinstance(resource, StaticResource) and resource.prefix.text:
                lines += root_of(resource, resource)
        return make_router(lines)

    async def _ask(self, request: Request) -> UrlMappingMatchInfo:
        """Every resource that stands at a beginning of the path, the longest first."""
        allowed: set[str] = set()
        if self._index is None:
            self._index = self._make_index()
        part = request.rel_url.path_safe or "/"
        while True:
            for resource in self._index.get(part, ()):
                info, methods = await resource.resolve(request)
                if info is not None:
                    return info
                allowed |= methods
            if part == "/":
                return _to_miss(request.method, allowed)
            part = part.rpartition("/")[0] or "/"

    def _make_index(self) -> dict[str, list[AbstractResource]]:
        index: dict[str, list[AbstractResource]] = {}
        for resource in self._resources:
            if not isinstance(resource, MatchedSubAppResource):
                index.setdefault(anchor_of(resource) or "/", []).append(resource)
        return index

    # Registering.

    @property
    def frozen(self) -> bool:
        """Whether nothing can be added any more."""
        return self._is_frozen

    def freeze(self) -> None:
        """Refuse resources and routes from now on."""
        if self._is_frozen:
            return
        self._is_frozen = True
        self._taken.clear()
        for resource in self._resources:
            resource.freeze()
            self.index_resource(resource)

    def register_resource(self, resource: AbstractResource) -> None:
        """Add a resource that was made elsewhere, perhaps of a class of your own."""
        if not isinstance(resource, AbstractResource):
            raise TypeError(f"{resource!r} is no resource; give an AbstractResource")
        self._check_is_open()
        name = resource.name
        if name is not None:
            taken = self._named.get(name)
            if taken is not None:
                taken_at = next((route.place for route in taken), None)
                raise DuplicateName(
                    name, resource.canonical, taken.canonical, find_place(), taken_at
                )
            _check_name(name)
        if isinstance(resource, Resource | StaticResource):
            resource.register_with(self)
        if name is not None:
            self._named[name] = resource
        self._resources.append(resource)
        if isinstance(resource, MatchedSubAppResource):
            self._domains.append(resource)
        self._has_foreign = self._has_foreign or not is_own(resource)
        self.index_resource(resource)

    def index_resource(self, resource: AbstractResource) -> None:
        """Find a resource, which is registered, by the path that it has now."""
        self._index = self._table = None

    def unindex_resource(self, resource: AbstractResource) -> None:
        """Forget the path of a resource, which is about to change."""
        self._index = self._table = None

    def admit(self, route: ResourceRoute) -> None:
        """Take note of a route; RuntimeError for one that could never be reached."""
        self._check_is_open()
        resource = route.resource
        if isinstance(resource, PatternResource | StaticResource):
            path = resource.pattern.text
            taken = self._taken.get(path, ())
            check_is_free(route, path, taken)
            self._taken[path] = (*taken, route)

    def _check_is_open(self) -> None:
        if self._is_frozen:
            raise RuntimeError(
                "the router is frozen; add routes before the application starts, and before it is"
                " added to another"
            )

    def add_resource(self, path: str, *, name: str | None = None) -> Resource:
        """A resource for a path, to add routes to; the last one, if it has this path and name."""
        last = self._resources[-1] if self._resources else None
        if isinstance(last, Resource) and last.name == name and last.raw_match(path):
            return last
        resource: Resource
        if "{" in path or "}" in path:
            resource = DynamicResource(path, name=name, convertors=self._convertors)
        else:
            resource = PlainResource(path, name=name)
        self.register_resource(resource)
        return resource

    def add_route(  # wide: the shape of aiohttp
        self,
        method: str,
        path: str,
        handler: AnyHandler,
        *,
        name: str | None = None,
        expect_handler: ExpectHandler | None = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> ResourceRoute:
        """A handler for a method and a path; the method "*" is every one."""
        return self.add_resource(path, name=name).add_route(
            method,
            handler,
            expect_handler=expect_handler,
            middlewares=middlewares,
            options=options,
            place=place,
        )

    def add_get(
        self,
        path: str,
        handler: AnyHandler,
        *,
        name: str | None = None,
        allow_head: bool = True,
        **kwargs: Any,
    ) -> ResourceRoute:
        """GET, and HEAD with it unless `allow_head` is false."""
        resource = self.add_resource(path, name=name)
        if allow_head:
            if "middlewares" in kwargs:
                kwargs["middlewares"] = tuple(kwargs["middlewares"])  # for two routes
            kwargs["place"] = kwargs.get("place") or find_place()
            resource.add_route("HEAD", handler, **kwargs)
        return resource.add_route("GET", handler, **kwargs)

    def add_head(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """HEAD."""
        return self.add_route("HEAD", path, handler, **kwargs)

    def add_options(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """OPTIONS."""
        return self.add_route("OPTIONS", path, handler, **kwargs)

    def add_post(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """POST."""
        return self.add_route("POST", path, handler, **kwargs)

    def add_put(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """PUT."""
        return self.add_route("PUT", path, handler, **kwargs)

    def add_patch(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """PATCH."""
        return self.add_route("PATCH", path, handler, **kwargs)

    def add_delete(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """DELETE."""
        return self.add_route("DELETE", path, handler, **kwargs)

    def add_view(self, path: str, handler: AnyHandler, **kwargs: Any) -> ResourceRoute:
        """Every method, by a View."""
        return self.add_route("*", path, handler, **kwargs)

    def add_static(
        self, prefix: str, path: str | os.PathLike[str], **options: Any
    ) -> StaticResource:
        """The files of a directory; the options are those of `StaticResource`."""
        resource = StaticResource(prefix, path, **options)
        self.register_resource(resource)
        return resource

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[AbstractRoute]:
        """Add definitions, and give back their routes."""
        added: list[AbstractRoute] = []
        for definition in routes:
            if not isinstance(definition, AbstractRouteDef):
                raise TypeError(
                    f"{definition!r} is no route definition; use web.get(), web.post()…"
                    " or a RouteTableDef"
                )
            added += definition.register(self)
        return added


def _to_miss(method: str, allowed: Iterable[str]) -> UrlMappingMatchInfo:
    methods = set(allowed)
    error: HTTPException = HTTPMethodNotAllowed(method, methods) if methods else HTTPNotFound()
    return UrlMappingMatchInfo({}, SystemRoute(error))


def _check_name(name: str) -> None:
    # The router knows which names are good ones.
    Router[None]().add("GET", "/", None, name=name)
