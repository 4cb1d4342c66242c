"""Where a redirect leads: the next request, or none. Pure."""

import attrs
from multidict import CIMultiDict
from yarl import URL

from weft_client_session.errors import (
    ClientPayloadError,
    InvalidUrlRedirectClientError,
    NonHttpUrlRedirectClientError,
)
from weft_client_session.redirect_policy import is_same_origin
from weft_client_session.request import (
    HTTP_SCHEMES,
    WS_SCHEMES,
    RequestSpec,
    checked_url,
    parse_url,
    split_credentials,
)
from weft_http_parser import ResponseHead, hdrs

REDIRECTS = frozenset({301, 302, 303, 307, 308})
# What may not reach another origin, and what describes a body that is no longer sent.
CREDENTIALS = (hdrs.AUTHORIZATION, hdrs.COOKIE, hdrs.PROXY_AUTHORIZATION)
BODY_FIELDS = (
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_TYPE,
    hdrs.CONTENT_ENCODING,
    hdrs.TRANSFER_ENCODING,
    hdrs.EXPECT,
)


def next_hop(
    spec: RequestSpec, head: ResponseHead, *, requotes: bool = False
) -> RequestSpec | None:
    """The request that a redirect asks for; None when the answer is no redirect.

    Its URL is as it came, unless `requotes`: then yarl normalises it.

    Raises RedirectClientError for a target that no client should follow, and ClientPayloadError
    when the body cannot be sent again.
    """
    if head.status not in REDIRECTS:
        return None
    location = head.get("Location") or head.get("URI")
    if location is None:
        return None
    url, auth = split_credentials(_target(spec.url, location, requotes))
    headers = spec.headers.copy()
    cookies, kept_auth = spec.cookies, spec.auth
    if not is_same_origin(url, spec.url):
        for name in CREDENTIALS:
            headers.popall(name, None)
        headers.popall(hdrs.HOST, None)
        cookies, kept_auth = (), None
    if auth is not None:
        headers.popall(hdrs.AUTHORIZATION, None)
        kept_auth = auth
    moved = attrs.evolve(spec, url=url, headers=headers, cookies=cookies, auth=kept_auth)
    if _becomes_get(spec.method, head.status):
        return _without_body(moved, headers)
    if spec.body is not None and not spec.body.is_rewindable:
        raise ClientPayloadError("Cannot follow redirect with a consumed request body")
    return moved


def _becomes_get(method: str, status: int) -> bool:
    # RFC 9110 15.4: as all browsers do. A 307 or 308 asks for the same request again.
    return (status == 303 and method != "HEAD") or (status in (301, 302) and method == "POST")


def _without_body(spec: RequestSpec, headers: CIMultiDict[str]) -> RequestSpec:
    for name in BODY_FIELDS:
        headers.popall(name, None)
    content = attrs.evolve(
        spec.content, data=None, json=None, compress=None, chunked=None, expect100=False
    )
    return attrs.evolve(spec, method="GET", body=None, content=content)


def _target(current: URL, location: str, requotes: bool) -> URL:
    try:
        url = URL(location) if requotes else parse_url(location)
    except ValueError as exc:
        raise InvalidUrlRedirectClientError(
            location, "Server attempted redirecting to a location that does not look like a URL"
        ) from exc
    if not url.scheme:
        url = current.join(url)
    if url.scheme not in HTTP_SCHEMES and url.scheme not in WS_SCHEMES:
        raise NonHttpUrlRedirectClientError(location)
    try:
        checked_url(url, HTTP_SCHEMES | WS_SCHEMES)
        url.origin()
    except ValueError as exc:
        raise InvalidUrlRedirectClientError(url, "Invalid redirect URL origin") from exc
    # RFC 9110 10.2.2: the fragment stays unless the new URL has one.
    return url if url.raw_fragment else url.with_fragment(current.fragment or None)
