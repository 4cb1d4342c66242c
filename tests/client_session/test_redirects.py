"""Where redirects lead, and what goes along."""

import attrs
import pytest
from multidict import CIMultiDict
from yarl import URL

from weft_client_session import (
    BasicAuth,
    ClientPayloadError,
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
)
from weft_client_session.options import Content
from weft_client_session.redirects import next_hop
from weft_client_session.request import RequestSpec, to_payload
from weft_http_parser import ResponseHead

SECRETS = CIMultiDict(
    [
        ("Authorization", "one"),
        ("Authorization", "two"),
        ("Cookie", "a=b"),
        ("Cookie", "c=d"),
        ("Proxy-Authorization", "x"),
        ("X-Own", "y"),
    ]
)
SPEC = RequestSpec(
    method="GET",
    url=URL("http://a/dir/page?q#f"),
    headers=SECRETS,
    cookies=(("e", "f"),),
)


def redirect(location: str, status: int = 302, field: str = "Location") -> ResponseHead:
    return ResponseHead(status, "Found", headers=[(field, location)])


def hop(location: str, status: int = 302, spec: RequestSpec = SPEC) -> RequestSpec:
    found = next_hop(spec, redirect(location, status))
    assert found is not None
    return found


@pytest.mark.parametrize("status", [200, 204, 300, 304, 305, 306, 400])
def test_other_statuses_lead_nowhere(status: int) -> None:
    assert next_hop(SPEC, redirect("/x", status)) is None


def test_without_a_location_it_is_an_answer() -> None:
    assert next_hop(SPEC, ResponseHead(302, "Found")) is None


def test_the_old_uri_field_counts() -> None:
    found = next_hop(SPEC, redirect("/x", field="URI"))
    assert found is not None and found.url.path == "/x"


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/x?y=%2F%27", "http://a/x?y=%2F%27#f"),
        ("other", "http://a/dir/other#f"),
        ("../up", "http://a/up#f"),
        ("?z", "http://a/dir/page?z#f"),
        ("//b/x", "http://b/x#f"),
        ("https://b/x#g", "https://b/x#g"),
        ("/sp ace/é", "http://a/sp%20ace/%C3%A9#f"),
    ],
)
def test_locations_resolve_exactly(location: str, url: str) -> None:
    assert str(hop(location).url) == url


@pytest.mark.parametrize(
    ("method", "status", "wanted"),
    [
        ("POST", 301, "GET"),
        ("POST", 302, "GET"),
        ("POST", 303, "GET"),
        ("PUT", 301, "PUT"),
        ("PUT", 302, "PUT"),
        ("PUT", 303, "GET"),
        ("HEAD", 303, "HEAD"),
        ("POST", 307, "POST"),
        ("POST", 308, "POST"),
    ],
)
def test_methods(method: str, status: int, wanted: str) -> None:
    spec = attrs.evolve(
        SPEC, method=method, body=to_payload(Content(data=b"x"), str), content=Content()
    )
    found = hop("/x", status, spec)
    assert found.method == wanted
    assert (found.body is None) is (wanted == "GET")


def test_a_get_drops_what_described_the_body() -> None:
    spec = attrs.evolve(
        SPEC,
        method="POST",
        headers=CIMultiDict({"Content-Type": "x/y", "Content-Length": "3", "X": "1"}),
        content=Content(compress=True, chunked=True, expect100=True),
    )
    found = hop("/x", 303, spec)
    assert dict(found.headers) == {"X": "1"}
    assert found.content == Content()


def test_a_body_that_is_spent_cannot_follow() -> None:
    async def pieces() -> object:
        yield b"x"

    body = to_payload(Content(data=pieces()), str)
    with pytest.raises(ClientPayloadError):
        hop("/x", 307, attrs.evolve(SPEC, method="POST", body=body))


@pytest.mark.parametrize("location", ["http://b/", "http://a:81/", "https://a/", "//b/"])
def test_ghsa_966j_another_origin_gets_no_credentials(location: str) -> None:
    found = hop(location, 302, attrs.evolve(SPEC, auth=BasicAuth("u")))
    assert list(found.headers) == ["X-Own"]
    assert (found.cookies, found.auth) == ((), None)


def test_the_same_origin_keeps_them() -> None:
    found = hop("http://a:80/x", 302, attrs.evolve(SPEC, auth=BasicAuth("u")))
    assert list(found.headers) == list(SECRETS)
    assert (found.cookies, found.auth) == (SPEC.cookies, BasicAuth("u"))


def test_credentials_of_the_location_are_used() -> None:
    found = hop("http://u:p@b/")
    assert str(found.url) == "http://b/#f"
    assert found.auth == BasicAuth("u", "p")


@pytest.mark.parametrize("location", ["ftp://a/", "mailto:a@b", "file:///etc/passwd", "data:,x"])
def test_other_schemes_are_not_followed(location: str) -> None:
    with pytest.raises(NonHttpUrlRedirectClientError):
        hop(location)


@pytest.mark.parametrize(
    "location", ["http://", "http://a:99999/", "http://2130706433/", "//x y/"]
)
def test_broken_locations_are_not_followed(location: str) -> None:
    with pytest.raises(InvalidUrlRedirectClientError):
        hop(location)


def test_the_spec_itself_does_not_change() -> None:
    before = list(SPEC.headers.items())
    hop("http://b/")
    assert list(SPEC.headers.items()) == before
