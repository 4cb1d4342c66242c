"""Routes: a handler for a method, with what is set for it; and what a resource is to its routes.

Knows handlers. What paths look like is for the kinds of resources to decide.
"""

import inspect
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Sized
from typing import Any, TypeAlias

from yarl import URL

from weft_routing import MethodError, Place

from .http_errors import HTTPException, HTTPExpectationFailed, in_own_words
from .match import UrlMappingMatchInfo
from .middleware import Middleware
from .places import find_place
from .request import Request
from .route_options import NO_OPTIONS, RouteOptions
from .streaming import StreamResponse
from .views import AnyHandler, check_handler

Info: TypeAlias = dict[str, Any]
ExpectHandler: TypeAlias = Callable[[Request], Awaitable[StreamResponse | None]]
Resolved: TypeAlias = tuple[UrlMappingMatchInfo | None, set[str]]
"""What fits a request, if anything does, and the methods that the path has."""

ANY_METHOD = "*"
_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 9.1: a token


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
        "_resource",
    )

    def __init__(  # wide: the shape of aiohttp
        self,
        method: str,
        handler: AnyHandler,
        *,
        expect_handler: ExpectHandler | None = None,
        resource: "AbstractResource | None" = None,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> None:
        method = sys.intern(method.upper())  # one text for all routes of a method
        if _METHOD.fullmatch(method) is None:
            raise MethodError(method)
        if expect_handler is not None and not inspect.iscoroutinefunction(expect_handler):
            raise TypeError(f"an expect_handler is an async function, not {expect_handler!r}")
        if options is not None and not isinstance(options, RouteOptions):
            raise TypeError(f"the options of a route are web.RouteOptions, not {options!r}")
        self._method = method
        self._handler = handler
        self._resource = resource
        self._expect_handler = expect_handler
        self._middlewares = tuple(middlewares)
        for middleware in self._middlewares:
            if not callable(middleware):
                raise TypeError(f"{middleware!r} is no middleware; give an async function")
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
        return self._resource

    async def handle_expect_header(self, request: Request) -> StreamResponse | None:
        """Answer an Expect field (RFC 9110 section 10.1.1), or let the handler go on with None.

        A client that waits for 100 gets it when the body is first read.
        """
        if self._expect_handler is not None:
            return await self._expect_handler(request)
        if request.headers.get("Expect", "").lower() != "100-continue":
            raise in_own_words(HTTPExpectationFailed, "417: unknown expectation")
        return None

    def get_info(self) -> Info:
        """Facts for humans."""
        return {}

    def url_for(self, *args: str, **kwargs: str) -> URL:
        """The URL of the resource."""
        raise RuntimeError("this route has no URL")


class ResourceRoute(AbstractRoute):
    """A route of a resource."""

    __slots__ = ()
    _resource: "AbstractResource"

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
            resource=resource,
            middlewares=middlewares,
            options=options,
            place=find_place() if place is None else place,
        )

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
        return f"<ResourceRoute [{self.method}] {self._resource!r} -> {self.handler!r}>"


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


class AbstractResource(Sized, Iterable[AbstractRoute], ABC):
    """A path, or all below one, with its routes.

    A class of your own says in `resolve()` what fits a request. It is asked for paths at or below
    the literal beginning of its `canonical`, in its turn among the other resources.
    """

    __slots__ = ("__weakref__", "_name")

    def __init__(self, *, name: str | None = None) -> None:
        self._name = name

    @property
    def name(self) -> str | None:
        """The name to build URLs by."""
        return self._name

    @property
    @abstractmethod
    def canonical(self) -> str:
        """The path with its parameters as `{name}`, the same for every request."""

    @abstractmethod
    def url_for(self, **kwargs: str) -> URL:
        """The URL with the parameters filled in."""

    @abstractmethod
    def add_prefix(self, prefix: str) -> None:
        """Put a prefix before the path; a parent application does so."""

    @abstractmethod
    def get_info(self) -> Info:
        """Facts for humans."""

    @abstractmethod
    def raw_match(self, path: str) -> bool:
        """Whether a path as it was registered is that of this resource."""

    @abstractmethod
    async def resolve(self, request: Request) -> Resolved:
        """What fits a request, if anything here does, and the methods that its path has."""

    def freeze(self) -> None:
        """No prefix comes any more from an application that it is registered with."""
