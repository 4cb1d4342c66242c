"""Routes before they have an application: definitions, and tables made by decorators.

Knows the interface of a router; does not hold one.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar, overload

import attrs

from weft_routing import Place

from .middleware import Middleware
from .places import find_place
from .route_objects import AbstractResource, AbstractRoute, ExpectHandler
from .route_options import RouteOptions
from .views import AnyHandler

HandlerT = TypeVar("HandlerT", bound=AnyHandler)


class Decorator(Protocol):
    """Takes a handler of any kind and gives the same one back."""

    def __call__(self, handler: HandlerT, /) -> HandlerT: ...


PathLike: TypeAlias = str | os.PathLike[str]


class RouteAdder(Protocol):
    """What a definition needs of the router it is added to."""

    def add_route(  # wide: the shape of aiohttp
        self,
        method: str,
        path: str,
        handler: AnyHandler,
        *,
        name: str | None = ...,
        expect_handler: ExpectHandler | None = ...,
        middlewares: Iterable[Middleware] = ...,
        options: RouteOptions | None = ...,
        place: Place | None = ...,
    ) -> AbstractRoute: ...
    def add_get(self, path: str, handler: Any, **kwargs: Any) -> AbstractRoute: ...
    def add_static(self, prefix: str, path: PathLike, **kwargs: Any) -> AbstractResource: ...


class AbstractRouteDef(ABC):
    """Something that adds routes to a router."""

    __slots__ = ()

    @abstractmethod
    def register(self, router: RouteAdder) -> list[AbstractRoute]:
        """Add the routes, and give them back."""


@attrs.frozen(repr=False)
class RouteDef(AbstractRouteDef):
    """A handler for a method and a path."""

    method: str
    path: str
    handler: AnyHandler
    kwargs: dict[str, Any]
    place: Place | None = attrs.field(default=None, eq=False, kw_only=True)
    """Where it was written; None is where it is registered."""

    def register(self, router: RouteAdder) -> list[AbstractRoute]:
        kwargs = {"place": self.place, **self.kwargs}
        if self.method == "GET":
            return [router.add_get(self.path, self.handler, **kwargs)]
        return [router.add_route(self.method, self.path, self.handler, **kwargs)]

    def __repr__(self) -> str:
        options = "".join(f", {key}={value!r}" for key, value in sorted(self.kwargs.items()))
        name = getattr(self.handler, "__name__", repr(self.handler))
        return f"<RouteDef {self.method} {self.path} -> {name!r}{options}>"


@attrs.frozen(repr=False)
class StaticDef(AbstractRouteDef):
    """A directory below a path."""

    prefix: str
    path: PathLike
    kwargs: dict[str, Any]
    place: Place | None = attrs.field(default=None, eq=False, kw_only=True)
    """Where it was written; None is where it is registered."""

    def register(self, router: RouteAdder) -> list[AbstractRoute]:
        kwargs = {"place": self.place, **self.kwargs}
        return list(router.add_static(self.prefix, self.path, **kwargs))

    def __repr__(self) -> str:
        options = "".join(f", {key}={value!r}" for key, value in sorted(self.kwargs.items()))
        return f"<StaticDef {self.prefix} -> {self.path}{options}>"


def _settled(kwargs: dict[str, Any]) -> dict[str, Any]:
    """The keywords, with middlewares that can be gone through again: a GET makes two routes."""
    if "middlewares" in kwargs:
        kwargs["middlewares"] = tuple(kwargs["middlewares"])
    return kwargs


def route(method: str, path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """Any method."""
    return RouteDef(method, path, handler, _settled(kwargs), place=find_place())


def head(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """HEAD."""
    return route("HEAD", path, handler, **kwargs)


def options(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """OPTIONS."""
    return route("OPTIONS", path, handler, **kwargs)


def get(
    path: str,
    handler: AnyHandler,
    *,
    name: str | None = None,
    allow_head: bool = True,
    **kwargs: Any,
) -> RouteDef:
    """GET, and HEAD with it unless `allow_head` is false."""
    return route("GET", path, handler, name=name, allow_head=allow_head, **kwargs)


def post(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """POST."""
    return route("POST", path, handler, **kwargs)


def put(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """PUT."""
    return route("PUT", path, handler, **kwargs)


def patch(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """PATCH."""
    return route("PATCH", path, handler, **kwargs)


def delete(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """DELETE."""
    return route("DELETE", path, handler, **kwargs)


def view(path: str, handler: AnyHandler, **kwargs: Any) -> RouteDef:
    """Every method, by a View."""
    return route("*", path, handler, **kwargs)


def static(prefix: str, path: PathLike, **kwargs: Any) -> StaticDef:
    """The files of a directory."""
    return StaticDef(prefix, path, _settled(kwargs), place=find_place())


class RouteTableDef(Sequence[AbstractRouteDef]):
    """A table of routes that decorators fill, before there is any application.

    >>> routes = RouteTableDef()
    >>> @routes.get("/")
    ... async def index(request): ...
    >>> len(routes)
    1
    """

    __slots__ = ("_items",)

    def __init__(self) -> None:
        self._items: list[AbstractRouteDef] = []

    def __repr__(self) -> str:
        return f"<RouteTableDef count={len(self._items)}>"

    @overload
    def __getitem__(self, index: int) -> AbstractRouteDef: ...
    @overload
    def __getitem__(self, index: slice) -> list[AbstractRouteDef]: ...
    def __getitem__(self, index: int | slice) -> AbstractRouteDef | list[AbstractRouteDef]:
        return self._items[index]

    def __iter__(self) -> Iterator[AbstractRouteDef]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, item: object) -> bool:
        return item in self._items

    def route(self, method: str, path: str, **kwargs: Any) -> Decorator:
        """Any method."""
        place = find_place()

        def add(handler: HandlerT) -> HandlerT:
            definition = RouteDef(method, path, handler, _settled(kwargs), place=place)
            self._items.append(definition)
            return handler

        return add

    def head(self, path: str, **kwargs: Any) -> Decorator:
        """HEAD."""
        return self.route("HEAD", path, **kwargs)

    def get(self, path: str, **kwargs: Any) -> Decorator:
        """GET, and HEAD with it unless `allow_head` is false."""
        return self.route("GET", path, **kwargs)

    def post(self, path: str, **kwargs: Any) -> Decorator:
        """POST."""
        return self.route("POST", path, **kwargs)

    def put(self, path: str, **kwargs: Any) -> Decorator:
        """PUT."""
        return self.route("PUT", path, **kwargs)

    def patch(self, path: str, **kwargs: Any) -> Decorator:
        """PATCH."""
        return self.route("PATCH", path, **kwargs)

    def delete(self, path: str, **kwargs: Any) -> Decorator:
        """DELETE."""
        return self.route("DELETE", path, **kwargs)

    def options(self, path: str, **kwargs: Any) -> Decorator:
        """OPTIONS."""
        return self.route("OPTIONS", path, **kwargs)

    def view(self, path: str, **kwargs: Any) -> Decorator:
        """Every method, by a View."""
        return self.route("*", path, **kwargs)

    def static(self, prefix: str, path: PathLike, **kwargs: Any) -> None:
        """The files of a directory."""
        self._items.append(StaticDef(prefix, path, _settled(kwargs), place=find_place()))
