"""Cleanup contexts: pairs of setting up and cleaning up, around the life of an application.

Decides that what was set up is cleaned up in reverse order, also when a later one fails.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import Generic, TypeAlias, TypeVar

from .errors import CleanupError
from .signals import FrozenList

AppT = TypeVar("AppT")
Context: TypeAlias = AsyncIterator[None] | AbstractAsyncContextManager[object]
ContextFactory: TypeAlias = Callable[[AppT], Context]


class CleanupContext(FrozenList[ContextFactory[AppT]], Generic[AppT]):
    """Functions that take the application and give a generator of one yield, or a manager."""

    __slots__ = ("_open",)

    def __init__(self) -> None:
        super().__init__()
        self._open: list[Context] = []

    async def enter(self, app: AppT) -> None:
        """Set all up, in order; when one fails, clean up those before it."""
        try:
            for factory in self._items:
                context = factory(app)
                await _enter(context)
                self._open.append(context)
        except BaseException as exc:
            try:
                await self.exit(app)
            except Exception as second:
                raise exc from second
            raise

    async def exit(self, app: AppT) -> None:
        """Clean all up, in reverse order; every one gets its turn."""
        errors: list[BaseException] = []
        while self._open:
            try:
                await _exit(self._open.pop())
            except (Exception, asyncio.CancelledError) as exc:
                errors.append(exc)
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise CleanupError("Multiple errors on cleanup stage", errors)


async def _enter(context: Context) -> None:
    if isinstance(context, AbstractAsyncContextManager):
        await context.__aenter__()
    elif isinstance(context, AsyncIterator):
        await anext(context)
    else:
        raise TypeError(
            f"a cleanup context is an async generator or an async context manager, not {context!r}"
        )


async def _exit(context: Context) -> None:
    if isinstance(context, AbstractAsyncContextManager):
        await context.__aexit__(None, None, None)
        return
    try:
        await anext(context)
    except StopAsyncIteration:
        return
    raise RuntimeError(f"{context!r} has more than one yield; a cleanup context has one")
