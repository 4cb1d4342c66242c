import pytest
from support.unsent import ask

from weft_routing import PatternError, parse_pattern
from weft_web_server import (
    Application,
    HTTPNotFound,
    PrefixedSubAppResource,
    PrefixResource,
    Request,
    Response,
    StreamResponse,
)
from weft_web_server.prefixes import check_prefix, join_prefix, quote_path, to_literal


async def answer(request: Request) -> StreamResponse:
    return Response()


def test_prefixes_are_joined_without_reading_again() -> None:
    joined = join_prefix("/é", parse_pattern("/b/{c!int}"))
    assert joined.text == "/é/b/{c!int}" and joined.pieces[0] == "/é/b/"
    assert joined == parse_pattern("/é/b/{c!int}")
    assert join_prefix("/a", parse_pattern("")).text == "/a"
    assert join_prefix("", parse_pattern("/{b}")) == parse_pattern("/{b}")
    assert join_prefix("/a", parse_pattern("/b")).literal == "/a/b"


@pytest.mark.parametrize("bad", ["", "/", "a", "/a/", "a/"])
def test_bad_prefixes(bad: str) -> None:
    with pytest.raises(ValueError, match="must begin with a slash"):
        check_prefix(bad)


def test_a_prefix_has_no_parameters() -> None:
    with pytest.raises(PatternError, match="no parameter 'x' can stand here"):
        to_literal("/a/{x}")
    with pytest.raises(PatternError):
        Application().add_subapp("/{x}", Application())


def test_paths_as_in_urls() -> None:
    assert quote_path(to_literal("/é b")) == "/%C3%A9%20b"
    assert quote_path(to_literal("")) == ""


def test_abstract() -> None:
    with pytest.raises(TypeError):
        PrefixResource("/a")  # type: ignore[abstract]  # the mistake under test


async def test_a_sub_application() -> None:
    sub, inner = Application(), Application()
    sub.router.add_get("/x", answer, name="x")
    inner.router.add_get("/{y}", answer, name="y")
    below = sub.add_subapp("/in", inner)
    resource = PrefixedSubAppResource("/é", sub)
    assert resource.canonical == "/%C3%A9" and resource.get_info()["prefix"] == "/%C3%A9"
    assert resource.get_info()["app"] is resource.app is sub
    assert str(sub.router["x"].url_for()) == "/%C3%A9/x"
    assert str(inner.router["y"].url_for(y="1")) == "/%C3%A9/in/1"
    assert below.canonical == "/%C3%A9/in" and not resource.raw_match("/é")
    assert len(resource) == len(list(resource)) == 4
    info, allowed = await resource.resolve(ask("/é/x"))
    assert info is not None and info.apps == (sub,) and info.current_app is sub
    info, allowed = await resource.resolve(ask("/é/in/1"))
    assert info is not None and info.apps == (sub, inner) and info.current_app is inner
    info, allowed = await resource.resolve(ask("/é/x", "POST"))
    assert info is not None and allowed == {"GET", "HEAD"}
    info, allowed = await resource.resolve(ask("/other"))
    assert info is not None and isinstance(info.http_exception, HTTPNotFound) and not allowed
    assert "PrefixedSubAppResource /%C3%A9" in repr(resource)
    resource.freeze()
    assert sub.router.frozen


def test_added_by_hand_without_a_prefix() -> None:
    sub = Application()
    sub.router.add_get("/x", answer, name="x")
    resource = PrefixedSubAppResource("", sub)
    assert resource.canonical == "" and sub.router["x"].canonical == "/x"
