"""Proxies by environment, and netrc."""

from pathlib import Path

import pytest
from yarl import URL

from weft_client_session import BasicAuth
from weft_client_session.proxies import is_bypassed, netrc_auth, proxy_from_env


@pytest.mark.parametrize(
    ("url", "environ", "wanted"),
    [
        ("http://a/", {"http_proxy": "http://p:1"}, "http://p:1"),
        ("http://a/", {"HTTP_PROXY": "p:1"}, "http://p:1"),
        ("https://a/", {"http_proxy": "http://p:1"}, None),
        ("https://a/", {"https_proxy": "http://p:1"}, "http://p:1"),
        ("wss://a/", {"https_proxy": "http://p:1"}, "http://p:1"),
        ("ws://a/", {"all_proxy": "http://p:1"}, "http://p:1"),
        ("http://a/", {"http_proxy": "", "HTTP_PROXY": "p:1"}, None),
        ("http://a/", {"HTTP_PROXY": "p:1", "REQUEST_METHOD": "GET"}, None),
        ("http://a/", {"http_proxy": "p:1", "no_proxy": "a"}, None),
        ("http://a/", {}, None),
    ],
)
def test_environment(url: str, environ: dict[str, str], wanted: str | None) -> None:
    found = proxy_from_env(URL(url), environ)
    assert found == (URL(wanted) if wanted else None)


@pytest.mark.parametrize(
    ("url", "no_proxy", "wanted"),
    [
        ("http://a.example.com/", "example.com", True),
        ("http://a.example.com/", ".example.com", True),
        ("http://a.example.com/", "*.example.com", True),
        ("http://example.com/", ".example.com", True),
        ("http://notexample.com/", "example.com", False),
        ("http://a/", "b, c ,*", True),
        ("http://a:81/", "a:80", False),
        ("http://a:80/", "a:80", True),
        ("http://10.1.2.3/", "10.0.0.0/8", True),
        ("http://11.1.2.3/", "10.0.0.0/8", False),
        ("http://[::1]/", "::1", True),
        ("http://a/", "", False),
    ],
)
def test_exceptions(url: str, no_proxy: str, wanted: bool) -> None:
    assert is_bypassed(URL(url), no_proxy) is wanted


def test_netrc(tmp_path: Path) -> None:
    path = tmp_path / "netrc"
    path.write_text("machine a login u password p\n")
    path.chmod(0o600)
    environ = {"NETRC": str(path)}
    assert netrc_auth("a", environ) == BasicAuth("u", "p")
    assert netrc_auth("b", environ) is None
    assert netrc_auth("a", {"NETRC": str(tmp_path / "none")}) is None
    path.write_text("machine\n")
    assert netrc_auth("a", environ) is None
