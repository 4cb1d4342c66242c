import attrs
import pytest
from support.twins import Twin

from weft_http_parser import LENIENT, STRICT, Strictness

NAMES = [field.name for field in attrs.fields(Strictness)]


def test_strict_allows_nothing_and_lenient_everything() -> None:
    assert not any(attrs.astuple(STRICT))
    assert all(attrs.astuple(LENIENT))
    assert Strictness() == STRICT != LENIENT


def test_strictness_is_a_value() -> None:
    assert Strictness(allows_bare_lf=True) == Strictness(allows_bare_lf=True)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        STRICT.allows_bare_lf = True  # type: ignore[misc]  # that it cannot be set is tested
    with pytest.raises(TypeError):
        Strictness(True)  # type: ignore[call-arg]  # by name only


@pytest.mark.parametrize("name", [*NAMES, "LENIENT"])
def test_a_server_is_strict(twin: Twin, name: str) -> None:
    sloppy = twin.LENIENT if name == "LENIENT" else twin.Strictness(**{name: True})
    with pytest.raises(ValueError, match="STRICT"):
        twin.Http1Connection(twin.Role.SERVER, strictness=sloppy)
    with pytest.raises(ValueError, match="STRICT"):
        twin.HeadScanner(True, twin.DEFAULT_LIMITS, sloppy)
    assert twin.Http1Connection(twin.Role.CLIENT, twin.DEFAULT_LIMITS, sloppy)
    assert twin.HeadScanner(False, twin.DEFAULT_LIMITS, strictness=sloppy)


def test_strict_is_the_default(twin: Twin) -> None:
    twin.Http1Connection(twin.Role.SERVER, strictness=twin.STRICT)
    twin.HeadScanner(True, twin.DEFAULT_LIMITS, twin.Strictness())
    for scanner in (
        twin.HeadScanner(False, twin.DEFAULT_LIMITS),
        twin.HeadScanner(False, twin.DEFAULT_LIMITS, twin.STRICT),
    ):
        with pytest.raises(twin.ProtocolError):
            scanner.scan(b"HTTP/1.1 200 OK\n", 0)


# One head for each tolerance, which only that one allows.
SLOPPY = {
    "allows_bare_lf": b"HTTP/1.1 200 OK\nX: a\n\n",
    "allows_line_folding": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n",
    "allows_space_before_colon": b"HTTP/1.1 200 OK\r\nX : a\r\n\r\n",
    "allows_bare_status": b"HTTP/1.1 200\r\n\r\n",
    "allows_controls": b"HTTP/1.1 200 O\x01K\r\nX: \x7f\r\n\r\n",
}


@pytest.mark.parametrize("allowed", NAMES)
@pytest.mark.parametrize("name", NAMES)
def test_each_allows_its_own_and_nothing_else(twin: Twin, name: str, allowed: str) -> None:
    strictness = twin.Strictness(**{allowed: True})
    scanner = twin.HeadScanner(False, twin.DEFAULT_LIMITS, strictness)
    if name == allowed:
        assert scanner.scan(SLOPPY[name], 0).raw == SLOPPY[name]
    else:
        with pytest.raises(twin.ProtocolError):
            scanner.scan(SLOPPY[name], 0)


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        (b"X: a \t\r\n \t b\r\n", b"X", b"a b"),
        (b"X: a\n\tb\r\n  c \n", b"X", b"a b c"),
        (b"X:\r\n a\r\n", b"X", b"a"),
        (b"X \t: a  b\n", b"X", b"a  b"),
        (b"X: \x01a\x7f \r\n", b"X", b"\x01a\x7f"),
        (b"x:a:\r\n b: c\r\n", b"x", b"a: b: c"),
    ],
)
def test_what_a_lenient_reader_reads(twin: Twin, field: bytes, name: bytes, value: bytes) -> None:
    """Each fold and the blanks around it are one space (RFC 9112 5.2); the wire stays as it was."""
    wire = b"HTTP/1.1 200\n" + field + b"Y: z\r\n\n"
    head = twin.HeadScanner(False, twin.DEFAULT_LIMITS, twin.LENIENT).scan(wire, 0)
    assert head.raw == wire
    assert head.raw_headers == ((name, value), (b"Y", b"z"))
    assert head.get("x") == head.headers["X"] == value.decode()
    assert head.get_all("X") == [value.decode()]
