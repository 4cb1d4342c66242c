from weft_web_server import Application, Request, Response, StreamResponse


async def answer(request: Request) -> StreamResponse:
    return Response()


def test_resources_and_routes() -> None:
    app, sub, domain = Application(), Application(), Application()
    resources, routes = app.router.resources(), app.router.routes()
    assert len(resources) == len(routes) == 0 and list(routes) == []
    first = app.router.add_get("/a", answer)
    inner = sub.router.add_post("/b", answer)
    inmost = domain.router.add_put("/c", answer)
    below = app.add_subapp("/sub", sub)
    app.add_domain("a.com", domain)
    # Views of what there is, routes with those below.
    assert len(resources) == 3 and len(routes) == 4
    assert list(resources)[:2] == [first.resource, below]
    assert [route.method for route in routes] == ["HEAD", "GET", "POST", "PUT"]
    assert first in routes and inner in routes and inmost in routes
    assert first.resource in resources and inner.resource not in resources
    nothing: object = 5
    assert nothing not in resources and nothing not in routes
