"""The pool decides: who gets what, in which order, and that nothing is ever lost."""

import math

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from weft_client_session.pool import Grant, Handoff, Pool, PoolStats, Ticket

A, B, C = "a", "b", "c"


def test_the_connection_used_last_is_taken_first() -> None:
    pool: Pool[str, str] = Pool()
    for name in ("one", "two"):
        assert pool.claim(A) == Grant()
        assert pool.give_back(A, name, 0) == []
    assert [pool.take(A), pool.take(A), pool.take(A)] == ["two", "one", None]


def test_keys_do_not_share() -> None:
    pool: Pool[str, str] = Pool()
    pool.claim(A)
    pool.give_back(A, "one", 0)
    assert pool.take(B) is None


def test_the_limit_holds_for_all() -> None:
    pool: Pool[str, str] = Pool(limit=1)
    assert pool.claim(A) is not None
    assert pool.claim(B) is None


def test_the_limit_per_key_holds_for_one() -> None:
    pool: Pool[str, str] = Pool(limit=0, limit_per_key=1)
    assert pool.claim(A) is not None
    assert pool.claim(A) is None
    assert pool.claim(B) is not None


def test_zero_is_no_limit() -> None:
    pool: Pool[str, str] = Pool(limit=0)
    assert all(pool.claim(A) for _ in range(1000))


def test_an_idle_connection_gives_way_to_another_key() -> None:
    pool: Pool[str, str] = Pool(limit=2)
    for key, name, since in ((A, "old", 1), (B, "new", 2)):
        pool.claim(key)
        pool.give_back(key, name, since)
    assert pool.claim(C) == Grant(evicted="old")
    assert pool.stats == PoolStats(open=2, idle=1, waiting=0)


def test_first_come_first_served() -> None:
    pool: Pool[str, str] = Pool(limit=1)
    pool.claim(A)
    first, second = pool.wait(A), pool.wait(A)
    assert pool.give_back(A, "one", 0) == [Handoff(first, Grant("one"))]
    assert pool.drop(A) == [Handoff(second, Grant())]


def test_the_first_in_line_is_not_overtaken_by_a_matching_key() -> None:
    pool: Pool[str, str] = Pool(limit=1)
    pool.claim(A)
    other, same = pool.wait(B), pool.wait(A)
    assert pool.give_back(A, "one", 0) == [Handoff(other, Grant(evicted="one"))]
    assert pool.drop(B) == [Handoff(same, Grant())]


def test_whoever_waits_for_his_own_host_does_not_block_others() -> None:
    pool: Pool[str, str] = Pool(limit=2, limit_per_key=1)
    pool.claim(A)
    pool.claim(B)
    pool.wait(A)
    other = pool.wait(C)
    assert pool.drop(B) == [Handoff(other, Grant())]


def test_leaving_the_line() -> None:
    pool: Pool[str, str] = Pool(limit=1)
    pool.claim(A)
    first, second = pool.wait(A), pool.wait(A)
    pool.withdraw(first)
    pool.withdraw(first)
    assert pool.drop(A) == [Handoff(second, Grant())]
    pool.withdraw(second)
    assert pool.stats.waiting == 0


def test_expiry_takes_what_has_waited_long_enough() -> None:
    pool: Pool[str, str] = Pool()
    for name, until in (("short", 4), ("long", 9), ("ever", math.inf)):
        pool.claim(A)
        pool.give_back(A, name, 1, until)
    assert pool.next_expiry() == 4
    assert pool.expire(now=3) == []
    assert pool.expire(now=4) == ["short"]
    assert pool.next_expiry() == 9
    assert pool.expire(now=10) == ["long"]
    assert pool.next_expiry() == math.inf
    assert pool.stats == PoolStats(open=1, idle=1, waiting=0)


def test_a_connection_that_died_while_idle_frees_its_place() -> None:
    pool: Pool[str, str] = Pool(limit=1)
    pool.claim(A)
    pool.give_back(A, "one", 0)
    assert pool.remove(A, "one") == []
    assert pool.claim(B) == Grant()


class PoolMachine(RuleBasedStateMachine):
    """Random requests, answers, losses and cancellations against one pool."""

    waiting = Bundle("waiting")

    def __init__(self) -> None:
        super().__init__()
        self.limit, self.per_key = 3, 2
        self.pool: Pool[str, int] = Pool(self.limit, self.per_key)
        self.used: list[tuple[str, int]] = []
        self.idle: list[tuple[str, int]] = []
        self.line: list[Ticket[str]] = []
        self.clock = 0
        self.made = 0

    def use(self, key: str, grant: Grant[int]) -> None:
        if grant.evicted is not None:
            self.idle = [pair for pair in self.idle if pair[1] != grant.evicted]
        if grant.connection is None:
            self.made += 1
            self.used.append((key, self.made))
        else:
            self.idle = [pair for pair in self.idle if pair[1] != grant.connection]
            self.used.append((key, grant.connection))

    def carry_out(self, handoffs: list[Handoff[str, int]]) -> None:
        for handoff in handoffs:
            ahead = self.line[: self.line.index(handoff.ticket)]
            assert all(ticket.key != handoff.ticket.key for ticket in ahead)
            self.line.remove(handoff.ticket)
            self.use(handoff.ticket.key, handoff.grant)

    @rule(key=st.sampled_from([A, B, C]))
    def ask(self, key: str) -> None:
        connection = self.pool.take(key)
        grant = Grant(connection) if connection is not None else self.pool.claim(key)
        if grant is None:
            self.line.append(self.pool.wait(key))
        else:
            self.use(key, grant)

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.used))
        self.used.remove(pair)
        self.idle.append(pair)
        self.clock += 1
        self.carry_out(self.pool.give_back(*pair, self.clock, self.clock))

    @precondition(lambda self: self.used)
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.used))
        self.used.remove(pair)
        self.carry_out(self.pool.drop(pair[0]))

    @precondition(lambda self: self.idle)
    @rule(data=st.data())
    def lose_idle(self, data: st.DataObject) -> None:
        pair = data.draw(st.sampled_from(self.idle))
        self.idle.remove(pair)
        self.carry_out(self.pool.remove(*pair))

    @precondition(lambda self: self.line)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        ticket = data.draw(st.sampled_from(self.line))
        self.line.remove(ticket)
        self.pool.withdraw(ticket)

    @rule()
    def expire(self) -> None:
        gone = self.pool.expire(self.clock)
        assert sorted(gone) == sorted(name for _, name in self.idle)
        self.idle = []

    @invariant()
    def counts_agree(self) -> None:
        assert self.pool.stats == PoolStats(
            open=len(self.used) + len(self.idle), idle=len(self.idle), waiting=len(self.line)
        )

    @invariant()
    def limits_hold(self) -> None:
        every = [*self.used, *self.idle]
        assert len(every) <= self.limit
        for key in (A, B, C):
            assert sum(one == key for one, _ in every) <= self.per_key

    @invariant()
    def nobody_waits_for_nothing(self) -> None:
        has_room = len(self.used) < self.limit
        for ticket in self.line:
            in_use = sum(key == ticket.key for key, _ in self.used)
            assert not (has_room and in_use < self.per_key)


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
