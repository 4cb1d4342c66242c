"""Names asked of a name server on loopback."""

from __future__ import annotations

import asyncio
import builtins
import socket
import struct
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any, cast

import pytest
from support.serving import serving

from weft_client_session import AsyncResolver, ClientConnectorDNSError, ClientSession, TCPConnector
from weft_web_server import Application, Request, Response, get

ADDRESSES = {"tea.test": ["127.0.0.1", "127.0.0.2"], "six.test": ["::1", "fe80::1"]}


class NameServer(asyncio.DatagramProtocol):
    """Answers A and AAAA from a table, and NXDOMAIN (RFC 1035 4.1)."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str | object, int]) -> None:
        name, end = self._name(data, 12)
        kind = struct.unpack_from("!H", data, end)[0]
        self.asked.append(name)
        family = {1: socket.AF_INET, 28: socket.AF_INET6}.get(kind)
        is_wanted = {1: lambda text: "." in text, 28: lambda text: ":" in text}.get(kind)
        found = [text for text in ADDRESSES.get(name, []) if is_wanted and is_wanted(text)]
        code = 0 if name in ADDRESSES else 3
        head = data[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(found), 0, 0)
        records = b""
        for text in found:
            assert family is not None
            raw = socket.inet_pton(family, text)
            records += b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(raw)) + raw
        self._transport.sendto(head + data[12 : end + 4] + records, addr)

    @staticmethod
    def _name(data: bytes, at: int) -> tuple[str, int]:
        labels = []
        while length := data[at]:
            labels.append(data[at + 1 : at + 1 + length].decode())
            at += 1 + length
        return ".".join(labels), at + 1


@pytest.fixture
async def options() -> AsyncIterator[dict[str, Any]]:
    """What makes c-ares ask our server."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(NameServer, ("127.0.0.1", 0))
    port = transport.get_extra_info("sockname")[1]
    yield {"nameservers": ["127.0.0.1"], "udp_port": port, "timeout": 5, "tries": 1}
    transport.close()


@pytest.fixture
async def resolver(options: dict[str, Any]) -> AsyncIterator[AsyncResolver]:
    resolver = AsyncResolver(**options)
    yield resolver
    await resolver.close()


async def test_addresses_are_told_as_numbers(resolver: AsyncResolver) -> None:
    found = await resolver.resolve("tea.test", 80)
    assert sorted(each["host"] for each in found) == ["127.0.0.1", "127.0.0.2"]
    assert {(each["hostname"], each["port"], each["family"]) for each in found} == {
        ("tea.test", 80, socket.AF_INET)
    }


async def test_addresses_of_the_other_family(resolver: AsyncResolver) -> None:
    found = await resolver.resolve("six.test", 80, socket.AF_INET6)
    assert sorted(each["host"] for each in found) == ["::1", "fe80::1"]
    assert {each["family"] for each in found} == {socket.AF_INET6}


async def test_a_name_that_is_not_there_is_an_oserror_that_names_it(
    resolver: AsyncResolver,
) -> None:
    with pytest.raises(OSError, match=r"no\.test: "):
        await resolver.resolve("no.test")


async def test_a_session_connects_to_what_it_says(resolver: AsyncResolver) -> None:
    async def handle(request: Request) -> Response:
        return Response(text=request.host)

    app = Application()
    app.add_routes([get("/", handle)])
    connector = TCPConnector(resolver=resolver, family=socket.AF_INET)
    async with serving(app) as port, ClientSession(connector=connector) as session:
        async with session.get(f"http://tea.test:{port}/") as response:
            assert await response.text() == f"tea.test:{port}"
        with pytest.raises(ClientConnectorDNSError):
            await session.get(f"http://no.test:{port}/")


async def test_a_closed_resolver_says_so(resolver: AsyncResolver) -> None:
    await resolver.resolve("tea.test")
    await resolver.close()
    await resolver.close()
    with pytest.raises(RuntimeError, match="closed"):
        await resolver.resolve("tea.test")


def test_it_is_made_before_a_loop_and_belongs_to_the_first() -> None:
    resolver = AsyncResolver()
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(resolver.resolve("localhost"))

        async def elsewhere() -> None:
            with pytest.raises(RuntimeError, match="belongs to"):
                await resolver.resolve("localhost")

        asyncio.run(elsewhere())
        loop.run_until_complete(resolver.close())
    finally:
        loop.close()


def test_without_aiodns_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import_ = builtins.__import__

    def without(name: str, *rest: object) -> ModuleType:
        if name == "aiodns":
            raise ImportError(name)
        return import_(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RuntimeError, match=r"pip install .*aiodns"):
        AsyncResolver()
