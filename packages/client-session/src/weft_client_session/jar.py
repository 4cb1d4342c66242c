"""Cookies between requests, by the rules of RFC 6265bis. Reads no sockets.

Decides which cookies of an answer are kept and which go with a request; writes them to JSON files
and reads them again. Files keep the shape that aiohttp gives them.
"""

import abc
import json
import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http.cookies import BaseCookie, Morsel, SimpleCookie

from yarl import URL

from weft_client_session.cookie_files import (
    StoredCookie,
    format_netscape,
    from_record,
    open_private,
    parse_netscape,
    to_record,
)
from weft_client_session.options import CookiesLike
from weft_client_session.suffixes import PublicSuffixCheck, is_public_suffix
from weft_http_parser import SetCookie, make_morsel, parse_morsel

MAX_PER_DOMAIN = 180
MAX_TOTAL = 3000
NOWHERE = URL()

_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|.*:.*")


class AbstractCookieJar(abc.ABC):
    """What a session needs of a jar."""

    @property
    @abc.abstractmethod
    def unsafe(self) -> bool: ...

    @property
    @abc.abstractmethod
    def quote_cookie(self) -> bool: ...

    @property
    @abc.abstractmethod
    def cookies(self) -> Mapping[tuple[str, str], "BaseCookie[str]"]: ...

    @property
    @abc.abstractmethod
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]: ...

    @abc.abstractmethod
    def __iter__(self) -> Iterator["Morsel[str]"]: ...

    @abc.abstractmethod
    def __len__(self) -> int: ...

    @abc.abstractmethod
    def clear(self, predicate: "Callable[[Morsel[str]], bool] | None" = None) -> None:
        """Forget all cookies, or those for which `predicate` is true."""

    @abc.abstractmethod
    def clear_domain(self, domain: str) -> None:
        """Forget the cookies of a domain and its subdomains."""

    @abc.abstractmethod
    def update_cookies(self, cookies: CookiesLike, response_url: URL = NOWHERE) -> None:
        """Keep cookies that an answer from `response_url` set; without a URL, for everywhere."""

    @abc.abstractmethod
    def filter_cookies(self, request_url: URL = NOWHERE) -> "BaseCookie[str]":
        """The cookies that go with a request to `request_url`."""

    def update_cookies_from_headers(self, headers: Sequence[str], response_url: URL) -> None:
        """Keep the cookies of Set-Cookie fields."""
        found: list[tuple[str, Morsel[str]]] = []
        for header in headers:
            morsel = parse_morsel(header)
            if morsel is not None:
                found.append((morsel.key, morsel))
        if found:
            self.update_cookies(found, response_url)


