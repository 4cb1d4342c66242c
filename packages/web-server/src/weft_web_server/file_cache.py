"""What is known of files: facts, small ones' bytes, and coded forms that lie beside them.

Decides what may be remembered and when it holds no longer. Knows no HTTP but names of codings. What
is remembered is looked at again whenever it is used, which takes two calls of the system or three
and no thread.
"""

import asyncio
import base64
import hashlib
import os
import time
from collections import OrderedDict
from io import FileIO
from typing import Final, Protocol

from weft_http_parser import ETag, format_http_date

from .file_tree import Mark, OpenFile, Trail, mark_of

SMALL_SIZE: Final = 65_536
"""A file up to this size is kept in memory and sent with the head."""
CACHE_SIZE: Final = 16_777_216
CACHE_ENTRIES: Final = 4096
ENTRY_SIZE: Final = 1024
"""What an entry counts beside its bytes."""
SETTLED_SECONDS: Final = 2.0
"""The clocks of file systems tick up to two seconds apart (FAT): a file that was changed within
that may be changed again with nothing to show it."""

SIBLINGS: Final = {"zstd": ".zst", "br": ".br", "gzip": ".gz"}
"""The endings of coded forms, in the order of preference."""

_AT_ONCE: Final = getattr(os, "RWF_NOWAIT", 0)


class Place(Protocol):
    """Where files are opened."""

    def open(self, name: str) -> OpenFile: ...
    def open_sibling(self, name: str) -> OpenFile: ...
    def trail(self, name: str) -> Trail: ...


class FileShrunk(RuntimeError):
    """A file became shorter while it was sent."""


class StoredFile:
    """A file as it was at one moment."""

    __slots__ = ("coding", "content", "etag", "last_modified", "mark", "name", "quick", "seconds")

    def __init__(self, name: str, facts: os.stat_result, coding: str | None = None) -> None:
        self.name = name
        self.mark: Final = mark_of(facts)
        self.coding = coding
        self.content: bytes | None = None
        self.seconds = facts.st_mtime
        self.etag = ETag(value=f"{facts.st_mtime_ns:x}-{facts.st_size:x}", is_weak=False)
        self.last_modified = format_http_date(facts.st_mtime)
        self.quick: object = None
        """What whoever sends the file keeps of the usual answer."""

    @property
    def size(self) -> int:
        """The length in bytes."""
        return self.mark.size


class Record:
    """What is known of a name: the file, its coded forms, and where they lie."""

    __slots__ = ("codings", "file", "folder", "siblings", "trail", "version", "weight")

    def __init__(
        self, trail: Trail, folder: Mark, file: StoredFile, siblings: tuple[StoredFile, ...]
    ) -> None:
        self.trail = trail
        self.folder = folder
        self.file = file
        self.siblings = siblings
        self.codings = tuple(sibling.coding or "" for sibling in siblings)
        self.version: str | None = None
        self.weight = 0  # what it counts in the cache that has it

    def holds(self) -> bool:
        """Whether nothing has changed. A form that was put beside the file changes the directory."""
        try:
            folder, facts = self.trail.look()
            if not self.file.mark.fits(facts) or not self.folder.fits(folder):
                return False
            for sibling in self.siblings:
                facts = self.trail.look_beside(SIBLINGS[sibling.coding or ""])
                if not sibling.mark.fits(facts):
                    return False
            return True
        except OSError:
            return False

    def is_settled(self, now: float) -> bool:
        """Whether any change from now on is one that a look can see."""
        marks = (self.folder, self.file.mark, *(sibling.mark for sibling in self.siblings))
        latest = max(max(mark.modified_ns, mark.changed_ns) for mark in marks)
        return now - latest / 1e9 > SETTLED_SECONDS

    def choose(self, accept_encoding: list[str]) -> StoredFile:
        """The form that a client likes best: a coded one, or the file."""
        if not self.siblings or not accept_encoding:
            return self.file
        from weft_http_parser import choose_coding  # late: not every server has coded files

        coding = choose_coding(accept_encoding, self.codings)
        if coding not in self.codings:
            return self.file
        return self.siblings[self.codings.index(coding)]


