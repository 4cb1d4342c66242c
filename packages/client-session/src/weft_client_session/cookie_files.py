"""Cookies as files: JSON in the shape that aiohttp gives it, and Netscape's lines.

Knows what a kept cookie is, and no rules about who may have it.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import IO

import attrs

from weft_http_parser import make_morsel

NETSCAPE_HEAD = "# Netscape HTTP Cookie File\n"
_HTTP_ONLY = "#HttpOnly_"
_FIELDS = 7


@attrs.frozen(kw_only=True, eq=False, repr=False)
class StoredCookie:
    """A cookie that was kept. Domain "" goes everywhere."""

    name: str
    value: str
    coded_value: str
    domain: str
    path: str = "/"
    host_only: bool = False
    secure: bool = False
    http_only: bool = False
    same_site: str = ""
    expires_at: float | None = None
    expires: str = ""
    max_age: str = ""

    def to_morsel(self) -> "Morsel[str]":
        """The cookie with its attributes."""
        morsel = make_morsel(self.name, self.value, self.coded_value)
        morsel["path"] = self.path
        morsel["domain"] = self.domain
        if self.expires:
            morsel["expires"] = self.expires
        if self.max_age:
            morsel["max-age"] = self.max_age
        if self.secure:
            morsel["secure"] = True
        if self.http_only:
            morsel["httponly"] = True
        if self.same_site:
            morsel["samesite"] = self.same_site
        return morsel


def open_private(file_path: "str | os.PathLike[str]") -> IO[str]:
    """A file to be written that only its owner may read."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    descriptor = os.open(file_path, flags, stat.S_IRUSR | stat.S_IWUSR)
    return open(descriptor, "w", encoding="utf-8", newline="\n")


# JSON


def to_record(cookie: StoredCookie) -> dict[str, object]:
    record: dict[str, object] = {
        "key": cookie.name,
        "value": cookie.value,
        "coded_value": cookie.coded_value,
        "path": cookie.path,
        "domain": cookie.domain,
        "host_only": cookie.host_only,
        "secure": cookie.secure,
        "httponly": cookie.http_only,
        "samesite": cookie.same_site,
        "expires_timestamp": cookie.expires_at,
    }
    return {name: value for name, value in record.items() if value or name in ("value", "domain")}


def from_record(record: Mapping[str, object]) -> StoredCookie:
    expires_at = record.get("expires_timestamp")
    try:
        SimpleCookie()[str(record["key"])] = ""  # refuses what is no name
    except (CookieError, KeyError) as exc:
        raise ValueError(f"the file holds a cookie without a valid name: {exc}") from exc
    return StoredCookie(
        name=str(record["key"]),
        value=str(record.get("value", "")),
        coded_value=str(record.get("coded_value", record.get("value", ""))),
        domain=str(record.get("domain", "")),
        path=str(record.get("path", "/")),
        host_only=bool(record.get("host_only", False)),
        secure=bool(record.get("secure", False)),
        http_only=bool(record.get("httponly", False)),
        same_site=str(record.get("samesite", "")),
        expires_at=expires_at if isinstance(expires_at, int | float) else None,
    )


# Netscape


def format_netscape(cookies: Iterable[StoredCookie]) -> Iterator[str]:
    """The lines of a file; a cookie that goes everywhere or holds a tab has none.

    What the format has no place for is lost: SameSite, and the time that one of the session ends.
    """
    yield NETSCAPE_HEAD
    for cookie in cookies:
        fields = (
            cookie.domain if cookie.host_only else f".{cookie.domain}",
            "FALSE" if cookie.host_only else "TRUE",
            cookie.path,
            "TRUE" if cookie.secure else "FALSE",
            "0" if cookie.expires_at is None else str(int(cookie.expires_at)),
            cookie.name,
            cookie.coded_value,
        )
        if cookie.domain and not any(set("\t\r\n") & set(field) for field in fields):
            yield (_HTTP_ONLY if cookie.http_only else "") + "\t".join(fields) + "\n"


def parse_netscape(lines: Iterable[str]) -> Iterator[StoredCookie]:
    """The cookies of a file's lines; ValueError for one that is none."""
    for number, line in enumerate(lines, 1):
        http_only = line.startswith(_HTTP_ONLY)
        text = line.removeprefix(_HTTP_ONLY).rstrip("\r\n")
        if not text.strip() or (text.startswith("#") and not http_only):
            continue
        fields = text.split("\t")
        if len(fields) == _FIELDS - 1:  # some writers leave an empty value out
            fields.append("")
        try:
            yield _from_fields(fields, http_only=http_only)
        except (ValueError, CookieError) as exc:
            raise ValueError(f"line {number} of the file is no cookie: {exc}") from exc


def _from_fields(fields: list[str], *, http_only: bool) -> StoredCookie:
    domain, subdomains, path, secure, expires, name, value = fields
    SimpleCookie()[name] = ""  # refuses what is no name
    expires_at = float(expires)
    return StoredCookie(
        name=name,
        value=value,
        coded_value=value,
        domain=domain.lstrip(".").lower(),
        path=path if path.startswith("/") else "/",
        host_only=subdomains.upper() != "TRUE",
        secure=secure.upper() == "TRUE",
        http_only=http_only,
        expires_at=expires_at or None,
    )
