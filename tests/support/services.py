"""PostgreSQL and Redis from Debian's packages, each started for one test module and ended after it."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

START_SECONDS = 30


def need(name: str, package: str, *places: Path) -> Path:
    """The program, or a skipped test that says what to install."""
    path = shutil.which(name, path=os.pathsep.join([*map(str, places), os.environ["PATH"]]))
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: {package})")
    return Path(path)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis that keeps nothing on disk; gives its URL."""
    program, port = need("redis-server", "redis-server"), free_port()
    with folder() as home:
        options = ("--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(home))
        with running([program, "--port", str(port), *options], home, None):
            wait_until(lambda: is_listening(port), "redis-server")
            yield f"redis://127.0.0.1:{port}/0"


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL with a new, empty cluster; gives the URL of its database."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    initdb = need("initdb", "postgresql", *places)
    program, user, port = initdb.with_name("postgres"), unprivileged(), free_port()
    with folder() as home:
        if user is not None:
            shutil.chown(home, user)
        data = home / "data"
        make: list[str | Path] = [
            initdb,
            "--pgdata",
            data,
            "--auth=trust",
            "--username=weft",
            "--no-sync",
        ]
        made = subprocess.run(
            make, cwd=home, user=user, capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stdout + made.stderr
        options = ("-D", data, "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-F")
        with running([program, *options, "-c", f"unix_socket_directories={home}"], home, user):
            wait_until(lambda: answers(initdb.with_name("pg_isready"), port), "postgres")
            yield f"postgresql://weft@127.0.0.1:{port}/postgres"


def unprivileged() -> str | None:
    """Who runs PostgreSQL, which refuses to be root: nobody else where we are not root."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


@contextmanager
def folder() -> Iterator[Path]:
    """A folder that another user may pass through, unlike those of pytest."""
    home = Path(tempfile.mkdtemp(prefix="weft-service-"))
    try:
        home.chmod(0o755)
        yield home
    finally:
        shutil.rmtree(home)


@contextmanager
def running(command: list[Path | str], home: Path, user: str | None) -> Iterator[None]:
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=home, user=user, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        process.wait()


def is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def answers(pg_isready: Path, port: int) -> bool:
    asked: list[str | Path] = [pg_isready, "--quiet", "--host=127.0.0.1", f"--port={port}"]
    return subprocess.run(asked, check=False).returncode == 0


def wait_until(is_true: Callable[[], bool], name: str) -> None:
    """Ask again until the program listens, which it tells nobody."""
    deadline = time.monotonic() + START_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, f"{name} did not start in {START_SECONDS} s"
        time.sleep(0.02)
