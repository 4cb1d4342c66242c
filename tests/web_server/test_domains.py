import pytest
from support.serving import answer_to, body_of, status_of
from support.unsent import ask

from weft_web_server import (
    AbstractRuleMatching,
    Application,
    Domain,
    Handler,
    MaskDomain,
    MatchedSubAppResource,
    Request,
    Response,
    StreamResponse,
    normalize_path_middleware,
)


async def answer(request: Request) -> StreamResponse:
    return Response(text=f"{request.match_info.route.name}")


def naming(name: str, path: str = "/x") -> Application:
    """An application that answers one path with its name."""
    app = Application()
    app.router.add_get(path, answer, name=name)
    return app


def to(host: str, path: str = "/x", method: str = "GET") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    return head.encode()


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("Example.COM", "example.com"),
        ("example.com:80", "example.com"),
        ("example.com:8080", "example.com:8080"),
        ("example.com.", "example.com"),
        ("example.com/path", "example.com"),
        ("user@example.com", "example.com"),
        ("é.com", "xn--9ca.com"),
    ],
)
def test_one_form_of_a_domain(given: str, canonical: str) -> None:
    domain = Domain(given)
    assert domain.canonical == domain.domain == canonical
    assert domain.get_info() == {"domain": canonical}


@pytest.mark.parametrize(
    "bad",
    ["", ".", "http://a.com", "a_b.com", "-a.com", "a-.com", "a..b", "a b", "a" * 64, ":x", "//a"],
)
def test_bad_domains(bad: str) -> None:
    for kind in (Domain, MaskDomain):
        with pytest.raises(ValueError, match=r"."):
            kind(bad)
    with pytest.raises(TypeError, match="str"):
        Domain(5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="no domain"):
        Domain("*.a.com")


@pytest.mark.parametrize(
    ("rule", "takes", "leaves"),
    [
        (Domain("a.com"), "a.com A.COM a.com:1 a.com:", "b.a.com a.com. a.co"),
        (Domain("a.com:81"), "a.com:81", "a.com a.com:80"),
        (MaskDomain("*.a.com"), "b.a.com c.b.A.com .a.com b.a.com:9", "a.com a.com:9 xa.com"),
        (MaskDomain("*.a.com:81"), "b.a.com:81", "b.a.com b.a.com:80"),
        (MaskDomain("a*b*c"), "abc axbyc abbc", "ac acb xabc"),
        (MaskDomain("*"), "x x:1", ""),
    ],
)
async def test_what_rules_take(rule: Domain, takes: str, leaves: str) -> None:
    assert [host for host in takes.split() if not rule.match_domain(host)] == []
    assert [host for host in leaves.split() if rule.match_domain(host)] == []
    assert await rule.match(ask("/", Host=takes.split()[0]))
    assert not await rule.match(ask("/"))


def test_a_mask_as_a_regex() -> None:
    assert MaskDomain("*.a.com").canonical == r"[^:]*\.a\.com(:.*)?"
    assert MaskDomain("*.a-b.com:81").canonical == r"[^:]*\.a-b\.com:81(:.*)?"
    assert MaskDomain("*.a.com").get_info() == {"domain": "*.a.com"}


@pytest.mark.filterwarnings("ignore::weft_web_server.UnreachableRouteWarning")
async def test_domains_are_asked_before_routes_in_their_order() -> None:
    app = naming("main")
    app.add_domain("*.a.com", naming("mask"))
    app.add_domain("b.a.com", naming("dead"))
    app.add_domain("a.com", naming("exact"))
    app.add_domain("A.com", naming("dead", "/longer/path"))
    for host, name in (
        ("b.a.com", "mask"),
        ("a.com:8080", "exact"),
        ("c.com", "main"),
        ("", "main"),
    ):
        assert body_of(await answer_to(app, to(host))).decode() == name
    # A domain that fits has the last word.
    assert status_of(await answer_to(app, to("a.com", "/longer/path"))) == 404
    refused = await answer_to(app, to("a.com", method="POST"))
    assert status_of(refused) == 405 and b"\r\nAllow: GET,HEAD\r\n" in refused
    assert status_of(await answer_to(app, to("c.com", "/none"))) == 404


