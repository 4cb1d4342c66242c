"""Digest authentication: the examples of RFC 7616, and a server that asks for it."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
from support.serving import serving
from yarl import URL

from weft import web
from weft_client_session import ClientError, ClientRequest, ClientSession, DigestAuthMiddleware
from weft_client_session.digest import Answers, _any_holds, parse_digest
from weft_http_parser import AuthValue, BytesPayload, parse_credentials

QOP = 'Digest realm="r", nonce="n1", qop="auth"'


class Plain:
    """What an answer needs of a request."""

    method = "GET"
    body = None

    def __init__(self, target: str) -> None:
        self.url = URL("http://a" + target, encoded=True)


async def response_to(user: str, password: str, cnonce: str, **parameters: str) -> dict[str, str]:
    target = parameters.pop("target")
    challenge = parse_digest(AuthValue("digest", None, {"qop": "auth", **parameters}))
    answers = Answers(challenge, user, password, cnonce)
    found = parse_credentials(await answers.answer(cast(ClientRequest, Plain(target))))
    assert found is not None
    return dict(found.parameters)


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
async def test_the_examples_of_rfc_7616_section_3_9_1(algorithm: str, response: str) -> None:
    found = await response_to(
        "Mufasa",
        "Circle of Life",
        "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        realm="http-auth@example.org",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        algorithm=algorithm,
        target="/dir/index.html",
    )
    assert found["response"] == response


async def test_the_example_of_section_3_9_2_as_corrected_by_erratum_4897() -> None:
    found = await response_to(
        "Jäsøn Doe",
        "Secret, or not?",
        "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        realm="api@example.org",
        nonce="5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK",
        algorithm="SHA-512-256",
        userhash="true",
        target="/doe.json",
    )
    assert found["username"] == (
        "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b"
    )
    assert found["response"] == (
        "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5"
    )


async def test_a_login_beyond_ascii_is_written_as_an_extended_value() -> None:
    found = await response_to("é", "p", "c", realm="r", nonce="n", target="/")
    assert found["username*"] == "UTF-8''%C3%A9"
    assert "username" not in found


async def test_without_qop_there_is_no_count() -> None:
    challenge = parse_digest(AuthValue("digest", None, {"realm": "r", "nonce": "n"}))
    answer = await Answers(challenge, "u", "p").answer(cast(ClientRequest, Plain("/?a=%2F")))
    assert "nc=" not in answer
    assert 'uri="/?a=%2F"' in answer


# With a server.


class Door:
    """Answers with what `asks` says, and keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[dict[str, str] | None] = []
        self.bodies: list[str] = []
        self.asks: Callable[[int], list[str] | None] = lambda turn: [QOP] if turn == 1 else None
        self.headers: dict[str, str] = {}

    async def handle(self, request: web.Request) -> web.Response:
        field = request.headers.get("Authorization")
        value = None if field is None else parse_credentials(field)
        self.told.append(None if value is None else dict(value.parameters))
        self.bodies.append(await request.text())
        asked = self.asks(len(self.told))
        if asked is None:
            return web.Response(text="in", headers=self.headers)
        fields = [("WWW-Authenticate", each) for each in asked]
        return web.Response(status=401, headers=fields, text="out")


@pytest.fixture
async def door() -> Door:
    return Door()


@pytest.fixture
async def get(door: Door) -> AsyncIterator[Callable[..., Awaitable[int]]]:
    """Ask with one middleware and give the status."""
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", door.handle)
    async with serving(app) as port, ClientSession(f"http://127.0.0.1:{port}") as session:
        digest = DigestAuthMiddleware("u", "p:w")

        async def ask(path: str = "/", method: str = "GET", **keywords: object) -> int:
            keywords.setdefault("middlewares", (digest,))
            async with session.request(method, path, **keywords) as response:  # type: ignore[arg-type]
                return response.status

        yield ask


def expected(found: dict[str, str], method: str, *, hash_name: str = "md5", body: str = "") -> str:
    """RFC 7616 3.4.1, written down a second time."""

    def h(text: str) -> str:
        return hashlib.new(hash_name, text.encode()).hexdigest()

    a1 = h(f"u:{found['realm']}:p:w")
    if found["algorithm"].lower().endswith("-sess"):
        a1 = h(f"{a1}:{found['nonce']}:{found['cnonce']}")
    a2 = f"{method}:{found['uri']}"
    if found["qop"] == "auth-int":
        a2 += ":" + h(body)
    middle = ":".join(found[name] for name in ("nonce", "nc", "cnonce", "qop"))
    return h(f"{a1}:{middle}:{h(a2)}")


