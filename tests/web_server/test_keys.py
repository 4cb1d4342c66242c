import pytest
from support.serving import answer_to, last

from weft_web_server import (
    AppKey,
    Application,
    ChainMapProxy,
    Request,
    RequestKey,
    Response,
    ResponseKey,
)


def test_repr() -> None:
    assert repr(AppKey("name", int)) == f"<AppKey({__name__}.name, type=int)>"
    assert repr(RequestKey("name")) == f"<RequestKey({__name__}.name, type=<<Unknown>>)>"
    assert "Application" in repr(AppKey("name", Application))


def test_keys_of_one_name_differ() -> None:
    app = Application()
    first, second = AppKey("name", int), AppKey("name", int)
    app[first], app[second] = 1, 2
    assert (app[first], app[second]) == (1, 2)


def test_keys_sort_before_strings() -> None:
    assert sorted(["b", AppKey("z")], key=lambda key: (isinstance(key, str), str(key)))
    assert AppKey("a") < AppKey("b")
    assert AppKey("a") < "a"


def test_mapping_is_made_when_written_to() -> None:
    response, key = Response(), ResponseKey("name", int)
    assert key not in response and len(response) == 0 and list(response) == []
    assert response.get(key) is None and response.get(key, 5) == 5
    with pytest.raises(KeyError):
        response[key]
    with pytest.raises(KeyError):
        del response[key]
    response[key] = 1
    assert response[key] == 1 and list(response) == [key] and response.get(key) == 1
    del response[key]
    assert len(response) == 0


def test_owners_are_compared_by_identity() -> None:
    first, second = Response(), Response()
    assert first == first and first != second and len({first, second}) == 2
    assert first


def test_chain_looks_in_the_nearest_first() -> None:
    inner, outer = Application(), Application()
    shared, own = AppKey("shared", int), AppKey("own", int)
    inner[shared], outer[shared], outer[own] = 1, 2, 3
    chain = ChainMapProxy((inner, outer))
    assert (chain[shared], chain[own]) == (1, 3)
    assert chain.get(AppKey("none", int)) is None
    assert len(chain) == 2 and set(chain) == {shared, own} and chain
    assert "ChainMapProxy" in repr(chain)
    with pytest.raises(KeyError):
        chain[AppKey("none", int)]
    assert not ChainMapProxy(())


async def test_requests_have_values_of_their_own() -> None:
    key, other = RequestKey("number", int), RequestKey("other", int)
    seen: list[object] = []

    async def handler(request: Request) -> Response:
        seen.append((request.get(key), key in request, list(request)))
        request[key] = 5
        seen.append((request[key], request.get(key), request.get(other, 7), len(request)))
        del request[key]
        with pytest.raises(KeyError):
            request[key]
        return Response()

    app = Application()
    app.router.add_get("/", handler)
    await answer_to(app, last())
    assert seen == [(None, False, []), (5, 5, 7, 1)]


def test_a_key_made_in_a_class_is_named_by_its_module() -> None:
    class Own(AppKey[int]):
        def __init__(self) -> None:
            super().__init__("own", int)

    assert f"({__name__}.own, type=int)" in repr(Own())


def test_an_application_may_be_asked_for_what_it_has_not() -> None:
    app, key = Application(), AppKey("number", int)
    assert app.get(key) is None and app.get(key, 3) == 3
    app[key] = 4
    assert app.get(key) == 4
