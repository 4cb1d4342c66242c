"""Applications by host: the rules that a Host field is compared with, and who answers when one fits.

Decides what a domain may look like and which rule of several is the first that fits.
"""

import re
from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar

from yarl import URL

from .match import AbstractApplication
from .prefixes import PrefixedSubAppResource
from .request import Request
from .route_objects import Info, Resolved

T = TypeVar("T")


class AbstractRuleMatching(ABC):
    """A rule of your own: `router.register_resource(MatchedSubAppResource(rule, app))`."""

    @abstractmethod
    async def match(self, request: Request) -> bool:
        """Whether a request is for the application that has this rule."""

    @abstractmethod
    def get_info(self) -> Info:
        """Facts for humans."""

    @property
    @abstractmethod
    def canonical(self) -> str:
        """The rule in one line, the same for every request."""


class Domain(AbstractRuleMatching):
    """One host, on any port unless it names one other than 80."""

    re_part: ClassVar[re.Pattern[str]] = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")

    def __init__(self, domain: str) -> None:
        self._domain = self.validation(domain)

    @property
    def domain(self) -> str:
        """The host in lower case, with its port if that matters."""
        return self._domain

    @property
    def canonical(self) -> str:
        return self._domain

    def validation(self, domain: str) -> str:
        """The domain in the form that hosts are compared with, or TypeError or ValueError."""
        if not isinstance(domain, str):
            raise TypeError(f"a domain is a str, not {type(domain).__name__}")
        name = domain.rstrip(".").lower()
        if not name:
            raise ValueError("a domain cannot be empty; write one such as example.com")
        if "://" in name:
            raise ValueError(f"the domain {domain!r} has a scheme; write the host alone")
        url = URL(f"http://{name}")
        host = url.raw_host or ""
        for part in host.split("."):
            if self.re_part.fullmatch(part) is None:
                raise ValueError(f"{domain!r} is no domain; its part {part!r} is none of a name")
        return host if url.port == 80 else f"{host}:{url.port}"

    async def match(self, request: Request) -> bool:
        host = request.headers.get("Host", "")
        return host != "" and self.match_domain(host)

    def match_domain(self, host: str) -> bool:
        """Whether the value of a Host field is this domain's."""
        host = host.lower()
        return host == self._domain or host.partition(":")[0] == self._domain

    def get_info(self) -> Info:
        return {"domain": self._domain}


class MaskDomain(Domain):
    """Hosts of one form: each `*` stands for any text, also with dots, or for none."""

    re_part: ClassVar[re.Pattern[str]] = re.compile(r"(?!-)[a-z0-9*-]{1,63}(?<!-)")

    @property
    def canonical(self) -> str:
        """The mask as a regex."""
        text = re.escape(self._domain).replace(r"\*", "[^:]*")
        return text if ":" in self._domain else text + "(:.*)?"

    def match_domain(self, host: str) -> bool:
        name, _, port = host.lower().partition(":")
        mask, colon, wanted = self._domain.partition(":")
        return (not colon or port == wanted) and fits_mask(mask, name)


def fits_mask(mask: str, name: str) -> bool:
    """Whether a name has the form of a mask, in time linear in the name for each `*`.

    >>> fits_mask("*.example.com", "a.b.example.com"), fits_mask("a*b", "ab"), fits_mask("a*b", "b")
    (True, True, False)
    """
    first, *rest = mask.split("*")
    if not rest:
        return name == mask
    *middle, last = rest
    if not name.startswith(first) or not name.endswith(last):
        return False
    at, end = len(first), len(name) - len(last)
    for text in middle:
        at = name.find(text, at, max(at, end))
        if at < 0:
            return False
        at += len(text)
    return at <= end


class MatchedSubAppResource(PrefixedSubAppResource):
    """All requests that a rule takes, which another application answers."""

    def __init__(self, rule: AbstractRuleMatching, app: AbstractApplication) -> None:
        super().__init__("", app)
        self._rule = rule

    @property
    def rule(self) -> AbstractRuleMatching:
        """The rule."""
        return self._rule

    @property
    def canonical(self) -> str:
        return self._rule.canonical

    def get_info(self) -> Info:
        return {"app": self._app, "rule": self._rule}

    async def resolve(self, request: Request) -> Resolved:
        if not await self._rule.match(request):
            return None, set()
        return await super().resolve(request)

    def __repr__(self) -> str:
        return f"<MatchedSubAppResource -> {self._app!r}>"


class Domains(Generic[T]):
    """What each of many domains leads to: exact ones by one look-up, masks one after the other."""

    __slots__ = ("_exact", "_masks")

    def __init__(self) -> None:
        self._exact: dict[str, tuple[int, T]] = {}
        self._masks: list[tuple[int, Domain, T]] = []

    def add(self, rule: Domain, value: T) -> None:
        """A rule, behind those that are there."""
        order = len(self._exact) + len(self._masks)
        if type(rule) is Domain:
            self._exact.setdefault(rule.domain, (order, value))
        else:
            self._masks.append((order, rule, value))

    def find(self, host: str) -> T | None:
        """The value of the first rule that fits the value of a Host field."""
        if not host:
            return None
        host = host.lower()
        name = host.partition(":")[0]
        found = [self._exact[text] for text in {host, name} if text in self._exact]
        best = min(found, key=_order, default=None)
        for order, rule, value in self._masks:
            if best is not None and best[0] < order:
                break
            if rule.match_domain(host):
                return value
        return None if best is None else best[1]


def _order(found: tuple[int, Any]) -> int:
    return found[0]
