"""Cookies of a response, in the standard library's own form.

Decides how a cookie that is set again replaces the one before. Knows no response.
"""

from collections.abc import Mapping
from http.cookies import Morsel, SimpleCookie

# Python knows this attribute from 3.14 on.
if "partitioned" not in Morsel._reserved:  # type: ignore[attr-defined]  # the only way to add one
    Morsel._reserved["partitioned"] = "Partitioned"  # type: ignore[attr-defined]  # the same
    Morsel._flags.add("partitioned")  # type: ignore[attr-defined]  # the same


def put_cookie(
    cookies: SimpleCookie, name: str, value: str, attributes: Mapping[str, object]
) -> None:
    """Set a cookie with its attributes; those that are None are left out."""
    old = cookies.get(name)
    if old is not None and old.value == "":
        cookies.pop(name, None)  # the attributes of a deletion must not stay
    cookies[name] = value
    morsel = cookies[name]
    for key, setting in attributes.items():
        if setting is not None:
            morsel[key] = setting


def copy_cookies(cookies: SimpleCookie) -> SimpleCookie:
    """The same cookies, to be changed apart."""
    copies: SimpleCookie = SimpleCookie()
    for name, morsel in cookies.items():
        dict.__setitem__(copies, name, morsel.copy())
    return copies


def format_cookies(cookies: SimpleCookie) -> list[tuple[str, str]]:
    """The Set-Cookie fields.

    >>> cookies = SimpleCookie()
    >>> put_cookie(cookies, "a", "b", {"path": "/"})
    >>> format_cookies(cookies)
    [('Set-Cookie', 'a=b; Path=/')]
    """
    return [("Set-Cookie", morsel.OutputString()) for morsel in cookies.values()]
