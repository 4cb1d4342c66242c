"""The application under test, written once for every framework with aiohttp's interface."""

from types import ModuleType
from typing import Any

from tools.bench.child import serve_commands


async def serve(web: ModuleType) -> None:
    """Serve the cases with ``weft.web`` or ``aiohttp.web`` and answer the benchmark's commands."""

    async def plaintext(request: Any) -> Any:
        return web.Response(text="Hello, World!")

    async def json(request: Any) -> Any:
        return web.json_response({"message": "Hello, World!"})

    async def parameter(request: Any) -> Any:
        return web.Response(text=request.match_info["name"])

    async def echo(request: Any) -> Any:
        return web.Response(body=await request.read())

    app = web.Application()
    app.router.add_get("/", plaintext)
    app.router.add_get("/json", json)
    app.router.add_get("/users/{name}", parameter)
    app.router.add_post("/echo", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    await serve_commands({"port": runner.addresses[0][1]})
    await runner.cleanup()
