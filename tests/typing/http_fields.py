"""What a type checker knows about the values of fields. Checked, never run."""

import datetime
from collections.abc import Mapping
from http.cookies import Morsel
from typing import assert_type

from weft_http_parser import (
    ContentRange,
    ETag,
    ForwardedNode,
    InnerList,
    LinkValue,
    RequestHead,
    SetCookie,
    StructuredItem,
    choose_coding,
    format_structured,
    parse_challenges,
    parse_forwarded,
    parse_if_range,
    parse_links,
    parse_morsel,
    parse_ranges,
    parse_set_cookie,
    parse_structured_list,
    resolve_ranges,
)

head = RequestHead("GET", "/")
assert_type(choose_coding(head.get_all("Accept-Encoding"), ["gzip"]), str | None)
choose_coding(None, "gzip, br", 1)  # type: ignore[call-arg]  # two arguments
assert_type(resolve_ranges(parse_ranges("bytes=0-"), 10), list[ContentRange])
assert_type(parse_if_range('"a"'), ETag | datetime.datetime | None)
assert_type(parse_set_cookie("a=b"), SetCookie | None)
assert_type(parse_morsel("a=b"), Morsel[str] | None)
assert_type(parse_forwarded(["for=_a"])[0].for_node, ForwardedNode | None)
assert_type(parse_challenges("Basic")[0].parameters, Mapping[str, str])
assert_type(parse_links("<a>"), tuple[LinkValue, ...])
assert_type(parse_structured_list("a"), list[StructuredItem | InnerList])
assert_type(format_structured({"a": StructuredItem(1)}), str)
StructuredItem(1.5)  # type: ignore[arg-type]  # a Decimal, not a float
SetCookie("a", "b").name = "c"  # type: ignore[misc]  # a value
