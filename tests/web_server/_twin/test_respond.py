"""Calls of Response that make no frame give what its constructor makes."""

import itertools
from typing import Any

import pytest

from weft_web_server import Response

VALUES: dict[str, list[Any]] = {
    "text": [None, "", "h\u00e9", 3],
    "body": [None, b"", b"b", bytearray(b"b"), "text"],
    "status": [200, 404, True, "201"],
    "content_type": [None, "text/html", "text/html; charset=x"],
    "headers": [None, {"X": "y"}],
    "charset": [None, "latin-1"],
}
SLOTS = ("_status", "_reason", "_headers", "_media", "_cookies", "_wishes", "_link", "_store")


def facts(response: Response) -> list[Any]:
    values = [getattr(response, slot) for slot in SLOTS]
    body: Any = response._body
    return [*values, type(body), getattr(body, "size", body)]


def outcome(make: Any) -> Any:
    try:
        return facts(make())
    except (TypeError, ValueError, RuntimeError) as exc:
        return type(exc), str(exc)


@pytest.mark.parametrize("names", [*itertools.combinations(VALUES, 2), ("status",), ()])
def test_each_kind_of_call(names: tuple[str, ...]) -> None:
    for values in itertools.product(*(VALUES[name] for name in names)):
        given = dict(zip(names, values, strict=True))

        def slowly(given: Any = given) -> Response:
            made = Response.__new__(Response)
            Response.__init__(made, **given)
            return made

        assert outcome(lambda given=given: Response(**given)) == outcome(slowly)


@pytest.mark.parametrize("given", [{"other": None}, {"text": "x", "other": 1}, {"txt": None}])
def test_names_that_are_none(given: Any) -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        Response(**given)
    with pytest.raises(TypeError):
        Response("x")  # type: ignore[call-arg,unused-ignore]  # an error on purpose


def test_subclasses_are_made_as_any_class() -> None:
    class Own(Response):
        def __init__(self, **given: Any) -> None:
            super().__init__(**given)
            self.mark = 1

    made = Own(text="x")
    assert (made.mark, made.text, type(made)) == (1, "x", Own)
    assert Response(text="a") is not Response(text="a")
