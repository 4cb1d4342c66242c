"""What a contender offers: a table of its own kind, how to ask it, and what its answers mean."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol, TypeAlias

import attrs

from tools.bench.tables import Answer, Ask, Route

Handler: TypeAlias = Callable[..., Awaitable[None]]


@attrs.frozen
class Resolver:
    """A table that is ready."""

    call: Callable[..., Any]
    """What is timed: gives a handler and the parameters, or says that there is none."""
    prepare: Callable[[Sequence[Ask]], Sequence[tuple[Any, ...]]]
    """What `call` takes for each ask, one or two arguments; made beforehand, as a server has it."""
    explain: Callable[[Any], Answer]
    """What a result of `call` means."""
    is_async: bool = False
    """Whether `call` gives a coroutine."""


class Contender(Protocol):
    """A module of this package, by its contents."""

    def build(self, routes: Sequence[Route], handlers: Sequence[Handler]) -> Resolver: ...


def method_and_path(asks: Sequence[Ask]) -> Sequence[tuple[str, str]]:
    """The arguments of those that take a method and a path."""
    return [(ask.method, ask.path) for ask in asks]


def make_handlers(count: int) -> list[Handler]:
    """A handler for each route; nobody calls them."""
    return [_make_handler() for _ in range(count)]


def _make_handler() -> Handler:
    async def handle(request: object) -> None:
        raise AssertionError("resolving calls no handler")

    return handle
