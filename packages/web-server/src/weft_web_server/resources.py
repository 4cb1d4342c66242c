"""What a path leads to: resources with their names, and the routes of each by method.

Decides what a registered handler may be. Knows patterns and handlers; does not match requests.
"""

import inspect
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Mapping, Sized
from typing import Any, Protocol, TypeAlias

from yarl import URL

from weft_routing import Pattern, build_url, parse_pattern

from .http_errors import HTTPException, HTTPMethodNotAllowed
from .middleware import Handler, Middleware
from .places import Place, find_place
from .request import Request
from .route_options import NO_OPTIONS, RouteOptions
from .streaming import StreamResponse

Info: TypeAlias = dict[str, Any]
ExpectHandler: TypeAlias = Callable[[Request], Awaitable[StreamResponse | None]]


class View:
    """A handler as a class: one coroutine method for each HTTP method, in lower case."""

    __slots__ = ("__dict__", "_request")

    def __init__(self, request: Request) -> None:
        self._request = request

    @property
    def request(self) -> Request:
        """The request being answered."""
        return self._request

    def __await__(self) -> Generator[Any, None, StreamResponse]:
        return self._answer().__await__()

    async def _answer(self) -> StreamResponse:
        method = self._request.method
        handler = getattr(self, method.lower(), None) if method in VIEW_METHODS else None
        if handler is None:
            allowed = {name for name in VIEW_METHODS if hasattr(self, name.lower())}
            raise HTTPMethodNotAllowed(method, allowed)
        answer = await handler()
        if not isinstance(answer, StreamResponse):
            raise TypeError(
                f"{type(self).__name__}.{method.lower()}() returned {type(answer).__name__}; "
                "return a response"
            )
        return answer


VIEW_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"}
)

AnyHandler: TypeAlias = Handler | type[View]


