"""Who may come in, and who goes: without a socket."""

import asyncio
import logging
import math

import pytest

from weft_web_server.door import CLOSED_AT_ONCE, SPARED_HEAD_SECONDS, SPARED_SECONDS, Door
from weft_web_server.peer_log import PeerLog


class Guest:
    """A connection, idle since some time, or with a head on its way."""

    def __init__(
        self, guests: "dict[Guest, None]", idle_seconds: float, head_seconds: float = -1
    ) -> None:
        self.idle_seconds = idle_seconds
        self.head_seconds = head_seconds
        self.deadline = 100 - max(idle_seconds, head_seconds)
        self._guests = guests
        guests[self] = None

    def make_way(self) -> None:
        del self._guests[self]


class Listener:
    def __init__(self) -> None:
        self.told = 0

    def watch(self) -> None:
        self.told += 1


def make(most: float) -> tuple[Door, dict[Guest, None], Listener]:
    guests: dict[Guest, None] = {}
    door = Door(guests.keys(), most, PeerLog(logging.getLogger("weft.test"), 10, lambda: 0.0))
    listener = Listener()
    door.add_listener(listener)
    return door, guests, listener


def test_room() -> None:
    door, guests, listener = make(3)
    Guest(guests, 0)
    Guest(guests, 0)
    door.someone_came()
    assert door.has_room() and [listener.told] == [0]
    Guest(guests, 0)
    assert not door.has_room()
    door.someone_came()
    assert [listener.told] == [1]  # it has to ask from now on


def test_who_is_on_the_way_in_counts() -> None:
    door, _, listener = make(2)
    door.count_arriving(1)
    assert door.has_room()
    door.count_arriving(1)
    assert not door.has_room()
    door.make_room()
    door.count_arriving(-1)  # gone, or counted as a connection from now on
    assert door.has_room() and listener.told == 1


def test_who_has_been_idle_longest_goes() -> None:
    door, guests, _ = make(3)
    young, old, at_work = Guest(guests, 5), Guest(guests, 50), Guest(guests, -1)
    door.make_room()
    assert list(guests) == [young, at_work]
    assert old not in guests


def test_a_byte_of_a_head_keeps_no_place_for_ever() -> None:
    door, guests, _ = make(4)
    late = SPARED_HEAD_SECONDS
    older, old, young = (Guest(guests, -1, each) for each in (late + 1, late, late - 1))
    idle, at_work = Guest(guests, SPARED_SECONDS), Guest(guests, -1)
    for left in ([older, old, young, at_work], [old, young, at_work], [young, at_work]):
        door.make_room()
        assert list(guests) == left
    door.make_room()
    assert list(guests) == [young, at_work] and idle not in guests


def test_nobody_goes_who_came_just_now(caplog: pytest.LogCaptureFixture) -> None:
    door, guests, listener = make(2)
    first, _ = Guest(guests, SPARED_SECONDS / 2), Guest(guests, -1)
    door.make_room()
    assert len(guests) == 2 and "no room for more connections than 2" in caplog.text
    first.idle_seconds = SPARED_SECONDS
    door.look()  # as the sweep does, four times a second
    assert len(guests) == 1
    assert [listener.told] == [0]
    door.someone_left()
    assert [listener.told] == [1]
    door.look()
    assert len(guests) == 1  # nobody waits outside any more
    assert len(caplog.messages) == 1


def test_many_go_at_once_where_there_are_many() -> None:
    door, guests, _ = make(1000)
    for number in range(1000):
        Guest(guests, 10 + number)
    door.make_room()
    assert len(guests) == 1000 - 1000 // CLOSED_AT_ONCE
    assert max(guest.idle_seconds for guest in guests) == 1009 - 1000 // CLOSED_AT_ONCE


def test_no_bound() -> None:
    door, guests, _ = make(math.inf)
    for _ in range(100):
        Guest(guests, 0)
    assert door.has_room()


def test_a_listener_may_go_twice() -> None:
    door, _, listener = make(0)
    door.remove_listener(listener)
    door.remove_listener(listener)
    door.someone_came()
    assert not listener.told


async def test_waiting_for_ends() -> None:
    door, guests, _ = make(3)
    guest = Guest(guests, 0)
    waiting = asyncio.create_task(door.wait_for_end())
    given_up = asyncio.create_task(door.wait_for_end())
    await asyncio.sleep(0)
    door.someone_left()  # but not the last
    await asyncio.sleep(0)
    assert not waiting.done()
    given_up.cancel()
    guest.make_way()
    door.someone_left()
    await waiting
    assert given_up.cancelled() or not given_up.done()
