"""The same table of routes in aiohttp and in weft gives the same answers.

Tables are data; both applications are made of them by the same code. Where weft differs on purpose,
`test_routing_differences.py` has an example for each line of docs/how-to/migrate.md, and what is
generated here stays clear of it: literal text that has to be percent-encoded, second routes for a
taken method and path, domains in an application that is added below a prefix.
"""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from support.asking import Ask, ask_aiohttp, ask_weft, serve, theirs, to_answer
from support.tables import (
    DIRECTORY,
    Built,
    Domained,
    Get,
    Own,
    Route,
    Row,
    Rows,
    Static,
    Sub,
    Viewed,
    build,
    describe,
)

import weft_web_server as ours
from weft_routing import DuplicateRoute

# Random tables have routes that nothing can reach.
pytestmark = pytest.mark.filterwarnings("ignore::weft_web_server.UnreachableRouteWarning")

SEGMENTS = [
    *["", "a", "b", "a", "b", "a.b", "x%2Fy", "{p}", "{q}", "{p}.{q}", "v{p}", "{p}-b", "a{q}"],
    *[r"{n:\d+}", "{w:[a-z]+}", "{o:a|b}", r"{n:\d*}", "{t:.*}", "{t:.+}", "{s:a/b}", "{g:(a)+}"],
]
PARTS = ["", "a", "b", "a", "b", "ab", "a.b", "1", "v1", "v1.2", "a-b", "x%2Fy", "x%2fy", "%61"]
METHODS = ["GET", "PUT", "*", "PURGE", "HEAD"]
HOSTS = ["a.com", "b.a.com", "*.a.com", "a.com:8080", "*", "*.com", "B.a.com:80", "b.*"]
ASKED_HOSTS = [
    "a.com",
    "b.a.com",
    "c.b.a.com",
    "A.com:80",
    "a.com:8080",
    "other",
    "x.com",
    "b.org",
]


def names_of(path: str) -> list[str]:
    return [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]


paths = (
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4)
    .map(lambda parts: "/" + "/".join(parts))
    .filter(lambda path: len(names_of(path)) == len(set(names_of(path))))
)
names = st.sampled_from([None, None, None, "one", "two", "three"])
prefixes = st.sampled_from(["/a", "/b", "/a/b", "/a/", "/a/a", "/b/a/a", "/x%2Fy", "/a.b"])
plain_rows = st.one_of(
    st.builds(Route, st.sampled_from(METHODS), paths, names),
    st.builds(Get, paths, names, st.booleans()),
    st.builds(Viewed, paths, names),
    st.builds(Static, st.one_of(prefixes, st.just("/")), names),
)


def tables_of(rows: st.SearchStrategy[Row], size: int) -> st.SearchStrategy[Rows]:
    return st.lists(rows, max_size=size).map(tuple)


def with_subs(inner: st.SearchStrategy[Rows]) -> st.SearchStrategy[Rows]:
    return tables_of(
        st.one_of(plain_rows, plain_rows, st.builds(Sub, prefixes, inner)),
        5,
    )


below = with_subs(with_subs(tables_of(plain_rows, 3)))
tables = tables_of(
    st.one_of(
        plain_rows,
        plain_rows,
        st.builds(Sub, prefixes, below),
        st.builds(Domained, st.sampled_from(HOSTS), below),
    ),
    7,
)
targets = st.one_of(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map(lambda p: "/" + "/".join(p)),
    st.text("/%2F2f5abA41{}C3A9.-", max_size=12).map(lambda text: "/" + text),
)
asks = st.lists(
    st.tuples(st.sampled_from(["GET", "PUT", "HEAD"]), targets, st.sampled_from(ASKED_HOSTS)),
    min_size=1,
    max_size=6,
)


def prune(rows: Rows) -> Rows:
    """Without the rows that weft refuses: what they answer is answered already."""
    if not any(isinstance(outcome, DuplicateRoute) for outcome in build(ours, rows).outcomes):
        return rows
    kept: list[Row] = []
    for row in rows:
        if isinstance(row, Sub):
            row = Sub(row.prefix, prune(row.rows))
        elif isinstance(row, Domained):
            row = Domained(row.host, prune(row.rows))
        outcome = build(ours, (*kept, row)).outcomes[-1]
        if not isinstance(outcome, DuplicateRoute):
            kept.append(row)
    return tuple(kept)


def compare(rows: Rows, asked: list[Ask], *, is_served: bool = True) -> None:
    """Build both applications, and compare all that they tell."""
    rows = prune(rows)
    mine, other = build(ours, rows), build(theirs, rows)
    compare_outcomes(mine, other)
    assert list(describe(mine)) == list(describe(other))
    mine.app.freeze()
    other.app.freeze()
    assert list(describe(mine)) == list(describe(other))

    async def ask_both() -> None:
        for ask in asked:
            assert await ask_weft(mine, ask, is_served=is_served) == await ask_aiohttp(
                other, ask
            ), ask

    asyncio.run(ask_both())


