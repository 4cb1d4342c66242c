"""The board as a web application: its routes, its JSON API, its page."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from live import LiveFeed
from store import Note, NoteStore
from weft import web

STATIC = Path(__file__).parent / "static"
MAX_TEXT = 500  # characters in a note
MAX_BODY = 16 * 1024  # bytes in a request
NEWEST = 200  # notes shown

STORE = web.AppKey("STORE", NoteStore)
FEED = web.AppKey("FEED", LiveFeed)

log = logging.getLogger("board")
routes = web.RouteTableDef()
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def create_app(store_path: Path) -> web.Application:
    """The application, with its notes in `store_path`."""
    app = web.Application(middlewares=[errors_as_json], client_max_size=MAX_BODY)
    store = NoteStore(store_path)

    async def everything() -> dict[str, object]:
        return {"type": "board", "notes": [note.to_json() for note in await store.newest(NEWEST)]}

    app[STORE] = store
    app[FEED] = LiveFeed(everything)
    app.add_routes(routes)
    app.add_routes([web.static("/static", STATIC)])
    app.cleanup_ctx.append(open_store)
    app.on_shutdown.append(close_feed)
    return app


async def open_store(app: web.Application) -> AsyncIterator[None]:
    """Before the `yield`: when the application starts. After it: when it has stopped."""
    await app[STORE].open()
    yield
    await app[STORE].close()
    log.info("Store closed.")


async def close_feed(app: web.Application) -> None:
    """Say goodbye to the open pages first: their requests would otherwise never end."""
    count = await app[FEED].close()
    log.info("Live connections closed: %d.", count)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong below /api is answered as {"error": "..."}."""
    if not request.path.startswith("/api/"):
        return await handler(request)
    try:
        return await handler(request)
    except web.HTTPException as exc:
        kept = {name: value for name, value in exc.headers.items() if name == "Allow"}
        return web.json_response({"error": exc.text}, status=exc.status, headers=kept)
    except Exception:
        log.exception("Error handling %s %s", request.method, request.path)
        return web.json_response({"error": "500: Internal Server Error"}, status=500)


@routes.get("/")
async def page(request: web.Request) -> web.FileResponse:
    headers = {"Content-Security-Policy": "default-src 'self'", "Cache-Control": "no-cache"}
    return web.FileResponse(STATIC / "index.html", headers=headers)


@routes.get("/ws")
async def live(request: web.Request) -> web.WebSocketResponse:
    origin = request.headers.get("Origin")
    if origin is not None and origin.partition("://")[2] != request.host:
        raise web.HTTPForbidden(text="only the board's own pages may listen")
    return await request.app[FEED].serve(request)


@routes.get("/api/notes")
async def list_notes(request: web.Request) -> web.Response:
    notes = await request.app[STORE].newest(NEWEST)
    return web.json_response([note.to_json() for note in notes])


@routes.post("/api/notes")
async def add_note(request: web.Request) -> web.Response:
    note = await request.app[STORE].add(await read_text(request))
    request.app[FEED].publish({"type": "added", "id": note.id, "note": note.to_json()})
    place = {"Location": f"/api/notes/{note.id}"}
    return web.json_response(note.to_json(), status=201, headers=place)


@routes.get(r"/api/notes/{id:\d+}")
async def show_note(request: web.Request) -> web.Response:
    return web.json_response((await find_note(request)).to_json())


@routes.delete(r"/api/notes/{id:\d+}")
async def remove_note(request: web.Request) -> web.Response:
    note = await find_note(request)
    if await request.app[STORE].remove(note.id):
        request.app[FEED].publish({"type": "removed", "id": note.id})
    return web.Response(status=204)


async def find_note(request: web.Request) -> Note:
    """The note that the path names."""
    digits = request.match_info["id"]
    # SQLite numbers its rows with 63 bits, and all of 18 digits fit into them.
    note = await request.app[STORE].get(int(digits)) if len(digits) <= 18 else None
    if note is None:
        raise web.HTTPNotFound(text=f"there is no note {digits[:18]}")
    return note


async def read_text(request: web.Request) -> str:
    """The text of a posted note, checked: {"text": "..."}."""
    # Pages of other sites can post forms here without asking, but not JSON.
    if request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send the note as application/json")
    try:
        body = await request.json()
    except (ValueError, RecursionError):
        raise web.HTTPBadRequest(text="the body is not valid JSON") from None
    text = body.get("text") if isinstance(body, dict) else None
    if not isinstance(text, str):
        raise web.HTTPBadRequest(text='send the note as {"text": "..."}')
    if not text.strip():
        raise web.HTTPBadRequest(text="a note needs some text")
    if len(text) > MAX_TEXT:
        raise web.HTTPBadRequest(text=f"a note has at most {MAX_TEXT} characters")
    if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
        raise web.HTTPBadRequest(text="the text holds half of a surrogate pair")
    return text.strip()
