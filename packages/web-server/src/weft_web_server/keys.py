"""Typed keys and the mapping they are used with.

Decides that a key is compared by identity and that a store is made when it is first written to.
Does not know who owns a store: applications, requests and responses use the same one.
"""

import sys
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, overload

T = TypeVar("T")
D = TypeVar("D")
KeyT = TypeVar("KeyT", bound="BaseKey[Any]")

Store = dict[Any, object]


class BaseKey(Generic[T]):
    """A key that carries the type of its value; two keys of one name are two keys."""

    __slots__ = ("_name", "_type")

    def __init__(self, name: str, t: type[T] | None = None) -> None:
        self._name = f"{_calling_module()}.{name}"
        self._type = t

    def __repr__(self) -> str:
        kind = self._type
        if kind is None:
            text = "<<Unknown>>"
        elif kind.__module__ == "builtins":
            text = kind.__qualname__
        else:
            text = f"{kind.__module__}.{kind.__qualname__}"
        return f"<{type(self).__name__}({self._name}, type={text})>"

    def __lt__(self, other: object) -> bool:
        if isinstance(other, BaseKey):
            return self._name < other._name
        return True  # keys come before strings where both are sorted


class AppKey(BaseKey[T]):
    """Key of a value that an application holds.

    >>> database = AppKey("database", str)
    """

    __slots__ = ()


class RequestKey(BaseKey[T]):
    """Key of a value that a request carries from middleware to handler."""

    __slots__ = ()


class ResponseKey(BaseKey[T]):
    """Key of a value that a response carries from handler to middleware."""

    __slots__ = ()


def _calling_module() -> str:
    frame = sys._getframe(2)
    while frame.f_code.co_name == "__init__" and frame.f_back is not None:
        frame = frame.f_back
    name = frame.f_globals.get("__name__", "<module>")
    return str(name)


if TYPE_CHECKING:
    _Mapping = MutableMapping[Any, Any]
else:

    class _Mapping:
        """The methods of a MutableMapping without its metaclass, which makes every call of a class
        slower.
        """

        __slots__ = ()
        keys = MutableMapping.keys
        items = MutableMapping.items
        values = MutableMapping.values
        get = MutableMapping.get
        __contains__ = MutableMapping.__contains__
        pop = MutableMapping.pop
        popitem = MutableMapping.popitem
        clear = MutableMapping.clear
        update = MutableMapping.update
        setdefault = MutableMapping.setdefault
        __reversed__ = None

    MutableMapping.register(_Mapping)


class Keyed(_Mapping, Generic[KeyT]):
    """The mapping interface over one `Store`, for what is identified by itself.

    The owner has a slot `_store`, which holds None until a value is set.
    """

    __slots__ = ()
    _store: Store | None

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: Any) -> Any:
        if self._store is None:
            raise KeyError(key)
        return self._store[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        if self._store is None:
            self._store = {}
        self._store[key] = value

    def __delitem__(self, key: Any) -> None:
        if self._store is None:
            raise KeyError(key)
        del self._store[key]

    def __len__(self) -> int:
        return 0 if self._store is None else len(self._store)

    def __iter__(self) -> Iterator[Any]:
        return iter(() if self._store is None else self._store)


class RequestMapping(Keyed[RequestKey[Any]]):
    """What `request[key]` accepts and gives back."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: RequestKey[T]) -> T: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        return Keyed.__getitem__(self, key)

    @overload
    def __setitem__(self, key: RequestKey[T], value: T) -> None: ...
    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __setitem__(self, key: Any, value: Any) -> None:
        Keyed.__setitem__(self, key, value)

    @overload
    def get(self, key: RequestKey[T], default: None = ...) -> T | None: ...
    @overload
    def get(self, key: RequestKey[T], default: D) -> T | D: ...
    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...
    def get(self, key: Any, default: Any = None) -> Any:
        return default if self._store is None else self._store.get(key, default)


class ResponseMapping(Keyed[ResponseKey[Any]]):
    """What `response[key]` accepts and gives back."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: ResponseKey[T]) -> T: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        return Keyed.__getitem__(self, key)

    @overload
    def __setitem__(self, key: ResponseKey[T], value: T) -> None: ...
    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __setitem__(self, key: Any, value: Any) -> None:
        Keyed.__setitem__(self, key, value)

    @overload
    def get(self, key: ResponseKey[T], default: None = ...) -> T | None: ...
    @overload
    def get(self, key: ResponseKey[T], default: D) -> T | D: ...
    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...
    def get(self, key: Any, default: Any = None) -> Any:
        return default if self._store is None else self._store.get(key, default)


class AppMapping(Keyed[AppKey[Any]]):
    """What `app[key]` accepts and gives back."""

    __slots__ = ()

    @overload
    def __getitem__(self, key: AppKey[T]) -> T: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        return Keyed.__getitem__(self, key)

    @overload
    def __setitem__(self, key: AppKey[T], value: T) -> None: ...
    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...
    def __setitem__(self, key: Any, value: Any) -> None:
        Keyed.__setitem__(self, key, value)

    @overload
    def get(self, key: AppKey[T], default: None = ...) -> T | None: ...
    @overload
    def get(self, key: AppKey[T], default: D) -> T | D: ...
    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...
    def get(self, key: Any, default: Any = None) -> Any:
        return default if self._store is None else self._store.get(key, default)


class ChainMapProxy:
    """Looks a key up in an application, then in its parents, nearest first; read-only."""

    __slots__ = ("_maps",)

    def __init__(self, maps: tuple[MutableMapping[Any, Any], ...]) -> None:
        self._maps: Final = maps

    @overload
    def __getitem__(self, key: AppKey[T]) -> T: ...
    @overload
    def __getitem__(self, key: str) -> Any: ...
    def __getitem__(self, key: Any) -> Any:
        for mapping in self._maps:
            if key in mapping:
                return mapping[key]
        raise KeyError(key)

    @overload
    def get(self, key: AppKey[T], default: D) -> T | D: ...
    @overload
    def get(self, key: AppKey[T], default: None = ...) -> T | None: ...
    @overload
    def get(self, key: str, default: Any = ...) -> Any: ...
    def get(self, key: Any, default: Any = None) -> Any:
        return self[key] if key in self else default

    def __contains__(self, key: object) -> bool:
        return any(key in mapping for mapping in self._maps)

    def __len__(self) -> int:
        return len(set().union(*self._maps))

    def __iter__(self) -> Iterator[Any]:
        seen: dict[Any, None] = {}
        for mapping in reversed(self._maps):
            seen.update(dict.fromkeys(mapping))
        return iter(seen)

    def __bool__(self) -> bool:
        return any(len(mapping) for mapping in self._maps)

    def __repr__(self) -> str:
        return f"ChainMapProxy({', '.join(map(repr, self._maps))})"
