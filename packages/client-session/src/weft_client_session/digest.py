"""Digest access authentication (RFC 7616) as a client middleware.

Decides what answers a challenge, and which URLs may have such an answer. Opens nothing.
"""

import hashlib
import secrets
from types import MappingProxyType

import attrs
from yarl import URL

from weft_client_session.errors import ClientError
from weft_client_session.middleware import ClientHandlerType
from weft_client_session.request import ClientRequest
from weft_client_session.response import ClientResponse
from weft_http_parser import (
    AuthValue,
    BytesPayload,
    format_credentials,
    format_extended,
    hdrs,
    parse_auth_parameters,
    parse_challenges,
)

ATTEMPTS = 3
"""The request as it is, with an answer, and with another where the server says `stale`."""
MAX_SPACES = 64
"""URIs taken from one `domain`."""

# RFC 7616 3.3, 6.1, with the names that are in use beside the registered ones.
_HASHES = MappingProxyType(
    {
        "MD5": "md5",
        "SHA": "sha1",
        "SHA256": "sha256",
        "SHA-256": "sha256",
        "SHA512": "sha512",
        "SHA-512": "sha512",
        "SHA-512-256": "sha512_256",
    }
)


@attrs.frozen
class Challenge:
    """What a server asks for (RFC 7616 3.3)."""

    realm: str
    nonce: str
    algorithm: str | None
    hash_name: str
    is_session: bool
    qop: str | None
    opaque: str | None
    domain: tuple[str, ...]
    is_stale: bool
    hashes_username: bool

    def digest(self, *parts: str | bytes) -> str:
        """H() of RFC 7616 3.4.1 over these parts and the colons between them."""
        joined = b":".join(part.encode() if isinstance(part, str) else part for part in parts)
        return hashlib.new(self.hash_name, joined, usedforsecurity=False).hexdigest()


def parse_digest(value: AuthValue) -> Challenge:
    """What a Digest challenge says; ClientError when it is malformed or cannot be answered."""
    parameters = value.parameters
    for name in ("realm", "nonce"):
        if name not in parameters:
            raise ClientError(f"Malformed Digest auth challenge: Missing {name!r} parameter")
    if not parameters["nonce"]:
        raise ClientError("Malformed Digest auth challenge: 'nonce' is empty")
    algorithm = parameters.get("algorithm")
    name, _, suffix = (algorithm or "MD5").upper().partition("-SESS")
    hash_name = _HASHES.get(name)
    if suffix or hash_name not in hashlib.algorithms_available:
        raise ClientError(
            f"Digest auth error: Unsupported hash algorithm: {algorithm}. "
            f"Supported algorithms: {', '.join(_HASHES)}, each with -SESS too"
        )
    return Challenge(
        realm=parameters["realm"],
        nonce=parameters["nonce"],
        algorithm=algorithm,
        hash_name=hash_name or "",
        is_session=(algorithm or "").upper().endswith("-SESS"),
        qop=_choose_qop(parameters.get("qop")),
        opaque=parameters.get("opaque"),
        domain=tuple(parameters.get("domain", "").split()[:MAX_SPACES]),
        is_stale=parameters.get("stale", "").lower() == "true",
        hashes_username=parameters.get("userhash", "").lower() == "true",
    )


def _choose_qop(offered: str | None) -> str | None:
    """The better of the qualities of protection that are offered (RFC 7616 3.3)."""
    if not offered:
        return None
    names = {name.strip().lower() for name in offered.split(",")}
    for known in ("auth-int", "auth"):
        if known in names:
            return known
    raise ClientError(
        f"Digest auth error: Unsupported Quality of Protection (qop) value(s): {offered}"
    )


class Answers:
    """The answers to one challenge: each has a count of its own (`nc`, RFC 7616 3.4)."""

    def __init__(
        self, challenge: Challenge, login: str, password: str, cnonce: str | None = None
    ) -> None:
        self.challenge = challenge
        self._login = login
        self._cnonce = cnonce or secrets.token_hex(16)
        self._count = 0
        self._secret = challenge.digest(login, challenge.realm, password)
        if challenge.is_session:  # made once, with the first nonces (RFC 7616 3.4.2)
            self._secret = challenge.digest(self._secret, challenge.nonce, self._cnonce)

    def renew(self, nonce: str) -> None:
        """Go on with the nonce that an Authentication-Info named (RFC 7616 3.5)."""
        if nonce != self.challenge.nonce:
            self.challenge = attrs.evolve(self.challenge, nonce=nonce)
            self._count = 0

    async def answer(self, request: ClientRequest) -> str:
        """The value of Authorization for this request."""
        challenge = self.challenge
        uri = request.url.raw_path_qs
        asked: tuple[str | bytes, ...] = (request.method, uri)
        if challenge.qop == "auth-int":
            asked = (*asked, challenge.digest(await _whole_body(request)))
        found = {**self._name(), "realm": challenge.realm, "nonce": challenge.nonce, "uri": uri}
        counted: dict[str, str] = {}
        if challenge.qop is not None:
            self._count += 1
            counted = {"qop": challenge.qop, "nc": f"{self._count:08x}", "cnonce": self._cnonce}
        middle = (counted["nc"], self._cnonce, counted["qop"]) if counted else ()
        response = challenge.digest(
            self._secret, challenge.nonce, *middle, challenge.digest(*asked)
        )
        found["response"] = response
        found["algorithm"] = challenge.algorithm or "MD5"
        if challenge.opaque is not None:
            found["opaque"] = challenge.opaque
        return format_credentials(AuthValue("Digest", None, {**found, **counted}))

    def _name(self) -> dict[str, str]:
        if self.challenge.hashes_username:  # RFC 7616 3.4.4
            hashed = self.challenge.digest(self._login, self.challenge.realm)
            return {"username": hashed, "userhash": "true"}
        if self._login.isascii():
            return {"username": self._login}
        return {"username*": format_extended(self._login)}


