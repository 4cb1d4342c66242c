"""Leaves: the short ways, entries with convertors, and crowds."""

from __future__ import annotations

from support.growth import count_steps

from weft_routing import Match, Miss, Route, parse_pattern
from weft_routing.leaves import CROWD, Crowd, Entry, Leaf
from weft_routing.outline import Outlines
from weft_routing.shapes import ShapeFactory

SHAPES = ShapeFactory()


def entry_of(path: str, order: int = 0, method: str = "GET") -> Entry[str]:
    pattern = parse_pattern(path)
    route = Route(method, pattern, path, None, order, pattern.names)
    return Entry(route, SHAPES.make(Outlines().of(pattern)))


def leaf_of(
    *entries: Entry[str], barrier: float = float("inf"), by_shape: bool = False
) -> Leaf[str]:
    leaf: Leaf[str] = Leaf()
    leaf.entries += entries
    leaf.seal(barrier, {}, by_shape=by_shape)
    return leaf


def match(path_pattern: str, path: str) -> tuple[object, object] | None:
    found = entry_of(path_pattern).match(path.split("/"), path)
    assert found is None or isinstance(found, Match)
    return None if found is None else (found.params, found.values)


def test_values_are_decoded() -> None:
    assert match("/{a}", "/1%252") == ({"a": "1%2"},) * 2
    assert match("/{a}.{b}", "/%2F.%25") == ({"a": "/", "b": "%"},) * 2
    assert match("/{a}-{b}-{c}", "/%25-%2F-x") == ({"a": "%", "b": "/", "c": "x"},) * 2
    assert match("/{a!path}", "/%2F/%25") == ({"a": "//%"},) * 2
    assert match("/{a}", "/") is None


def test_text_and_values() -> None:
    found = entry_of("/{a!int}/{b}/{c!date}").match(
        ["", "07", "x", "2024-02-29"], "/07/x/2024-02-29"
    )
    assert found is not None
    assert found.params == {"a": "07", "b": "x", "c": "2024-02-29"}
    assert {name: str(value) for name, value in found.values.items()} == {
        "a": "7",
        "b": "x",
        "c": "2024-02-29",
    }
    assert match("/{a!date}", "/2024-02-30") is None
    plain = entry_of("/{a}").match(["", "x"], "/x")
    assert plain is not None
    assert plain.values is plain.params


def test_only_plain_parameters_go_the_short_way() -> None:
    assert entry_of("/{a}/{b}").is_plain
    for path in ("/{a!int}", "/{a}x", "/{a:x}", "/{a:.*}"):
        assert not entry_of(path).is_plain


def test_short_ways() -> None:
    first, second, third = (
        entry_of("/{a}", 1),
        entry_of("/{b}", 2, "*"),
        entry_of("/{c}", 3, "PUT"),
    )
    leaf = leaf_of(third, second, first)
    assert leaf.entries == [first, second, third]
    assert leaf.method == "GET"
    assert leaf.first == (first.route, first.route.value, "a")
    assert leaf.others == {"*": leaf.star}  # which comes before PUT
    assert leaf.star == (second.route, second.route.value, "b")
    assert leaf.refusal is leaf.miss == Miss(("*", "GET", "PUT"))
    assert leaf.is_plain
    early, late = leaf_of(first, third, barrier=2), leaf_of(first, third, barrier=4)
    assert (early.method, early.first, early.others, early.refusal) == (None, None, {}, None)
    assert (late.method, list(late.others)) == ("GET", ["PUT"])


def test_what_a_shape_reads_has_no_refusal() -> None:
    plain, typed = entry_of("/{a}", 1), entry_of("/{b!int}", 2, "PUT")
    leaf = leaf_of(plain, typed)
    assert not leaf.is_plain
    assert leaf.refusal is None
    assert leaf.others == {"PUT": (None, typed)}
    shaped = leaf_of(plain, by_shape=True)
    assert shaped.first == (None, plain)


def test_equal_misses_are_one() -> None:
    misses: dict[tuple[str, ...], Miss] = {}
    leaves = [Leaf[str](), Leaf[str]()]
    for leaf in leaves:
        leaf.entries.append(entry_of("/{a}"))
        leaf.seal(float("inf"), misses)
    assert leaves[0].miss is leaves[1].miss


def test_a_crowd_finds_what_a_path_begins_or_ends_with() -> None:
    paths = [
        "/x{a}",
        "/xy{a}",
        "/{a}.json",
        "/{a:[0-9]+}",
        "/v{a}longer",
        "/{a:.*}/end/",
        "/xy{b:.}",
    ]
    entries = [entry_of(path, order) for order, path in enumerate(paths)]
    crowd = Crowd(entries)

    def find(path: str) -> list[int]:
        return [entry.order for entry in crowd.find(path.split("/"), path)]

    assert find("/xyz") == [0, 1, 3, 6]
    assert find("/a.json") == [2, 3]
    assert find("/longer") == [3, 4]  # whether it fits is for the shape to say
    assert find("/") == [3]
    assert find("/a/end/") == [3, 5]


def test_only_crowds_have_an_index() -> None:
    few = [entry_of(f"/x{at}-{{a}}", at) for at in range(CROWD)]
    leaf = leaf_of(*few)
    assert leaf.crowd is None
    assert leaf.candidates(["", "x3-"], "/x3-") == leaf.entries
    many = leaf_of(*few, entry_of("/y-{a}", CROWD))
    assert [entry.route.path for entry in many.candidates(["", "x3-"], "/x3-")] == ["/x3-{a}"]
    methods = [entry_of("/{a}", at, f"M{at}") for at in range(CROWD + 1)]
    assert leaf_of(*methods).crowd is None


def test_a_crowd_costs_what_few_cost() -> None:
    def steps(count: int) -> int:
        leaf = leaf_of(*(entry_of(f"/{at:05}-{{a}}.x", at) for at in range(count)))
        return count_steps(lambda path: leaf.candidates(["", path[1:]], path), "/00007-a.x")

    assert steps(2_000) == steps(50)
