"""Paths below a prefix: what a prefix may be, and sub-applications, which have one.

Knows the interface of an application; holds no routes of its own.
"""

from collections.abc import Iterable, Iterator, Sized
from typing import Any, Protocol

from yarl import URL

from weft_routing import Pattern, PatternError, build_url, parse_pattern

from .http_errors import HTTPMethodNotAllowed
from .match import AbstractApplication, UrlMappingMatchInfo
from .request import Request
from .route_objects import AbstractResource, AbstractRoute, Info, Resolved


class Routes(Sized, Iterable[AbstractRoute], Protocol):
    """The routes of a router."""


class SubRouter(Protocol):
    """What a sub-application needs of its own router."""

    def resources(self) -> Iterable[AbstractResource]: ...
    def routes(self) -> Routes: ...
    def index_resource(self, resource: AbstractResource) -> None: ...
    def unindex_resource(self, resource: AbstractResource) -> None: ...
    def freeze(self) -> None: ...
    async def resolve(self, request: Request) -> UrlMappingMatchInfo: ...


class PrefixResource(AbstractResource):
    """All paths below a prefix."""

    def __init__(self, prefix: str, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._prefix = to_literal(prefix)

    @property
    def prefix(self) -> Pattern:
        """The prefix, with those of parents."""
        return self._prefix

    @property
    def canonical(self) -> str:
        return quote_path(self._prefix)

    def add_prefix(self, prefix: str) -> None:
        self._prefix = join_prefix(check_prefix(prefix), self._prefix)

    def raw_match(self, prefix: str) -> bool:
        return False


class PrefixedSubAppResource(PrefixResource):
    """All paths below a prefix, which another application answers."""

    def __init__(self, prefix: str, app: AbstractApplication) -> None:
        super().__init__(prefix)
        self._app = app
        if prefix:
            self._add_prefix_below(prefix)

    @property
    def app(self) -> Any:
        """The application."""
        return self._app

    @property
    def _router(self) -> SubRouter:
        router: Any = self._app.router
        return router  # type: ignore[no-any-return]  # to requests a router is names only

    def add_prefix(self, prefix: str) -> None:
        super().add_prefix(prefix)
        self._add_prefix_below(prefix)

    def _add_prefix_below(self, prefix: str) -> None:
        router = self._router
        for resource in router.resources():
            router.unindex_resource(resource)
            resource.add_prefix(prefix)
            router.index_resource(resource)

    def freeze(self) -> None:
        self._router.freeze()

    def url_for(self, *args: str, **kwargs: str) -> URL:
        raise RuntimeError("a sub-application has no URL; ask its own router")

    def get_info(self) -> Info:
        return {"app": self._app, "prefix": self.canonical}

    async def resolve(self, request: Request) -> Resolved:
        info = await self._router.resolve(request)
        info.add_app(self._app)
        error = info.http_exception
        if isinstance(error, HTTPMethodNotAllowed):
            return info, set(error.allowed_methods)
        return info, set()

    def __len__(self) -> int:
        return len(self._router.routes())

    def __iter__(self) -> Iterator[AbstractRoute]:
        return iter(self._router.routes())

    def __repr__(self) -> str:
        return f"<PrefixedSubAppResource {self.canonical} -> {self._app!r}>"


def to_literal(path: str) -> Pattern:
    """The pattern of a path without parameters; PatternError where there are braces."""
    pattern = parse_pattern(path, {})
    for parameter in pattern.parameters:
        raise PatternError(path, path.find("{"), f"no parameter {parameter.name!r} can stand here")
    return pattern


def check_prefix(prefix: str) -> str:
    """A prefix that can stand before a path, or ValueError."""
    if not prefix.startswith("/") or prefix.endswith("/"):
        raise ValueError(f"the prefix {prefix!r} must begin with a slash and not end with one")
    to_literal(prefix)
    return prefix


def join_prefix(prefix: str, pattern: Pattern) -> Pattern:
    """A pattern below a literal prefix. It is not read again: its convertors are its own."""
    first, *rest = (*to_literal(prefix).pieces, *pattern.pieces)
    if rest and isinstance(first, str) and isinstance(rest[0], str):
        first, rest = first + rest[0], rest[1:]
    return Pattern(prefix + pattern.text, (first, *rest))


def quote_path(pattern: Pattern) -> str:
    """The path of a literal pattern as it stands in a URL."""
    return build_url(pattern, {}).raw_path if pattern.text else ""
