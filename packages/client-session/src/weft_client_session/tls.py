"""Which TLS settings a connection gets, and pinned certificates. Opens nothing itself."""

import asyncio
import functools
import ssl
import warnings
from collections.abc import Mapping

from weft_client_session.errors import ServerFingerprintMismatch
from weft_http_parser import Link

SHA256_SIZE = 32
WEAK_SIZES = (16, 20)  # md5 and sha1
ALPN = ("http/1.1",)


class Fingerprint:
    """The SHA-256 digest of the one certificate that a server may show.

    >>> Fingerprint(bytes(32)).fingerprint == bytes(32)
    True
    """

    __slots__ = ("_fingerprint",)

    def __init__(self, fingerprint: bytes) -> None:
        if len(fingerprint) in WEAK_SIZES:
            raise ValueError("md5 and sha1 are insecure and not supported. Use sha256.")
        if len(fingerprint) != SHA256_SIZE:
            raise ValueError("fingerprint has invalid length")
        self._fingerprint = fingerprint

    @property
    def fingerprint(self) -> bytes:
        """The SHA-256 of the certificate in DER."""
        return self._fingerprint

    def check(self, transport: Link | asyncio.BaseTransport) -> None:
        """Raise ServerFingerprintMismatch unless the peer's certificate is the pinned one."""
        tls = transport.get_extra_info("ssl_object")
        if tls is None:
            return
        assert isinstance(tls, ssl.SSLObject | ssl.SSLSocket)
        certificate = tls.getpeercert(binary_form=True) or b""
        import hashlib  # late: only pinned certificates need it, and it loads OpenSSL's part

        got = hashlib.sha256(certificate).digest()
        if got == self._fingerprint:
            return
        host, port, *_ = _peer(transport)
        raise ServerFingerprintMismatch(self._fingerprint, got, str(host), int(str(port)))


SSLSetting = bool | ssl.SSLContext | Fingerprint


def checked_setting(setting: object) -> SSLSetting:
    """Refuse what is no TLS setting; None means the default."""
    if setting is None:
        return True
    if isinstance(setting, bool | ssl.SSLContext | Fingerprint):
        return setting
    raise TypeError(
        f"ssl should be SSLContext, bool, Fingerprint or None, got {setting!r} instead."
    )


# How aiohttp's own programs once said it, and what its warnings tell them to write.
_OLD_KEYWORDS = {
    "verify_ssl": "ssl=False",
    "fingerprint": "ssl=Fingerprint(fingerprint)",
    "ssl_context": "ssl=context",
}


def settled_tls(keywords: Mapping[str, object], stacklevel: int) -> dict[str, object]:
    """Keywords whose TLS settings are `ssl` alone; `verify_ssl` and its like are deprecated.

    ValueError for more than one of them, and for a fingerprint that is none.
    """
    settled = {name: value for name, value in keywords.items() if name not in _OLD_KEYWORDS}
    given = [
        name
        for name in _OLD_KEYWORDS
        if keywords.get(name) is not None and (name, keywords[name]) != ("verify_ssl", True)
    ]
    for name in given:
        text = f"{name} is deprecated, use {_OLD_KEYWORDS[name]} instead"
        warnings.warn(text, DeprecationWarning, stacklevel=stacklevel + 1)
    if len(given) + (settled.get("ssl", True) not in (True, None)) > 1:
        raise ValueError(
            "verify_ssl, ssl_context, fingerprint and ssl parameters are mutually exclusive"
        )
    for name in given:
        value = keywords[name]
        settled["ssl"] = Fingerprint(value) if isinstance(value, bytes) else value
    return settled


def context_for(setting: SSLSetting, default: SSLSetting = True) -> ssl.SSLContext:
    """The context for a request's setting; `default` is the connector's."""
    if setting is True:
        setting = default
    if isinstance(setting, ssl.SSLContext):
        return setting
    # A pinned certificate need not be signed by anybody known.
    return _verified() if setting is True else _unverified()


async def ready_context(setting: SSLSetting, default: SSLSetting = True) -> ssl.SSLContext:
    """As `context_for`; loads the system's certificates off the loop the first time."""
    chosen = default if setting is True else setting
    if chosen is True and not _verified.cache_info().currsize:
        return await asyncio.get_running_loop().run_in_executor(None, _verified)
    return context_for(chosen)


def pin_for(setting: SSLSetting, default: SSLSetting = True) -> Fingerprint | None:
    """The pinned certificate, if there is one."""
    chosen = default if setting is True else setting
    return chosen if isinstance(chosen, Fingerprint) else None


@functools.cache
def _verified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(ALPN)
    return context


@functools.cache
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(ALPN)
    return context


def _peer(transport: Link | asyncio.BaseTransport) -> tuple[object, ...]:
    peer = transport.get_extra_info("peername")
    return peer if isinstance(peer, tuple) and len(peer) > 1 else (str(peer), 0)
