"""Tables of routes as data, and the applications that a module of aiohttp's shape makes of them."""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from yarl import URL

Answerer: TypeAlias = Callable[[Any], Awaitable[Any]]
Outcome: TypeAlias = Exception | None
DIRECTORY = Path(__file__).parent


@dataclass(frozen=True)
class Route:
    """One handler for one method."""

    method: str
    path: str
    name: str | None = None


@dataclass(frozen=True)
class Get:
    """GET, with HEAD or without."""

    path: str
    name: str | None = None
    allow_head: bool = True


@dataclass(frozen=True)
class Viewed:
    """A class as the handler."""

    path: str
    name: str | None = None


@dataclass(frozen=True)
class Static:
    """A directory."""

    prefix: str
    name: str | None = None


@dataclass(frozen=True)
class Sub:
    """A sub-application below a prefix."""

    prefix: str
    rows: "tuple[Row, ...]"


@dataclass(frozen=True)
class Domained:
    """A sub-application for a host, or for a mask of hosts."""

    host: str
    rows: "tuple[Row, ...]"


@dataclass(frozen=True)
class Own:
    """A resource of a user, which takes paths with a certain ending, for GET."""

    canonical: str
    ending: str


Row: TypeAlias = Route | Get | Viewed | Static | Sub | Domained | Own
Rows: TypeAlias = tuple[Row, ...]


@dataclass
class Built:
    """An application, with labels that mean the same in every module."""

    app: Any
    outcomes: list[Outcome] = field(default_factory=list)
    """What registering each row raised, sub-applications before the row that adds them."""
    apps: list[tuple[str, Any]] = field(default_factory=list)

    def label(self, app: Any) -> str:
        """The label of an application."""
        return next(label for label, known in self.apps if known is app)


def build(web: Any, rows: Rows) -> Built:
    """Register a table, row by row, in the application of a module."""
    built = Built(web.Application())
    _fill(web, built, built.app, rows, "main")
    return built


def _fill(web: Any, built: Built, app: Any, rows: Rows, label: str) -> None:
    built.apps.append((label, app))
    for number, row in enumerate(rows):
        own = f"{label}.{number}"
        try:
            _register(web, built, app, row, own)
        except Exception as error:
            built.outcomes.append(error)
        else:
            built.outcomes.append(None)


def _register(web: Any, built: Built, app: Any, row: Row, label: str) -> None:
    router = app.router
    match row:
        case Route(method, path, name):
            router.add_route(method, path, make_handler(label), name=name)
        case Get(path, name, allow_head):
            router.add_get(path, make_handler(label), name=name, allow_head=allow_head)
        case Viewed(path, name):
            router.add_view(path, make_view(web, label), name=name)
        case Static(prefix, name):
            router.add_static(prefix, DIRECTORY, name=name)
        case Sub(prefix, rows):
            sub = web.Application()
            _fill(web, built, sub, rows, label)
            app.add_subapp(prefix, sub)
        case Domained(host, rows):
            sub = web.Application()
            _fill(web, built, sub, rows, label)
            app.add_domain(host, sub)
        case Own(canonical, ending):
            router.register_resource(make_resource(web, canonical, ending, label))


def make_resource(web: Any, canonical: str, ending: str, label: str) -> Any:
    """A resource that decides itself."""

    class OwnResource(web.AbstractResource):  # type: ignore[misc]  # of either module
        def __init__(self) -> None:
            super().__init__()
            self._canonical = canonical
            self._route = web.ResourceRoute("GET", make_handler(label), self)

        @property
        def canonical(self) -> str:
            return self._canonical

        def add_prefix(self, prefix: str) -> None:
            self._canonical = prefix + self._canonical

        def url_for(self, **kwargs: str) -> URL:
            return URL(self._canonical)

        def get_info(self) -> dict[str, Any]:
            return {"ending": ending}

        def raw_match(self, path: str) -> bool:
            return False

        async def resolve(self, request: Any) -> tuple[Any, set[str]]:
            if not request.rel_url.raw_path.endswith(ending):
                return None, set()
            if request.method != "GET":
                return None, {"GET"}
            return web.UrlMappingMatchInfo({"ending": ending}, self._route), {"GET"}

        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Iterator[Any]:
            return iter([self._route])

        def __repr__(self) -> str:
            return f"<OwnResource {self._canonical}>"

    return OwnResource()


def make_handler(label: str) -> Answerer:
    """A handler that is known by its label."""

    async def handler(request: Any) -> Any:
        raise NotImplementedError

    handler.__name__ = label
    return handler


def make_view(web: Any, label: str) -> Any:
    """A view that is known by its label."""
    return type(label, (web.View,), {})


def label_of(handler: Any) -> str:
    """The label of a handler; those of directories and misses have none of their own."""
    name: str = getattr(handler, "__name__", "")
    return name if name.startswith("main.") else "own"


def describe(built: Built) -> Iterator[tuple[Any, ...]]:
    """What each application tells of its resources, routes and names."""
    for label, app in built.apps:
        router = app.router
        yield label, list(router.named_resources()), len(router)
        yield label, len(router.resources()), len(router.routes())
        for resource in router.resources():
            yield (
                label,
                repr(resource).partition(" -> ")[0],
                resource.name,
                resource.canonical,
                len(resource),
                sorted(resource.get_info()),
                [describe_route(route) for route in resource],
            )
        yield label, [describe_route(route) for route in router.routes()]


def describe_route(route: Any) -> tuple[Any, ...]:
    """What a route tells of itself."""
    resource = route.resource
    return (
        route.method,
        label_of(route.handler),
        route.name,
        None if resource is None else resource.canonical,
    )
