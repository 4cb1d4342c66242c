"""The routes of an application as rows, in the order in which a request is compared with them.

Knows the public model of resources only, so that resources of other makers are listed too.
"""

import functools
import inspect
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import attrs

from .application import Application
from .route_objects import AbstractResource, AbstractRoute
from .static import StaticResource
from .views import VIEW_METHODS


@attrs.frozen(kw_only=True)
class Row:
    """The methods of a path that lead to one handler."""

    host: str | None
    methods: tuple[str, ...]
    path: str
    name: str | None
    handler: str
    file: str | None
    line: int | None
    middlewares: tuple[str, ...]
    options: dict[str, Any]

    @property
    def place(self) -> str:
        """Where the handler is defined, from the current directory."""
        if self.file is None:
            return "-"
        file = os.path.relpath(self.file)
        file = self.file if file.startswith(os.pardir) else file
        return file if self.line is None else f"{file}:{self.line}"


def list_rows(app: Application, host: str | None = None) -> Iterator[Row]:
    """All rows: hosts in the order of adding, then the longest literal beginning of a path.

    Paths that begin alike are in the order of adding. A sub-application stands where its prefix
    stands, since no route after it is asked when it has been reached.
    """
    for resource in sorted(app.router.resources(), key=_rank):
        info = resource.get_info()
        nested = info.get("app")
        if isinstance(nested, Application):
            rule = info.get("rule")
            yield from list_rows(nested, host if rule is None else _host_of(rule))
        else:
            yield from _list_resource(resource, host)


def _rank(resource: AbstractResource) -> tuple[bool, int]:
    if "rule" in resource.get_info():
        return False, 0
    literal, brace, _ = resource.canonical.partition("{")
    return True, -len(literal.rpartition("/")[0] if brace else literal)


def _host_of(rule: Any) -> str:
    return str(rule.get_info().get("domain", rule.canonical))


def _list_resource(resource: AbstractResource, host: str | None) -> Iterator[Row]:
    """The routes that have the same handler make one row, as GET and HEAD do."""
    together: dict[tuple[object, ...], list[AbstractRoute]] = {}
    for route in resource:
        handler = None if isinstance(resource, StaticResource) else id(route.handler)
        key = handler, route.middlewares, route.options
        together.setdefault(key, []).append(route)
    for routes in together.values():
        yield _make_row(resource, routes, host)


def _make_row(
    resource: AbstractResource, routes: Sequence[AbstractRoute], host: str | None
) -> Row:
    route = routes[0]
    if isinstance(resource, StaticResource):
        handler = f"files of {resource.get_info()['directory']}"
        file, line = _registered(route)
    else:
        handler = describe(route.handler)
        file, line = find_definition(route.handler)
    return Row(
        host=host,
        methods=_methods(routes),
        path=_path(resource),
        name=resource.name,
        handler=handler,
        file=file,
        line=line,
        middlewares=tuple(describe(middleware) for middleware in route.middlewares),
        options={
            name: value for name, value in attrs.asdict(route.options).items() if value is not None
        },
    )


def _methods(routes: Sequence[AbstractRoute]) -> tuple[str, ...]:
    methods = {route.method for route in routes}
    handler = routes[0].handler
    if methods == {"*"} and isinstance(handler, type):  # a View
        return tuple(sorted(name for name in VIEW_METHODS if hasattr(handler, name.lower())))
    return tuple(sorted(methods))


def _path(resource: AbstractResource) -> str:
    if isinstance(resource, StaticResource):
        return f"{resource.canonical}/{{filename}}"
    pattern = getattr(resource, "pattern", None)
    return resource.canonical if pattern is None else str(pattern.text)


def _registered(route: AbstractRoute) -> tuple[str | None, int | None]:
    return (None, None) if route.place is None else (route.place.file, route.place.line)


def describe(handler: Any) -> str:
    """What a program calls a handler: the module, and the name in it."""
    if isinstance(handler, functools.partial):
        return f"partial of {describe(handler.func)}"
    named = handler if hasattr(handler, "__qualname__") else type(handler)
    return f"{named.__module__}.{named.__qualname__}"


def find_definition(handler: Any) -> tuple[str | None, int | None]:
    """The file and the line where a handler is defined, behind decorators that say whom they wrap."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    try:
        handler = inspect.unwrap(handler)
    except ValueError:  # what is said to be wrapped leads back to the wrapper
        pass
    function: Callable[..., Any] = getattr(handler, "__func__", handler)
    code = getattr(function, "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    kind = handler if isinstance(handler, type) else type(handler)
    try:
        return inspect.getsourcefile(kind), inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):  # made by a program, or in C
        return None, None
