"""Forms: url-encoded (WHATWG URL 5) and multipart (RFC 7578).

Decides how fields become a body, and a body fields. Knows no request.
"""

import io
from collections.abc import AsyncIterable, Iterable, Mapping
from typing import Any, TypeAlias
from urllib.parse import urlencode

import attrs
from multidict import MultiDict, MultiDictProxy

from weft_http_parser.body.compose import MultipartWriter
from weft_http_parser.body.payload import BytesPayload, Payload, get_payload
from weft_http_parser.errors import UnknownPayload
from weft_http_parser.fields.tokens import check_text
from weft_http_parser.fields.urlencoded import URLENCODED

Fields: TypeAlias = (
    Mapping[str, object]
    | MultiDict[object]
    | MultiDictProxy[object]
    | Iterable[tuple[str, object] | io.IOBase]
    | io.IOBase
)


@attrs.frozen
class _Field:
    name: str
    value: object
    filename: str | None = None
    content_type: str | None = None


class FormData:
    """Collects fields, and is called to make them a body.

    >>> FormData({"a": "b c"})().decode()
    'a=b+c'
    """

    __slots__ = ("_charset", "_fields", "_is_multipart", "_made", "_quotes_fields")

    def __init__(
        self,
        fields: Fields = (),
        quote_fields: bool = True,
        charset: str | None = None,
        *,
        default_to_multipart: bool = False,
    ) -> None:
        self._fields: list[_Field] = []
        self._is_multipart = default_to_multipart
        self._quotes_fields = quote_fields
        self._charset = charset
        self._made: Payload | None = None
        if isinstance(fields, Mapping):
            self.add_fields(*fields.items())
        elif isinstance(fields, io.IOBase | str) or not hasattr(fields, "__iter__"):
            self.add_fields(fields)  # what is no field is refused there
        else:
            self.add_fields(*fields)

    @property
    def is_multipart(self) -> bool:
        """Holds something that url-encoding cannot carry, or was told to be multipart."""
        return self._is_multipart

    def add_field(
        self,
        name: str,
        value: object,
        *,
        content_type: str | None = None,
        filename: str | None = None,
        content_transfer_encoding: str | None = None,
    ) -> None:
        """Add a field. A file, bytes, a payload, an asynchronous iterable, a file name or a
        content type make the form multipart. A list or a tuple stands for a field for each of its
        members, where the form is not multipart.

        `content_transfer_encoding` has no effect but that (RFC 7578 4.7 deprecates it).
        HeaderInjection, a ValueError, where text would break out of its place.
        """
        for label, text in (
            ("content_type", content_type),
            ("filename", filename),
            ("content_transfer_encoding", content_transfer_encoding),
        ):
            if text is None:
                continue
            if not isinstance(text, str):
                raise TypeError(f"{label} must be an instance of str. Got: {text!r}")
            check_text(label, text)
            self._is_multipart = True
        if not isinstance(name, str):
            raise TypeError(f"a field name is a str, not {type(name).__name__}")
        check_text("field name", name)
        if isinstance(value, io.IOBase | bytes | bytearray | memoryview):
            self._is_multipart = True
            if filename is None and content_transfer_encoding is None:
                filename = _filename_of(value) or name
        elif isinstance(value, Payload | AsyncIterable):
            self._is_multipart = True
        self._made = None
        self._fields.append(_Field(name, value, filename, content_type))

    def add_fields(self, *fields: object) -> None:
        """Add files, mappings and (name, value) pairs."""
        for field in fields:
            if isinstance(field, io.IOBase):
                self.add_field(_filename_of(field) or "unknown", field)
            elif isinstance(field, MultiDict | MultiDictProxy):
                self.add_fields(*field.items())
            elif isinstance(field, tuple | list) and len(field) == 2:
                self.add_field(field[0], field[1])
            else:
                raise TypeError(
                    "Only io.IOBase, multidict and (name, file) pairs allowed, use .add_field()"
                    f" for passing more complex parameters, got {field!r}"
                )

    def __call__(self) -> Payload:
        """The body, the same one until a field is added."""
        if self._made is None:
            # Made once: it remembers where its files began, and a later one could not tell.
            self._made = self._to_multipart() if self._is_multipart else self._to_urlencoded()
        return self._made

    def _to_urlencoded(self) -> Payload:
        charset = self._charset or "utf-8"
        pairs: list[tuple[str, Any]] = [(field.name, field.value) for field in self._fields]
        content_type = URLENCODED
        if charset.lower() != "utf-8":
            content_type += f"; charset={charset}"
        return BytesPayload(
            urlencode(pairs, doseq=True, encoding=charset).encode("ascii"),
            content_type=content_type,
        )

    def _to_multipart(self) -> MultipartWriter:
        writer = MultipartWriter("form-data")
        for field in self._fields:
            kwargs: dict[str, object] = {"disposition": None}
            if field.content_type is not None:
                kwargs["content_type"] = field.content_type
            if self._charset is not None:
                kwargs["encoding"] = self._charset
            try:
                payload = get_payload(field.value, **kwargs)
            except UnknownPayload as exc:
                raise TypeError(f"Can not serialize value type: {type(field.value)!r}") from exc
            params = {"name": field.name}
            if field.filename is not None:
                params["filename"] = field.filename
            payload.set_content_disposition(
                "form-data", quote_fields=self._quotes_fields, **params
            )
            writer.append_payload(payload)
        return writer


def _filename_of(value: object) -> str | None:
    name = getattr(value, "name", None)
    if not isinstance(name, str) or not name or name.startswith("<"):
        return None
    return name.replace("\\", "/").rpartition("/")[2] or None
