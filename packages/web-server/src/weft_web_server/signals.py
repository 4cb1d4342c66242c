"""A signal: coroutine functions called one after another in the order of registration.

Decides that it is a list until `freeze()` and a tuple after. Does not know what is signalled.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableSequence
from typing import Generic, ParamSpec, TypeVar, overload

P = ParamSpec("P")
ReceiverT = TypeVar("ReceiverT")


class FrozenList(MutableSequence[ReceiverT]):
    """A list that becomes a tuple.

    >>> names = FrozenList(["a"])
    >>> names.freeze()
    >>> names.append("b")
    Traceback (most recent call last):
        ...
    RuntimeError: cannot change a list that is frozen; add to it before the application starts
    """

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[ReceiverT] = ()) -> None:
        self._items: list[ReceiverT] | tuple[ReceiverT, ...] = list(items)

    @property
    def frozen(self) -> bool:
        """Whether the list can no longer be changed."""
        return isinstance(self._items, tuple)

    def freeze(self) -> None:
        """Refuse changes from now on."""
        self._items = tuple(self._items)

    def _changeable(self) -> list[ReceiverT]:
        if isinstance(self._items, tuple):
            raise RuntimeError(
                "cannot change a list that is frozen; add to it before the application starts"
            )
        return self._items

    @overload
    def __getitem__(self, index: int) -> ReceiverT: ...
    @overload
    def __getitem__(self, index: slice) -> "FrozenList[ReceiverT]": ...
    def __getitem__(self, index: int | slice) -> "ReceiverT | FrozenList[ReceiverT]":
        if isinstance(index, slice):
            return FrozenList(self._items[index])
        return self._items[index]

    @overload
    def __setitem__(self, index: int, value: ReceiverT) -> None: ...
    @overload
    def __setitem__(self, index: slice, value: Iterable[ReceiverT]) -> None: ...
    def __setitem__(self, index: int | slice, value: ReceiverT | Iterable[ReceiverT]) -> None:
        self._changeable()[index] = value  # type: ignore[index, assignment]  # the overloads pair them

    def __delitem__(self, index: int | slice) -> None:
        del self._changeable()[index]

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[ReceiverT]:
        return iter(self._items)

    def __eq__(self, other: object) -> bool:
        return list(self._items) == list(other) if isinstance(other, Iterable) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # a list has no hash

    def insert(self, index: int, value: ReceiverT) -> None:
        """Put a value before the one at `index`."""
        self._changeable().insert(index, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}(frozen={self.frozen}, {list(self._items)!r})>"


class Signal(FrozenList[Callable[P, Awaitable[object]]], Generic[P]):
    """Coroutine functions that are told of one event.

    A signal also works as a decorator: `@app.on_startup`.
    """

    __slots__ = ("_owner",)

    def __init__(self, owner: object) -> None:
        super().__init__()
        self._owner = owner

    async def send(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Call the receivers in order; the first exception ends the round."""
        if not self.frozen:
            raise RuntimeError("cannot send a signal that is not frozen; start the application")
        for receiver in self._items:
            await receiver(*args, **kwargs)

    def __call__(self, receiver: Callable[P, Awaitable[object]]) -> Callable[P, Awaitable[object]]:
        self.append(receiver)
        return receiver

    def __repr__(self) -> str:
        return f"<Signal owner={self._owner!r}, frozen={self.frozen}, {list(self._items)!r}>"
