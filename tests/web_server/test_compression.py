import pytest

from weft_http_parser import supported_codings
from weft_web_server import Application, Compression, ConfigurationError
from weft_web_server.compression import KNOWN_CODINGS


def test_codings_are_those_that_are_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Compression().codings == tuple(
        name for name in KNOWN_CODINGS if name in supported_codings()
    )
    monkeypatch.setattr(
        "weft_web_server.compression.supported_codings", lambda: ("gzip", "deflate")
    )
    assert Compression().codings == ("gzip", "deflate")
    assert Compression(codings=["br", "deflate"]).codings == ("deflate",)
    with pytest.raises(ConfigurationError, match="none of br can be made here; install"):
        Compression(codings=("br",))


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="'lzma' is no coding that is known here"):
        Compression(codings=("lzma",))
    with pytest.raises(ConfigurationError, match="no codings"):
        Compression(codings=())


@pytest.mark.parametrize(
    ("kind", "is_taken"),
    [
        ("text/html", True),
        ("text/event-stream", True),
        ("application/json", True),
        ("application/problem+json", True),
        ("image/svg+xml", True),
        ("application/javascript", True),
        ("image/png", False),
        ("application/octet-stream", False),
        ("application/zip", False),
        ("application/jsonx", False),
        ("video/text", False),
    ],
)
def test_types(kind: str, is_taken: bool) -> None:
    assert Compression().takes(kind) is is_taken


def test_own_types() -> None:
    own = Compression(types=["image/x-own"])
    assert own.takes("image/x-own") and not own.takes("text/plain")


@pytest.mark.parametrize("given", ["gzip", ("gzip",), 1])
def test_what_is_no_compression_is_refused(given: object) -> None:
    with pytest.raises(TypeError, match="give True, False, or a web"):
        Application(compression=given)  # type: ignore[arg-type]  # the mistake under test
