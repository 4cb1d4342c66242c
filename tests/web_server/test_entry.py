"""What `module:name` on a command line may be, and what is said of anything else."""

import asyncio
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from weft_web_server import Application, WebServerError
from weft_web_server.entry import EntryError, load_entry

SOURCE = """
    import operator
    from functools import partial
    import weft_web_server as web

    ARGV = web.AppKey("argv", list)
    apple = 5
    nothing = None
    site = web.Application()
    _hidden = web.Application()
    length = operator.length_hint  # in C, with a signature
    bare = type  # in C, without one

    def plain():
        return site

    def with_arguments(argv):
        made = web.Application()
        made[ARGV] = argv
        return made

    async def later(argv):
        return with_arguments(argv)

    async def forgets():
        plain()

    def answers_text():
        return "site"

    def greedy(one, two):
        return site

    def fails():
        raise ZeroDivisionError("a fault of the program")

    class Factory:
        app = site

        @classmethod
        def make(cls):
            return site

    factory = partial(with_arguments)
"""


@pytest.fixture(autouse=True)
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = set(sys.modules)
    (tmp_path / "entry_shop.py").write_text(dedent(SOURCE))
    (tmp_path / "entry_broken.py").write_text("import entry_absent\n")
    (tmp_path / "entry_partly.py").write_text("from os import nothing_of_that_name\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in set(sys.modules) - before:
        if name.startswith("entry_"):
            del sys.modules[name]


class TestGood:
    @pytest.mark.parametrize(
        "name", ["site", "plain", "_hidden", "Factory.app", "Factory.make", "site.__call__"]
    )
    def test_application_or_what_makes_one(self, name: str) -> None:
        assert isinstance(load_entry(f"entry_shop:{name}"), Application)

    @pytest.mark.parametrize("name", ["with_arguments", "factory"])
    @pytest.mark.parametrize("further", [[], ["--port-of-call", "x"]])
    def test_function_of_arguments(self, name: str, further: list[str]) -> None:
        app = load_entry(f"entry_shop:{name}", further)
        assert isinstance(app, Application)
        (argv,) = app.values()
        assert argv == further and type(argv) is list

    def test_async_function(self) -> None:
        made = load_entry("entry_shop:later", ("a",))
        assert inspect.iscoroutine(made)
        assert list(asyncio.run(made).values()) == [["a"]]


@pytest.mark.parametrize("text", ["", "shop", "shop:", ":site", ":"])
def test_syntax(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        load_entry(text)
    assert str(caught.value) == (
        f"{text!r} is not in 'module:name' syntax; write 'main:app' for `app` in main.py"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "entry_absent:app",
            "unable to import entry_absent: No module named 'entry_absent'; it is looked for in"
            " the current directory and in what is installed",
        ),
        (
            "entry_absent.web:app",
            "unable to import entry_absent.web: No module named 'entry_absent'; it is looked for in"
            " the current directory and in what is installed",
        ),
        ("entry_broken:app", "unable to import entry_broken: No module named 'entry_absent'"),
        (".shop.web:app", "relative module names are not supported; write 'shop.web' in full,"
            " from its outermost package on"),
        ("entry_shop:apples", "module 'entry_shop' has no attribute 'apples';"
            " did you mean 'site' or 'apple'?"),
        ("entry_shop:Factory.nothing_like", "module 'entry_shop' has no attribute 'Factory.nothing_like';"
            " did you mean 'site'?"),
        ("entry_broken_not:x", "unable to import entry_broken_not: No module named"
            " 'entry_broken_not'; it is looked for in the current directory and in what is"
            " installed"),
        ("json:nothing_like_this", "module 'json' has no attribute 'nothing_like_this'"),
        ("entry_shop:apple", "entry_shop:apple is an object of type int;"
            " name a web.Application, or a function that returns one"),
        ("entry_shop:nothing", "entry_shop:nothing is None;"
            " name a web.Application, or a function that returns one"),
        ("entry_shop:answers_text", "entry_shop:answers_text returned an object of type str;"
            " return a web.Application"),
        ("entry_shop:greedy", "entry_shop:greedy takes other arguments than this command has;"
            " write it as `def init(argv): ...` or `def init(): ...`"),
        ("entry_shop:length", "entry_shop:length returned an object of type int;"
            " return a web.Application"),
    ],
)  # fmt: skip
def test_what_is_said(text: str, words: str) -> None:
    with pytest.raises(EntryError) as caught:
        load_entry(text)
    assert str(caught.value) == words
    assert isinstance(caught.value, WebServerError)


def test_what_a_module_does_not_have() -> None:
    with pytest.raises(EntryError, match=r"^unable to import entry_partly: cannot import name"):
        load_entry("entry_partly:app")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("site", "entry_shop:site is an application, which takes no arguments: a --b;"
            " name a function that takes them and returns one"),
        ("plain", "entry_shop:plain takes no arguments: a --b;"
            " write it as `def init(argv): ...`"),
    ],
)  # fmt: skip
def test_arguments_that_nobody_takes(name: str, words: str) -> None:
    with pytest.raises(EntryError) as caught:
        load_entry(f"entry_shop:{name}", ["a", "--b"])
    assert str(caught.value) == words


def test_async_function_that_returns_nothing() -> None:
    made = load_entry("entry_shop:forgets")
    assert inspect.iscoroutine(made)
    with pytest.raises(EntryError, match=r"forgets returned None; return a web.Application \(is"):
        asyncio.run(made)


def test_a_function_without_a_signature_is_called() -> None:
    with pytest.raises(EntryError, match="returned an object of type type"):
        load_entry("entry_shop:bare")


def test_a_fault_of_the_program_is_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        load_entry("entry_shop:fails")
