import pytest

from weft_http_parser import Http1Connection, RequestHead, Role
from weft_web_server.errors import RequestAddressError
from weft_web_server.targets import (
    cut_query,
    find_local_address,
    named_host,
    routed_path,
    to_rel_url,
    to_target_url,
)


def parse(target: str, method: str = "GET") -> RequestHead:
    sent = f"{method} {target} HTTP/1.1\r\nHost: test:80\r\n\r\n".encode()
    head = Http1Connection(Role.SERVER).receive(sent)[0]
    assert isinstance(head, RequestHead)
    return head


@pytest.mark.parametrize(
    ("target", "path", "url"),
    [
        ("/", "/", "/"),
        ("/a%2Fb/c?x=1", "/a%2Fb/c", "/a%2Fb/c?x=1"),
        ("//a/b", "//a/b", "//a/b"),
        ("http://other/a?x=1", "/a", "/a?x=1"),
        ("http://other", "/", "/"),
        ("http://other?x=1", "/", "/?x=1"),
    ],
)
def test_path(target: str, path: str, url: str) -> None:
    head = parse(target)
    assert routed_path(head) == path
    assert to_rel_url(head).raw_path_qs == url


def test_other_forms() -> None:
    assert routed_path(parse("*", "OPTIONS")) == "*"
    assert to_target_url(parse("other:443", "CONNECT")).raw_authority == "other:443"


def test_connect_has_no_path() -> None:
    head = parse("other:443", "CONNECT")
    assert routed_path(head) == to_rel_url(head).raw_path == ""


@pytest.mark.parametrize(
    ("method", "target", "host"),
    [
        ("GET", "/", "test:80"),
        ("GET", "//other/", "test:80"),
        ("GET", "http://OTHER:8080/", "OTHER:8080"),
        ("OPTIONS", "*", "test:80"),
        ("CONNECT", "other:443", "other:443"),
    ],
)
def test_host(method: str, target: str, host: str) -> None:
    assert named_host(parse(target, method)) == host


def test_no_host() -> None:
    assert named_host(RequestHead("GET", "/")) is None


def test_no_address() -> None:
    with pytest.raises(RequestAddressError):
        to_target_url(RequestHead("GET", "http://[a/"))


@pytest.mark.parametrize("target", ["/a?b", "/a#b", "/a#b?c", "/a?b#c", "/a"])
def test_cut(target: str) -> None:
    assert cut_query(target) == "/a"


class Link:
    """What tells of a socket's name."""

    def __init__(self, name: object) -> None:
        self.name = name

    def get_extra_info(self, name: str) -> object:
        return self.name if name == "sockname" else None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("::1", 80, 0, 0), "[::1]:80"),
        (("127.0.0.1", 8080), "127.0.0.1:8080"),
        ("/a.sock", "localhost"),
        (None, "localhost"),
    ],
)
def test_local_address(name: object, expected: str) -> None:
    assert find_local_address(Link(name)) == expected  # type: ignore[arg-type]  # the part that is asked