class AbstractRoute:
    """A handler for one method, or for all."""

    __slots__ = (
        "__weakref__",
        "_expect_handler",
        "_handler",
        "_method",
        "_middlewares",
        "_options",
        "_place",
    )

    def __init__(  # wide: the shape of aiohttp
        self,
        method: str,
        handler: AnyHandler,
        *,
        expect_handler: ExpectHandler | None = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> None:
        if expect_handler is not None and not inspect.iscoroutinefunction(expect_handler):
            raise TypeError(f"an expect_handler is an async function, not {expect_handler!r}")
        self._method = method.upper()
        self._handler = handler
        self._expect_handler = expect_handler
        self._middlewares = tuple(middlewares)
        self._options = NO_OPTIONS if options is None else options
        self._place = place

    @property
    def method(self) -> str:
        """The method, or "*"."""
        return self._method

    @property
    def handler(self) -> AnyHandler:
        """The handler as it was registered."""
        return self._handler

    @property
    def expect_handler(self) -> ExpectHandler | None:
        """What answers an Expect field instead of the server."""
        return self._expect_handler

    @property
    def middlewares(self) -> tuple[Middleware, ...]:
        """The middlewares of this route alone, inside those of its applications."""
        return self._middlewares

    @property
    def options(self) -> RouteOptions:
        """The limits of this route."""
        return self._options

    @property
    def place(self) -> Place | None:
        """Where the program registered the route."""
        return self._place

    @property
    def name(self) -> str | None:
        """The name of the resource."""
        return None

    @property
    def resource(self) -> "AbstractResource | None":
        """The resource that the route belongs to."""
        return None

    def get_info(self) -> Info:
        """Facts for humans."""
        return {}

    def url_for(self, *args: str, **kwargs: str) -> URL:
        """The URL of the resource."""
        raise RuntimeError("this route has no URL")


class ResourceRoute(AbstractRoute):
    """A route of a resource."""

    __slots__ = ("_resource",)

    def __init__(  # wide: the shape of aiohttp
        self,
        method: str,
        handler: AnyHandler,
        resource: "AbstractResource",
        *,
        expect_handler: ExpectHandler | None = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(
            method,
            check_handler(handler),
            expect_handler=expect_handler,
            middlewares=middlewares,
            options=options,
            place=find_place() if place is None else place,
        )
        self._resource = resource

    @property
    def name(self) -> str | None:
        return self._resource.name

    @property
    def resource(self) -> "AbstractResource":
        return self._resource

    def get_info(self) -> Info:
        return self._resource.get_info()

    def url_for(self, *args: str, **kwargs: str) -> URL:
        return self._resource.url_for(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<ResourceRoute [{self.method}] {self._resource} -> {self.handler!r}>"


class SystemRoute(AbstractRoute):
    """The route of a request that no route fits: its handler raises 404 or 405."""

    __slots__ = ("_error",)

    def __init__(self, error: HTTPException) -> None:
        super().__init__("*", self._raise)
        self._error = error

    async def _raise(self, request: Request) -> StreamResponse:
        raise self._error

    @property
    def http_exception(self) -> HTTPException:
        """The answer."""
        return self._error

    @property
    def status(self) -> int:
        """The status of the answer."""
        return self._error.status

    @property
    def reason(self) -> str:
        """The reason phrase of the answer."""
        return self._error.reason

    def get_info(self) -> Info:
        return {"http_exception": self._error}

    def __repr__(self) -> str:
        return f"<SystemRoute {self.status}: {self.reason}>"


class AbstractResource(Sized):
    """A path, or all below one, with its routes."""

    def __init__(self, *, name: str | None = None) -> None:
        self._name = name
        self._prefix = ""

    @property
    def name(self) -> str | None:
        """The name to build URLs by."""
        return self._name

    @property
    def canonical(self) -> str:
        """The path with its parameters as `{name}`, the same for every request."""
        raise NotImplementedError

    def add_prefix(self, prefix: str) -> None:
        """Put a prefix before the path; a parent application does so."""
        self._prefix = prefix + self._prefix

    def url_for(self, **kwargs: str) -> URL:
        """The URL with the parameters filled in."""
        raise NotImplementedError

    def get_info(self) -> Info:
        """Facts for humans."""
        raise NotImplementedError

    def routes(self) -> list[tuple[str, ResourceRoute]]:
        """The routes, each with the path that it matches."""
        raise NotImplementedError

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __iter__(self) -> Iterator[ResourceRoute]:
        # A route may stand under more than one path.
        return iter(dict.fromkeys(route for _, route in self.routes()))


class Adder(Protocol):
    """What a resource needs of the router that made it."""

    def register_route(self, path: str, route: ResourceRoute) -> None: ...


class Resource(AbstractResource):
    """A path with routes by method."""

    def __init__(self, path: str, adder: Adder, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self._path = path
        self._adder = adder
        self._routes: list[ResourceRoute] = []

    @property
    def path(self) -> str:
        """The path as it was registered, without the prefixes of parents."""
        return self._path

    @property
    def pattern(self) -> Pattern:
        """The path with the prefixes of parents."""
        return parse_pattern(self._prefix + self._path)

    @property
    def canonical(self) -> str:
        return self.pattern.canonical or "/"

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
        """Add a handler for a method; "*" takes every one.

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
        self._adder.register_route(self._path, route)
        self._routes.append(route)
        return route

    def routes(self) -> list[tuple[str, ResourceRoute]]:
        return [(self._path, route) for route in self._routes]

    def url_for(self, **parts: str) -> URL:
        return build_url(self.pattern, parts)

    def __repr__(self) -> str:
        name = "" if self._name is None else f"{self._name!r} "
        return f"<{type(self).__name__} {name} {self.canonical}>"


class PlainResource(Resource):
    """A path without parameters."""

    def get_info(self) -> Info:
        return {"path": self.canonical}


class DynamicResource(Resource):
    """A path with parameters."""

    def get_info(self) -> Info:
        return {"formatter": self.canonical, "pattern": self.pattern.regex}


class PrefixedSubAppResource(AbstractResource):
    """All paths below a prefix, which another application answers."""

    def __init__(self, prefix: str, app: Mapping[Any, Any]) -> None:
        super().__init__()
        self.add_prefix(prefix)
        self.own_prefix = prefix
        self.app = app

    @property
    def canonical(self) -> str:
        return self._prefix

    def get_info(self) -> Info:
        return {"app": self.app, "prefix": self._prefix}

    def url_for(self, **kwargs: str) -> URL:
        raise RuntimeError("a sub-application has no URL; ask its own router")

    def routes(self) -> list[tuple[str, ResourceRoute]]:
        return []

    def __repr__(self) -> str:
        return f"<PrefixedSubAppResource {self._prefix} -> {self.app!r}>"


def check_handler(handler: AnyHandler) -> AnyHandler:
    """Refuse what could never answer a request, with what to write instead."""
    if isinstance(handler, type) and issubclass(handler, View):
        return handler
    subject: object = handler
    if isinstance(handler, type) or not callable(subject):
        raise TypeError(
            f"{handler!r} is no handler; give an async function that takes the request, or a View"
        )
    if inspect.isgeneratorfunction(handler) or inspect.isasyncgenfunction(handler):
        raise TypeError(f"{_name(handler)} is a generator; return a response instead of yielding")
    try:
        signature = inspect.signature(handler)
    except ValueError:  # built in C, without a signature
        return handler
    try:
        signature.bind(None)
    except TypeError:
        raise TypeError(
            f"{_name(handler)}{signature} is no handler; it must take one argument, the request"
        ) from None
    return handler


def _name(handler: object) -> str:
    return str(getattr(handler, "__qualname__", repr(handler)))