class FileCache:
    """Records of one place, the least used ones dropped when they come to more than `max_size`."""

    __slots__ = ("_max_size", "_place", "_records", "size")

    def __init__(self, place: Place, max_size: int = CACHE_SIZE) -> None:
        self._place = place
        self._max_size = max_size
        self._records: OrderedDict[str, Record] = OrderedDict()
        self.size = 0

    def __len__(self) -> int:
        return len(self._records)

    def get(self, name: str) -> Record | None:
        """A record that still holds."""
        record = self._records.get(name)
        if record is None:
            return None
        if not record.holds():
            self._forget(name)
            return None
        if self.size * 2 > self._max_size or len(self) * 2 > CACHE_ENTRIES:
            self._records.move_to_end(name)  # an order is needed near the bounds only
        return record

    def load(self, name: str) -> Record:
        """Look a file up anew; every refusal is an OSError."""
        opened = self._place.open(name)
        opened.file.close()
        file = StoredFile(name, opened.facts)
        trail = self._place.trail(name)
        folder, _ = trail.look()
        record = Record(trail, mark_of(folder), file, self._find_siblings(file))
        if self._max_size and record.is_settled(time.time()):
            self._put(name, record)
        return record

    def find(self, name: str) -> Record:
        """What is known of a file, looked up where nothing is."""
        return self.get(name) or self.load(name)

    def open(self, stored: StoredFile) -> tuple[StoredFile, FileIO]:
        """Open what was found; another form of it, where it was changed meanwhile."""
        place = self._place
        opened = (place.open if stored.coding is None else place.open_sibling)(stored.name)
        if not stored.mark.fits(opened.facts):
            stored = StoredFile(stored.name, opened.facts, stored.coding)
        return stored, opened.file

    async def fill(self, name: str, stored: StoredFile) -> StoredFile:
        """Read a small file; the result has its bytes."""
        if stored.content is not None:
            return stored
        stored, file = self.open(stored)
        with file:
            if stored.size > SMALL_SIZE:  # it has grown
                return stored
            content = bytes(await read_block(file, 0, stored.size))
            while len(content) < stored.size:
                block = await read_block(file, len(content), stored.size - len(content))
                if not block:
                    raise FileShrunk("the file became shorter while it was read")
                content += block
            is_same = stored.mark.fits(os.fstat(file.fileno()))
        if is_same and self._keeps(name, stored):
            stored.content = content
            self._weigh(name)
            return stored
        fresh = _copy(stored)
        fresh.content = content
        return fresh

    def digest(self, name: str) -> str:
        """The version of a file: its SHA-256 as text. Reads the file unless it is known."""
        record = self.find(name)
        if record.version is not None:
            return record.version
        stored, file = self.open(record.file)
        with file:
            version = _to_version(hashlib.file_digest(file, "sha256").digest())
        if stored is record.file:
            record.version = version
        return version

    async def known_version(self, name: str, record: Record) -> str | None:
        """The version, if it takes no long reading to tell."""
        if record.version is None and record.file.size <= SMALL_SIZE:
            try:
                stored = await self.fill(name, record.file)
            except (OSError, FileShrunk):  # gone since it was found; who sends it will see
                return None
            if stored.content is None or stored.mark != record.file.mark:
                return None
            record.version = _to_version(hashlib.sha256(stored.content).digest())
        return record.version

    def _find_siblings(self, file: StoredFile) -> tuple[StoredFile, ...]:
        found = []
        for coding, ending in SIBLINGS.items():
            try:
                opened = self._place.open_sibling(file.name + ending)
            except OSError:
                continue
            opened.file.close()
            # An older one was made from what the file was before.
            if int(opened.facts.st_mtime) >= int(file.seconds):
                found.append(StoredFile(file.name + ending, opened.facts, coding))
        return tuple(found)

    def _put(self, name: str, record: Record) -> None:
        self._forget(name)
        self._records[name] = record
        self._weigh(name)

    def _keeps(self, name: str, stored: StoredFile) -> bool:
        record = self._records.get(name)
        return record is not None and (stored is record.file or stored in record.siblings)

    def _weigh(self, name: str) -> None:
        """Count anew what a record takes, and drop others until all fit."""
        record = self._records[name]
        forms = (record.file, *record.siblings)
        weight = ENTRY_SIZE + sum(len(form.content or b"") for form in forms)
        self.size += weight - record.weight
        record.weight = weight
        while self._records and (self.size > self._max_size or len(self) > CACHE_ENTRIES):
            self._forget(next(iter(self._records)))

    def _forget(self, name: str) -> None:
        record = self._records.pop(name, None)
        if record is not None:
            self.size -= record.weight
            record.weight = 0


def _copy(stored: StoredFile) -> StoredFile:
    """The same facts, for bytes that nobody else is to see."""
    fresh: StoredFile = object.__new__(StoredFile)
    for slot in StoredFile.__slots__:
        setattr(fresh, slot, getattr(stored, slot))
    fresh.quick = None
    return fresh


def _to_version(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii")


async def read_block(file: FileIO, start: int, size: int) -> bytes | memoryview:
    """Some bytes of a file, at least one before its end.

    Read at once if they are in memory, else in a thread: a disk must not stop the loop.
    """
    block = read_at_once(file, start, size)
    if block:
        return block
    return await asyncio.to_thread(_read, file, start, size)


def read_at_once(file: FileIO, start: int, size: int) -> memoryview | None:
    """Bytes that the system has in memory; None where it would have to wait or cannot say."""
    if not _AT_ONCE:
        return None
    block = bytearray(size)
    try:
        count = os.preadv(file.fileno(), [block], start, _AT_ONCE)
    except OSError:
        return None
    return memoryview(block)[:count]


def _read(file: FileIO, start: int, size: int) -> bytes:
    file.seek(start)
    return file.read(size)
