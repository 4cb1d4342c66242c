"""From the target of a request to its path and its URLs (RFC 9112 section 3.2).

Decides what each of the four forms of a target means. Knows a head, and no request.
"""

from yarl import URL

from weft_http_parser import MARK_OTHER_TARGET, Link, RequestHead

from .errors import RequestAddressError


def routed_path(head: RequestHead) -> str:
    """The raw path by which a request is routed: the target without query and host.

    That of CONNECT is empty, and no route fits it: its target names a server and no path.
    """
    if head.marks & MARK_OTHER_TARGET:
        return to_rel_url(head).raw_path
    target = head.target
    return cut_query(target) if "?" in target or "#" in target else target


def named_host(head: RequestHead) -> str | None:
    """The host that a request is for: that of an absolute target, else what the Host field says.

    RFC 9112 section 3.2.2: the target's replaces the field. Whoever stands in front has looked at
    the target, so a field that says something else must lead nowhere else.
    """
    if head.marks & MARK_OTHER_TARGET and (authority := to_target_url(head).raw_authority):
        return authority
    return head.get("Host")


def cut_query(target: str) -> str:
    """The path of a target in origin-form."""
    return target.partition("#")[0].partition("?")[0]


def to_rel_url(head: RequestHead) -> URL:
    """The path and the query of a target, as a URL without a host."""
    target = head.target
    if head.marks & MARK_OTHER_TARGET:
        url = to_target_url(head)
        path = "" if head.method == "CONNECT" else url.raw_path or "/"
        return URL.build(path=path, query_string=url.raw_query_string, encoded=True)
    # Built from its parts, or two slashes at the start would make a host.
    path, _, rest = target.partition("#")[0].partition("?")
    return URL.build(path=path, query_string=rest, encoded=True)


def to_target_url(head: RequestHead) -> URL:
    """RFC 9112 section 3.2: absolute-form of proxies, authority-form of CONNECT, and "*"."""
    try:
        if head.method == "CONNECT":
            return URL.build(authority=head.target, encoded=True)
        return URL(head.target, encoded=True)
    except ValueError as exc:
        raise RequestAddressError from exc


def find_local_address(link: Link) -> str:
    """This machine's end of a link, for want of a host that the client named."""
    name = link.get_extra_info("sockname")
    if isinstance(name, list | tuple) and len(name) >= 2:
        host = f"[{name[0]}]" if ":" in name[0] else name[0]
        return f"{host}:{name[1]}"
    return "localhost"
