"""HTTPS: with certificates of clients too, and with peers that do not keep to it."""

import asyncio
import ssl
from collections.abc import Iterator

import pytest
import trustme
import uvloop
from support.peers import raw_client
from support.serving import get, last, status_of

from weft import ClientConnectorCertificateError, ClientSession, TCPConnector, web

AUTHORITY = trustme.CA()
LARGE = b"x" * 3_000_000


def for_server(*, asks_for_certificates: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    AUTHORITY.issue_cert("localhost").configure_cert(context)
    if asks_for_certificates:
        context.verify_mode = ssl.CERT_REQUIRED
        AUTHORITY.configure_trust(context)
    return context


def for_client(
    authority: trustme.CA | None = None, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3
) -> ssl.SSLContext:
    """Of a client that has a certificate where an authority is given."""
    context = ssl.create_default_context()
    context.minimum_version = context.maximum_version = version
    AUTHORITY.configure_trust(context)
    if authority is not None:
        authority.issue_cert("ann@example.com", common_name="ann").configure_cert(context)
    return context


async def tell(request: web.Request) -> web.StreamResponse:
    """Who asks, as TLS has it."""
    found = request.get_extra_info("peercert") or {}
    subject = dict(pair for (pair,) in found.get("subject", ()))
    name = subject.get("commonName", "nobody")
    sent = len(await request.read())
    return web.Response(text=f"{request.scheme} {request.secure} {name} {sent}")


async def large(request: web.Request) -> web.StreamResponse:
    return web.Response(body=LARGE)


class serving_tls:
    """The port of a server."""

    def __init__(self, *, asks_for_certificates: bool = False) -> None:
        self._context = for_server(asks_for_certificates=asks_for_certificates)

    async def __aenter__(self) -> int:
        app = web.Application(client_max_size=2 * len(LARGE))
        app.add_routes([web.route("*", "/", tell), web.get("/large", large)])
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        return site.port

    async def __aexit__(self, *exc: object) -> None:
        await self._runner.cleanup()


@pytest.fixture(params=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    """Either loop."""
    factory = uvloop.new_event_loop if request.param == "uvloop" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner


async def ask(port: int, context: ssl.SSLContext, data: bytes = b"") -> str:
    async with ClientSession(connector=TCPConnector(ssl=context)) as session:
        async with session.post(f"https://localhost:{port}/", data=data) as response:
            assert response.status == 200
            return await response.text()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_bodies_go_both_ways(runner: asyncio.Runner, version: ssl.TLSVersion) -> None:
    async def main() -> None:
        context = for_client(version=version)
        async with serving_tls() as port:
            assert await ask(port, context, LARGE) == f"https True nobody {len(LARGE)}"
            async with raw_client(port, tls=context) as peer:
                for _ in range(2):  # on one connection
                    await peer.send(get("/large"))
                    assert (await peer.read_response())[1] == LARGE

    runner.run(main())


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_is_known_by_its_certificate(
    runner: asyncio.Runner, version: ssl.TLSVersion
) -> None:
    async def main() -> None:
        async with serving_tls(asks_for_certificates=True) as port:
            assert await ask(port, for_client(AUTHORITY, version)) == "https True ann 0"

    runner.run(main())


@pytest.mark.parametrize("authority", [None, trustme.CA()], ids=["none", "of another authority"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_a_certificate_gets_nothing(
    runner: asyncio.Runner, version: ssl.TLSVersion, authority: trustme.CA | None
) -> None:
    async def main() -> None:
        async with serving_tls(asks_for_certificates=True) as port:
            with pytest.raises((ssl.SSLError, ConnectionError)):
                # In TLS 1.3 the client has ended its handshake before it is refused.
                async with raw_client(port, tls=for_client(authority, version)) as peer:
                    await peer.send(last())
                    if await peer.read_all() == b"":
                        raise ConnectionResetError  # told by the end alone
            assert await ask(port, for_client(AUTHORITY)) == "https True ann 0"

    runner.run(main())


def test_a_plain_client_harms_nobody(runner: asyncio.Runner) -> None:
    async def main() -> None:
        async with serving_tls() as port:
            async with raw_client(port) as peer:
                await peer.send(last())
                assert not (await peer.read_all()).startswith(b"HTTP")
            assert (await ask(port, for_client())).startswith("https True")

    runner.run(main())


def test_a_client_that_trusts_nobody_is_told_why(runner: asyncio.Runner) -> None:
    async def main() -> None:
        async with serving_tls() as port:
            with pytest.raises(ClientConnectorCertificateError, match="certificate verify failed"):
                await ask(port, ssl.create_default_context())
            async with raw_client(port, tls=for_client()) as peer:
                await peer.send(last())
                assert status_of(await peer.read_all()) == 200

    runner.run(main())
