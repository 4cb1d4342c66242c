"""Which proxy a request goes through, from the environment, and passwords from netrc.

Decides by names and URLs only; reaches no proxy.
"""

import ipaddress
import os
from collections.abc import Mapping
from pathlib import Path

from yarl import URL

from weft_http_parser import BasicAuth

PROXY_SCHEMES = frozenset({"http", "https"})


def proxy_from_env(url: URL, environ: Mapping[str, str]) -> URL | None:
    """The proxy that `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` choose for `url`."""
    scheme = {"ws": "http", "wss": "https"}.get(url.scheme, url.scheme)
    found = _setting(environ, f"{scheme}_proxy") or _setting(environ, "all_proxy")
    if not found or is_bypassed(url, _setting(environ, "no_proxy")):
        return None
    return URL(found if "://" in found else f"http://{found}")


def _setting(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name)
    if value is not None:
        return value
    # A CGI script gets a request's Proxy field as HTTP_PROXY, so that one is not believed there.
    if name == "http_proxy" and "REQUEST_METHOD" in environ:
        return ""
    return environ.get(name.upper(), "")


def is_bypassed(url: URL, no_proxy: str) -> bool:
    """Whether `no_proxy`, a list of hosts, domains and networks, names the host of `url`.

    >>> is_bypassed(URL("http://a.example.com"), "localhost, .example.com")
    True
    """
    host = (url.raw_host or "").lower()
    for part in no_proxy.lower().split(","):
        entry = part.strip()
        if entry == "*":
            return True
        if entry and (_names(entry, host, url.port) or _holds(entry, host)):
            return True
    return False


def _names(entry: str, host: str, port: int | None) -> bool:
    name, colon, number = entry.rpartition(":")
    if colon and number.isdecimal() and ":" not in name:
        if port != int(number):
            return False
        entry = name
    domain = entry.lstrip("*").lstrip(".")
    return host == domain or host.endswith("." + domain)


def _holds(entry: str, host: str) -> bool:
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except (ValueError, TypeError):
        return False


def netrc_auth(host: str, environ: Mapping[str, str]) -> BasicAuth | None:
    """The login that the user's netrc file has for `host`. Reads the file."""
    import netrc  # late: only for those who trust their environment

    path = Path(environ.get("NETRC") or Path.home() / (".netrc" if os.name != "nt" else "_netrc"))
    try:
        found = netrc.netrc(path).authenticators(host)
    except (OSError, netrc.NetrcParseError):
        return None
    if found is None:
        return None
    login, account, password = found
    return BasicAuth(login or account or "", password or "")