Ask = Callable[..., Awaitable[int]]


async def test_a_challenge_is_answered_and_the_next_request_brings_its_answer(
    door: Door, get: Ask
) -> None:
    assert [await get("/a?b=%2F"), await get("/b")] == [200, 200]
    first, second, third = door.told
    assert first is None
    assert second is not None and third is not None
    assert (second["nc"], second["uri"]) == ("00000001", "/a?b=%2F")
    assert (third["nc"], third["uri"]) == ("00000002", "/b")
    assert second["response"] == expected(second, "GET")
    assert third["response"] == expected(third, "GET")


async def test_without_preemption_every_request_is_asked_first(door: Door, get: Ask) -> None:
    digest = DigestAuthMiddleware("u", "p:w", preemptive=False)
    door.asks = lambda turn: [QOP] if turn % 2 else None
    assert [await get(middlewares=(digest,)) for _ in range(2)] == [200, 200]
    assert [found is None for found in door.told] == [True, False, True, False]


@pytest.mark.parametrize("algorithm", ["MD5-sess", "SHA-512-SESS", "sha256"])
async def test_an_algorithm_is_named_as_the_server_named_it(
    door: Door, get: Ask, algorithm: str
) -> None:
    door.asks = lambda turn: [f"{QOP}, algorithm={algorithm}"] if turn == 1 else None
    await get()
    await get()
    name = {"MD5-sess": "md5", "SHA-512-SESS": "sha512", "sha256": "sha256"}[algorithm]
    for found in door.told[1:]:
        assert found is not None
        assert found["algorithm"] == algorithm
        assert found["response"] == expected(found, "GET", hash_name=name)


async def test_auth_int_covers_the_body(door: Door, get: Ask) -> None:
    both = 'Digest realm="r", nonce="n", qop="auth,auth-int", opaque="o"'
    door.asks = lambda turn: [both] if turn == 1 else None
    assert await get(method="POST", data=b"tea") == 200
    found = door.told[1]
    assert found is not None
    assert (found["qop"], found["opaque"]) == ("auth-int", "o")
    assert found["response"] == expected(found, "POST", body="tea")
    await get()
    assert door.told[2] is not None
    assert door.told[2]["response"] == expected(door.told[2], "GET")


async def test_a_body_that_can_be_sent_once_is_kept_for_the_answer(door: Door, get: Ask) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        yield b"te"
        yield b"a"

    assert await get(method="PUT", data=blocks()) == 200
    assert door.bodies == ["tea", "tea"]


async def test_the_first_challenge_that_can_be_answered_is(door: Door, get: Ask) -> None:
    unknown = 'Digest realm="r", nonce="n0", algorithm=FOO, Basic realm="b"'
    door.asks = lambda turn: [unknown, QOP] if turn == 1 else None
    assert await get() == 200
    assert door.told[1] is not None and door.told[1]["nonce"] == "n1"


async def test_a_stale_nonce_is_replaced(door: Door, get: Ask) -> None:
    stale = 'Digest realm="r", nonce="n2", qop="auth", stale=TRUE'
    door.asks = lambda turn: {1: [QOP], 3: [stale]}.get(turn)
    assert [await get(), await get()] == [200, 200]
    nonces = [found and (found["nonce"], found["nc"]) for found in door.told]
    assert nonces == [None, ("n1", "00000001"), ("n1", "00000002"), ("n2", "00000001")]


async def test_a_server_that_forgot_the_nonce_is_answered_though_it_does_not_say_so(
    door: Door, get: Ask
) -> None:
    other = 'Digest realm="r", nonce="n2", qop="auth"'
    door.asks = lambda turn: {1: [QOP], 3: [other]}.get(turn)
    assert [await get(), await get()] == [200, 200]
    assert len(door.told) == 4


async def test_a_wrong_password_is_told_once(door: Door, get: Ask) -> None:
    door.asks = lambda turn: [f'Digest realm="r", nonce="n{turn}", qop="auth"']
    assert await get() == 401
    assert len(door.told) == 2


async def test_a_server_that_is_always_stale_ends(door: Door, get: Ask) -> None:
    door.asks = lambda turn: [f'Digest realm="r", nonce="n{turn}", qop="auth", stale=true']
    assert await get() == 401
    assert len(door.told) == 3


