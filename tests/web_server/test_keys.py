import pytest

from weft_web_server import AppKey, Application, ChainMapProxy, RequestKey, Response, ResponseKey


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
