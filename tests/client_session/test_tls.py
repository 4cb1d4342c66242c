"""TLS settings and pinned certificates."""

import hashlib
import ssl

import pytest

from weft_client_session import Fingerprint
from weft_client_session.tls import (
    checked_setting,
    context_for,
    pin_for,
    ready_context,
    settled_tls,
)


@pytest.mark.parametrize(
    ("size", "text"), [(3, "invalid length"), (16, "insecure"), (20, "insecure"), (33, "length")]
)
def test_only_sha256_pins(size: int, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Fingerprint(bytes(size))


def test_a_pin_knows_its_digest() -> None:
    digest = hashlib.sha256(b"x").digest()
    assert Fingerprint(digest).fingerprint == digest


@pytest.mark.parametrize("setting", [5, "yes", b"", object()])
def test_other_settings_are_refused(setting: object) -> None:
    with pytest.raises(TypeError, match="ssl should be"):
        checked_setting(setting)


async def test_settings_choose_contexts() -> None:
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    pin = Fingerprint(bytes(32))
    assert context_for(True).verify_mode is ssl.CERT_REQUIRED
    assert context_for(True).check_hostname
    assert context_for(False).verify_mode is ssl.CERT_NONE
    assert context_for(pin).verify_mode is ssl.CERT_NONE
    assert context_for(own) is own
    assert context_for(True, own) is own
    assert context_for(False, own) is context_for(False)
    assert await ready_context(True) is context_for(True)
    assert await ready_context(True, own) is own


def test_the_request_s_pin_comes_first() -> None:
    pin, other = Fingerprint(bytes(32)), Fingerprint(bytes([1] * 32))
    assert pin_for(pin, other) is pin
    assert pin_for(True, other) is other
    assert pin_for(False, other) is None


def test_tls_settings_of_old_programs() -> None:
    context = ssl.create_default_context()
    assert settled_tls({"ssl": context, "proxy": "p"}, 1) == {"ssl": context, "proxy": "p"}
    assert settled_tls({"verify_ssl": True, "fingerprint": None}, 1) == {}
    with pytest.warns(DeprecationWarning, match="use ssl=False") as caught:
        assert settled_tls({"verify_ssl": False, "params": {}}, 1) == {"ssl": False, "params": {}}
    assert caught[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="use ssl=context"):
        assert settled_tls({"ssl_context": context, "ssl": None}, 1) == {"ssl": context}
    with pytest.warns(DeprecationWarning, match=r"use ssl=Fingerprint\(fingerprint\)"):
        pin = settled_tls({"fingerprint": bytes(32)}, 1)["ssl"]
    assert isinstance(pin, Fingerprint)
    assert pin.fingerprint == bytes(32)


@pytest.mark.parametrize("other", [{"ssl": False}, {"fingerprint": bytes(32)}])
def test_one_tls_setting_is_enough(other: dict[str, object]) -> None:
    with pytest.warns(DeprecationWarning), pytest.raises(ValueError, match="mutually exclusive"):
        settled_tls({"verify_ssl": False, **other}, 1)
