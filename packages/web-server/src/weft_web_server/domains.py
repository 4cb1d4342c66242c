"""Applications by host: the rules that a Host field is compared with, and who answers when one fits.

Decides what a domain may look like. The first of many that fits is for a router to find.
"""

import re
from abc import ABC, abstractmethod
from typing import ClassVar

from yarl import URL

from weft_routing import parse_host

from .match import AbstractApplication
from .prefixes import PrefixedSubAppResource
from .request import Request
from .route_objects import Info, Resolved
from .targets import named_host


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
        self._host = parse_host(self.validation(domain))

    @property
    def domain(self) -> str:
        """The host in lower case, with its port if that matters."""
        return self._host.canonical

    @property
    def canonical(self) -> str:
        return self.domain

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
        host = named_host(request._head) or ""
        return host != "" and self.match_domain(host)

    def match_domain(self, host: str) -> bool:
        """Whether the value of a Host field is this domain's."""
        return self._host.matches(host)

    def get_info(self) -> Info:
        return {"domain": self.domain}


class MaskDomain(Domain):
    """Hosts of one form: each `*` stands for any text, also with dots, or for none."""

    re_part: ClassVar[re.Pattern[str]] = re.compile(r"(?!-)[a-z0-9*-]{1,63}(?<!-)")

    @property
    def canonical(self) -> str:
        """The mask as a regex."""
        return self.domain.replace(".", r"\.").replace("*", "[^:]*") + "(:.*)?"


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