async def test_the_nonce_that_an_answer_names_is_the_next(door: Door, get: Ask) -> None:
    door.headers = {"Authentication-Info": 'nextnonce="n9"'}
    await get()
    await get()
    await get()
    found = [each and (each["nonce"], each["nc"]) for each in door.told]
    assert found == [None, ("n1", "00000001"), ("n9", "00000001"), ("n9", "00000002")]


@pytest.mark.parametrize("info", ["qop=auth", "nextnonce"])
async def test_an_authentication_info_without_a_nonce_changes_nothing(
    door: Door, get: Ask, info: str
) -> None:
    door.headers = {"Authentication-Info": info}
    assert [await get(), await get()] == [200, 200]


async def test_a_domain_says_where_the_answer_goes_unasked(door: Door, get: Ask) -> None:
    domain = 'Digest realm="r", nonce="n1", qop="auth", domain="/in http://[ //x:y"'
    door.asks = lambda turn: [domain] if turn == 1 else None
    for path in ("/in/a", "/in", "/inside", "/out", "/in/b"):
        await get(path)
    assert [found is not None for found in door.told] == [False, True, True, False, False, True]


async def test_another_origin_never_sees_an_answer(door: Door, get: Ask) -> None:
    other = Door()
    app = web.Application()
    app.router.add_get("/{tail:.*}", other.handle)
    digest = DigestAuthMiddleware("u", "p:w")
    async with serving(app) as port, ClientSession(middlewares=(digest,)) as session:
        await get(middlewares=(digest,))
        async with session.get(f"http://127.0.0.1:{port}/") as response:
            assert response.status == 401
    assert other.told == [None]


async def test_another_origin_that_the_first_one_names_sees_it(door: Door, get: Ask) -> None:
    other = Door()
    other.asks = lambda turn: None
    app = web.Application()
    app.router.add_get("/{tail:.*}", other.handle)
    digest = DigestAuthMiddleware("u", "p:w")
    async with serving(app) as port, ClientSession(middlewares=(digest,)) as session:
        url = f"http://127.0.0.1:{port}"
        domain = f'Digest realm="r", nonce="n1", qop="auth", domain="{url}/in"'
        door.asks = lambda turn: [domain] if turn == 1 else None
        await get(middlewares=(digest,))
        for path in ("/in/a", "/out"):
            await (await session.get(url + path)).read()
    assert [found is not None for found in other.told] == [True, False]


async def test_other_answers_pass(door: Door, get: Ask) -> None:
    door.asks = lambda turn: ['Basic realm="x"']
    assert await get() == 401
    assert len(door.told) == 1


@pytest.mark.parametrize(
    ("challenge", "reason"),
    [
        ('Digest nonce="n"', "Missing 'realm'"),
        ('Digest realm="r"', "Missing 'nonce'"),
        ('Digest realm="r", nonce=""', "'nonce' is empty"),
        ('Digest realm="r", nonce="n", algorithm=MD6', "MD6"),
        ('Digest realm="r", nonce="n", algorithm=MD5-sessx', "MD5-sessx"),
        ('Digest realm="r", nonce="n", qop="auth-conf"', "auth-conf"),
    ],
)
async def test_a_challenge_that_cannot_be_answered_raises(
    door: Door, get: Ask, challenge: str, reason: str
) -> None:
    door.asks = lambda turn: [challenge]
    with pytest.raises(ClientError, match=reason):
        await get()


@pytest.mark.parametrize(("login", "password"), [(None, "p"), ("u", None), ("a:b", "p")])
def test_credentials_that_cannot_be_are_refused(login: str, password: str) -> None:
    with pytest.raises(ValueError, match=r"login|password"):
        DigestAuthMiddleware(login, password)


async def test_the_repr_tells_no_secret(get: Ask) -> None:
    digest = DigestAuthMiddleware("u", "p:w")
    assert repr(digest) == "<DigestAuthMiddleware for the first origin>"
    await get(middlewares=(digest,))
    assert "p:w" not in repr(digest) and "http://" in repr(digest)


def test_a_domain_of_tls_does_not_reach_plain_text() -> None:
    assert not _any_holds(URL("https://a"), ("http://b/",), URL("http://b/x"))
    assert _any_holds(URL("http://a"), ("https://b/",), URL("https://b/x"))
    assert _any_holds(URL("http://a"), ("http://[", "/x"), URL("http://a/x"))


async def test_a_payload_of_ones_own_that_goes_once_is_kept(door: Door, get: Ask) -> None:
    class Once(BytesPayload):
        is_rewindable = False

    assert await get(method="PUT", data=Once(b"tea", content_type="text/x-tea")) == 200
    assert door.bodies == ["tea", "tea"]
