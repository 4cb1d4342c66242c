"""Connectors by where they go: options of theirs, named pipes, given hosts."""

import asyncio
import inspect
import ssl
from typing import Any

import aiohttp
import pytest
from support.answers import answers

from weft_client_session import (
    ClientSession,
    Fingerprint,
    NamedPipeConnector,
    TCPConnector,
    UnixConnector,
)
from weft_client_session.connector import OldKeywords


@pytest.mark.parametrize("kind", [TCPConnector, UnixConnector, NamedPipeConnector])
def test_the_options_of_aiohttp_are_known(kind: type) -> None:
    theirs = inspect.signature(getattr(aiohttp, kind.__name__)).parameters
    ours = inspect.signature(kind).parameters
    assert set(theirs) - set(ours) <= set(OldKeywords.__annotations__)
    positional = [name for name, one in theirs.items() if one.kind is not one.KEYWORD_ONLY]
    assert list(ours)[: len(positional)] == positional


@pytest.mark.parametrize(
    "keywords",
    [
        {"verify_ssl": False},
        {"fingerprint": bytes(32)},
        {"ssl_context": ssl.create_default_context()},
        {"enable_cleanup_closed": True},
        {"timeout_ceil_threshold": 5},
        {"ssl_shutdown_timeout": 1},
    ],
)
async def test_old_options_warn(keywords: dict[str, Any]) -> None:
    with pytest.warns(DeprecationWarning, match=next(iter(keywords))) as caught:
        connector = TCPConnector(**keywords)
    assert caught[0].filename == __file__
    await connector.close()


def test_unknown_options_are_named() -> None:
    with pytest.raises(TypeError, match="colour"):
        TCPConnector(colour="red")  # type: ignore[call-arg]
    with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match="mutually exclusive"):
        TCPConnector(verify_ssl=False, ssl=Fingerprint(bytes(32)))


async def test_a_given_host_keeps_its_name() -> None:
    connector = TCPConnector(hosts={"api.example": "127.0.0.1"})
    async with answers() as server, ClientSession(connector=connector) as session:
        await session.get(server.url(host="api.example"))
    assert server.asked[0].get("Host") == f"api.example:{server.port}"


class PipeLoop(asyncio.SelectorEventLoop):
    """A loop with pipes: a socket stands for each."""

    port = 0

    async def create_pipe_connection(self, protocol_factory: Any, address: str) -> Any:
        assert address == r"\\.\pipe\name"
        return await self.create_connection(protocol_factory, "127.0.0.1", self.port)


def test_a_named_pipe() -> None:
    async def main() -> None:
        async with answers() as server:
            PipeLoop.port = server.port
            connector = NamedPipeConnector(r"\\.\pipe\name")
            assert connector.path == r"\\.\pipe\name"
            async with ClientSession(connector=connector) as session:
                assert await (await session.get("http://any/")).text() == "ok"
                with pytest.raises(ValueError, match="no TLS"):
                    await session.get("https://any/")

    with asyncio.Runner(loop_factory=PipeLoop) as runner:
        runner.run(main())


async def test_named_pipes_need_their_loop() -> None:
    async with ClientSession(connector=NamedPipeConnector(r"\\.\pipe\name")) as session:
        with pytest.raises(RuntimeError, match="ProactorEventLoop"):
            await session.get("http://any/")
