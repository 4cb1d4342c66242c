"""`import weft`: what it gives, and what it leaves alone."""

from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType

import pytest

import weft
from weft import hdrs, test_utils, web

# What `import weft` may load in all, with some room for what other versions of Python load; and
# what it must never load, for each of these costs more than a package of ours.
MOST_MODULES = 290
MOST_MODULES_OF_WEB = 455
HEAVY = {"email", "http.client", "http.server", "unittest", "urllib.request", "uuid", "tempfile"}

# What a client of plain HTTP uses, and so must not have to wait for in its first request; and what
# many such programs never touch, which loads with its first use.
EARLY = {
    f"weft_client_session.{name}"
    for name in ("connector", "dial", "errors", "exchange", "jar", "response", "session", "upload")
} | {"weft_http_parser.aio.stream", "weft_http_parser.body.payload", "json", "ssl"}
LATE = {
    "calendar",
    "datetime",
    "hashlib",
    "netrc",
    "weft_client_session.testing",
    "weft_client_session.tracing",
    "weft_client_session.websocket",
    "weft_http_parser.body.form",
    "weft_http_parser.body.multipart",
    "weft_http_parser.fields.disposition",
    "weft_http_parser.fields.etags",
    "weft_websocket",
}

# Of the server, what only some programs need: commands, tests, listings, the versions of loops.
LATE_OF_WEB = {
    "argparse",
    "importlib.metadata",
    "tempfile",
    "uvloop",
    "zipfile",
    "weft_web_server.attachments",
    "weft_web_server.cli",
    "weft_web_server.file_index",
    "weft_web_server.testing",
    "weft_web_server.worker",
}


def loaded_by(statement: str) -> set[str]:
    """The modules in a fresh interpreter after this statement."""
    code = f"import sys; {statement}; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("module", [weft, web, hdrs, test_utils], ids=lambda each: each.__name__)
def test_all_names_what_is_there(module: ModuleType) -> None:
    names = list(module.__all__)
    assert names and len(names) == len(set(names))
    for name in names:
        assert hasattr(module, name), name


@pytest.mark.parametrize("module", [weft, web, hdrs], ids=lambda each: each.__name__)
def test_all_is_complete(module: ModuleType) -> None:
    present = {name for name, value in vars(module).items() if not isinstance(value, ModuleType)}
    assert {name for name in present if not name.startswith("_")} <= set(module.__all__)


def test_there_is_a_version() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+", weft.__version__)


def test_import_weft_leaves_the_server_alone() -> None:
    loaded = loaded_by("import weft")
    assert "weft_client_session" in loaded
    assert not {"weft_web_server", "weft_routing", "weft.web", "weft.test_utils"} & loaded


def test_import_weft_loads_few_modules() -> None:
    loaded = loaded_by("import weft")
    assert not HEAVY & loaded
    assert len(loaded) <= MOST_MODULES


def test_import_weft_loads_what_every_request_needs_and_not_what_few_do() -> None:
    loaded = loaded_by("import weft")
    assert loaded >= EARLY
    assert not LATE & loaded


def test_import_web_loads_few_modules() -> None:
    loaded = loaded_by("import weft.web")
    assert not LATE_OF_WEB & loaded
    assert len(loaded) <= MOST_MODULES_OF_WEB


def test_the_python_twins_stay_out_where_c_is_built() -> None:
    twins = {"weft_http_parser._twin", "weft_websocket._twin"}
    loaded = loaded_by("import weft, weft_websocket")
    for twin in twins:
        assert (f"{twin}._py" in loaded) is (f"{twin}._c" not in loaded)


def test_late_names_are_like_the_others() -> None:
    loaded = loaded_by("import weft; weft.WSMsgType; assert 'FormData' in dir(weft)")
    assert {"weft_websocket"} == LATE & loaded - {"hashlib", "datetime", "calendar"}
    with pytest.raises(AttributeError, match="module 'weft' has no attribute 'Nobody'"):
        weft.Nobody  # type: ignore[attr-defined]  # noqa: B018


def test_a_star_import_gives_the_names() -> None:
    namespace: dict[str, object] = {}
    exec("from weft import *", namespace)
    assert namespace["ClientSession"] is weft.ClientSession
    assert namespace["hdrs"] is hdrs
