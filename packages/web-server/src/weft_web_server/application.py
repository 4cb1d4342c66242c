"""Application: collects routes, middlewares, signals and values, then freezes into endpoints.

Decides at freeze everything about a request that does not depend on the request: the order of
middlewares, the applications on the way, and the answers where no route fits.
"""

import asyncio
import enum
import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar, overload

import attrs
from yarl import URL

from .cleanup import CleanupContext
from .compose import Table, build_table
from .compression import Compression, to_compression
from .dispatcher import UrlDispatcher
from .domains import Domain, MaskDomain, MatchedSubAppResource
from .error_pages import RenderError
from .errors import NotAppKeyWarning
from .exchange import RequestLimits
from .keys import AppKey, Store
from .match import AbstractApplication, RequestLike
from .middleware import Middleware
from .prefixes import PrefixedSubAppResource
from .request import Request
from .resolving import Resolve, find_inside
from .route_objects import AbstractResource, AbstractRoute
from .routes import AbstractRouteDef
from .signals import FrozenList, Signal
from .streaming import StreamResponse
from .targets import named_host
from .tasks import Tasks

logger: Final = logging.getLogger("weft.web")
T = TypeVar("T")

AppSignal = Signal[["Application"]]
PrepareSignal = Signal[[Request, StreamResponse]]


class _Phase(enum.Enum):
    OPEN = "everything can be added"
    CLOSED = "values can be set, routes and their like cannot be added"
    FROZEN = "serving"


@attrs.frozen(kw_only=True)
class _Settings:
    """What an application was told when it was made."""

    handler_args: dict[str, Any]
    auto_options: bool | None
    compression: Compression | bool | None
    render_error: RenderError | None


class _Signals:
    """The signals of one application."""

    __slots__ = ("cleanup", "cleanup_ctx", "response_prepare", "shutdown", "startup")

    def __init__(self, app: "Application") -> None:
        self.response_prepare: PrepareSignal = Signal(app)
        self.startup: AppSignal = Signal(app)
        self.shutdown: AppSignal = Signal(app)
        self.cleanup: AppSignal = Signal(app)
        self.cleanup_ctx: CleanupContext[Application] = CleanupContext()
        self.startup.append(self.cleanup_ctx.enter)
        self.cleanup.append(self.cleanup_ctx.exit)

    def freeze(self) -> None:
        for signal in (self.response_prepare, self.startup, self.shutdown, self.cleanup):
            signal.freeze()
        self.cleanup_ctx.freeze()