class DigestAuthMiddleware:
    """Answers Digest challenges with a login and a password (RFC 7616).

    Give it to `ClientSession(middlewares=...)` or to one request. A 401 that asks for Digest is
    answered, and the request sent again; with `preemptive`, later requests to the same protection
    space bring their answer with them. MD5, SHA, SHA-256, SHA-512 and SHA-512-256, their `-sess`
    forms, `auth` and `auth-int`, `stale`, `userhash` and `nextnonce` are understood.

    The credentials belong to the origin of the first request, and to what that origin names in
    `domain`; requests to any other origin pass untouched. A body that can be sent only once is
    kept in memory for the first challenge, and so is every body for `auth-int`.

    Raises ValueError for a login that is None or holds a colon, and for a password that is None;
    ClientError when a challenge is malformed or asks for what is not known.
    """

    def __init__(self, login: str, password: str, preemptive: bool = True) -> None:
        if login is None:
            raise ValueError("None is not allowed as login value")
        if password is None:
            raise ValueError("None is not allowed as password value")
        if ":" in login:
            raise ValueError('A ":" is not allowed in a login of Digest (RFC 7616 3.4)')
        self._login = login
        self._password = password
        self._preemptive = preemptive
        self._anchor: URL | None = None
        self._answers: dict[URL, Answers] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__} for {self._anchor or 'the first origin'}>"

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        origin = request.url.origin()
        if self._anchor is None:
            self._anchor = origin
        if origin != self._anchor and not self._is_named(request.url):
            return await handler(request)
        answers = self._known(request.url) if self._preemptive else None
        if answers is None and not request.is_repeatable:
            await _whole_body(request)
        is_kept = answers is not None
        left = ATTEMPTS
        while True:
            if answers is not None:
                request.headers[hdrs.AUTHORIZATION] = await answers.answer(request)
            response = await handler(request)
            left -= 1
            challenge = _challenge_of(response)
            if challenge is None or not left or not request.is_repeatable:
                break
            if answers is not None and not _is_news(challenge, answers, is_kept=is_kept):
                break
            answers = self._answers[origin] = Answers(challenge, self._login, self._password)
            is_kept = False
            response.release()
        if answers is not None:
            _renew(answers, response)
        return response

    def _known(self, url: URL) -> Answers | None:
        """The answers to a challenge whose protection space this URL is in."""
        origin = url.origin()
        answers = self._answers.get(origin)
        if answers is None:
            return self._answers[self._anchor] if self._anchor and self._is_named(url) else None
        domain = answers.challenge.domain
        return answers if not domain or _any_holds(origin, domain, url) else None

    def _is_named(self, url: URL) -> bool:
        """By a `domain` of the anchor."""
        answers = self._answers.get(self._anchor) if self._anchor else None
        if answers is None or self._anchor is None:
            return False
        return _any_holds(self._anchor, answers.challenge.domain, url)


def _challenge_of(response: ClientResponse) -> Challenge | None:
    """What a 401 asks for; a response that cannot be answered is closed."""
    if response.status != 401:
        return None
    values = parse_challenges(response.headers.getall(hdrs.WWW_AUTHENTICATE, []))
    try:
        return _first_supported([value for value in values if value.scheme == "digest"])
    except ClientError:
        response.close()
        raise


def _is_news(challenge: Challenge, answers: Answers, *, is_kept: bool) -> bool:
    """Whether to answer once more. The server says `stale`, or has forgotten the nonce of an
    earlier request without saying so; anything else means that the password is wrong."""
    return challenge.is_stale or (is_kept and challenge.nonce != answers.challenge.nonce)


def _first_supported(values: list[AuthValue]) -> Challenge | None:
    """RFC 7616 3.7: the first challenge that can be answered; the reason when none can."""
    refusal: ClientError | None = None
    for value in values:
        try:
            return parse_digest(value)
        except ClientError as exc:
            refusal = refusal or exc
    if refusal is not None:
        raise refusal
    return None


def _renew(answers: Answers, response: ClientResponse) -> None:
    info = response.headers.get("Authentication-Info")
    if info is not None:
        nonce = (parse_auth_parameters(info) or {}).get("nextnonce")
        if nonce:
            answers.renew(nonce)


def _any_holds(origin: URL, domain: tuple[str, ...], url: URL) -> bool:
    """Whether a URL lies below one of these URIs (RFC 7616 3.3), whole segments compared.

    A domain cannot take credentials from TLS to plain text.
    """
    for text in domain:
        try:
            space = origin.join(URL(text))
            is_same = space.origin() == url.origin()
        except ValueError:
            continue
        if not is_same or (origin.scheme == "https" and url.scheme != "https"):
            continue
        path = space.raw_path.rstrip("/")
        if url.raw_path == path or url.raw_path.startswith(f"{path}/"):
            return True
    return False


async def _whole_body(request: ClientRequest) -> bytes:
    """The body's bytes; one that can be sent only once is replaced by them."""
    body = request.body
    if body is None:
        return b""
    data = await body.as_bytes()
    if not body.is_rewindable:
        kind = request.headers.get(hdrs.CONTENT_TYPE, body.content_type)
        await request.update_body(BytesPayload(data, content_type=kind))
    return data
