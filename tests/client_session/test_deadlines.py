"""Deadlines are numbers, and one timer looks at all of them."""

import asyncio

import pytest

from weft_client_session import ClientTimeout
from weft_client_session.deadlines import NEVER, Deadlines, Sweeper, due


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(None, NEVER), (0, NEVER), (-1, NEVER), (2, 102.5), (5, 105.5), (5.1, 105.75), (300, 400.5)],
)
def test_far_deadlines_end_on_quarters_of_a_second(seconds: float | None, wanted: float) -> None:
    assert due(seconds, 100.5, 5) == wanted


def test_no_phase_outlives_the_total() -> None:
    deadlines = Deadlines(ClientTimeout(total=2, connect=3, sock_connect=1, sock_read=4), 10)
    assert deadlines.total_at == 12
    assert deadlines.connect_at(10) == 12
    assert deadlines.socket_at(10) == 11
    assert deadlines.read_at(9) == 12
    assert deadlines.read_at(7) == 11


def test_without_timeouts_nothing_is_due() -> None:
    deadlines = Deadlines(ClientTimeout(), 10)
    assert deadlines.connect_at(1) == deadlines.socket_at(1) == deadlines.read_at(1) == NEVER


class Runner:
    def __init__(self, deadline: float, expired: list["Runner"], done: asyncio.Event) -> None:
        self.deadline = deadline
        self._expired = expired
        self._done = done

    def expire(self) -> None:
        self._expired.append(self)
        self.deadline = NEVER
        self._done.set()


async def test_sweeper_expires_what_is_due_and_looks_again_for_the_rest() -> None:
    loop = asyncio.get_running_loop()
    expired: list[Runner] = []
    done = asyncio.Event()
    start = loop.time()
    soon, later, never = (Runner(at, expired, done) for at in (start, start + 0.03, NEVER))
    sweeper = Sweeper(loop, lambda: [never, later, soon])
    sweeper.arm(start + 0.01)
    await done.wait()
    assert expired == [soon]
    assert sweeper.armed_at == pytest.approx(start + 0.03, abs=0.02)
    done.clear()
    await done.wait()
    assert expired == [soon, later]
    assert sweeper.armed_at == NEVER


async def test_sweeper_is_armed_for_the_earliest() -> None:
    sweeper = Sweeper(asyncio.get_running_loop(), list)
    sweeper.arm(200)
    sweeper.arm(300)
    assert sweeper.armed_at == 200
    sweeper.arm(100)
    assert sweeper.armed_at == 100
    sweeper.stop()
    assert sweeper.armed_at == NEVER
