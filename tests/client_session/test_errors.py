"""The tree of exceptions: classes, fields, texts, translations."""

import errno
import pickle
import ssl

import pytest
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

import weft_client_session as client
from weft_client_session.errors import body_error, head_error, lost_error
from weft_client_session.request import ConnectionKey, RequestInfo
from weft_http_parser import ProtocolError, Reason

aiohttp = pytest.importorskip("aiohttp")

KEY = ConnectionKey("example.com", 443, True, True, None, None, None)
INFO = RequestInfo(URL("http://a/b"), "GET", CIMultiDictProxy(CIMultiDict()))
NAMES = sorted(
    name
    for name in client.__all__
    if isinstance(getattr(client, name), type)
    and issubclass(getattr(client, name), client.ClientError)
    and hasattr(aiohttp.client_exceptions, name)
)


@pytest.mark.parametrize("name", NAMES)
def test_bases_are_those_of_aiohttp(name: str) -> None:
    theirs = getattr(aiohttp.client_exceptions, name)
    ours = getattr(client, name)
    wanted = {base.__name__ for base in theirs.__mro__} - {"CertificateError"}
    assert wanted <= {base.__name__ for base in ours.__mro__}


def test_every_exception_of_aiohttp_is_here() -> None:
    theirs = {
        name
        for name in dir(aiohttp.client_exceptions)
        if isinstance(getattr(aiohttp.client_exceptions, name), type)
        and issubclass(getattr(aiohttp.client_exceptions, name), aiohttp.ClientError)
    }
    assert theirs <= set(NAMES)


def test_connector_error_names_the_peer() -> None:
    error = client.ClientConnectorError(KEY, OSError(errno.ECONNREFUSED, "refused"))
    assert (error.host, error.port, error.ssl) == ("example.com", 443, True)
    assert error.errno == errno.ECONNREFUSED
    assert str(error) == "Cannot connect to host example.com:443 ssl:default [refused]"


def test_certificate_error_is_one_of_ssl() -> None:
    cause = ssl.CertificateError("no match")
    error = client.ClientConnectorCertificateError(KEY, cause)
    assert isinstance(error, ssl.CertificateError)
    assert error.certificate_error is cause
    assert "no match" in str(error)


def test_certificate_error_of_a_handshake_is_the_error_of_the_system_too() -> None:
    cause = ssl.SSLCertVerificationError(1, "not trusted")
    error = client.ClientConnectorCertificateError(KEY, cause)
    assert error.os_error is cause and error.certificate_error is cause
    assert (error.errno, error.strerror) == (1, "not trusted")


def test_unix_error_names_the_path() -> None:
    error = client.UnixClientConnectorError("/run/x", KEY, OSError(2, "missing"))
    assert str(error) == "Cannot connect to unix socket /run/x [missing]"


def test_response_error_shows_status_message_and_url() -> None:
    error = client.ClientResponseError(INFO, (), status=404, message="Not Found")
    assert str(error) == "404, message='Not Found', url='http://a/b'"
    assert "status=404" in repr(error)


def test_disconnected_has_a_message() -> None:
    assert str(client.ServerDisconnectedError()) == "Server disconnected"
    assert client.ServerDisconnectedError("gone").message == "gone"


def test_fingerprint_mismatch_shows_both() -> None:
    error = client.ServerFingerprintMismatch(b"\x01", b"\x02", "a", 1)
    assert "expected=01 got=02" in str(error)


def test_invalid_url_shows_why() -> None:
    error = client.InvalidUrlClientError("http://", "no host")
    assert str(error) == "http:// - no host"
    assert (error.url, error.description) == ("http://", "no host")
    assert repr(client.InvalidURL("x")) == "<InvalidURL x>"


def test_disconnected_pickles() -> None:
    assert str(pickle.loads(pickle.dumps(client.ServerDisconnectedError("x")))) == "x"


def test_translations() -> None:
    broken = ProtocolError(Reason.STATUS, 9)
    assert head_error(broken, INFO).status == 400
    assert "invalid status code" in str(head_error(broken, INFO))
    assert isinstance(body_error(broken), client.ClientPayloadError)
    assert isinstance(lost_error(None), client.ServerDisconnectedError)
    assert isinstance(lost_error(ConnectionResetError()), client.ServerDisconnectedError)
    timed_out = lost_error(OSError(errno.ETIMEDOUT, "timed out"))
    assert isinstance(timed_out, client.ClientOSError) and timed_out.errno == errno.ETIMEDOUT


def test_a_code_is_a_status_of_old() -> None:
    with pytest.warns(DeprecationWarning, match="use status"):
        error = client.ClientResponseError(INFO, (), code=404)
    assert error.status == 404
    with pytest.warns(DeprecationWarning, match="use status"):
        assert error.code == 404
    with pytest.raises(ValueError, match="status alone"):
        client.ClientResponseError(INFO, (), code=404, status=404)