def compare_outcomes(mine: Built, other: Built) -> None:
    """An assertion of aiohttp is a ValueError or a TypeError here; the rest is of the same kind."""
    for our, their in zip(mine.outcomes, other.outcomes, strict=True):
        if their is None or our is None:
            assert our is their
        elif isinstance(their, AssertionError):
            assert isinstance(our, ValueError | TypeError)
        else:
            assert isinstance(our, type(their))


@settings(max_examples=80, deadline=None)
@given(tables, asks)
@example((Route("*", "/{p}"), Route("GET", r"/{w:[a-z]+}")), [("GET", "/a", "a.com")])
@example((Route("GET", "/{p}"), Static("/a")), [("GET", "/a", "a.com")])
@example((Route("GET", "/a/{p}"), Sub("/a", (Get("/x"),))), [("GET", "/a/x", "a.com")])
@example((Sub("/a", (Get("/b/x"),)), Get("/a/b/{p}")), [("GET", "/a/b/x", "a.com")])
@example((Sub("/a", (Get("/b/{x}"),)), Get("/a/b/{p}")), [("GET", "/a/b/1", "a.com")])
@example((Route("PUT", "/a/x"), Sub("/a", (Get("/y"),))), [("GET", "/a/x", "a.com")])
@example(
    (Get("/a"), Domained("*.com", ()), Domained("a.com", (Get("/a"),))), [("GET", "/a", "a.com")]
)
@example((Static("/"), Route("GET", "/")), [("GET", "/", "a.com"), ("PUT", "/", "a.com")])
def test_same_answers(rows: Rows, asked: list[Ask]) -> None:
    compare(rows, asked)


own_rows = st.builds(
    Own,
    st.sampled_from(["/", "", "/a", "/a/", "/a/b", "/a/{x}", "/{x}", "/v{x}/b", "/b/a"]),
    st.sampled_from(["/b", "", "1"]),
)
own_tables = tables_of(
    st.one_of(
        own_rows,
        plain_rows,
        st.builds(Sub, prefixes, tables_of(st.one_of(own_rows, plain_rows), 4)),
    ),
    6,
)


@settings(max_examples=40, deadline=None)
@given(own_tables, asks)
def test_same_answers_of_resources_of_users(rows: Rows, asked: list[Ask]) -> None:
    compare(rows, asked, is_served=not any(is_foreign(row) for row in rows))


def is_foreign(row: Row) -> bool:
    return isinstance(row, Own) or (isinstance(row, Sub) and any(map(is_foreign, row.rows)))


# What is refused.

BAD_PATHS = [
    *["a", "*", "{a}", "http://x/y", "/{", "/}", "/{}", "/a{b", "/a}b", "/{a}{a}", "/{a}/{a}"],
    *["/{1a}", "/{a:}", "/{a:(}", "/{a:[}", "/{ a}", "/{a-b}", "/{a.b}", "/{é}", "/{a:{}"],
    *["/{a}}", "/{{a}}", "/{a\n}", "/{a:x{2}", "/{a}/{b"],
]
BAD_METHODS = ["", "G ET", "é", "A:B", "G/T", '"x"', "GET,PUT"]
BAD_NAMES = ["", ".", "1a", "a.1", "a b", "a.", "a..b", ":", "a/b", "ab\n", "class", "a.None"]
BAD_PREFIXES = ["", "/", "//", "sub", "*"]
BAD_HOSTS = [
    *["", "http://x.com", "x_y.com", "-x.com", "x-.com", "x..com", ".x.com", "[::1]", "x com"],
    *[" x.com", "x.com ", "x.com:abc", "a[bc].com", "x" * 64 + ".com", "//x.com"],
]
bad_rows: list[Row] = [
    *[Route("GET", path) for path in BAD_PATHS],
    *[Route(method, "/a") for method in BAD_METHODS],
    *[Route("GET", "/a", name) for name in BAD_NAMES],
    *[Static("/a", name) for name in BAD_NAMES],
    *[Static(prefix) for prefix in ("", "static")],
    *[Sub(prefix, ()) for prefix in BAD_PREFIXES],
    *[Domained(host, ()) for host in BAD_HOSTS],
]


@pytest.mark.parametrize("row", bad_rows, ids=repr)
def test_same_refusals(row: Row) -> None:
    mine, other = build(ours, (row,)), build(theirs, (row,))
    assert other.outcomes[-1] is not None
    compare_outcomes(mine, other)
    assert list(describe(mine)) == list(describe(other))


