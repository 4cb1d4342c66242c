from http.cookies import SimpleCookie

from weft_web_server import Response
from weft_web_server.cookies import format_cookies, put_cookie


def test_attributes() -> None:
    response = Response()
    response.set_cookie(
        "name",
        "a b",
        max_age=3,
        path="/x",
        domain="example.com",
        secure=True,
        httponly=True,
        samesite="Lax",
        partitioned=True,
    )
    ((_, text),) = format_cookies(response.cookies)
    assert text.startswith('name="a b"; ')
    assert set(text.split("; ")[1:]) == {
        "Domain=example.com",
        "HttpOnly",
        "Max-Age=3",
        "Path=/x",
        "SameSite=Lax",
        "Secure",
        "Partitioned",
    }


def test_deletion_is_forgotten_when_set_again() -> None:
    response = Response()
    response.del_cookie("name")
    assert "Max-Age=0" in format_cookies(response.cookies)[0][1]
    response.set_cookie("name", "value")
    assert format_cookies(response.cookies) == [("Set-Cookie", "name=value; Path=/")]


def test_unset_attributes_are_left_out() -> None:
    cookies = SimpleCookie()
    put_cookie(cookies, "a", "b", {"path": None})
    assert format_cookies(cookies) == [("Set-Cookie", "a=b")]
