"""Hosts: which names a host pattern takes, and which of many patterns is the first to take one.

``api.example.com`` is one host, ``*.example.com`` every host that ends so: a star takes any text,
dots and no text at all included. A pattern with a port takes that port only, one without takes any.
Case does not count; names that are not ASCII are compared as IDNA writes them (RFC 5891). Knows no
routes and no paths.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs
from yarl import URL

from .errors import HostError

V = TypeVar("V")

# A label (RFC 1123 section 2.1), in which stars may stand for more.
_LABEL = re.compile(r"[a-z0-9*](?:[a-z0-9*-]{0,61}[a-z0-9*])?")
_DEFAULT_PORT = 80


@attrs.frozen
class HostPattern:
    """A host, or a mask for many. `parse_host` makes them.

    >>> parse_host("*.Example.com:80").canonical
    '*.example.com'
    """

    name: str
    port: int | None = None

    @property
    def canonical(self) -> str:
        """Its text in one form; equal patterns have equal ones."""
        return self.name if self.port is None else f"{self.name}:{self.port}"

    @property
    def is_mask(self) -> bool:
        """Whether there is a star in it."""
        return "*" in self.name

    def matches(self, host: str) -> bool:
        """Whether it takes the host of a request, as a Host field has it (RFC 9110 section 7.2).

        >>> parse_host("*.example.com").matches("a.b.EXAMPLE.com:8080")
        True
        """
        name, _, port = host.lower().partition(":")
        return (self.port is None or port == str(self.port)) and self._takes(name)

    def _takes(self, name: str) -> bool:
        first, *others = self.name.split("*")
        if not others:
            return name == first
        last = others.pop()
        if len(name) < len(first) + len(last) or not name.startswith(first):
            return False
        # Each piece as far left as it can be: no place is tried twice.
        at, end = len(first), len(name) - len(last)
        for piece in others:
            at = name.find(piece, at, end)
            if at < 0:
                return False
            at += len(piece)
        return name.endswith(last)


def parse_host(text: str) -> HostPattern:
    """Read a host pattern, or raise HostError.

    >>> parse_host("MÜNCHEN.de:8080")
    HostPattern(name='xn--mnchen-3ya.de', port=8080)
    """
    name, _, digits = text.partition(":")
    port = None
    if digits:
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 5):
            raise HostError(text, "behind ':' stands a port, from 0 to 65535")
        port = int(digits)
        if port > 65535:
            raise HostError(text, "behind ':' stands a port, from 0 to 65535")
    try:
        name = URL.build(scheme="http", host=name).raw_host or ""
    except ValueError as exc:
        raise HostError(text, f"{exc}") from exc
    name = name.rstrip(".")
    if not name:
        raise HostError(text, "it is empty")
    for label in name.split("."):
        if _LABEL.fullmatch(label) is None:
            raise HostError(
                text,
                f"{label!r} is no label; write up to 63 letters, digits and '-', or '*', "
                "not beginning or ending with '-'",
            )
    return HostPattern(name, None if port == _DEFAULT_PORT else port)


class HostTable(Generic[V]):
    """Values by host pattern. The first pattern that takes a host has the answer.

    Hosts and masks such as ``*.example.com`` are looked up; only other masks are tried one by one.
    """

    __slots__ = ("_dots", "_exact", "_others", "_suffixes")

    def __init__(self, rows: Sequence[tuple[HostPattern, V]] = ()) -> None:
        self._exact: dict[str, tuple[int, V]] = {}  # canonical → order and value
        self._suffixes: dict[str, tuple[int, V]] = {}  # what stands behind the only star
        self._others: list[tuple[int, HostPattern, V]] = []
        self._dots = 0  # of the longest suffix
        for order, (pattern, value) in enumerate(rows):
            star, suffix = pattern.canonical[:1], pattern.canonical[1:]
            if not pattern.is_mask:
                self._exact.setdefault(pattern.canonical, (order, value))
            elif star == "*" and suffix.startswith(".") and "*" not in suffix:
                self._suffixes.setdefault(suffix, (order, value))
                self._dots = max(self._dots, suffix.count("."))
            else:
                self._others.append((order, pattern, value))

    def find(self, host: str) -> V | None:
        """The value for the host of a request, or None."""
        if not host:
            return None
        host = host.lower()
        name, _, port = host.partition(":")
        found = [self._exact.get(name), self._exact.get(host) if port else None]
        at = len(name)
        for _ in range(self._dots):
            at = name.rfind(".", 0, at)
            if at < 0:
                break
            found.append(self._suffixes.get(name[at:]))
            if port:
                found.append(self._suffixes.get(host[at:]))
        order, value = min((hit for hit in found if hit), key=_order, default=(None, None))
        for other, pattern, instead in self._others:
            if order is not None and order < other:
                break
            if pattern.matches(host):
                return instead
        return value


def _order(hit: tuple[int, V]) -> int:
    return hit[0]