@pytest.mark.parametrize("is_asked", [False, True])
async def test_the_host_of_an_absolute_target_replaces_the_field(is_asked: bool) -> None:
    """RFC 9112 section 3.2.2, so that the domain is that of `request.host`."""
    inner = Application(middlewares=[normalize_path_middleware()])
    inner.router.add_get("/x/", answer, name="inner")
    app = naming("main")
    if is_asked:
        app.router.register_resource(MatchedSubAppResource(ByField(), naming("other")))
    app.add_domain("a.com", inner)
    assert body_of(await answer_to(app, to("b.com", "http://a.com/x/"))) == b"inner"
    assert body_of(await answer_to(app, to("a.com", "http://b.com/x"))) == b"main"
    # Its neighbour is looked for where it came to.
    assert status_of(await answer_to(app, to("a.com", "/x"))) == 308


async def test_domains_at_any_depth() -> None:
    app, sub, outer = naming("main"), naming("sub"), naming("outer")
    inner = naming("inner")
    outer.add_domain("b.a.com", inner)
    sub.add_domain("*.a.com", outer)
    app.add_subapp("/sub", sub)
    for host, name in (("b.a.com", "inner"), ("c.a.com", "outer"), ("d.com", "sub")):
        assert body_of(await answer_to(app, to(host, "/sub/x"))).decode() == name
    assert inner.router["inner"].canonical == "/sub/x"


async def test_domains_of_a_domain() -> None:
    app, outer, sub = naming("main"), naming("outer"), naming("sub")
    outer.add_domain("*.a.com", naming("inner"))
    outer.add_subapp("/sub", sub)
    app.add_domain("*.com", outer)
    assert body_of(await answer_to(app, to("b.a.com"))) == b"inner"
    assert body_of(await answer_to(app, to("b.com"))) == b"outer"
    assert body_of(await answer_to(app, to("b.com", "/sub/x"))) == b"sub"
    assert body_of(await answer_to(app, to("b.org"))) == b"main"


async def test_each_middleware_runs_for_a_miss_of_a_domain() -> None:
    seen: list[Application] = []

    async def note(request: Request, handler: Handler) -> StreamResponse:
        seen.append(request.app)
        return await handler(request)

    app, sub = Application(middlewares=[note]), Application(middlewares=[note])
    app.add_domain("a.com", sub)
    assert status_of(await answer_to(app, to("a.com", "/none"))) == 404
    assert seen == [app, sub]


def test_the_resource_of_a_domain() -> None:
    app, sub = Application(), naming("one")
    resource = app.add_domain("a.com", sub)
    assert isinstance(resource, MatchedSubAppResource)
    assert resource.canonical == "a.com" and resource.name is None
    assert resource.get_info() == {"app": sub, "rule": resource.rule}
    assert [route.method for route in resource] == ["HEAD", "GET"] and len(resource) == 2
    assert repr(resource) == f"<MatchedSubAppResource -> {sub!r}>"
    assert sub.pre_frozen and not resource.raw_match("/x")
    with pytest.raises(RuntimeError, match="no URL"):
        resource.url_for()


def test_refused_domains() -> None:
    app = Application()
    with pytest.raises(TypeError, match="a domain is a str"):
        app.add_domain(5, Application())  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(TypeError, match="no Application"):
        app.add_domain("a.com", 5)  # type: ignore[arg-type]  # the mistake under test
    with pytest.raises(ValueError, match="below itself"):
        app.add_domain("a.com", app)


class ByField(AbstractRuleMatching):
    """A rule of a user."""

    async def match(self, request: Request) -> bool:
        return request.headers.get("X-Tenant") == "one"

    def get_info(self) -> dict[str, object]:
        return {"tenant": "one"}

    @property
    def canonical(self) -> str:
        return "tenant one"


async def test_a_rule_of_a_user() -> None:
    app, sub = naming("main"), naming("sub")
    resource = MatchedSubAppResource(ByField(), sub)
    app.router.register_resource(resource)
    assert body_of(await answer_to(app, to("a.com"))) == b"main"
    tenant = to("a.com").replace(b"\r\n\r\n", b"\r\nX-Tenant: one\r\n\r\n")
    assert body_of(await answer_to(app, tenant)) == b"sub"
    assert resource.canonical == "tenant one"
