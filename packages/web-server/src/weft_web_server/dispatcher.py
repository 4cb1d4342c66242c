"""UrlDispatcher: collects the resources and routes of one application.

Decides what may be registered beside what. Matches nothing: an application builds one table from
its own dispatcher and those of its sub-applications when it freezes.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from weft_routing import DuplicateName, Router, parse_pattern

from .middleware import Middleware
from .places import Place
from .resources import (
    AbstractResource,
    AbstractRoute,
    AnyHandler,
    DynamicResource,
    ExpectHandler,
    PlainResource,
    Resource,
    ResourceRoute,
)
from .route_options import RouteOptions
from .routes import AbstractRouteDef
from .static import StaticResource


class UrlDispatcher(Mapping[str, AbstractResource]):
    """The router of an application; as a mapping it gives named resources."""

    __slots__ = ("_named", "_resources", "_router")

    def __init__(self) -> None:
        self._resources: list[AbstractResource] = []
        self._named: dict[str, AbstractResource] = {}
        self._router: Router[ResourceRoute] = Router()  # refuses what cannot be matched

    # Named resources.

    def __getitem__(self, name: str) -> AbstractResource:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __contains__(self, name: object) -> bool:
        return name in self._named

    def __bool__(self) -> bool:
        return True

    def named_resources(self) -> Mapping[str, AbstractResource]:
        """The resources that have a name."""
        return MappingProxyType(self._named)

    def resources(self) -> tuple[AbstractResource, ...]:
        """All resources, in the order of registration."""
        return tuple(self._resources)

    def routes(self) -> tuple[ResourceRoute, ...]:
        """All routes, in the order of registration."""
        return tuple(route for resource in self._resources for route in resource)

    # Registering.

    @property
    def frozen(self) -> bool:
        """Whether nothing can be added any more."""
        return self._router.is_frozen

    def freeze(self) -> None:
        """Refuse resources and routes from now on."""
        self._router.freeze()

    def register_resource(self, resource: AbstractResource) -> None:
        """Add a resource that was made elsewhere."""
        if self.frozen:
            raise RuntimeError("the router is frozen; add routes before the application starts")
        name = resource.name
        if name is not None:
            taken = self._named.get(name)
            if taken is not None:
                raise DuplicateName(name, resource.canonical, taken.canonical)
            _check_name(name)
            self._named[name] = resource
        self._resources.append(resource)

    def register_route(self, path: str, route: ResourceRoute) -> None:
        """Take note of a route; RuntimeError for one that could never be reached."""
        self._router.add(route.method, path, route)

    def add_resource(self, path: str, *, name: str | None = None) -> Resource:
        """A resource for a path, to add routes to."""
        if path and not path.startswith("/"):
            raise ValueError(f"the path {path!r} must begin with a slash, or be empty")
        last = self._resources[-1] if self._resources else None
        if isinstance(last, Resource) and last.path == path and last.name == name:
            return last
        pattern = parse_pattern(path)
        kind = PlainResource if pattern.is_literal else DynamicResource
        resource = kind(path, self, name=name)
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
        resource.register(self)
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


def _check_name(name: str) -> None:
    # The router knows which names are good ones.
    Router[None]().add("GET", "/", None, name=name)
