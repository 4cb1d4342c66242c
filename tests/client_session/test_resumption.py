"""TLS sessions are taken up again, by both loops and both versions of TLS."""

import asyncio
import hashlib
import ssl
from collections.abc import Callable

import pytest
import trustme
import uvloop
from support.answers import answers, ok

import weft_client_session as client
from weft_client_session import ClientSession, Fingerprint, TCPConnector
from weft_client_session.resumption import SESSIONS_LIMIT, SessionCache

AUTHORITY = trustme.CA()
CERTIFICATE = AUTHORITY.issue_cert("localhost", "a.example", "b.example")
HOSTS = {"a.example": "127.0.0.1", "b.example": "127.0.0.1", "c.example": "127.0.0.1"}


def server_context(version: ssl.TLSVersion) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    CERTIFICATE.configure_cert(context)
    return context


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    AUTHORITY.configure_trust(context)
    return context


async def is_resumed(session: ClientSession, url: str, **keywords: object) -> bool:
    """Whether a connection for this request takes up a session."""
    reused: list[bool] = []

    async def look(
        request: client.ClientRequest, handler: client.ClientHandlerType
    ) -> client.ClientResponse:
        response = await handler(request)
        connection = response.connection
        assert isinstance(connection, client.Connection)
        tls = connection.link.get_extra_info("ssl_object")
        assert isinstance(tls, ssl.SSLObject)
        reused.append(bool(tls.session_reused))
        return response

    async with session.get(url, middlewares=(look,), **keywords) as response:  # type: ignore[arg-type]
        await response.read()
    return reused[0]


@pytest.mark.parametrize(
    "make_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_next_connection_takes_the_session_up(
    version: ssl.TLSVersion, make_loop: Callable[[], asyncio.AbstractEventLoop]
) -> None:
    # Longer than one read, so that the response still has its connection when it is looked at.
    slow = b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + bytes(500_000)

    async def main() -> None:
        async with answers({"/": slow}, tls=server_context(version)) as server:
            connector = TCPConnector(ssl=client_context(), hosts=HOSTS, force_close=True)
            async with ClientSession(connector=connector) as session:
                url = server.url(host="a.example")
                assert [await is_resumed(session, url) for _ in range(3)] == [False, True, True]
                # Another name is another peer, with a handshake and checks of its own.
                other = server.url(host="b.example")
                assert [await is_resumed(session, other) for _ in range(2)] == [False, True]
                with pytest.raises(client.ClientConnectorCertificateError):
                    await session.get(server.url(host="c.example"))
                # So is another context.
                strict = client_context()
                assert not await is_resumed(session, url, ssl=strict)
                assert await is_resumed(session, url, ssl=strict)

    with asyncio.Runner(loop_factory=make_loop) as runner:
        runner.run(main())


async def test_a_pin_is_checked_on_a_session_too() -> None:
    der = ssl.PEM_cert_to_DER_cert(CERTIFICATE.cert_chain_pems[0].bytes().decode())
    good, bad = (Fingerprint(hashlib.sha256(one).digest()) for one in (der, b"other"))
    async with answers({}, tls=server_context(ssl.TLSVersion.TLSv1_3)) as server:
        connector = TCPConnector(hosts=HOSTS, force_close=True)
        async with ClientSession(connector=connector) as session:
            url = server.url(host="a.example")
            for _ in range(2):
                await (await session.get(url, ssl=good)).read()
            with pytest.raises(client.ServerFingerprintMismatch):
                await session.get(url, ssl=bad)


async def test_only_what_has_a_ticket_is_kept_and_not_for_ever() -> None:
    cache = SessionCache()
    cache.keep(None, 443)
    context = client_context()
    fresh = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="a.example")
    cache.keep(fresh, 443)
    assert len(cache) == 0
    connector = TCPConnector(ssl=context, hosts=HOSTS)
    async with answers({"/": ok()}, tls=server_context(ssl.TLSVersion.TLSv1_3)) as server:
        async with ClientSession(connector=connector) as session:
            await (await session.get(server.url(host="a.example"))).read()
            assert len(connector._sessions) == 1
            assert connector._books is not None
            (connection,) = connector._books.connections
            tls = connection.link.get_extra_info("ssl_object")
            for port in range(SESSIONS_LIMIT + 5):
                cache.keep(tls, port)
            assert len(cache) == SESSIONS_LIMIT
            assert cache.get(context, "a.example", 0) is None
            assert cache.get(context, "a.example", SESSIONS_LIMIT) is not None
