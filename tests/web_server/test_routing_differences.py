"""What docs/how-to/migrate.md says of routing: each line beside aiohttp, by an example.

`test_routing_differential.py` says that there are no others.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from support.asking import ask_aiohttp, ask_weft, serve, theirs, to_answer, tools
from support.peers import raw_client
from support.serving import last, status_of
from support.tables import (
    DIRECTORY,
    Domained,
    Get,
    Route,
    Rows,
    Static,
    Sub,
    build,
)

import weft_web_server as ours
from weft_routing import DuplicateRoute, PatternError, UnknownValue


def ask_both(rows: Rows, path: str, host: str = "a.com") -> tuple[Any, Any]:
    """What a table has for GET: the label of the handler, or the status; here and in aiohttp."""
    mine, other = build(ours, rows), build(theirs, rows)
    assert mine.outcomes == other.outcomes == [None] * len(mine.outcomes)
    mine.app.freeze()
    other.app.freeze()
    ask = ("GET", path, host)

    async def run() -> tuple[Any, Any]:
        return to_result(await ask_weft(mine, ask)), to_result(await ask_aiohttp(other, ask))

    return asyncio.run(run())


def to_result(answer: dict[str, Any]) -> Any:
    return answer["route"][1] if answer["status"] == 200 else answer["status"]


# Literal text in one form.


@pytest.mark.parametrize(
    ("registered", "asked"),
    [
        ("/caf%C3%A9", "/caf%C3%A9"),
        ("/%61", "/a"),
        ("/a%20b", "/a%20b"),
        ("/a%2fb", "/a%2Fb"),
        ("/é/{x}", "/%C3%A9/1"),
        ("/{x} b", "/a%20b"),
        ("/{x}%61", "/xa"),
    ],
)
def test_literals_are_compared_in_one_form(registered: str, asked: str) -> None:
    assert ask_both((Route("GET", registered),), asked) == ("main.0", 404)


@pytest.mark.parametrize("prefix", ["/é", "/%C3%A9", "/a b"])
@pytest.mark.parametrize("kind", [Static, Sub])
def test_prefixes_are_compared_in_one_form(kind: Any, prefix: str) -> None:
    row = Static(prefix) if kind is Static else Sub(prefix, (Route("GET", "/x"),))
    found, miss = ask_both((row,), "/a%20b/x" if " " in prefix else "/%C3%A9/x")
    assert found in ("own", "main.0.0") and miss == 404


@pytest.mark.parametrize(
    ("path", "url", "their_url"),
    [
        ("/é", "/%C3%A9", "/é"),
        ("/a b", "/a%20b", "/a b"),
        ("/a?b#c", "/a%3Fb%23c", "/a?b#c"),
        ("/a%2fb", "/a%2Fb", "/a%2fb"),
        ("/%61", "/a", "/%61"),
    ],
)
def test_urls_are_encoded(path: str, url: str, their_url: str) -> None:
    found = [web.Application().router.add_resource(path).url_for() for web in (ours, theirs)]
    assert [str(each) for each in found] == [url, their_url]


# What is refused here only.


@pytest.mark.parametrize(
    "rows",
    [
        (Route("GET", "/a"), Route("GET", "/b"), Route("GET", "/a")),
        (Route("GET", "/a"), Route("GET", "/a", "name")),
        (Route("*", "/a"), Route("GET", "/b"), Route("GET", "/a")),
        (Route("GET", "/a"), Route("get", "/a")),
    ],
    ids=repr,
)
def test_a_second_route_is_refused_everywhere(rows: Rows) -> None:
    assert build(theirs, rows).outcomes == [None] * len(rows)
    *before, last = build(ours, rows).outcomes
    assert before == [None] * len(before)
    assert isinstance(last, DuplicateRoute) and isinstance(last, RuntimeError)


@pytest.mark.parametrize("row", [Static("/s{x}"), Sub("/s{x}", ())], ids=repr)
def test_braces_in_a_prefix_are_refused(row: Static | Sub) -> None:
    assert build(theirs, (row,)).outcomes == [None]
    [refusal] = build(ours, (row,)).outcomes
    assert isinstance(refusal, PatternError)


def test_a_sub_application_is_added_once() -> None:
    for web in (ours, theirs):
        app, sub = web.Application(), web.Application()
        app.add_subapp("/a", sub)
        for prefix, again in (("/b", sub), ("/b", app)):
            if web is theirs:
                app.add_subapp(prefix, again)
            else:
                with pytest.raises((RuntimeError, ValueError)):
                    app.add_subapp(prefix, again)


def test_a_line_break_is_no_method() -> None:
    rows = (Route("GET\n", "/a"),)
    assert build(theirs, rows).outcomes == [None]
    assert isinstance(build(ours, rows).outcomes[0], ValueError)


def test_late_routes_are_refused() -> None:
    resources = []
    for web in (ours, theirs):
        app = web.Application()
        resources.append(app.router.add_resource("/a"))
        app.freeze()
    for method in ("GET", "PUT"):
        resources[1].add_route(method, answer)
        with pytest.raises(RuntimeError):
            resources[0].add_route(method, answer)


async def answer(request: Any) -> Any:
    raise NotImplementedError


@pytest.mark.parametrize("value", [[], "\ud800"], ids=repr)
def test_values_that_aiohttp_lets_pass(value: Any) -> None:
    mine, other = (web.Application().router.add_resource("/{x}") for web in (ours, theirs))
    other.url_for(x=value)
    with pytest.raises(TypeError, match="'x'"):
        mine.url_for(x=value)


def test_values_that_a_pattern_does_not_have() -> None:
    mine, other = (web.Application().router.add_resource("/{x}") for web in (ours, theirs))
    assert str(other.url_for(x="1", y="2")) == "/1"
    with pytest.raises(UnknownValue, match="'y'"):
        mine.url_for(x="1", y="2")


def test_names_of_files_are_text_or_paths() -> None:
    mine, other = (web.Application().router.add_static("/s", DIRECTORY) for web in (ours, theirs))
    assert str(other.url_for(filename=1)) == "/s/1"
    with pytest.raises(TypeError):
        mine.url_for(filename=1)


# Directories and the whole server.


@pytest.mark.parametrize("path", ["/s/../x", "/s/a/../../x", "/s/%2e%2e/x"])
def test_a_directory_refuses_paths_that_leave_it(path: str) -> None:
    assert ask_both((Static("/s"), Route("GET", "/{tail:.*}")), path) == ("own", "main.1")


async def test_middlewares_see_that_a_file_is_missing() -> None:
    seen: list[int] = []
    for web, Server in ((ours, ours.TestServer), (theirs, tools.TestServer)):

        @web.middleware  # type: ignore[untyped-decorator]  # of either module
        async def note(request: Any, handler: Any) -> Any:
            try:
                response = await handler(request)
            except ours.HTTPNotFound as error:
                seen.append(error.status)
                raise
            seen.append(response.status)
            return response

        app = web.Application(middlewares=[note])
        app.router.add_static("/s", DIRECTORY)
        async with Server(app) as server, raw_client(server.port) as peer:
            await peer.send(last("/s/missing"))
            assert status_of(await peer.read_all()) == 404
    assert seen == [404, 200]


async def test_the_outermost_application_answers_for_the_server() -> None:
    rows: Rows = (Domained("a.com", (Route("*", "/{tail:.*}"),)),)
    mine, other = build(ours, rows), build(theirs, rows)
    mine.app.freeze()
    ask = ("OPTIONS", "*", "a.com")
    served, answer = to_answer(mine, serve(mine, ask)), await ask_aiohttp(other, ask)
    assert served["status"] == answer["status"] == 404
    assert (served["apps"], answer["apps"]) == (["main"], ["main", "main.0"])


# URLs.


def test_slashes_in_values_lead_back() -> None:
    mine, other = (web.Application().router.add_resource("/{x}/{y}") for web in (ours, theirs))
    assert str(mine.url_for(x="a/b", y="c")) == "/a%2Fb/c"
    assert str(other.url_for(x="a/b", y="c")) == "/a/b/c"


def test_no_value_makes_a_host() -> None:
    mine, other = (web.Application().router.add_resource("/{x:.*}") for web in (ours, theirs))
    assert (
        ours.HTTPFound(mine.url_for(x="/evil.example")).headers["Location"] == "/%2Fevil.example"
    )
    assert str(other.url_for(x="/evil.example")) == "////evil.example"


@pytest.mark.parametrize(("value", "theirs_has"), [("10:30", "10%3A30"), (":30", ":30")])
def test_colons_in_values_stay(value: str, theirs_has: str) -> None:
    mine, other = (web.Application().router.add_resource("/{x}") for web in (ours, theirs))
    assert str(mine.url_for(x=value)) == "/" + value
    assert str(other.url_for(x=value)) == "/" + theirs_has


def test_urls_of_files_at_the_root_begin_with_a_slash() -> None:
    mine, other = (web.Application().router.add_static("/", DIRECTORY) for web in (ours, theirs))
    assert str(mine.url_for(filename="a")) == "/a"
    assert str(other.url_for(filename="a")) == "a"


# What works here only.


def test_convertors() -> None:
    rows = (Route("GET", "/{x!int}"),)
    assert build(ours, rows).outcomes == [None]
    assert isinstance(build(theirs, rows).outcomes[0], ValueError)


async def test_domains_below_a_prefix() -> None:
    rows: Rows = (Sub("/s", (Domained("a.com", (Get("/x"),)), Get("/x"))),)
    with pytest.raises(KeyError):
        raise next(filter(None, build(theirs, rows).outcomes))
    built = build(ours, rows)
    assert built.outcomes == [None] * 4
    built.app.freeze()
    for path, host, apps, label in (
        ("/s/x", "a.com", ["main", "main.0", "main.0.0"], "main.0.0.0"),
        ("/s/x", "b.com", ["main", "main.0"], "main.0.1"),
        ("/s/y", "a.com", ["main", "main.0", "main.0.0"], "own"),
        ("/x", "a.com", ["main"], "own"),
    ):
        found = await ask_weft(built, ("GET", path, host))
        assert (found["apps"], found["route"][1]) == (apps, label)
