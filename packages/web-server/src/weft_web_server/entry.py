"""From `module:name` on a command line to an application.

Decides what may stand there and what is said of anything else. Runs nothing but what it finds.
"""

import importlib
import inspect
from collections.abc import Awaitable, Callable, Sequence
from difflib import get_close_matches
from types import ModuleType
from typing import Any, TypeAlias

from .application import Application
from .errors import WebServerError

Made: TypeAlias = Application | Awaitable[Application]


class EntryError(WebServerError, ValueError):
    """What stands on the command line leads to no application; the text says what to write."""


def load_entry(text: str, arguments: Sequence[str] = ()) -> Made:
    """The application that `module:name` is or makes; awaited in a loop where it is awaitable.

    A function that takes an argument gets the list of further arguments, as aiohttp's does.
    """
    module_name, _, path = text.partition(":")
    if not module_name or not path:
        raise EntryError(
            f"{text!r} is not in 'module:name' syntax; write 'main:app' for `app` in main.py"
        )
    found = _find(_load_module(module_name), module_name, path)
    made = _make(found, text, list(arguments))
    return _finish(made, text) if inspect.isawaitable(made) else _check(made, text)


def _load_module(name: str) -> ModuleType:
    if name.startswith("."):
        raise EntryError(
            f"relative module names are not supported; write {name.lstrip('.')!r} in full,"
            " from its outermost package on"
        )
    try:
        return importlib.import_module(name)
    except ImportError as exc:
        missing = exc.name is not None and f"{name}.".startswith(f"{exc.name}.")
        advice = (
            "; it is looked for in the current directory and in what is installed"
            if missing and isinstance(exc, ModuleNotFoundError)
            else ""
        )
        raise EntryError(f"unable to import {name}: {exc}{advice}") from exc


def _find(module: ModuleType, name: str, path: str) -> Any:
    found: Any = module
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise EntryError(
                f"module {name!r} has no attribute {path!r}{_guess(module, path)}"
            ) from None
    return found


def _guess(module: ModuleType, path: str) -> str:
    """What may have been meant: an application first of all."""
    public = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    near = [name for name, value in public.items() if isinstance(value, Application)]
    near += [name for name in get_close_matches(path, public) if name not in near]
    return f"; did you mean {' or '.join(map(repr, near[:3]))}?" if near else ""


def _make(found: Any, text: str, arguments: list[str]) -> Any:
    if isinstance(found, Application):
        if arguments:
            raise EntryError(
                f"{text} is an application, which takes no arguments:"
                f" {' '.join(arguments)}; name a function that takes them and returns one"
            )
        return found
    if not callable(found):
        raise EntryError(
            f"{text} is {_kind(found)}; name a web.Application, or a function that returns one"
        )
    return _call(found, text, arguments)


def _call(function: Callable[..., Any], text: str, arguments: list[str]) -> Any:
    if _takes(function, arguments):
        return function(arguments)
    if not _takes(function):
        raise EntryError(
            f"{text} takes other arguments than this command has; write it as"
            " `def init(argv): ...` or `def init(): ...`"
        )
    if arguments:
        raise EntryError(
            f"{text} takes no arguments: {' '.join(arguments)}; write it as `def init(argv): ...`"
        )
    return function()


def _takes(function: Callable[..., Any], *arguments: object) -> bool:
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    except ValueError:  # a function in C may have no signature; it is called as any other
        return True
    return True


async def _finish(made: Awaitable[Any], text: str) -> Application:
    return _check(await made, text)


def _check(made: object, text: str) -> Application:
    if isinstance(made, Application):
        return made
    raise EntryError(
        f"{text} returned {_kind(made)}; return a web.Application"
        + (" (is a return statement missing?)" if made is None else "")
    )


def _kind(value: object) -> str:
    return "None" if value is None else f"an object of type {type(value).__name__}"
