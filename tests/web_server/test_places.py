import sys

from weft_routing import Place
from weft_web_server import Application, Request, Response, StreamResponse, UrlDispatcher
from weft_web_server.places import find_place


async def answer(request: Request) -> StreamResponse:
    return Response()


def test_the_line_that_registers() -> None:
    line = sys._getframe().f_lineno
    routes = [UrlDispatcher().add_get("/", answer), Application().router.add_view("/", answer)]
    assert [route.place for route in routes] == [Place(__file__, line + 1)] * 2


def test_what_one_line_registers_shares_its_place() -> None:
    app = Application()
    for path in ("/a", "/b"):
        app.router.add_get(path, answer)
    places = [route.place for route in app.router.routes()]
    assert len(places) == 4 and all(place is places[0] for place in places)


def test_nobody_of_a_user_called() -> None:
    found: list[Place | None] = []
    names = {"__name__": "weft.made_up", "find_place": find_place, "found": found}
    frames = [sys._getframe()]
    while (outer := frames[-1].f_back) is not None:
        frames.append(outer)
    # Run where every caller has a name of ours.
    kept = [(frame.f_globals, frame.f_globals.get("__name__")) for frame in frames]
    try:
        for space, _ in kept:
            space["__name__"] = "weft"
        exec("found.append(find_place())", names)
    finally:
        for space, name in kept:
            space["__name__"] = name
    assert found == [None]
