"""The specification of how a request is started: its handler's first step, in the pass of the loop in
which its bytes came, with a task and a context of its own.

Decides when a task is made. Knows neither what an exchange is nor what answers it.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from typing import Any
from weakref import getweakrefcount

from weft_http_parser import Event

from ..request_task import (
    OWN_WEAKLY,
    LatentTask,
    end_first_step,
    leave_first_step,
    make_latent,
    set_context,
)
from .api import API, Carrier, Host, Kinds, Work

__all__ = ("API", "Starter", "Swift", "quicken")

_enter_task: Callable[[Any, Any], None] = asyncio._enter_task
_leave_task: Callable[[Any, Any], None] = asyncio._leave_task
# Two of what is told are the variable that is asked for and the argument.
_count: Callable[[object], int] = getattr(sys, "getrefcount", lambda task: 3)


class Starter:
    """Starts the requests of one server, each in a copy of the context that this was made in."""

    __slots__ = ("_context", "_has_factory", "_host", "_loop", "_spare", "_work")

    def __init__(self, host: Host, work: Work, kinds: Kinds) -> None:
        self._host = host
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._has_factory = self._loop.get_task_factory() is not None
        self._spare: LatentTask | None = None

    def receive(self, carrier: Carrier, data: bytes) -> list[Event] | None:
        """The events of more bytes that are left to act on; None where all that came is answered.

        None of them is answered here: what the other twin answers at once are requests without a
        body to which handlers give plain responses in their first step.
        """
        return carrier.core.receive(data)

    def start(self, carrier: Carrier) -> None:
        """Take the first step of a carrier's exchange, whose task nobody may have got before.

        If a task is running, the next pass of the loop does that.
        """
        context = self._context.copy()
        exchange = carrier.exchange
        request = self._host.request_class(exchange.head, exchange)
        if self._has_factory:
            # What it makes may be anything: whoever set it wants to see every task.
            coroutine = self._work(exchange, request)
            exchange.task = self._loop.create_task(coroutine, context=context)
            return
        if asyncio.current_task(self._loop) is not None:
            self._loop.call_soon(self.start, carrier)
            return
        task, self._spare = self._spare, None
        if task is None:
            task = make_latent(self._loop)
        set_context(task, context)
        exchange.task = task
        coroutine = self._work(exchange, request)
        del exchange, request
        self._step(task, context, coroutine)
        del coroutine
        if type(task) is LatentTask:
            if _count(task) > 2:
                end_first_step(task, None)  # somebody keeps it, and may look at it later
            elif getweakrefcount(task) == OWN_WEAKLY:
                set_context(task, None)
                self._spare = task
            # Else somebody keeps something for it, which must not be there for the next request.

    def _step(
        self, task: LatentTask, context: Context, coroutine: Coroutine[Any, Any, None]
    ) -> None:
        """The first step of a coroutine in a task."""
        _enter_task(self._loop, task)
        try:
            waited = context.run(coroutine.send, None)
        except StopIteration:
            if type(task) is not LatentTask:
                end_first_step(task, None)
        except BaseException as exc:
            end_first_step(task, exc)
        else:
            leave_first_step(task, coroutine, waited)
        finally:
            _leave_task(self._loop, task)


class Swift:
    """A class whose calls may be quickened."""

    __slots__ = ()


def quicken(pattern: Swift, text_media: str, to_media: Callable[[str], str]) -> None:
    """Make calls of the pattern's class without a frame where they are usual: not in Python."""
