"""Routes that can never be reached: nothing is reported that can, and the plain cases are found."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.growth import count_steps

from weft_routing import BUILT_IN_CONVERTORS, DuplicateRoute, Match, Place, Router, Unreachable
from weft_routing.reach import MOST_MASKS, MOST_OTHERS


class Even:
    regex = "[0-9]+"

    def parse(self, text: str) -> int:
        if int(text) % 2:
            raise ValueError("odd")
        return int(text)

    def format(self, value: object) -> str:
        return str(value)


class Word:
    regex = "[^{}/]+"

    def parse(self, text: str) -> str:
        if text == "no":
            raise ValueError(text)
        return text

    def format(self, value: object) -> str:
        return str(value)


CONVERTORS = {**BUILT_IN_CONVERTORS, "even": Even(), "word": Word()}


def router_of(*rows: str) -> Router[int]:
    """Rows such as "GET /a/{b}", perhaps with a host behind."""
    router = Router[int](convertors=CONVERTORS)
    for number, row in enumerate(rows):
        method, path, *host = row.split(" ")
        router.add(method, path, number, host=host[0] if host else None)
    router.freeze()
    return router


def reported(*rows: str) -> list[tuple[int, int]]:
    return [(each.route.value, each.shadowed_by.value) for each in router_of(*rows).unreachable]


TAKEN = [
    ("GET /{a}", "GET /{b}"),
    ("GET /x/{a}/y", "GET /x/{b}/y"),
    ("* /{a}", "GET /{b}"),
    ("* /{a}", "* /{b}"),
    ("GET /{a}/x", "GET /{b:[0-9]+}/x"),
    (r"GET /{a:\d+}", r"GET /{b:\d+}"),
    ("GET /{a}/{b}", "GET /{c}/x"),
    ("GET /{a}/{b}", r"GET /{c}/v{d}.{e:\w+}"),
    ("GET /{a}/{b}", "GET /{c!int}/{d!uuid}"),
    ("GET /{a:[a-z]+}/{b}", "GET /{c:[a-z]+}/x"),
    ("GET /{a}/{b:x|y}", "GET /{c}/x"),
    ("GET /v{a}.{b}", "GET /v{c}.{d}"),
    ("GET /{a!int}", "GET /{b!int}"),
    ("GET /{a!even}/{b}", "GET /{c!even}/x"),
    ("GET /{a!word}", "GET /{b!word}"),
    ("GET /{a:.*}", "GET /{b:.*}"),
    ("GET /{a:.*}", r"GET /{b:\d+}"),
    ("GET /{a:.*}", "GET /{b:.+}"),
    ("GET /{a:.+}", "GET /{b!int}/x"),
    ("GET /x/{a:.*}", "GET /x/"),
    ("GET /x/y{a:.+}", "GET /x/y{b!int}/z"),
    ("GET /{a!path}", "GET /{b}/{c}"),
    ("GET /{a!path}", "GET /{b!path}"),
    ("GET /{a:(x|y)+}", "GET /{a:(x|y)+}/", "GET /{a:(?:x|(?:y))+/}", "GET /{b:(?:x|(?:y))+/}"),
    ("GET /caf%C3%A9", "GET /café"),
    ("GET /{a} *.com", "GET /{b} *.com:80"),
    ("GET /{a} *.com", "PUT /x ex.com"),
    ("GET /{a} *.com", "PUT /x *.ex.com:8080"),
]

FREE = [
    ("GET /{a}", "PUT /{b}"),
    ("GET /{a}", "* /{b}"),
    ("GET /{a}", "GET /{a}/"),
    ("GET /{a}", "GET /x"),
    ("GET /{a}/x", "GET /{b}/{c}"),
    ("GET /{a}", r"GET /{b:\d*}"),
    ("GET /{a}", "GET /{b:[^x]+}"),
    ("GET /{a}/{b}", "GET /{c}/%7B"),
    ("GET /{a}/{b}", "GET /{c}//"),
    ("GET /{a}/{b}", "GET /{c}/"),
    (r"GET /{a:\d+}", r"GET /{b:\w+}"),
    (r"GET /{a:\d+}/{b}", "GET /{c}/x"),
    ("GET /{a}/{b:x|y}", "GET /{c}/z"),
    ("GET /{a!int}", "GET /{b}"),
    ("GET /{a!int}/{b}", "GET /{c!even}/x"),
    ("GET /{a!word}", "GET /{b}"),
    ("GET /{a!word}/{b}", "GET /{c}/x"),
    ("GET /{a:.*}", "GET /x/{b:.*}"),
    ("GET /x/y{a:.*}", "GET /x/{b!int}"),
    ("GET /{a:.+}", "GET /{b:.*}"),
    ("GET /{a:.*}x", "GET /{b:.*}y"),
    (r"GET /{a:(x)}{b:\1}", r"GET /{c:(x)}{d:\1}"),
    ("GET /{a}", "GET /{b} ex.com"),
    ("GET /{a} ex.com", "GET /{b}"),
    ("GET /{a} a.com", "GET /{b} *.com"),
    ("GET /{a} *.com:8080", "GET /{b} ex.com"),
]


@pytest.mark.parametrize("rows", TAKEN)
def test_plain_cases_are_found(rows: tuple[str, ...]) -> None:
    assert reported(*rows) == [(len(rows) - 1, len(rows) - 2)]
    assert not any(each.except_line_feeds for each in router_of(*rows).unreachable)


@pytest.mark.parametrize("rows", FREE)
def test_what_can_be_reached_is_not_reported(rows: tuple[str, ...]) -> None:
    assert reported(*rows) == []


@pytest.mark.parametrize("path", ["/{b}", "/{b}/c", "/{b!path}", "/x/{b}"])
def test_all_but_line_feeds(path: str) -> None:
    router = router_of("GET /{a:.*}" if path[1] == "{" else "GET /x/{a:.*}", f"GET {path}")
    [each] = router.unreachable
    assert each.except_line_feeds
    target = path.replace("{b}", "%0A").replace("{b!path}", "%0A")
    match = router.match("GET", target)
    assert isinstance(match, Match)
    assert match.route is each.route


def test_chains_and_order() -> None:
    rows = ("GET /{a}", "GET /{b}", "PUT /{c}", "GET /{d}", "PUT /{e}", "* /x", "GET /q/{t:.*}")
    assert reported(*rows, "GET /q/") == [(1, 0), (3, 0), (4, 2), (7, 6)]
    assert router_of("GET /{a}").unreachable == ()
    assert Router[int]().unreachable == ()


def test_report_names_both_places() -> None:
    router = Router[int]()
    first = router.add("*", "/{a}", 1, place=Place("app.py", 3), host="ex.com")
    second = router.add("GET", "/{b}", 2, host="ex.com")
    router.freeze()
    [each] = router.unreachable
    assert (each.route, each.shadowed_by) == (second, first)
    assert str(each) == (
        "GET ex.com/{b} is never reached: * ex.com/{a} (app.py:3) takes every request for it; "
        "change their order, or remove one of the two"
    )
    assert str(Unreachable(first, second)).startswith("* ex.com/{a} (app.py:3) is never reached")


def test_limits_of_what_is_compared() -> None:
    # Each of these has a mask of its own, and so does what the last one would be shadowed by.
    masks = ["".join(bits) for bits in itertools.product("ab", repeat=7)]
    rows = [
        "GET /{p}/" + "/".join("x" if bit == "a" else f"{{p{at}}}" for at, bit in enumerate(mask))
        for mask in masks
    ]
    assert len(rows) > MOST_MASKS
    assert (len(rows), 0) in reported(*rows, rows[0].replace("{p}", "{q}"))
    assert reported(*rows[:-1], rows[-1], rows[-1].replace("{p", "{q")) == []
    many = [f"GET /{{a}}/{{b:{at}[0-9]+}}" for at in range(MOST_OTHERS + 1)]
    assert reported(*many, "GET /{c}/07") == [(len(many), 0)]
    assert reported(*many, f"GET /{{c}}/{MOST_OTHERS}7") == [(len(many), 1)]
    assert reported(*many, many[-1].replace("{b", "{c")) == [(len(many), len(many) - 1)]


SEGMENTS = [
    *[
        "a",
        "",
        "{}",
        "{}.{}",
        "v{}",
        "{:[0-9]+}",
        r"{:\w*}",
        "{:.*}",
        "{:.+}",
        "{!int}",
        "{!path}",
    ],
    *["{!even}", "{!word}", "{:a|1}", "{:(a)}"],
]
PARTS = ["", "a", "1", "2", "v1", "1.2", "no", "%7B", "%0A", "%2F"]


def to_pattern(parts: list[str]) -> str:
    names = iter("pqrstuvw")
    text = "/" + "/".join(parts)
    return "".join(
        "{" + next(names) + rest if at else rest for at, rest in enumerate(text.split("{"))
    )


def is_good(path: str) -> bool:
    try:
        router_of("GET " + path)
    except ValueError:  # a pattern that cannot be told apart
        return False
    return True


rows = st.lists(
    st.tuples(
        st.sampled_from(["GET", "PUT", "*"]),
        st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=3)
        .map(to_pattern)
        .filter(is_good),
    ),
    max_size=7,
)
targets = st.lists(st.sampled_from(PARTS), min_size=1, max_size=4).map(lambda p: "/" + "/".join(p))


@settings(max_examples=500, deadline=None)
@given(rows, st.lists(targets, min_size=1, max_size=8))
def test_no_report_is_false(table: list[tuple[str, str]], asked: list[str]) -> None:
    router = Router[int](convertors=CONVERTORS)
    for number, (method, path) in enumerate(table):
        with contextlib.suppress(DuplicateRoute):
            router.add(method, path, number)
    router.freeze()
    for each in router.unreachable:
        alone, before = Router[int](), Router[int]()
        for single, route in ((alone, each.route), (before, each.shadowed_by)):
            single.add(route.method, route.pattern, 0)
            single.freeze()
        for path, method in itertools.product(asked, ("GET", "PUT", "POST")):
            if "%0A" in path and each.except_line_feeds:
                continue
            answer = router.match(method, path)
            assert not isinstance(answer, Match) or answer.route is not each.route
            # What the one takes, the other does.
            if isinstance(alone.match(method, path), Match):
                assert isinstance(before.match(method, path), Match)


def test_the_work_grows_with_the_routes() -> None:
    def steps(count: int) -> int:
        router = Router[int]()
        for at in range(count):
            router.add("GET", f"/{{a}}/x{at}/{{b}}", at)
            router.add("GET", f"/{{a}}/y/{{b:{at}x+}}", at)
            router.add("GET", f"/{{a}}/z/{{b{at}}}", at)
            router.add("GET", f"/t/{{a{at}:.*}}", at)
            router.add("GET", f"/s/{{a{at}:.*}}/{at}", at)
            router.add("GET", f"/{at}", at, host=f"h{at}.com")
        return count_steps(lambda _: router.freeze(), "")

    once, twice = steps(150), steps(300)
    assert twice <= 2.4 * once
