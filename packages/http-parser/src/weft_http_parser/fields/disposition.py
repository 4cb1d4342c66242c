"""Content-Disposition (RFC 6266, RFC 7578 4.2, RFC 8187, RFC 2231).

Decides what a part or an attachment is called. Knows no parts.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from weft_http_parser.errors import HeaderInjection
from weft_http_parser.fields.charsets import find_codec
from weft_http_parser.fields.tokens import (
    WHITESPACE,
    end_of_quoted,
    format_quoted,
    has_controls,
    is_token,
    parse_value,
    split_unquoted,
)

_OF_FORM: Final = re.compile(r'form-data; name="([^"\\]*)"(?:; filename="([^"\\]*)")?')
"""What browsers send with most fields; nothing in it needs a closer look."""
MAX_CONTINUATIONS: Final = 32
"""Pieces of one parameter (RFC 2231 3) that are put together."""


class ContentDisposition(NamedTuple):
    """The type in lower case, the parameters, extended ones (`name*`) decoded.

    A type of None stands for a field that is missing or malformed.
    """

    type: str | None
    parameters: dict[str, str]

    @property
    def filename(self) -> str | None:
        """The file's name, as its sender calls it; never a path to trust."""
        return content_disposition_filename(self.parameters)

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        return content_disposition_filename(self.parameters, "name")


def parse_content_disposition(header: str | None) -> ContentDisposition:
    """What a Content-Disposition says, as a pair; (None, {}) when it is missing or malformed.

    As in browsers, an extended parameter that cannot be decoded is as good as none, text without
    quotes may hold what is in no token, and a path stays part of a file's name.

    >>> kind, parameters = parse_content_disposition("inline; filename*=UTF-8''%e2%82%ac.txt")
    >>> kind, content_disposition_filename(parameters)
    ('inline', '€.txt')
    """
    if match := _OF_FORM.fullmatch(header or ""):
        name, filename = match.groups()
        parameters = {"name": name} if filename is None else {"name": name, "filename": filename}
        return ContentDisposition("form-data", parameters)
    pieces = split_unquoted(header or "", ";")
    kind = pieces[0].lower()
    if not is_token(kind):
        return ContentDisposition(None, {})
    found: dict[str, str] = {}
    for piece in pieces[1:]:
        if not piece:
            continue
        name, equals, value = piece.partition("=")
        name, value = name.strip(WHITESPACE).lower(), value.strip(WHITESPACE)
        if not equals or not is_token(name):
            continue
        if name.endswith("*") and "*" not in name[:-1]:
            decoded = _parse_extended(value)
            if decoded is None:
                continue
        else:
            decoded = _parse_plain(value)
        if decoded is None or name in found:
            return ContentDisposition(None, {})
        found[name] = decoded
    return ContentDisposition(kind, found)


def content_disposition_filename(params: Mapping[str, str], name: str = "filename") -> str | None:
    """The parameter `name`, the extended form before the plain, pieces put together.

    >>> content_disposition_filename({"filename*0": "a", "filename*1": "b"})
    'ab'
    """
    for key in (f"{name}*", name):
        if key in params:
            return params[key]
    pieces: list[str] = []
    is_extended = f"{name}*0*" in params
    for index in range(MAX_CONTINUATIONS):
        key = f"{name}*{index}"
        plain, coded = params.get(key), params.get(f"{key}*")
        if coded is not None and is_extended:
            pieces.append(coded)
        elif plain is not None:
            pieces.append(quote(plain) if is_extended else plain)
        else:
            break
    if not pieces:
        return None
    return _parse_extended("".join(pieces)) if is_extended else "".join(pieces)


def format_content_disposition(
    kind: str,
    parameters: Mapping[str, str],
    *,
    quote_fields: bool = True,
    charset: str = "utf-8",
) -> str:
    r"""A Content-Disposition. With `quote_fields`, file names are percent-encoded and other
    values beyond printable ASCII are extended ones (RFC 8187), which any peer reads; without,
    text is quoted as it is, which browsers do and some peers want.

    >>> print(format_content_disposition("form-data", {"name": "é", "filename": "a b.txt"}))
    form-data; name*=utf-8''%C3%A9; filename="a%20b.txt"
    """
    if not is_token(kind):
        raise HeaderInjection("disposition type", kind)
    parts = [kind]
    for name, value in parameters.items():
        if not is_token(name):
            raise HeaderInjection("disposition parameter", name)
        if not quote_fields:
            parts.append(f"{name}={format_quoted(value)}")
        elif name == "filename":
            parts.append(f'{name}="{quote(value, "", encoding=charset)}"')
        elif value.isascii() and not has_controls(value):
            parts.append(f"{name}={format_quoted(value)}")
        else:
            parts.append(f"{name}*={charset}''{quote(value, '', encoding=charset)}")
    return "; ".join(parts)


def _parse_plain(value: str) -> str | None:
    """A parameter's text; None when it is malformed."""
    if value.startswith('"'):
        return parse_value(value) if end_of_quoted(value, 0) == len(value) else None
    # Browsers and old clients leave the quotes away around what is no token.
    return value if value and not set(value) & set(' "\t') else None


def _parse_extended(text: str) -> str | None:
    """RFC 8187 3.2.1: charset ' language ' percent-encoded octets."""
    charset, _, rest = text.partition("'")
    _, tick, octets = rest.partition("'")
    codec = find_codec(charset or "utf-8")
    if not tick or codec is None:
        return None
    try:
        return unquote_to_bytes(octets).decode(codec)
    except UnicodeDecodeError:
        return None
