import asyncio
import gzip
import hashlib
import os
import time
from base64 import urlsafe_b64decode
from io import FileIO
from pathlib import Path

import pytest

from weft_web_server import file_cache
from weft_web_server.file_cache import (
    ENTRY_SIZE,
    SMALL_SIZE,
    FileCache,
    FileShrunk,
    read_at_once,
    read_block,
)
from weft_web_server.file_tree import Anywhere, FileTree, OpenFile

LONG_AGO = 1_000_000_000


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that were made a moment ago count as old."""
    monkeypatch.setattr(file_cache, "SETTLED_SECONDS", -1000.0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    put(root / "a.txt", b"content")
    put(root / "folder" / "b.txt", b"inner")
    return root


def put(path: Path, content: bytes, at: float = LONG_AGO) -> None:
    path.write_bytes(content)
    os.utime(path, (at, at))


async def content_of(cache: FileCache, name: str) -> bytes | None:
    return (await cache.fill(name, cache.find(name).file)).content


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("follows", [False, True])
async def test_what_is_known_is_not_opened_again(root: Path, follows: bool) -> None:
    cache = FileCache(FileTree(root, follow_symlinks=follows))
    for name, content in (("a.txt", b"content"), ("folder/b.txt", b"inner")):
        record = cache.find(name)
        assert await content_of(cache, name) == content
        assert cache.get(name) is record and cache.find(name) is record
        assert record.file.content == content
    assert len(cache) == 2 and cache.size == 2 * ENTRY_SIZE + 12


async def test_what_has_just_changed_is_not_kept(root: Path) -> None:
    cache = FileCache(FileTree(root))
    assert await content_of(cache, "a.txt") == b"content"
    assert cache.get("a.txt") is None and len(cache) == 0
    record = cache.load("a.txt")
    assert not record.is_settled(time.time()) and record.is_settled(time.time() + 3)


@pytest.mark.usefixtures("settled")
async def test_no_cache(root: Path) -> None:
    cache = FileCache(FileTree(root), 0)
    assert await content_of(cache, "a.txt") == b"content"
    assert len(cache) == 0 and cache.size == 0


@pytest.mark.usefixtures("settled")
async def test_changes_are_seen(root: Path) -> None:
    cache = FileCache(FileTree(root))
    path = root / "folder" / "b.txt"
    assert await content_of(cache, "folder/b.txt") == b"inner"
    put(path, b"other")  # as long, of the same date, and the same inode
    assert await content_of(cache, "folder/b.txt") == b"other"
    path.rename(root / "away")
    with pytest.raises(FileNotFoundError):
        cache.find("folder/b.txt")
    (root / "away").rename(path)
    assert await content_of(cache, "folder/b.txt") == b"other"
    assert len(cache) == 1


@pytest.mark.usefixtures("settled")
async def test_a_link_that_takes_the_place_of_a_directory(root: Path, tmp_path: Path) -> None:
    """The file behind it is the very same, and still it is not to be reached through a link."""
    cache = FileCache(FileTree(root))
    assert await content_of(cache, "folder/b.txt") == b"inner"
    (root / "folder").rename(tmp_path / "outside")
    (root / "folder").symlink_to(tmp_path / "outside")
    assert cache.get("folder/b.txt") is None
    with pytest.raises(OSError):
        cache.find("folder/b.txt")


@pytest.mark.usefixtures("settled")
async def test_coded_forms(root: Path, tmp_path: Path) -> None:
    cache = FileCache(FileTree(root, follow_symlinks=True))
    assert cache.find("a.txt").codings == ()
    put(root / "a.txt.gz", gzip.compress(b"content"))
    put(root / "a.txt.br", b"older", LONG_AGO - 5)
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "a.txt.zst").symlink_to(tmp_path / "secret")  # GHSA-jwhx-xcg6-8xhj
    record = cache.find("a.txt")
    assert record.codings == ("gzip",)
    assert record.choose(["gzip;q=0.5, br"]).name == "a.txt.gz"
    assert record.choose(["br"]) is record.choose([]) is record.choose(["*;q=0"]) is record.file
    assert cache.find("a.txt") is record
    put(root / "a.txt.gz", b"x" * 7)  # in place: neither file nor directory is another
    assert cache.get("a.txt") is None
    put(root / "a.txt.br", b"new")
    record = cache.find("a.txt")
    assert record.codings == ("br", "gzip")
    stored = await cache.fill("a.txt", record.siblings[0])
    assert stored is record.siblings[0] and stored.content == b"new"
    (root / "a.txt.gz").unlink()
    assert cache.find("a.txt").codings == ("br",)


@pytest.mark.usefixtures("settled")
async def test_the_oldest_go_when_the_bound_is_passed(root: Path) -> None:
    cache = FileCache(FileTree(root), 10_000 + 3 * ENTRY_SIZE)
    for name in "wxyz":
        put(root / name, name.encode() * 5000)
    for name in "wx":
        await content_of(cache, name)
    assert len(cache) == 2
    cache.find("w")  # used last
    await content_of(cache, "y")
    assert cache.get("x") is None and cache.get("w") is not None and cache.get("y") is not None
    assert cache.size == 2 * (5000 + ENTRY_SIZE)
    await content_of(cache, "z")
    assert cache.size <= 10_000 + 3 * ENTRY_SIZE and len(cache) == 2
    tiny = FileCache(FileTree(root), ENTRY_SIZE + 10)
    assert await content_of(tiny, "w") == b"w" * 5000
    assert tiny.size == len(tiny) == 0


@pytest.mark.usefixtures("settled")
async def test_the_number_of_entries_is_bound(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_cache, "CACHE_ENTRIES", 3)
    cache = FileCache(FileTree(root))
    for name in "wxyz":
        put(root / name, b"")
    for name in "wxyz":
        cache.find(name)
        assert len(cache) <= 3


@pytest.mark.usefixtures("settled")
async def test_large_files_are_not_read(root: Path) -> None:
    cache = FileCache(FileTree(root))
    put(root / "large", b"x" * (SMALL_SIZE + 1))
    record = cache.find("large")
    assert await cache.known_version("large", record) is None
    digest = hashlib.sha256(b"x" * (SMALL_SIZE + 1)).digest()
    assert urlsafe_b64decode(cache.digest("large")) == digest
    assert await cache.known_version("large", record) == cache.digest("large")
    assert record.file.content is None and cache.size == ENTRY_SIZE


@pytest.mark.usefixtures("settled")
async def test_versions(root: Path) -> None:
    cache = FileCache(FileTree(root))
    first = cache.digest("a.txt")
    assert urlsafe_b64decode(first) == hashlib.sha256(b"content").digest()
    put(root / "a.txt", b"changed")
    record = cache.find("a.txt")
    version = await cache.known_version("a.txt", record)
    assert version != first and version == cache.digest("a.txt")
    with pytest.raises(FileNotFoundError):
        cache.digest("none")


@pytest.mark.usefixtures("settled")
async def test_a_file_that_changes_between_a_look_and_the_reading(root: Path) -> None:
    cache = FileCache(FileTree(root))
    record = cache.find("a.txt")
    put(root / "a.txt", b"another")
    stored = await cache.fill("a.txt", record.file)
    assert stored.content == b"another" and stored is not record.file
    assert stored.mark != record.file.mark and record.file.content is None
    put(root / "a.txt", b"third")
    assert await cache.known_version("a.txt", record) is None
    (root / "a.txt").unlink()
    assert await cache.known_version("a.txt", record) is None
    assert record.version is None
    put(root / "a.txt", b"x" * (SMALL_SIZE + 1))
    grown = await cache.fill("a.txt", record.file)
    assert grown.content is None and grown.size == SMALL_SIZE + 1
    assert cache.digest("a.txt") is not None


class Written(FileTree):
    """A tree whose files are written to before or while they are open."""

    before: bytes | None = None
    after: bytes | None = None

    def open(self, name: str) -> OpenFile:
        if self.before is not None:
            self.root.joinpath(name).write_bytes(self.before)
        opened = super().open(name)
        if self.after is not None:
            self.root.joinpath(name).write_bytes(self.after)
        return opened


@pytest.mark.usefixtures("settled")
async def test_a_file_that_changes_while_it_is_read(root: Path) -> None:
    tree = Written(root)
    cache = FileCache(tree)
    record = cache.find("a.txt")
    tree.after = b"CONTENT, and more"
    stored = await cache.fill("a.txt", record.file)
    assert stored.content == b"CONTENT" and record.file.content is None
    tree.after = None
    record = cache.find("a.txt")
    tree.after = b"x"
    with pytest.raises(FileShrunk):
        await cache.fill("a.txt", record.file)


@pytest.mark.usefixtures("settled")
async def test_a_version_of_what_was_changed_meanwhile_is_not_kept(root: Path) -> None:
    tree = Written(root)
    cache = FileCache(tree)
    record = cache.find("a.txt")
    tree.before = b"second"
    digest = hashlib.sha256(b"second").digest()
    assert urlsafe_b64decode(cache.digest("a.txt")) == digest
    assert record.version is None


@pytest.mark.parametrize("at_once", [True, False])
async def test_blocks(root: Path, monkeypatch: pytest.MonkeyPatch, at_once: bool) -> None:
    if not at_once:
        monkeypatch.setattr(file_cache, "_AT_ONCE", 0)
    with FileIO(root / "a.txt") as file:
        assert bytes(await read_block(file, 2, 3)) == b"nte"
        assert bytes(await read_block(file, 5, 30)) == b"nt"
        assert bytes(await read_block(file, 7, 30)) == b""
        assert bool(read_at_once(file, 0, 1)) is (at_once and hasattr(os, "RWF_NOWAIT"))


async def test_what_cannot_be_read_at_once_is_read_in_a_thread() -> None:
    """A pipe with nothing in it would make the loop wait."""
    out, into = os.pipe()
    with FileIO(out) as file:
        assert read_at_once(file, 0, 1) is None
    os.close(into)


async def test_anywhere(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = FileCache(Anywhere())
    (root / "link").symlink_to(root / "a.txt")
    for name in (str(root / "a.txt"), str(root / "link")):
        assert await content_of(cache, name) == b"content"
    monkeypatch.chdir(root)
    assert await content_of(cache, "a.txt") == b"content"
    for name in ("none", "a\0b", "\udc80\ud800"):
        with pytest.raises(FileNotFoundError):
            cache.find(name)


@pytest.mark.usefixtures("settled")
async def test_two_who_read_the_same(root: Path) -> None:
    cache = FileCache(FileTree(root))
    record = cache.find("a.txt")
    both = await asyncio.gather(*(cache.fill("a.txt", record.file) for _ in range(2)))
    assert both == [record.file, record.file] and cache.size == ENTRY_SIZE + 7


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="the system has no preadv()")
async def test_a_file_that_is_in_memory_in_part(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.preadv

    def some(file: int, buffers: list[bytearray], start: int, flags: int) -> int:
        piece = bytearray(2)
        count = real(file, [piece], start)
        buffers[0][:count] = piece[:count]
        return count

    monkeypatch.setattr(os, "preadv", some)
    assert await content_of(FileCache(FileTree(root)), "a.txt") == b"content"
