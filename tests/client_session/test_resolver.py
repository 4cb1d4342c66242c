"""Addresses of hosts, and how long they are kept."""

import asyncio
import socket

import pytest

from weft_client_session import AbstractResolver, ResolveResult, ThreadedResolver
from weft_client_session.resolver import AddressCache, CacheTimes, NameService, literal_address
from weft_client_session.testing import FakeResolver


def address(host: str) -> ResolveResult:
    found = literal_address(host, 80)
    assert found is not None
    return found


ONE, TWO = address("127.0.0.1"), address("127.0.0.2")


async def test_the_system_knows_this_machine() -> None:
    found = await ThreadedResolver().resolve("localhost", 80, socket.AF_INET)
    assert {one["host"] for one in found} == {"127.0.0.1"}
    assert all(one["port"] == 80 and one["hostname"] == "localhost" for one in found)


async def test_unknown_hosts_are_errors() -> None:
    with pytest.raises(OSError, match=r".+"):
        await ThreadedResolver().resolve("nowhere.invalid", 80)


def test_addresses_need_no_look_up() -> None:
    six = literal_address("::1", 80)
    assert six is not None and six["family"] == socket.AF_INET6
    assert literal_address("fe80::1%eth0", 80) is not None
    assert literal_address("example.com", 80) is None


def test_the_cache_turns_its_answers() -> None:
    cache = AddressCache(CacheTimes(found=10), 5)
    cache.put("k", [ONE, TWO], 0)
    assert [one["host"] for one in cache.get("k", 1) or ()] == ["127.0.0.1", "127.0.0.2"]
    assert [one["host"] for one in cache.get("k", 1) or ()] == ["127.0.0.2", "127.0.0.1"]


def test_answers_grow_old() -> None:
    cache = AddressCache(CacheTimes(found=10), 5)
    cache.put("k", [ONE], 0)
    assert cache.get("k", 9.9)
    assert cache.get("k", 10) is None
    for_ever = AddressCache(CacheTimes(found=None), 5)
    for_ever.put("k", [ONE], 0)
    assert for_ever.get("k", 1e9)


def test_the_cache_is_bounded() -> None:
    cache = AddressCache(CacheTimes(found=10), 2)
    for key in "abc":
        cache.put(key, [ONE], 0)
        cache.get("a", 1)
    assert len(cache) == 2
    assert cache.get("a", 1) and cache.get("b", 1) is None
    cache.discard("a")
    cache.clear()
    assert len(cache) == 0
    cache.put("empty", [], 0)
    assert cache.get("empty", 0) is None
    with pytest.raises(ValueError, match="positive"):
        AddressCache(CacheTimes(found=10), 0)


