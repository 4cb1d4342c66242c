"""Files as outgoing bodies.

Decides how a file is read, measured and rewound, what its name says, and when it is closed. Knows
no writer but by its one method.
"""

import asyncio
import codecs
import io
import os
import threading
from collections.abc import Callable
from typing import IO, Final, Protocol, TextIO

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


class _Pass(Protocol):
    """One reading of a file from its start to its end."""

    def read(self, size: int) -> bytes:
        """Some more bytes, about so many; none at the end."""


class _BytesPass:
    """Keeps its own position, so that several may be under way in one file."""

    __slots__ = ("_at", "_file", "_lock")

    def __init__(self, file: IO[bytes], start: int | None, lock: threading.Lock) -> None:
        self._file = file
        self._at = start
        self._lock = lock

    def read(self, size: int) -> bytes:
        with self._lock:
            if self._at is None:
                return self._file.read(size)
            self._file.seek(self._at)
            block = self._file.read(size)
            self._at += len(block)
            return block


class _TextPass:
    """The same for text, whose positions are no numbers of bytes and whose encoding has state."""

    __slots__ = ("_at", "_encoder", "_file", "_lock")

    def __init__(
        self, file: IO[str], start: int | None, lock: threading.Lock, encoding: str
    ) -> None:
        self._file = file
        self._at = start
        self._lock = lock
        # A byte order mark comes once, and not with each block.
        self._encoder = codecs.getincrementalencoder(encoding)()

    def read(self, size: int) -> bytes:
        while True:
            text = self._read_text(size)
            block = self._encoder.encode(text, final=not text)
            if block or not text:
                return block

    def _read_text(self, size: int) -> str:
        with self._lock:
            if self._at is None:
                return self._file.read(size)
            self._file.seek(self._at)
            text = self._file.read(size)
            self._at = self._file.tell()
            return text


class IOBasePayload(Payload):
    """A file from where it stands, read block by block in the loop's executor.

    Every `write` sends the same bytes again where the file can be rewound, and several may be
    under way. A file that was written is closed with its payload: by `close`, or when nobody holds
    the payload any longer. Raises what the file raises, such as ValueError for one that is closed;
    RuntimeError when one that cannot be rewound is written a second time.
    """

    __slots__ = ("_lock", "_start")

    _is_sent = False
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
        self._lock = threading.Lock()
        self._start = value.tell() if value.seekable() else None

    def __del__(self) -> None:
        if self._is_sent and not self._autoclose:
            self._value.close()

    @property
    def size(self) -> int | None:
        """The bytes from where the file stood to its present end; None where it has no position.

        No more than that is written until it is asked again: what is declared is what is sent,
        though the file may grow meanwhile.
        """
        if self._start is not None:
            self._size = max(_measure(self._value, self._lock) - self._start, 0)
        return self._size

    @property
    def is_rewindable(self) -> bool:
        return self._start is not None and not self._value.closed

    async def write(self, writer: BodyWriter) -> None:
        await self.write_with_length(writer, self._size)

    async def write_with_length(self, writer: BodyWriter, content_length: int | None) -> None:
        if self._consumed:
            raise RuntimeError("the payload was sent already and its file cannot be rewound")
        self._is_sent = True
        self._consumed = self._start is None
        reading = self._begin()
        left = content_length
        while left is None or left > 0:
            block = await self._read(reading, BLOCK_BYTES if left is None else left)
            if not block:
                return
            if left is not None:
                block = block[:left]
                left -= len(block)
            await writer.write(block)

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        if self._start is None:
            return super().decode(encoding, errors)
        with self._lock:
            self._value.seek(self._start)
            return self._value.read().decode(encoding or self._encoding or "utf-8", errors)

    async def close(self) -> None:
        self._value.close()

    def _begin(self) -> _Pass:
        return _BytesPass(self._value, self._start, self._lock)

    async def _read(self, reading: _Pass, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(None, reading.read, min(size, BLOCK_BYTES))


class BytesIOPayload(IOBasePayload):
    """A byte stream in memory, from where it stands; it is never closed."""

    __slots__ = ()

    _autoclose = True

    async def close(self) -> None:
        """Nothing: closing would drop the caller's bytes."""

    async def _read(self, reading: _Pass, size: int) -> bytes:
        return reading.read(min(size, BLOCK_BYTES))


class BufferedReaderPayload(IOBasePayload):
    """A file opened for reading bytes."""

    __slots__ = ()


class TextIOPayload(IOBasePayload):
    """A file opened for reading text; its length is not known, for it is encoded anew.

    The encoding is `encoding`, else the charset of `content_type`, else UTF-8, whatever the file
    itself is read with.
    """

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

    @property
    def size(self) -> int | None:
        """None: nobody knows before it is read."""
        return None

    def decode(self, encoding: str | None = None, errors: str = "strict") -> str:
        """The text itself; the arguments are for other payloads."""
        if self._start is None:
            return super().decode(encoding, errors)
        with self._lock:
            self._text.seek(self._start)
            return self._text.read()

    def _begin(self) -> _Pass:
        return _TextPass(self._text, self._start, self._lock, self._encoding or "utf-8")


def _measure(file: IO[bytes], lock: threading.Lock) -> int:
    """The position of a file's end."""
    if isinstance(file, (io.BufferedReader, io.FileIO)):
        try:
            return os.fstat(file.fileno()).st_size
        except OSError:  # no file of the system's; io.UnsupportedOperation is an OSError
            pass
    # Others may hold bytes that the system does not know of, or may move when asked for a number.
    with lock:
        at = file.tell()
        end = file.seek(0, os.SEEK_END)
        file.seek(at)
        return end


def guess_filename(value: object) -> str | None:
    """The last part of a file's name, where it has one."""
    name = getattr(value, "name", None)
    if isinstance(name, str) and name and not (name[0] == "<" and name[-1] == ">"):
        return os.path.basename(name) or None
    return None


def guess_content_type(filename: str) -> str:
    """The media type that a file's name suggests; application/octet-stream for an unknown one.

    >>> guess_content_type("a.png"), guess_content_type("a")
    ('image/png', 'application/octet-stream')
    """
    # Imported here: it reads the system's tables, and most programs send no files.
    import mimetypes

    return mimetypes.guess_type(filename)[0] or OCTET_STREAM


register_payload(BytesIOPayload, io.BytesIO)
register_payload(BufferedReaderPayload, (io.BufferedReader, io.BufferedRandom))
register_payload(TextIOPayload, io.TextIOBase)
register_payload(IOBasePayload, io.IOBase)
