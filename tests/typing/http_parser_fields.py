"""What a type checker knows about the grammars of fields. Checked, never run."""

import datetime
from typing import assert_type

from weft_http_parser import (
    BasicAuth,
    ContentDisposition,
    ETag,
    MediaType,
    choose_coding,
    format_content_disposition,
    format_cookies,
    format_etag,
    format_http_date,
    format_quoted,
    format_set_cookie,
    is_token,
    parse_content_disposition,
    parse_cookies,
    parse_etag,
    parse_etags,
    parse_http_date,
    parse_list,
    parse_media_type,
    parse_parameters,
    parse_quality_list,
    parse_quoted,
    parse_range,
    parse_ranges,
    parse_tokens,
    parse_urlencoded,
)

assert_type(is_token("a"), bool)
assert_type(parse_list("a, b"), list[str])
assert_type(parse_tokens("a, b"), list[str])
assert_type(parse_parameters(["a=b"]), dict[str, str])
assert_type(parse_quoted('"a"'), str | None)
assert_type(format_quoted("a"), str)
assert_type(parse_quality_list("gzip;q=0.5"), list[tuple[str, float]])
assert_type(choose_coding("gzip;q=0", ["gzip"]), str | None)
assert_type(parse_media_type("a/b; c=d"), MediaType)
assert_type(parse_content_disposition('form-data; name="a"'), ContentDisposition)
assert_type(parse_content_disposition(None).filename, str | None)
assert_type(format_content_disposition("attachment", {"filename": "a"}), str)
assert_type(parse_cookies("a=b"), list[tuple[str, str]])
assert_type(format_cookies([("a", "b")]), str)
assert_type(format_set_cookie("a", "b"), str)
assert_type(parse_etag('"a"'), ETag | None)
assert_type(parse_etags('"a", "b"'), tuple[ETag, ...])
assert_type(format_etag(ETag("a", is_weak=True)), str)
assert_type(parse_http_date("x"), datetime.datetime | None)
assert_type(format_http_date(0.0), str)
assert_type(parse_range("bytes=0-1"), slice)
assert_type(parse_ranges("bytes=0-1"), list[slice])
assert_type(parse_urlencoded("a=b"), list[tuple[str, str]])
assert_type(BasicAuth.decode("Basic YTpi"), BasicAuth)
assert_type(BasicAuth("a", "b").encode(), str)
assert_type(BasicAuth("a").login, str)
parse_cookies(b"a=b")  # type: ignore[arg-type]  # text, not bytes
format_http_date("now")  # type: ignore[arg-type]  # a time, not text