class CookieJar(AbstractCookieJar):
    """Keeps cookies in memory.

    `unsafe` also keeps those of hosts that are addresses; `treat_as_secure_origin` names origins
    that get Secure cookies without TLS. No cookie is kept for a domain that `public_suffixes` calls
    one; by default it asks the list of the extra `publicsuffix`, where that is installed.
    """

    def __init__(
        self,
        *,
        unsafe: bool = False,
        quote_cookie: bool = True,
        treat_as_secure_origin: str | URL | Iterable[str | URL] | None = None,
        public_suffixes: PublicSuffixCheck = is_public_suffix,
    ) -> None:
        self._is_public = public_suffixes
        self._unsafe = unsafe
        self._quote_cookie = quote_cookie
        self._secure_origins = _origins(treat_as_secure_origin)
        self._domains: dict[str, dict[tuple[str, str], StoredCookie]] = {}

    @property
    def unsafe(self) -> bool:
        return self._unsafe

    @property
    def quote_cookie(self) -> bool:
        return self._quote_cookie

    @property
    def treat_as_secure_origin(self) -> frozenset[URL]:
        return self._secure_origins

    @property
    def cookies(self) -> Mapping[tuple[str, str], "BaseCookie[str]"]:
        found: dict[tuple[str, str], BaseCookie[str]] = {}
        for cookie in self._alive():
            box = found.setdefault((cookie.domain, cookie.path.rstrip("/")), SimpleCookie())
            dict.__setitem__(box, cookie.name, cookie.to_morsel())
        return found

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        return frozenset(
            (cookie.domain, cookie.path.rstrip("/"), cookie.name)
            for cookie in self._alive()
            if cookie.host_only
        )

    def __iter__(self) -> Iterator["Morsel[str]"]:
        return iter([cookie.to_morsel() for cookie in self._alive()])

    def __len__(self) -> int:
        # A request asks first whether there is anything at all.
        return len(self._alive()) if self._domains else 0

    def clear(self, predicate: "Callable[[Morsel[str]], bool] | None" = None) -> None:
        for cookie in self._alive():
            if predicate is None or predicate(cookie.to_morsel()):
                self._forget(cookie)

    def clear_domain(self, domain: str) -> None:
        for cookie in self._alive():
            if _matches_domain(cookie.domain, domain):
                self._forget(cookie)

    def update_cookies(self, cookies: CookiesLike, response_url: URL = NOWHERE) -> None:
        host = response_url.raw_host
        if host is not None and not self._unsafe and _ADDRESS.fullmatch(host):
            return  # an address has no domain whose owner could have set it
        now = time.time()
        for name, value in cookies.items() if isinstance(cookies, Mapping) else cookies:
            morsel = _to_morsel(name, value, quoted=self._quote_cookie)
            cookie = accept_cookie(
                morsel, response_url, now, is_secure=self._is_secure, is_public=self._is_public
            )
            if cookie is not None and not self._is_shadowed(cookie, response_url):
                self._keep(cookie, now)

    def filter_cookies(self, request_url: URL = NOWHERE) -> "BaseCookie[str]":
        chosen: BaseCookie[str] = SimpleCookie() if self._quote_cookie else BaseCookie()
        if not self._domains:
            return chosen
        host = request_url.raw_host or ""
        is_secure = self._is_secure(request_url)
        if host and not self._unsafe and _ADDRESS.fullmatch(host):
            found = [*self._domains.get("", {}).values()]
        else:
            found = [
                cookie
                for domain in ("", *_suffixes(host))
                for cookie in self._domains.get(domain, {}).values()
                if not cookie.host_only or cookie.domain == host
            ]
        now = time.time()
        path = request_url.raw_path or "/"
        # Of two with one name that of the longer path is nearer to what is asked for.
        for cookie in sorted(found, key=lambda cookie: len(cookie.path)):
            if cookie.expires_at is not None and cookie.expires_at <= now:
                self._forget(cookie)
            elif (is_secure or not cookie.secure) and _matches_path(path, cookie.path):
                morsel = make_morsel(cookie.name, cookie.value, cookie.coded_value)
                dict.__setitem__(chosen, cookie.name, morsel)
        return chosen

    def save(self, file_path: "str | os.PathLike[str]") -> None:
        """Write the cookies to a JSON file that only its owner may read."""
        boxes: dict[str, dict[str, dict[str, object]]] = {}
        for cookie in self._alive():
            box = boxes.setdefault(f"{cookie.domain}|{cookie.path.rstrip('/')}", {})
            box[cookie.name] = to_record(cookie)
        with open_private(file_path) as file:
            json.dump(boxes, file, indent=2)

    def load(self, file_path: "str | os.PathLike[str]") -> None:
        """Take the cookies of a file that `save` wrote in place of those here."""
        with open(file_path, encoding="utf-8") as file:
            boxes = json.load(file)
        if not isinstance(boxes, dict):
            raise ValueError(f"{os.fspath(file_path)} holds no cookies")
        self._domains.clear()
        now = time.time()
        for box in boxes.values():
            for record in box.values():
                self._keep(from_record(record), now)

    def save_netscape(self, file_path: "str | os.PathLike[str]") -> None:
        """Write the cookies as `cookies.txt`, as curl and browsers read it; for its owner only.

        SameSite is lost. A cookie without a domain, which goes everywhere, is left out.
        """
        with open_private(file_path) as file:
            file.writelines(format_netscape(self._alive()))

    def load_netscape(self, file_path: "str | os.PathLike[str]") -> None:
        """Take the cookies of a `cookies.txt` in place of those here; ValueError for a bad line."""
        with open(file_path, encoding="utf-8") as file:
            found = list(parse_netscape(file))
        self._domains.clear()
        now = time.time()
        for cookie in found:
            self._keep(cookie, now)

    # Inside.

    def _is_secure(self, url: URL) -> bool:
        return url.scheme in ("https", "wss") or (
            bool(self._secure_origins) and url.absolute and url.origin() in self._secure_origins
        )

    def _is_shadowed(self, cookie: StoredCookie, url: URL) -> bool:
        """RFC 6265bis 5.7 step 15: plain HTTP does not lay a cookie over a Secure one."""
        if cookie.secure or not url.raw_host or self._is_secure(url):
            return False
        return any(
            kept.secure
            and kept.name == cookie.name
            and (
                _matches_domain(kept.domain, cookie.domain)
                or _matches_domain(cookie.domain, kept.domain)
            )
            and _matches_path(cookie.path, kept.path)
            for box in self._domains.values()
            for kept in box.values()
        )

    def _alive(self) -> list[StoredCookie]:
        now = time.time()
        alive = []
        for cookie in [one for box in self._domains.values() for one in box.values()]:
            if cookie.expires_at is not None and cookie.expires_at <= now:
                self._forget(cookie)
            else:
                alive.append(cookie)
        return alive

    def _keep(self, cookie: StoredCookie, now: float) -> None:
        if cookie.expires_at is not None and cookie.expires_at <= now:
            self._forget(cookie)
            return
        box = self._domains.setdefault(cookie.domain, {})
        box[cookie.path, cookie.name] = cookie
        if len(box) > MAX_PER_DOMAIN:
            del box[next(iter(box))]
        if sum(map(len, self._domains.values())) > MAX_TOTAL:
            self._forget(next(iter(next(iter(self._domains.values())).values())))

    def _forget(self, cookie: StoredCookie) -> None:
        box = self._domains.get(cookie.domain)
        if box is None:
            return
        box.pop((cookie.path, cookie.name), None)
        if not box:
            del self._domains[cookie.domain]