class Application(AbstractApplication):
    """A web application: a mapping of values, and everything that answers requests.

    >>> app = Application()
    >>> async def hello(request): ...
    >>> _ = app.router.add_get("/", hello)
    """

    __slots__ = (
        "__weakref__",
        "_limits",
        "_logger",
        "_middlewares",
        "_phase",
        "_router",
        "_settings",
        "_signals",
        "_store",
        "_subapps",
        "_table",
        "_tasks",
    )

    def __init__(  # wide: the shape of aiohttp
        self,
        *,
        logger: logging.Logger = logger,
        router: UrlDispatcher | None = None,
        middlewares: Iterable[Middleware] = (),
        handler_args: Mapping[str, Any] | None = None,
        client_max_size: int = 1_048_576,
        client_max_fields: int = 1000,
        auto_options: bool | None = None,
        compression: Compression | bool | None = None,
        render_error: RenderError | None = None,
    ) -> None:
        """`auto_options` answers OPTIONS with 204 and the methods of the path, where no route
        does; `compression` compresses what is worth it, for clients that take it. None is off,
        and in a sub-application as its parent has it. `render_error` makes the answers to errors
        of everything that a server of this application is asked. The other parameters are aiohttp's.
        """
        self._logger = logger
        self._router = UrlDispatcher() if router is None else router
        self._middlewares: FrozenList[Middleware] = FrozenList(middlewares)
        self._settings = _Settings(
            handler_args=dict(handler_args or {}),
            auto_options=auto_options,
            compression=to_compression(compression),
            render_error=render_error,
        )
        self._limits = RequestLimits(body_size=client_max_size, form_fields=client_max_fields)
        self._signals = _Signals(self)
        self._store: Store | None = {}
        self._subapps: list[Application] = []
        self._tasks = Tasks(logger)
        self._table: Table | None = None  # of an application that is asked to serve
        self._phase = _Phase.OPEN

    def __init_subclass__(cls) -> None:
        warnings.warn(
            f"{cls.__name__} inherits from web.Application, which is not built for it;"
            " hold an application instead, or use middlewares, signals and keys",
            DeprecationWarning,
            stacklevel=2,
        )

    def __repr__(self) -> str:
        return f"<Application {id(self):#x}>"

    def __call__(self) -> "Application":
        """The application itself, where a factory is wanted."""
        return self

    # The mapping.

    @overload
    def __setitem__(self, key: AppKey[T], value: T) -> None: ...
    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __setitem__(self, key: Any, value: Any) -> None:
        self._check_state_is_open()
        if not isinstance(key, AppKey):
            warnings.warn(
                "a web.AppKey is a better key than a string: it has a type, and no other module"
                " uses it by chance",
                category=NotAppKeyWarning,
                stacklevel=2,
            )
        super().__setitem__(key, value)

    def __delitem__(self, key: Any) -> None:
        self._check_state_is_open()
        super().__delitem__(key)

    def _check_state_is_open(self) -> None:
        if self.frozen:
            warnings.warn(
                "weft_web_server.Application.__setitem__() after the start is deprecated since"
                " weft-web-server 0.1; set values before it, or keep what changes in an object",
                DeprecationWarning,
                stacklevel=3,
            )

    # What it is made of.

    @property
    def router(self) -> UrlDispatcher:
        """The routes."""
        return self._router

    @property
    def logger(self) -> logging.Logger:
        """The logger."""
        return self._logger

    @property
    def tasks(self) -> Tasks:
        """Work that no request waits for; those of sub-applications are their parent's."""
        return self._tasks

    @property
    def debug(self) -> bool:
        """Whether the running loop is in debug mode."""
        return asyncio.get_event_loop().get_debug()

    @property
    def middlewares(self) -> FrozenList[Middleware]:
        """The middlewares, outermost first."""
        return self._middlewares

    @property
    def handler_args(self) -> dict[str, Any]:
        """Options for the server that runs the application."""
        return self._settings.handler_args

    @property
    def client_max_size(self) -> int:
        """The most bytes of a body that is read whole."""
        return self._limits.body_size

    @property
    def client_max_fields(self) -> int:
        """The most fields of a form."""
        return self._limits.form_fields

    @property
    def auto_options(self) -> bool | None:
        """Whether OPTIONS is answered where no route does; None is as the parent has it."""
        return self._settings.auto_options

    @property
    def compression(self) -> Compression | bool | None:
        """What is compressed; False is nothing, None is as the parent has it."""
        return self._settings.compression

    @property
    def render_error(self) -> RenderError | None:
        """What makes the answers to errors; None is by what the client accepts."""
        return self._settings.render_error

    @property
    def on_response_prepare(self) -> PrepareSignal:
        """Before the head of a response is sent."""
        return self._signals.response_prepare

    @property
    def on_startup(self) -> AppSignal:
        """Before the first request."""
        return self._signals.startup

    @property
    def on_shutdown(self) -> AppSignal:
        """When no more requests are taken, and some may still be answered."""
        return self._signals.shutdown

    @property
    def on_cleanup(self) -> AppSignal:
        """After the last request."""
        return self._signals.cleanup

    @property
    def cleanup_ctx(self) -> "CleanupContext[Application]":
        """Generators and context managers around the life of the application."""
        return self._signals.cleanup_ctx

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[AbstractRoute]:
        """Add route definitions."""
        return self._router.add_routes(routes)

    def add_subapp(self, prefix: str, subapp: "Application") -> PrefixedSubAppResource:
        """Let another application answer everything below a prefix."""
        if not isinstance(prefix, str):
            raise TypeError(f"a prefix is a str, not {type(prefix).__name__}")
        literal = prefix.rstrip("/")
        if not literal.startswith("/"):
            raise ValueError(
                f"the prefix {prefix!r} of a sub-application must begin with a slash and go on;"
                " write one such as /api"
            )
        resource = PrefixedSubAppResource(literal, self._checked(subapp))
        self._adopt(resource, subapp)
        return resource

    def add_domain(self, domain: str, subapp: "Application") -> MatchedSubAppResource:
        """Let another application answer all requests for a host; "*" in it stands for any text.

        Domains are asked before all routes, in the order in which they were added.
        """
        if not isinstance(domain, str):
            raise TypeError(f"a domain is a str, not {type(domain).__name__}")
        rule = MaskDomain(domain) if "*" in domain else Domain(domain)
        resource = MatchedSubAppResource(rule, self._checked(subapp))
        self._adopt(resource, subapp)
        return resource

    def _checked(self, subapp: "Application") -> "Application":
        """What can go below this application."""
        if not isinstance(subapp, Application):
            raise TypeError(f"{subapp!r} is no Application")
        if self.pre_frozen:
            raise RuntimeError("the application is frozen; add sub-applications before it starts")
        if subapp.pre_frozen:
            raise RuntimeError(
                "the sub-application is frozen; add it once, and before anything starts it"
            )
        if subapp is self:
            raise ValueError("an application cannot be below itself")
        return subapp

    def _adopt(self, resource: PrefixedSubAppResource, subapp: "Application") -> None:
        self._router.register_resource(resource)
        subapp._close()
        subapp._share_tasks(self._tasks)
        self._subapps.append(subapp)
        for name in ("startup", "shutdown", "cleanup"):
            self._forward(getattr(self._signals, name), subapp, name)

    def _share_tasks(self, tasks: Tasks) -> None:
        self._tasks = tasks
        for subapp in self._subapps:
            subapp._share_tasks(tasks)

    @staticmethod
    def _forward(signal: AppSignal, subapp: "Application", name: str) -> None:
        async def send(app: "Application") -> None:
            inner: AppSignal = getattr(subapp._signals, name)
            await inner.send(subapp)

        signal.append(send)

    # Its life.

    @property
    def frozen(self) -> bool:
        """Whether it can no longer be changed."""
        return self._phase is _Phase.FROZEN

    def freeze(self) -> None:
        """Compose the endpoints, and let nothing be changed afterwards."""
        self.pre_freeze()
        self._freeze_values()

    def _freeze_values(self) -> None:
        self._phase = _Phase.FROZEN
        for subapp in self._subapps:
            subapp._freeze_values()

    @property
    def pre_frozen(self) -> bool:
        """Whether signals, routes and middlewares can no longer be added."""
        return self._phase is not _Phase.OPEN

    def pre_freeze(self) -> None:
        """Close signals, routes and middlewares; values may still be set."""
        self._close()
        if self._table is None:
            self._table = build_table(self)

    def _close(self) -> None:
        """The same without a table: one below another is found in that one's."""
        if self._phase is not _Phase.OPEN:
            return
        self._phase = _Phase.CLOSED
        self._middlewares.freeze()
        self._router.freeze()
        self._signals.freeze()

    def resources(self) -> Iterable[AbstractResource]:
        """The resources of the router."""
        return self._router.resources()

    async def startup(self) -> None:
        """Run `on_startup`."""
        self.pre_freeze()
        self._tasks.open()
        await self.on_startup.send(self)

    async def shutdown(self) -> None:
        """Run `on_shutdown`."""
        if self.on_shutdown.frozen:
            await self.on_shutdown.send(self)

    async def cleanup(self) -> None:
        """Run `on_cleanup`."""
        if self.on_cleanup.frozen:
            await self.on_cleanup.send(self)
        else:
            await self.cleanup_ctx.exit(self)

    # Requests.

    @property
    def resolve(self) -> Resolve:
        """What finds the handler for a request, from the pre-freeze on."""
        assert self._table is not None  # a server runs frozen applications only
        return self._table.resolve

    async def leads_somewhere(self, request: RequestLike, path: str) -> bool:
        assert self._table is not None  # asked for while a request is answered
        if self._table.asks_users:
            other = request.clone(rel_url=URL.build(path=path, encoded=True))
            info = await self._router.resolve(other)
            return info.http_exception is None
        host = named_host(request._head) or ""
        endpoint, _ = find_inside(self._table.miss, request.method, path, host)
        return endpoint.inside is None
