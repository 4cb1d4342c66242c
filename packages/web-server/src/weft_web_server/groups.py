"""Groups of routes: one prefix, middlewares, options and beginning of names for all of them.

Decides what a definition becomes in its group. Makes no application of its own: the routes are
registered with the application that the group is added to, as if each had been written in full.
"""

from collections.abc import Iterable, Iterator
from typing import Any, overload

import attrs

from .middleware import Middleware
from .route_objects import AbstractResource, AbstractRoute
from .route_options import NO_OPTIONS, RouteOptions
from .routes import AbstractRouteDef, PathLike, RouteAdder, RouteDef, RouteTableDef, StaticDef
from .views import AnyHandler

_JOINTS = ("-", ".", ":")  # what may stand between the parts of a name


class RouteGroup(RouteTableDef, AbstractRouteDef):
    """A table of routes that share a prefix, middlewares, options and the beginning of names.

    It is filled by decorators like a RouteTableDef, and holds its definitions in full: with the
    prefix, with the middlewares of the group around their own, with the group's options where they
    have none. So it can be given to `add_routes()`, stand in a list of definitions, or in another
    group.

    >>> api = RouteGroup("/api", name="api")
    >>> @api.put("/notes/{id}", name="note")
    ... async def write_note(request): ...
    >>> api[0]
    <RouteDef PUT /api/notes/{id} -> 'write_note', name='api.note'>
    """

    __slots__ = ("_middlewares", "_name", "_options", "_prefix")

    def __init__(
        self,
        prefix: str = "",
        *,
        name: str | None = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
    ) -> None:
        """`prefix` may have parameters; a slash at its end does not count. `name` is joined to the
        names of routes by a dot, unless it ends with a dash, dot or colon itself.
        """
        super().__init__()
        self._prefix = _check_path(prefix, "the prefix of a group").rstrip("/")
        self._name = name
        self._middlewares = tuple(middlewares)
        self._options = NO_OPTIONS if options is None else options

    def __repr__(self) -> str:
        name = "" if self._name is None else f", name={self._name!r}"
        return f"<RouteGroup {self._prefix or '/'} count={len(self)}{name}>"

    @property
    def prefix(self) -> str:
        """What the paths of all routes begin with."""
        return self._prefix

    @property
    def name(self) -> str | None:
        """What the names of all routes begin with."""
        return self._name

    @property
    def middlewares(self) -> tuple[Middleware, ...]:
        """The middlewares around all routes, outermost first."""
        return self._middlewares

    @property
    def route_options(self) -> RouteOptions:
        """The options of routes that have none of their own."""
        return self._options

    # The table, in full.

    @overload
    def __getitem__(self, index: int) -> AbstractRouteDef: ...
    @overload
    def __getitem__(self, index: slice) -> list[AbstractRouteDef]: ...
    def __getitem__(self, index: int | slice) -> AbstractRouteDef | list[AbstractRouteDef]:
        return list(self)[index]

    def __iter__(self) -> Iterator[AbstractRouteDef]:
        for item in self._items:
            for definition in item if isinstance(item, RouteGroup) else (item,):
                yield self._complete(definition)

    def __len__(self) -> int:
        return sum(len(item) if isinstance(item, RouteGroup) else 1 for item in self._items)

    def __contains__(self, item: object) -> bool:
        return item in list(self)

    def register(self, router: RouteAdder) -> list[AbstractRoute]:
        return [route for definition in self for route in definition.register(router)]

    # Filling it.

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> None:
        """Take definitions in, other groups among them; what those are given later counts too."""
        for definition in routes:
            if not isinstance(definition, AbstractRouteDef):
                raise TypeError(
                    f"{definition!r} is no route definition; use web.get(), web.post(),"
                    " web.group()…"
                )
            self._items.append(definition)

    def group(
        self,
        prefix: str = "",
        *,
        name: str | None = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
    ) -> "RouteGroup":
        """A new group within this one."""
        inner = RouteGroup(prefix, name=name, middlewares=middlewares, options=options)
        self._items.append(inner)
        return inner

    # What a definition becomes.

    def _complete(self, definition: AbstractRouteDef) -> AbstractRouteDef:
        if isinstance(definition, RouteDef):
            path, kwargs = self._join(definition.path), self._merge(definition.kwargs)
            return attrs.evolve(definition, path=path, kwargs=kwargs)
        if isinstance(definition, StaticDef):
            prefix, kwargs = self._join(definition.prefix), self._merge(definition.kwargs)
            return attrs.evolve(definition, prefix=prefix, kwargs=kwargs)
        return _ForeignDef(definition, self)

    def _join(self, path: str) -> str:
        """The prefix and a path."""
        return self._prefix + _check_path(path, "a path in a group")

    def _merge(self, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The keywords of a route, with what the group adds to them."""
        merged = dict(kwargs)
        if self._name is not None and kwargs.get("name") is not None:
            joint = "" if self._name.endswith(_JOINTS) else "."
            merged["name"] = self._name + joint + kwargs["name"]
        if self._middlewares:
            merged["middlewares"] = (*self._middlewares, *kwargs.get("middlewares", ()))
        if self._options != NO_OPTIONS:
            merged["options"] = (kwargs.get("options") or NO_OPTIONS).over(self._options)
        return merged


def group(
    prefix: str,
    routes: Iterable[AbstractRouteDef],
    *,
    name: str | None = None,
    middlewares: Iterable[Middleware] = (),
    options: RouteOptions | None = None,
) -> RouteGroup:
    """Definitions that share a prefix, middlewares, options and the beginning of names."""
    made = RouteGroup(prefix, name=name, middlewares=middlewares, options=options)
    made.add_routes(routes)
    return made


class _ForeignDef(AbstractRouteDef):
    """A definition of a kind that is not ours, in a group: only its own calls can be completed."""

    __slots__ = ("_definition", "_group")

    def __init__(self, definition: AbstractRouteDef, group: RouteGroup) -> None:
        self._definition = definition
        self._group = group

    def register(self, router: RouteAdder) -> list[AbstractRoute]:
        return self._definition.register(_GroupAdder(router, self._group))


class _GroupAdder:
    """A router as a definition in a group sees it."""

    __slots__ = ("_group", "_router")

    def __init__(self, router: RouteAdder, group: RouteGroup) -> None:
        self._router = router
        self._group = group

    def add_route(
        self, method: str, path: str, handler: AnyHandler, **kwargs: Any
    ) -> AbstractRoute:
        group = self._group
        return self._router.add_route(method, group._join(path), handler, **group._merge(kwargs))

    def add_get(self, path: str, handler: Any, **kwargs: Any) -> AbstractRoute:
        return self._router.add_get(self._group._join(path), handler, **self._group._merge(kwargs))

    def add_static(self, prefix: str, path: PathLike, **kwargs: Any) -> AbstractResource:
        return self._router.add_static(
            self._group._join(prefix), path, **self._group._merge(kwargs)
        )


def _check_path(path: str, what: str) -> str:
    if path and not path.startswith("/"):
        raise ValueError(f"{what} begins with a slash, or is empty; {path!r} does not")
    return path
