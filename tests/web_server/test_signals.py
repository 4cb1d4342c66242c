import pytest

from weft_web_server import FrozenList, Signal


def test_frozen_list_is_a_list_until_frozen() -> None:
    items = FrozenList([1, 2])
    items.append(3)
    items.insert(0, 0)
    items[1] = 5
    del items[2]
    assert items == [0, 5, 3] and items[1:] == [5, 3] and len(items) == 3
    items.freeze()
    assert items.frozen and list(items) == [0, 5, 3]
    with pytest.raises(RuntimeError, match="before the application starts"):
        items.append(1)
    with pytest.raises(RuntimeError, match="frozen"):
        items[0] = 1
    with pytest.raises(RuntimeError, match="frozen"):
        items.clear()
    assert "frozen=True" in repr(items)


async def test_receivers_are_called_in_order() -> None:
    calls: list[tuple[str, int]] = []
    signal: Signal[[int]] = Signal("owner")

    @signal
    async def first(value: int) -> None:
        calls.append(("first", value))

    async def second(value: int) -> None:
        calls.append(("second", value))

    signal.append(second)
    with pytest.raises(RuntimeError, match="not frozen"):
        await signal.send(1)
    signal.freeze()
    await signal.send(7)
    assert calls == [("first", 7), ("second", 7)]
    assert "owner" in repr(signal)


async def test_first_exception_ends_the_round() -> None:
    calls: list[str] = []
    signal: Signal[[]] = Signal(None)

    async def fail() -> None:
        raise ValueError

    async def never() -> None:
        calls.append("never")

    signal.extend([fail, never])
    signal.freeze()
    with pytest.raises(ValueError):
        await signal.send()
    assert calls == []
