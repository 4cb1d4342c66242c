"""TLS settings and pinned certificates."""

import hashlib
import ssl

import pytest

from weft_client_session import Fingerprint
from weft_client_session.tls import checked_setting, context_for, pin_for, ready_context


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
