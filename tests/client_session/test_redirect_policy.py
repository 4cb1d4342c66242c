"""Which redirects are followed."""

import pytest
from yarl import URL

from weft_client_session import InsecureRedirectError, Redirect, refuse_downgrades


def redirect(source: str, target: str) -> Redirect:
    return Redirect(status=302, source=URL(source), target=URL(target), method="GET", count=1)


@pytest.mark.parametrize(
    ("source", "target", "is_downgrade", "is_cross_origin"),
    [
        ("http://a/", "http://a/b", False, False),
        ("http://a/", "http://a:80/b", False, False),
        ("http://a/", "http://a:81/b", False, True),
        ("http://a/", "https://a/b", False, True),
        ("https://a/", "https://b/", False, True),
        ("https://a/", "http://a/", True, True),
        ("wss://a/", "ws://a/", True, True),
        ("wss://a/", "https://a/", False, True),
    ],
)
def test_what_a_redirect_is(
    source: str, target: str, is_downgrade: bool, is_cross_origin: bool
) -> None:
    one = redirect(source, target)
    assert (one.is_downgrade, one.is_cross_origin) == (is_downgrade, is_cross_origin)
    if not is_downgrade:
        assert refuse_downgrades(one)
        return
    with pytest.raises(InsecureRedirectError, match="without TLS"):
        refuse_downgrades(one)
