"""The server under the soak: a route of each kind. Prints its port; ends with SIGTERM."""

import asyncio

from weft import WSMsgType, web

PIECE = b"p" * 4096
PIECES = 16
MOST_BODY = 200_000


async def hello(request: web.Request) -> web.StreamResponse:
    return web.Response(text="hello")


async def echo(request: web.Request) -> web.StreamResponse:
    return web.Response(body=await request.read())


async def count(request: web.Request) -> web.StreamResponse:
    """Reads a body piece by piece."""
    size = 0
    async for piece in request.content.iter_any():
        size += len(piece)
    return web.json_response({"size": size})


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(PIECES):
        await response.write(PIECE)
    return response


async def large(request: web.Request) -> web.StreamResponse:
    return web.Response(body=PIECE * 256)


async def nap(request: web.Request) -> web.StreamResponse:
    await asyncio.sleep(0.01)
    return web.Response(text="rested")


async def talk(request: web.Request) -> web.StreamResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        if message.type is WSMsgType.TEXT:
            await ws.send_str(message.data)
    return ws


def make_app() -> web.Application:
    app = web.Application(client_max_size=MOST_BODY)
    for path, handler in [
        ("/hello", hello),
        ("/stream", stream),
        ("/large", large),
        ("/nap", nap),
        ("/talk", talk),
    ]:
        app.router.add_get(path, handler)
    app.router.add_post("/echo", echo)
    app.router.add_post("/count", count)
    return app


def tell(text: str) -> None:
    """The line with the address, at once."""
    print(text, flush=True)


if __name__ == "__main__":
    web.run_app(
        make_app(),
        host="127.0.0.1",
        port=0,
        print=tell,
        access_log=None,
        deadlines=web.Deadlines(head=2.0, body=2.0, body_grace=1.0, linger=1.0, write=2.0),
    )
