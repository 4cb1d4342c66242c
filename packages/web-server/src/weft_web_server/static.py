"""A directory below a path: which file answers a request, and the URL of a file.

Decides names, the listing, and the version of a file in its URL. `file_tree` decides what may be
opened, `files` how it is answered.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote

import attrs
from yarl import URL

from weft_http_parser import add_name
from weft_routing import Pattern, Place, parse_pattern

from .file_cache import CACHE_SIZE, FileCache, Record
from .file_plan import guess_type
from .file_tree import FileTree, split_name
from .files import CHUNK_SIZE, FileResponse, Source, status_of
from .http_errors import HTTPException, HTTPForbidden, HTTPMovedPermanently, HTTPNotFound
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
IMMUTABLE: Final = "public, max-age=31536000, immutable"

CacheControl: TypeAlias = str | Callable[[str], str | None] | None

_FILES = parse_pattern("/{filename:.*}")
_MAX_SOURCES: Final = 64


@attrs.frozen(kw_only=True)
class _Habits:
    """What a directory answers with where the path names no file."""

    index: str | None
    fallback: str | None
    shows_index: bool
    cache_control: CacheControl


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
        chunk_size: int = CHUNK_SIZE,
        show_index: bool = False,
        follow_symlinks: bool = False,
        append_version: bool = False,
        index: str | None = None,
        fallback: str | None = None,
        cache_control: CacheControl = None,
        cache_size: int = CACHE_SIZE,
        middlewares: Iterable[Middleware] = (),
        options: RouteOptions | None = None,
        place: Place | None = None,
    ) -> None:
        super().__init__(_checked_prefix(prefix), name=name)
        self._tree = FileTree(_checked_directory(directory), follow_symlinks=follow_symlinks)
        self._source = Source(FileCache(self._tree, cache_size))
        self._habits = _Habits(
            index=_checked_name("index", index),
            fallback=_checked_name("fallback", fallback),
            shows_index=show_index,
            cache_control=cache_control,
        )
        self._sources: dict[str, Source] = {}
        self._chunk_size = chunk_size
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
            version = self._source.cache.digest(name)
        except OSError:
            return url  # a file that cannot be served has no version
        return url.with_query({VERSION_KEY: version})

    async def _handle(self, request: Request) -> StreamResponse:
        name = request.match_info["filename"]
        try:
            record = self._source.cache.get(name)
            if record is None:
                split_name(name)
                if name.endswith("/") or not name:
                    return await self._answer_directory(request, name)
                record = self._source.cache.load(name)
        except IsADirectoryError:
            return await self._answer_directory(request, name)
        except OSError as exc:
            return self._fall_back(request, name, _to_miss(exc))
        return await self._answer(request, name, record)

    async def _answer(self, request: Request, name: str, record: Record) -> FileResponse:
        source = self._source
        if "?" in request.raw_path and VERSION_KEY in request.query:
            if request.query[VERSION_KEY] == await source.cache.known_version(name, record):
                source = self._source_saying(IMMUTABLE)
                return FileResponse._of_record(name, record, source, self._chunk_size)
        control = self._habits.cache_control
        if control is not None:
            source = self._source_saying(control if isinstance(control, str) else control(name))
        return FileResponse._of_record(name, record, source, self._chunk_size)

    def _source_saying(self, control: str | None) -> Source:
        """The files with a Cache-Control; there are few different ones."""
        if control is None:
            return self._source
        source = self._sources.get(control)
        if source is None:
            source = Source(self._source.cache, (("Cache-Control", control),))
            if len(self._sources) < _MAX_SOURCES:
                self._sources[control] = source
        return source

    async def _answer_directory(self, request: Request, name: str) -> StreamResponse:
        habits = self._habits
        folder = name if not name or name.endswith("/") else name + "/"
        if habits.index is not None:
            try:
                record = self._source.cache.find(folder + habits.index)
            except OSError as exc:
                status_of(exc)
            else:
                if not request.path.endswith("/"):
                    # Links of a page are relative to the directory.
                    location = f"{self._path_of(folder)}/{_query_of(request)}"
                    raise HTTPMovedPermanently(URL(location, encoded=True))
                return await self._answer(request, folder + habits.index, record)
        if not habits.shows_index:
            return self._fall_back(request, name, HTTPForbidden())
        from .file_index import format_index  # late: few servers list directories

        try:
            entries, more = await asyncio.to_thread(self._tree.entries, name)
        except OSError as exc:
            return self._fall_back(request, name, _to_miss(exc))
        page = format_index(self._path_of(name), entries, more)
        return Response(text=page, content_type="text/html")

    def _fall_back(self, request: Request, name: str, error: HTTPException) -> StreamResponse:
        """The page of an application that knows more paths than there are files."""
        fallback = self._habits.fallback
        if fallback is None:
            raise error
        if not _wants_page(request, name):
            error.headers["Vary"] = add_name(error.headers.get("Vary"), "Accept")
            raise error
        try:
            record = self._source.cache.find(fallback)
        except OSError:
            raise error from None
        control = self._habits.cache_control
        control = control if control is None or isinstance(control, str) else control(fallback)
        response = FileResponse._of_record(
            fallback, record, self._source_saying(control), self._chunk_size
        )
        response.headers["Vary"] = "Accept"
        return response

    def _path_of(self, folder: str) -> str:
        """The path of a directory, without a slash at its end."""
        name = folder.rstrip("/")
        return f"{self.canonical}/{quote(os.fsencode(name))}" if name else self.canonical

    def __repr__(self) -> str:
        name = "" if self.name is None else f"{self.name!r}"
        return f"<StaticResource {name} {self.canonical} -> {self.directory!r}>"


def _to_miss(exc: OSError) -> HTTPException:
    """The answer where nothing is; raises the one to what may not be had, which has no other."""
    if status_of(exc) == 403:
        raise HTTPForbidden from None
    return HTTPNotFound()


def _wants_page(request: Request, name: str) -> bool:
    """Whether a browser goes to a path, which is not to be the one of a script or a picture."""
    kind = guess_type(name)
    if kind not in ("application/octet-stream", "text/html"):
        return False
    from weft_http_parser import parse_accept  # late: few servers have fallbacks

    accept = parse_accept(request.headers.getall("Accept", []))
    return any(one.type == "text" and one.subtype == "html" and one.weight for one in accept)


def _query_of(request: Request) -> str:
    query = request.rel_url.raw_query_string
    return f"?{query}" if query else ""


def _checked_name(option: str, name: str | None) -> str | None:
    if name is not None:
        try:
            is_file = bool(split_name(name)) and not name.endswith("/")
        except FileNotFoundError:
            is_file = False
        if not is_file:
            raise ValueError(f"{option} is {name!r}; give the name of a file in the directory")
    return name


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
