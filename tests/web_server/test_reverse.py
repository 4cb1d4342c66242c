import pytest

from weft_web_server import Application, Request, UnknownRouteName
from weft_web_server.reverse import find_named


async def answer(request: Request) -> None: ...


def app_with(*names: str) -> Application:
    app = Application()
    for name in names:
        app.router.add_get(f"/{id(app)}/{name}", answer, name=name)  # type: ignore[arg-type]  # is not called
    return app


def test_nearest_first() -> None:
    inner, outer = app_with("a", "b"), app_with("b", "c")
    assert find_named([inner, outer], "a") is inner.router["a"]
    assert find_named([inner, outer], "b") is inner.router["b"]
    assert find_named([inner, outer], "c") is outer.router["c"]


def test_unknown() -> None:
    inner, outer = app_with("notes.list"), app_with("notes.lists", "notes.list", "other")
    with pytest.raises(UnknownRouteName) as caught:
        find_named([inner, outer], "note.list")
    assert (caught.value.name, set(caught.value.near)) == (
        "note.list",
        {"notes.list", "notes.lists"},
    )
    assert isinstance(caught.value, KeyError)
    assert str(caught.value).startswith("no route is named 'note.list'; did you mean 'notes.list'")
    with pytest.raises(UnknownRouteName, match=r"^no route is named 'xyz'$"):
        find_named([inner, outer], "xyz")
