"""Files as outgoing bodies.

Decides how a file is read, measured and rewound, and what its name says. Knows no writer but by
its one method.
"""

import asyncio
import io
import os
from collections.abc import Callable
from typing import IO, Final, TextIO

from weft_http_parser.body.payload import (
    OCTET_STREAM,
    BodyWriter,
    Payload,
    init_payload,
    register_payload,
    text_type,
)
from weft_http_parser.names import CONTENT_DISPOSITION

BLOCK_BYTES: Final = 262_144
"""What is read from a file at a time."""


class IOBasePayload(Payload):
    """A file, from where it stands. It is read in the loop's executor."""

    __slots__ = ("_start",)

    _value: IO[bytes]

    def __init__(
        self,
        value: IO[bytes] | IO[str],
        disposition: str | None = "attachment",
        *args: object,
        **kwargs: object,
    ) -> None:
        if kwargs.get("filename") is None:
            kwargs["filename"] = guess_filename(value)
        filename = kwargs["filename"]
        if kwargs.get("content_type") is None and isinstance(filename, str):
            kwargs["content_type"] = guess_content_type(filename)
        init_payload(self, value, args, kwargs)
        if isinstance(filename, str) and disposition and CONTENT_DISPOSITION not in self.headers:
            self.set_content_disposition(disposition, filename=filename)
        self._start = value.tell() if value.seekable() else None
        self._size = self._measure()

    @property
    def consumed(self) -> bool:
        return self._start is None and self._size == 0

    @property
    def is_rewindable(self) -> bool:
        return self._start is not None and not self._value.closed

    async def write(self, writer: BodyWriter) -> None:
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: BodyWriter, content_length: int | None) -> None:
        if self.consumed:
            raise RuntimeError("the payload was sent already and its file cannot be rewound")
        if self._start is not None:
            self._value.seek(self._start)
        else:
            self._size = 0
        left = content_length
        while left is None or left > 0:
            block = await self._read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
            if not block:
                return
            if left is not None:
                block = block[:left]
                left -= len(block)
            await writer.write(block)

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        if self._start is None:
            return super().decode(encoding, errors)
        self._value.seek(self._start)
        return self._value.read().decode(encoding or self._encoding or "utf-8", errors)

    async def close(self) -> None:
        self._value.close()

    async def _read(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, self._value.read, size)

    def _measure(self) -> int | None:
        if self._start is None:
            return None
        try:
            return os.fstat(self._value.fileno()).st_size - self._start
        except (OSError, AttributeError):  # io.UnsupportedOperation is an OSError
            end = self._value.seek(0, os.SEEK_END)
            self._value.seek(self._start)
            return end - self._start


class BytesIOPayload(IOBasePayload):
    """A byte stream in memory."""

    __slots__ = ()

    @property
    def autoclose(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing: closing would drop the caller's bytes."""

    async def _read(self, size: int) -> bytes:
        return self._value.read(size)


class BufferedReaderPayload(IOBasePayload):
    """A file opened for reading bytes."""

    __slots__ = ()


class TextIOPayload(IOBasePayload):
    """A file opened for reading text; its length is not known, for it is encoded anew."""

    __slots__ = ("_text",)

    def __init__(
        self,
        value: TextIO,
        *args: object,
        encoding: str | None = None,
        content_type: str | None = None,
        **kwargs: object,
    ) -> None:
        filename = kwargs.get("filename") or guess_filename(value)
        if content_type is None and isinstance(filename, str):
            guessed = guess_content_type(filename)
            content_type = guessed if guessed.startswith("text/") else None
            if content_type is not None:
                content_type += f"; charset={encoding or 'utf-8'}"
        encoding, content_type = text_type(encoding, content_type)
        make: Callable[..., None] = super().__init__
        make(value, *args, encoding=encoding, content_type=content_type, **kwargs)
        self._text = value

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        if self._start is None:
            return super().decode(encoding, errors)
        self._text.seek(self._start)
        return self._text.read()

    async def _read(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(None, self._text.read, size)
        return text.encode(self._encoding or "utf-8")

    def _measure(self) -> int | None:
        return None


def guess_filename(value: object) -> str | None:
    """The last part of a file's name, where it has one."""
    name = getattr(value, "name", None)
    if isinstance(name, str) and name and not (name[0] == "<" and name[-1] == ">"):
        return os.path.basename(name) or None
    return None


def guess_content_type(filename: str) -> str:
    """The media type that a file's name suggests."""
    # Imported here: it reads the system's tables, and most programs send no files.
    import mimetypes

    return mimetypes.guess_type(filename)[0] or OCTET_STREAM


register_payload(BytesIOPayload, io.BytesIO)
register_payload(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
register_payload(TextIOPayload, io.TextIOBase)
register_payload(IOBasePayload, io.IOBase)
