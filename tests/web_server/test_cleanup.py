from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from weft_web_server import CleanupContext, CleanupError

calls: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    calls.clear()


def step(name: str, *, fails_at: str = ""):  # type: ignore[no-untyped-def]  # a factory of contexts
    async def context(app: str) -> AsyncIterator[None]:
        calls.append(f"+{name}")
        if fails_at == "begin":
            raise ValueError(name)
        yield
        calls.append(f"-{name}")
        if fails_at == "end":
            raise ValueError(name)

    return context


def made(*steps) -> CleanupContext[str]:  # type: ignore[no-untyped-def]  # contexts of any kind
    contexts: CleanupContext[str] = CleanupContext()
    contexts.extend(steps)
    contexts.freeze()
    return contexts


async def test_reverse_order() -> None:
    contexts = made(step("a"), asynccontextmanager(step("b")), step("c"))
    await contexts.enter("app")
    await contexts.exit("app")
    assert calls == ["+a", "+b", "+c", "-c", "-b", "-a"]
    await contexts.exit("app")  # nothing is left to do


async def test_failure_rolls_back() -> None:
    contexts = made(step("a"), step("b", fails_at="begin"), step("c"))
    with pytest.raises(ValueError, match="b"):
        await contexts.enter("app")
    assert calls == ["+a", "+b", "-a"]


async def test_every_one_is_cleaned_up() -> None:
    contexts = made(step("a", fails_at="end"), step("b"), step("c", fails_at="end"))
    await contexts.enter("app")
    with pytest.raises(CleanupError) as caught:
        await contexts.exit("app")
    assert [str(each) for each in caught.value.exceptions] == ["c", "a"]
    assert calls[-3:] == ["-c", "-b", "-a"]


async def test_one_failure_is_itself() -> None:
    contexts = made(step("a", fails_at="end"))
    await contexts.enter("app")
    with pytest.raises(ValueError, match="a"):
        await contexts.exit("app")


async def test_two_yields() -> None:
    async def twice(app: str) -> AsyncIterator[None]:
        yield
        yield

    contexts = made(twice)
    await contexts.enter("app")
    with pytest.raises(RuntimeError, match="more than one yield"):
        await contexts.exit("app")


async def test_no_context() -> None:
    with pytest.raises(TypeError, match="a cleanup context is"):
        await made(lambda app: 5).enter("app")


async def test_a_failure_while_rolling_back_is_the_cause_that_is_told() -> None:
    contexts = made(step("a", fails_at="end"), step("b", fails_at="begin"))
    with pytest.raises(ValueError, match="b") as caught:
        await contexts.enter("app")
    assert repr(caught.value.__cause__) == "ValueError('a')"
    assert calls == ["+a", "+b", "-a"]
