"""A directory below a path: which file answers a request, and the URL of a file.

Decides names, the listing, and the version of a file in its URL. `file_tree` decides what may be
opened, `files` how it is answered.
"""

import base64
import hashlib
import html
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from yarl import URL

from weft_routing import Pattern, Place, parse_pattern

from .file_tree import FileTree, split_name
from .files import FileResponse
from .http_errors import HTTPForbidden, HTTPNotFound
from .match import UrlMappingMatchInfo
from .middleware import Middleware
from .prefixes import PrefixResource, join_prefix
from .request import Request
from .resources import PathTest, Registry
from .response import Response
from .route_objects import ExpectHandler, Info, Resolved, ResourceRoute
from .route_options import RouteOptions
from .streaming import StreamResponse
from .views import AnyHandler

VERSION_KEY: Final = "v"


_FILES = parse_pattern("/{filename:.*}")


class StaticResource(PrefixResource):
    """The files of a directory."""

    VERSION_KEY: Final = VERSION_KEY

    def __init__(  # wide: the shape of aiohttp
        self,
        prefix: str,
        directory: str | os.PathLike[str],
        *,
        name: str | None = None,
        expect_handler: ExpectHandler | None = None,
        chunk_size: int = 262_144,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(_checked_prefix(prefix), name=name)
        self._tree = FileTree(_checked_directory(directory), follow_symlinks=follow_symlinks)
        self._chunk_size = chunk_size
        self._show_index = show_index
        self._append_version = append_version
        self._registry: Registry | None = None
        layers = tuple(middlewares)  # for two routes
        self._routes = {
            method: ResourceRoute(
                method,
                self._handle,
                self,
                expect_handler=expect_handler,
                middlewares=layers,
                options=options,
                place=place,
            )
            for method in ("GET", "HEAD")
        }

    @property
    def directory(self) -> Path:
        """The directory."""
        return self._tree.root

    @property
    def pattern(self) -> Pattern:
        """The paths of files; the path of the directory itself is the prefix."""
        return join_prefix(self._prefix.text, _FILES)

    def register_with(self, registry: Registry) -> None:
        """Let a router know of the routes, of one that comes later too."""
        for route in self:
            registry.admit(route)
        self._registry = registry

    def set_options_route(self, handler: AnyHandler) -> None:
        """Answer OPTIONS with a handler."""
        if "OPTIONS" in self._routes:
            raise RuntimeError("this directory has a handler for OPTIONS already")
        route = ResourceRoute("OPTIONS", handler, self)
        if self._registry is not None:
            self._registry.admit(route)
        self._routes["OPTIONS"] = route

    def get_info(self) -> Info:
        return {
            "directory": self.directory,
            "prefix": self.canonical,
            "routes": dict(self._routes),
        }

    async def resolve(self, request: Request) -> Resolved:
        path = request.rel_url.raw_path
        params = PathTest(self.pattern).params(path)
        if params is None and PathTest(self._prefix).params(path) is not None:
            params = {"filename": ""}
        if params is None:
            return None, set()
        allowed = set(self._routes)
        route = self._routes.get(request.method)
        return None if route is None else UrlMappingMatchInfo(params, route), allowed

    def __len__(self) -> int:
        return len(self._routes)

    def __iter__(self) -> Iterator[ResourceRoute]:
        return iter(self._routes.values())

    def url_for(  # type: ignore[override]  # a path, besides text
        self, *, filename: str | os.PathLike[str], append_version: bool | None = None
    ) -> URL:
        """The URL of a file; with its version, so that a changed file has another URL."""
        name = os.fspath(filename).replace(os.sep, "/").lstrip("/")
        path = self.canonical + URL.build(path=f"/{name}").raw_path
        url = URL.build(path=path, encoded=True)
        if not (self._append_version if append_version is None else append_version):
            return url
        try:
            opened = self._tree.open(name)
        except OSError:
            return url  # a file that cannot be served has no version
        with opened.file as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        return url.with_query({VERSION_KEY: base64.urlsafe_b64encode(digest).decode("ascii")})

    async def _handle(self, request: Request) -> StreamResponse:
        name = request.match_info["filename"]
        try:
            split_name(name)
            if name.endswith("/") or not name:
                return self._list(request, name)
            opened = self._tree.open(name)
        except IsADirectoryError:
            return self._list(request, name)
        except PermissionError:
            raise HTTPForbidden from None
        except OSError:
            raise HTTPNotFound from None
        opened.file.close()
        return FileResponse.from_opener(self._tree.open, name, self._chunk_size)

    def _list(self, request: Request, name: str) -> Response:
        if not self._show_index:
            raise HTTPForbidden
        try:
            entries = self._tree.entries(name)
        except OSError:
            raise HTTPNotFound from None
        folder = f"{self.canonical}/{quote(name.rstrip('/'))}".rstrip("/")
        return Response(text=_index_page(folder, entries), content_type="text/html")

    def __repr__(self) -> str:
        name = "" if self.name is None else f"{self.name!r}"
        return f"<StaticResource {name} {self.canonical} -> {self.directory!r}>"


def _index_page(folder: str, entries: list[tuple[str, bool]]) -> str:
    # Names of files come from whoever put them there (GHSA-7gpw-8wmc-pm8g).
    title = f"Index of {html.escape(folder)}/"
    items = []
    for name, is_directory in entries:
        slash = "/" if is_directory else ""
        href = html.escape(f"{folder}/{quote(name)}{slash}")
        items.append(f'<li><a href="{href}">{html.escape(name)}{slash}</a></li>')
    listing = "\n".join(items)
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n</head>\n<body>\n"
        f"<h1>{title}</h1>\n<ul>\n{listing}\n</ul>\n</body>\n</html>\n"
    )


def _checked_prefix(prefix: str) -> str:
    if not prefix.startswith("/"):
        raise ValueError(f"the prefix {prefix!r} must begin with a slash")
    return prefix.rstrip("/")


def _checked_directory(directory: str | os.PathLike[str]) -> Path:
    path = Path(directory).expanduser()
    try:
        path = path.resolve(strict=True)
    except FileNotFoundError:
        raise ValueError(f"{os.fspath(directory)!r} does not exist; make the directory") from None
    if not path.is_dir():
        raise ValueError(f"{os.fspath(directory)!r} is not a directory")
    return path