class DummyCookieJar(AbstractCookieJar):
    """Keeps nothing."""

    @property
    def unsafe(self) -> bool:
        return False

    @property
    def quote_cookie(self) -> bool:
        return True

    @property
    def cookies(self) -> Mapping[tuple[str, str], "BaseCookie[str]"]:
        return {}

    @property
    def host_only_cookies(self) -> frozenset[tuple[str, str, str]]:
        return frozenset()

    def __iter__(self) -> Iterator["Morsel[str]"]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def clear(self, predicate: "Callable[[Morsel[str]], bool] | None" = None) -> None:
        """There is nothing to forget."""

    def clear_domain(self, domain: str) -> None:
        """There is nothing to forget."""

    def update_cookies(self, cookies: CookiesLike, response_url: URL = NOWHERE) -> None:
        """Keep nothing."""

    def filter_cookies(self, request_url: URL = NOWHERE) -> "BaseCookie[str]":
        return SimpleCookie()


def accept_cookie(
    morsel: "Morsel[str]",
    url: URL,
    now: float,
    *,
    is_secure: Callable[[URL], bool],
    is_public: PublicSuffixCheck = is_public_suffix,
) -> StoredCookie | None:
    """The cookie as it is kept, or None when this origin may not set it (RFC 6265bis 5.7)."""
    host = (url.raw_host or "").lower()
    domain = morsel["domain"].lower().removeprefix(".")
    host_only = not domain or (domain == host and bool(_ADDRESS.fullmatch(host)))
    if domain.endswith("."):
        domain, host_only = "", True
    if not domain:
        domain, host_only = host, bool(host)
    elif host and not _matches_domain(host, domain):
        return None
    elif host and not host_only and is_public(domain):
        # RFC 6265bis 5.7 step 9: a site that is a public suffix itself keeps it to itself.
        if domain != host:
            return None
        host_only = True
    path = morsel["path"]
    if not path.startswith("/"):
        path = _default_path(url.raw_path) if host else "/"
    secure = bool(morsel["secure"])
    if host and secure and not is_secure(url):
        return None  # RFC 6265bis 5.7 step 8: plain HTTP must not plant Secure cookies
    if morsel.key.lower().startswith("__secure-") and not secure:
        return None
    if morsel.key.lower().startswith("__host-") and not (secure and host_only and path == "/"):
        return None
    expires_at = _expires_at(morsel["max-age"], morsel["expires"], now)
    return StoredCookie(
        name=morsel.key,
        value=morsel.value,
        coded_value=morsel.coded_value,
        domain=domain,
        path=path,
        host_only=host_only,
        secure=secure,
        http_only=bool(morsel["httponly"]),
        same_site=str(morsel["samesite"]),
        expires_at=expires_at,
        expires=str(morsel["expires"]),
        max_age=str(morsel["max-age"]),
    )


def _expires_at(max_age: object, expires: object, now: float) -> float | None:
    attributes = {"max-age": str(max_age), "expires": str(expires)}
    return SetCookie("", "", attributes).expires_at(now)


def _to_morsel(
    name: str, value: "str | BaseCookie[str] | Morsel[str]", *, quoted: bool
) -> "Morsel[str]":
    if isinstance(value, Morsel):
        return value
    if isinstance(value, BaseCookie):
        return value[name]
    box: BaseCookie[str] = SimpleCookie() if quoted else BaseCookie()
    box[name] = value
    return box[name]


def _origins(given: str | URL | Iterable[str | URL] | None) -> frozenset[URL]:
    if given is None:
        return frozenset()
    urls = [given] if isinstance(given, str | URL) else given
    return frozenset(URL(url).origin() for url in urls)


def _suffixes(host: str) -> Iterator[str]:
    """`a.b.c`, `b.c`, `c`."""
    while host:
        yield host
        _, _, host = host.partition(".")


def _matches_domain(host: str, domain: str) -> bool:
    if host == domain:
        return True
    return host.endswith("." + domain) and not _ADDRESS.fullmatch(host)


def _matches_path(path: str, prefix: str) -> bool:
    if path == prefix:
        return True
    return path.startswith(prefix if prefix.endswith("/") else prefix + "/")


def _default_path(path: str) -> str:
    """The directory of the request (RFC 6265bis 5.1.4)."""
    return path[: path.rfind("/")] or "/" if path.startswith("/") else "/"