@pytest.mark.parametrize(
    "rows",
    [
        (Route("GET", "/a"), Route("GET", "/a")),
        (Route("*", "/a"), Route("GET", "/a")),
        (Route("*", "/a"), Route("*", "/a")),
        (Route("GET", "/a"), Route("*", "/a")),
        (Route("HEAD", "/a"), Get("/a")),
        (Get("/a", allow_head=False), Route("HEAD", "/a")),
        (Route("GET", "/a", "n"), Route("GET", "/b", "n")),
        (Route("GET", "/a", "n"), Static("/b", "n")),
        (Route("GET", "/a", "n"), Sub("/b", (Route("GET", "/b", "n"),))),
    ],
    ids=repr,
)
def test_same_conflicts(rows: Rows) -> None:
    mine, other = build(ours, rows), build(theirs, rows)
    compare_outcomes(mine, other)
    assert list(describe(mine)) == list(describe(other))


odd_paths = st.text("/ab1_{}:.*?+()[]|\\d,", max_size=14).map(lambda text: "/" + text)


@settings(max_examples=80, deadline=None)
@given(odd_paths, st.lists(targets, max_size=3))
def test_odd_paths_are_taken_or_refused_alike(path: str, asked: list[str]) -> None:
    compare((Route("GET", path),), [("GET", target, "a.com") for target in asked])


odd_hosts = st.one_of(
    st.text("ab.*-:80", min_size=1, max_size=9), st.text("aB.*:8/?#@[]é_ %\\", max_size=7)
)
sent_hosts = st.text("abAB.-:80*", max_size=9)


@settings(max_examples=80, deadline=None)
@given(st.lists(odd_hosts, min_size=1, max_size=3), st.lists(sent_hosts, max_size=4))
@example(["*.a-b.com:81", "a*"], ["x.a-b.com:81", "x.a-b.com", "ab:8"])
def test_odd_domains_are_taken_or_refused_alike(domains: list[str], sent: list[str]) -> None:
    sent += [domain.replace("*", "b") for domain in domains if domain.isascii()]
    rows = tuple(Domained(domain, (Get("/x"),)) for domain in domains)
    compare(rows, [("GET", "/x", host.strip()) for host in sent])


# URLs.

URL_PATHS = [
    "/a",
    "/",
    "/a/b.c",
    "/{p}",
    "/a/{p}.{q}",
    "/{p}/{q}",
    "/{t:.*}",
    r"/a/{n:\d+}/{t:.+}",
]
values = st.one_of(st.text("ab1%2F +?#&=;:@~é.{}[]'\n", max_size=6), st.text(max_size=4))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(URL_PATHS), st.sampled_from(["", "/a", "/a%2Fb"]), st.data())
def test_same_urls(path: str, prefix: str, data: st.DataObject) -> None:
    """Values without slashes; with them, with colons, and where the first segment would be empty,
    the differences have examples.
    """
    rows: Rows = (Route("GET", path, "named"),)
    parts = {name: data.draw(values.map(without_slash)) for name in names_of(path)}
    urls = []
    for web in (ours, theirs):
        built = build(web, (Sub(prefix, rows),) if prefix else rows)
        url = built.apps[-1][1].router["named"].url_for(**parts)
        urls.append((str(url), url.raw_path, str(url.with_query(a="ü b"))))
    assume(not urls[1][1].startswith("//"))
    assert urls[0] == tuple(text.replace("%3A", ":") for text in urls[1])


def without_slash(text: str) -> str:
    return text.replace("/", "").encode(errors="ignore").decode()


@settings(max_examples=100, deadline=None)
@given(st.text("ab1%2F +?#&=;:@~é.[]'!,*()$\n", max_size=8).map(str))
def test_same_urls_of_files(filename: str) -> None:
    urls = []
    for web in (ours, theirs):
        router = web.Application().router
        resource = router.add_static("/static", DIRECTORY, name="files")
        urls.append(str(resource.url_for(filename=filename)))
    assert urls[0] == urls[1]


@settings(max_examples=50, deadline=None)
@given(tables, asks)
def test_urls_lead_back(rows: Rows, asked: list[Ask]) -> None:
    """The URL of what a request matched, with the values that it gave, matches the same.

    Only for a path that begins like the name of a host there is none.
    """
    built = build(ours, prune(rows))
    built.app.freeze()
    for method, path, host in asked:
        if path.startswith("//"):
            continue
        info = serve(built, (method, path, host))
        if info.http_exception is None and "directory" not in info.get_info():
            url = info.route.url_for(**info)
            again = serve(built, (method, url.raw_path, host))
            assert to_answer(built, again) == to_answer(built, info)
