"""What a type checker knows about applications, keys and handlers. Checked, never run."""

from collections.abc import AsyncIterator
from typing import assert_type

from weft_web_server import (
    AppKey,
    Application,
    Request,
    RequestKey,
    Response,
    ResponseKey,
    RouteTableDef,
    StreamResponse,
    json_response,
)

NAME = AppKey("NAME", str)
SIZES: AppKey[list[int]] = AppKey("SIZES")
USER = RequestKey("USER", str)
COST = ResponseKey("COST", float)

app = Application()
app[NAME] = "board"
app[NAME] = 1  # type: ignore[misc]  # the key says str
assert_type(app[NAME], str)
assert_type(app[SIZES], list[int])
assert_type(app.get(NAME), str | None)

routes = RouteTableDef()


@routes.get("/{name}")
async def hello(request: Request) -> StreamResponse:
    assert_type(request.match_info["name"], str)
    assert_type(request.app, Application)
    assert_type(request.app[NAME], str)
    assert_type(request[USER], str)
    assert_type(await request.text(), str)
    assert_type(await request.read(), bytes)
    response = json_response({"hello": request.method})
    assert_type(response, Response)
    response[COST] = 1.5
    assert_type(response[COST], float)
    return response


async def database(app: Application) -> AsyncIterator[None]:
    app[SIZES] = [1]
    yield


app.cleanup_ctx.append(database)
app.add_routes(routes)
