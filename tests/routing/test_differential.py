"""The same table in aiohttp's UrlDispatcher and in Router gives the same answers.

Left out on purpose, each with a test of its own in test_router.py: literal text that has to be
percent-encoded, which aiohttp cannot match in front of a parameter, and a second route for a taken
method and path, which weft refuses.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from types import SimpleNamespace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yarl import URL

from weft_routing import DuplicateRoute, Match, Router

web = pytest.importorskip("aiohttp.web")

Rows = list[tuple[str, str]]
Answer = tuple[str, str, dict[str, str]] | list[str]

SEGMENTS = [
    *["", "a", "b", "a.b", "x%2Fy", "{p}", "{q}", "{p}.{q}", "v{p}", "{p}-b", "a{q}"],
    *[r"{n:\d+}", "{w:[a-z]+}", "{o:a|b}", r"{n:\d*}", "{t:.*}", "{t:.+}", "{s:a/b}", "{g:(a)+}"],
]
PARTS = ["", "a", "b", "ab", "a.b", "1", "v1", "v1.2", "a-b", "x%2Fy", "x%2fy", "%61", "%7B", "{}"]


def names_of(path: str) -> list[str]:
    return [part.split("}")[0].split(":")[0] for part in path.split("{")[1:]]


paths = (
    st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4)
    .map(lambda parts: "/" + "/".join(parts))
    .filter(lambda path: len(names_of(path)) == len(set(names_of(path))))
)
rows = st.lists(st.tuples(st.sampled_from(["GET", "PUT", "*"]), paths), max_size=8)
# So many that look-ups are narrowed down and merged: text or parameter in every place.
many_paths = st.lists(
    st.sampled_from(["a", "b", "{p}", "{p}", "{p}.{q}", r"{n:\d+}"]), min_size=2, max_size=5
).map(
    lambda parts: (
        "/" + "/".join(re.sub(r"\{(\w)", rf"{{\g<1>{at}", part) for at, part in enumerate(parts))
    )
)
many_rows = st.lists(
    st.tuples(st.sampled_from(["GET", "PUT", "*"]), many_paths | paths), min_size=15, max_size=40
)
targets = st.one_of(
    st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map(lambda p: "/" + "/".join(p)),
    st.text("/%2F2f5abA41{}C3A9.-\né", max_size=20).map(lambda text: "/" + text),
)


async def handler(request: object) -> None: ...


def build(table: Rows) -> tuple[Router[str], object]:
    """Both routers, of the rows that weft accepts."""
    router, app = Router[str](), web.Application()
    for method, path in table:
        try:
            router.add(method, path, method + path)
        except DuplicateRoute:
            continue
        # A resource of its own for each row, unless the path is the previous one.
        app.router.add_route(method, path, handler)
    router.freeze()
    return router, app.router


def ask_weft(router: Router[str], method: str, path: str) -> Answer:
    match = router.match(method, path)
    if isinstance(match, Match):
        return match.route.method, match.route.canonical, dict(match.params)
    return list(match.allowed)


async def ask_aiohttp(dispatcher: object, method: str, path: str) -> Answer:
    request = SimpleNamespace(method=method, rel_url=URL.build(path=path, encoded=True))
    info = await dispatcher.resolve(request)  # type: ignore[attr-defined]  # untyped here
    if info.http_exception is None:
        return info.route.method, info.route.resource.canonical, dict(info)
    return sorted(getattr(info.http_exception, "allowed_methods", ()))


@settings(max_examples=300, deadline=None)
@given(rows, st.lists(targets, min_size=1, max_size=6))
@example([("GET", "/a/{t:.*}"), ("GET", "/a/")], ["/a/"])
@example([("GET", "/{p}"), ("PUT", "/a"), ("*", "/{q}")], ["/a", "/b"])
@example([("GET", "/a//{p}"), ("GET", "/a/{t:.*}")], ["/a//b"])
@example([("GET", "/a/{t:.*}"), ("GET", "/a//{p}")], ["/a//b"])
@example([("*", "/{p}"), ("GET", "/{w:[a-z]+}")], ["/a"])
@example([("GET", "/{p}/{q}"), ("GET", "/{p}/b")], ["/a/b"])
def test_same_answers(table: Rows, asked: list[str]) -> None:
    compare(table, asked)


@settings(max_examples=100, deadline=None)
@given(many_rows, st.lists(targets, min_size=4, max_size=12))
def test_same_answers_of_large_tables(table: Rows, asked: list[str]) -> None:
    compare(table, asked)


def test_same_answers_where_every_place_is_text_or_parameter() -> None:
    table = [
        ("PUT" if number % 7 == 3 else "GET", "/" + "/".join(parts))
        for number, parts in enumerate(
            itertools.product(*(("a", f"{{p{at}}}") for at in range(4)), ("end", "{q}"))
        )
    ]
    asked = [
        "/" + "/".join(parts)
        for parts in itertools.product("ab", "ab", "ab", "ab", ["end", "x", ""])
    ]
    for rows in (
        table,
        table[::-1],
        [*table[11:], ("GET", "/{t:.*}"), ("GET", "/a/{t:.+}"), *table[:11]],
    ):
        compare(rows, asked)


def compare(table: Rows, asked: list[str]) -> None:
    """Ask both for every path, with three methods."""
    router, dispatcher = build(table)

    async def theirs() -> list[Answer]:
        return [
            await ask_aiohttp(dispatcher, method, path)
            for path in asked
            for method in ("GET", "PUT", "POST")
        ]

    ours = [ask_weft(router, method, path) for path in asked for method in ("GET", "PUT", "POST")]
    assert ours == asyncio.run(theirs())