class Slow(AbstractResolver):
    """Counts, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = asyncio.Event()
        self.started = asyncio.Event()
        self.closed = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked += 1
        self.started.set()
        await self.go.wait()
        return [ONE]

    async def close(self) -> None:
        self.closed = True


def service(resolver: AbstractResolver, *, uses_cache: bool = True) -> NameService:
    return NameService(
        resolver, socket.AF_UNSPEC, AddressCache(CacheTimes(found=10), 5), uses_cache
    )


async def test_one_look_up_serves_all_who_ask() -> None:
    resolver = Slow()
    names = service(resolver)
    asking = [asyncio.create_task(names.resolve("a", 80)) for _ in range(5)]
    await resolver.started.wait()
    resolver.go.set()
    assert await asyncio.gather(*asking) == [[ONE]] * 5
    assert resolver.asked == 1


async def test_a_cancelled_look_up_is_taken_over() -> None:
    resolver = Slow()
    names = service(resolver)
    first = asyncio.create_task(names.resolve("a", 80))
    await resolver.started.wait()
    second = asyncio.create_task(names.resolve("a", 80))
    await asyncio.sleep(0)
    first.cancel()
    resolver.go.set()
    assert await second == [ONE]
    assert resolver.asked == 2


async def test_without_a_cache_everyone_asks() -> None:
    resolver = Slow()
    resolver.go.set()
    names = service(resolver, uses_cache=False)
    await names.resolve("a", 80)
    await names.resolve("a", 80)
    assert resolver.asked == 2


async def test_a_given_resolver_is_not_closed() -> None:
    resolver = Slow()
    await service(resolver).close()
    assert not resolver.closed


async def test_no_addresses_is_an_error() -> None:
    with pytest.raises(OSError, match="no a"):
        await service(FakeResolver({})).resolve("a", 80)
    assert await service(FakeResolver({"a": ["::1"]})).resolve("::1", 1)


# Failures, stale answers, and hosts that are given.


class Flaky(FakeResolver):
    """Answers as long as there is something in its list."""

    def __init__(self, *answers: list[ResolveResult] | OSError) -> None:
        super().__init__({})
        self.answers = list(answers)

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


def names_of(resolver: AbstractResolver, times: CacheTimes) -> NameService:
    return NameService(resolver, socket.AF_UNSPEC, AddressCache(times, 2))


@pytest.mark.parametrize(("seconds", "left"), [(0, 0), (100, 1)])
async def test_a_failure_is_remembered_where_that_is_wanted(seconds: float, left: int) -> None:
    resolver = Flaky(OSError(1, "first"), OSError(2, "second"))
    names = names_of(resolver, CacheTimes(failed=seconds))
    with pytest.raises(OSError, match="first"):
        await names.resolve("a", 80)
    with pytest.raises(OSError, match="first" if left else "second") as caught:
        await names.resolve("a", 80)
    assert caught.value.errno == (1 if left else 2)
    assert len(resolver.answers) == left


def test_failures_are_forgotten_in_time_and_bounded() -> None:
    cache = AddressCache(CacheTimes(failed=5), 2)
    for key in "abc":
        cache.put_failure(key, OSError(1, key), 0)
    assert cache.get("a", 1) is None
    for key in "bc":
        with pytest.raises(OSError, match=key):
            cache.get(key, 4.9)
        assert cache.get(key, 5) is None
    cache.put("b", [ONE], 1)
    assert cache.get("b", 1) == [ONE]
    cache.discard("c")
    assert cache.get("c", 1) is None
    cache.put_failure("d", OSError(1, "d"), 0)
    cache.clear()
    assert cache.get("d", 1) is None


def test_stale_answers_are_for_those_who_have_no_other() -> None:
    cache = AddressCache(CacheTimes(found=10, stale=20), 5)
    cache.put("k", [ONE], 0)
    assert cache.get("k", 10) is None
    assert cache.get_stale("k", 29) == [ONE]
    assert cache.get_stale("k", 30) is None
    assert cache.get_stale("other", 0) is None


async def test_a_failing_resolver_leaves_the_old_answer() -> None:
    error = OSError(1, "gone")
    names = names_of(Flaky([ONE], error, error), CacheTimes(found=0.000001, stale=100))
    assert await names.resolve("a", 80) == [ONE]
    assert await names.resolve("a", 80) == [ONE]
    with pytest.raises(OSError, match="gone"):
        await names.resolve("b", 80)


async def test_hosts_that_are_given_are_not_looked_up() -> None:
    cache = AddressCache(CacheTimes(), 2)
    hosts = {"A.example": "127.0.0.1", "b.example": ["::1", "127.0.0.2"]}
    names = NameService(Flaky(), socket.AF_UNSPEC, cache, hosts=hosts)
    (found,) = await names.resolve("a.EXAMPLE", 81)
    assert (found["host"], found["port"], found["hostname"]) == ("127.0.0.1", 81, "a.EXAMPLE")
    assert [one["host"] for one in await names.resolve("b.example", 80)] == ["::1", "127.0.0.2"]
    with pytest.raises(IndexError):
        await names.resolve("c.example", 80)


@pytest.mark.parametrize("given", ["b.example", [], ["127.0.0.1", "b"]])
def test_hosts_have_addresses(given: str | list[str]) -> None:
    with pytest.raises(ValueError, match="should be addresses"):
        NameService(None, socket.AF_UNSPEC, AddressCache(CacheTimes(), 2), hosts={"a": given})
