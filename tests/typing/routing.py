"""What a type checker knows about routers. Checked, never run."""

from typing import assert_type

from yarl import URL

from weft_routing import (
    BUILT_IN_CONVERTORS,
    Match,
    Miss,
    PathConvertor,
    Pattern,
    Route,
    Router,
    build_url,
    parse_pattern,
)

router = Router[int]()
route = router.add("GET", "/{id}", 1)
assert_type(route, Route[int])
assert_type(route.pattern, Pattern)
router.add("GET", "/", "one")  # type: ignore[arg-type]  # not an int
router.freeze()

answer = router.match("GET", "/1")
assert_type(answer, Match[int] | Miss)
if isinstance(answer, Miss):
    assert_type(answer.allowed, tuple[str, ...])
else:
    assert_type(answer.value, int)
    assert_type(answer.params["id"], str)
    answer.params["id"] = "2"  # type: ignore[index]  # shared between requests

assert_type(build_url(route.pattern, {"id": "1"}), URL)
build_url(route.pattern, {"id": 1}, query={"page": 2, "tag": ["a", "b"]})
build_url(route.pattern, {1: "1"})  # type: ignore[dict-item]  # not a name


class Color:
    """A convertor needs no base class."""

    regex = "[0-9a-f]{6}"

    def parse(self, text: str) -> int:
        return int(text, 16)

    def format(self, value: object) -> str:
        return f"{value:06x}"


class NoFormat:
    regex = "a"

    def parse(self, text: str) -> str:
        return text


color: PathConvertor[int] = Color()
some: PathConvertor[object] = color
Router[int](convertors={**BUILT_IN_CONVERTORS, "color": Color()})
parse_pattern("/{tone!color}", {"color": Color()}).below(route.pattern)
parse_pattern("/", {"x": NoFormat()})  # type: ignore[dict-item]  # no format()
