"""What a type checker knows about routers. Checked, never run."""

from typing import assert_type

from yarl import URL

from weft_routing import Match, Miss, Pattern, Route, Router, build_url

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
build_url(route.pattern, {"id": 1})  # type: ignore[dict-item]  # values are strings
