"""Every contender echoes in the rows that it is in; its message of a broadcast comes whole."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.bench.child import Child
from tools.bench.sockets.raw import Load, Member, close_sockets, open_socket
from tools.bench.sockets.traffic import BINARY_CASES, CASES, FINAL, NOTICE, TEXT, format_messages
from tools.bench.websocket import BROADCAST_ROWS, CONTENDERS, ECHO_ROWS, LIMIT, UNIX_ROW

ABLE = [
    (name, role)
    for name in CONTENDERS
    for role in ("server", "client")
    if any(name in row.contenders for row in ECHO_ROWS if row.role == role)
]


@contextlib.contextmanager
def contender(name: str, *words: str) -> Iterator[Child]:
    pytest.importorskip(name) if name in ("picows", "websockets") else None
    with Child(f"tools.bench.sockets.with_{name}", *words, core=0) as child:
        yield child


def cases_of(name: str, role: str) -> list[str]:
    return [row.case.name for row in ECHO_ROWS if row.role == role and name in row.contenders]


@pytest.mark.parametrize("name", CONTENDERS)
async def test_server(name: str) -> None:
    with contender(name, "server") as server:
        for case in cases_of(name, "server"):
            load = Load()
            await load.open(str(server.hello["address"]), case)
            told = await load.run(0.0)
            assert int(told["count"]) >= len(load.senders)
            assert (int(told["bytes"]) > 0) is CASES[case].is_compressed
            await load.close()
        assert float(server.ask("cpu")["cpu"]) > 0
        assert float(server.ask("memory")["bytes"]) >= 0


@pytest.mark.parametrize("name", CONTENDERS)
async def test_client(name: str) -> None:
    with contender(LIMIT, "server") as server, contender(name, "client") as client:
        for case in cases_of(name, "client"):
            told = client.ask(f"{server.hello['address']} {case} 0.0")
            assert float(told["count"]) >= 64 and float(told["cpu"]) > 0


@pytest.mark.parametrize(
    ("row", "name"), [(row, name) for row, names in BROADCAST_ROWS.items() for name in names]
)
async def test_broadcast(row: str, name: str, tmp_path: Path) -> None:
    path = [str(tmp_path / name)] if row == UNIX_ROW else []
    with contender(name, "server", *path) as server:
        address = str(server.hello["address"])
        members = [await open_socket(address, BINARY_CASES[0], Member()) for _ in range(3)]
        for member in members:  # who has echoed once is in the crowd
            member.transport.write(format_messages(BINARY_CASES[0], is_masked=True)[0])
            assert (await member.frames.get())[1] == BINARY_CASES[0].messages[0]
        server.ask("broadcast 2")
        for member in members * 2:
            assert await member.frames.get() == (FINAL | TEXT, NOTICE.encode())
        await close_sockets(members)
