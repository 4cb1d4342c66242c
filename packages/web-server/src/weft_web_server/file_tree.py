"""Opens files below one directory and nowhere else, or anywhere.

Decides which names may be opened. Knows no HTTP. Names below a directory are walked one component
at a time from an open directory, so that no link that appears meanwhile leads out.
"""

import contextlib
import os
import stat
import sys
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

_CAN_WALK: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")
_HAS_DRIVES: Final = sys.platform == "win32"
_CAN_LIST: Final = os.scandir in os.supports_fd
_NO_FOLLOW: Final = getattr(os, "O_NOFOLLOW", 0)
# Without waiting: a pipe that has no writer would stop the loop.
_READ: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)

MAX_ENTRIES: Final = 10_000
"""Names of one directory that are listed."""


class OpenFile(NamedTuple):
    """A file, open for reading, and its facts at that moment."""

    file: FileIO
    facts: os.stat_result


class Mark(NamedTuple):
    """What tells one state of a file or of a directory from all others."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int

    def fits(self, facts: os.stat_result) -> bool:
        """Whether facts are of the same state."""
        return (
            facts.st_mtime_ns == self.modified_ns
            and facts.st_ctime_ns == self.changed_ns
            and facts.st_size == self.size
            and facts.st_ino == self.inode
            and facts.st_dev == self.device
        )


def mark_of(facts: os.stat_result) -> Mark:
    """The mark in the facts of a file.

    >>> mark_of(os.stat(".")) == mark_of(os.stat("."))
    True
    """
    return Mark(facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


class Trail:
    """Where a name lies: its directories from the root on, and its path."""

    __slots__ = ("_folders", "_follows_links", "_path")

    def __init__(self, folders: tuple[str, ...], path: str, *, follows_links: bool) -> None:
        self._folders = folders
        self._path = path
        self._follows_links = follows_links

    def look(self) -> tuple[os.stat_result, os.stat_result]:
        """The facts of the last directory and of the file; OSError where a link is in the way.

        Nothing is opened, so this tells only whether what was opened before is still there.
        """
        if self._follows_links:
            return os.stat(self._folders[-1]), os.stat(self._path)
        folders = self._folders
        folder = os.stat(folders[0])
        for inner in folders[1:]:
            folder = os.lstat(inner)
            if not stat.S_ISDIR(folder.st_mode):
                raise NotADirectoryError(inner)
        return folder, os.lstat(self._path)

    def look_beside(self, ending: str) -> os.stat_result:
        """The facts of a file beside it, which is no link."""
        return os.lstat(self._path + ending)


class Anywhere:
    """Files by their paths, links followed: for a program that names them itself."""

    __slots__ = ()

    def open(self, name: str) -> OpenFile:
        """Open a regular file."""
        return open_regular(name)

    def open_sibling(self, name: str) -> OpenFile:
        """Open a regular file that is no link itself."""
        return open_regular(name, follows_links=False)

    def trail(self, name: str) -> Trail:
        """Where a file lies."""
        return Trail((os.path.dirname(name) or os.curdir,), name, follows_links=True)


class FileTree:
    """The files of a directory.

    Every refusal is an OSError: FileNotFoundError for what is not there or may not be named,
    PermissionError for what may not be read, IsADirectoryError for a directory.
    """

    __slots__ = ("_follows_links", "root")

    def __init__(self, root: Path, *, follow_symlinks: bool = False) -> None:
        self.root = root
        self._follows_links = follow_symlinks

    def open(self, name: str) -> OpenFile:
        """Open a file by its name relative to the root, with slashes."""
        return self._open(name, follows_links=self._follows_links)

    def open_sibling(self, name: str) -> OpenFile:
        """The same for a file that is no link itself, even where links are followed."""
        return self._open(name, follows_links=False)

    def trail(self, name: str) -> Trail:
        """Where a file lies."""
        parts = split_name(name)
        folders = [os.fspath(self.root)]
        for part in parts[:-1]:
            folders.append(os.path.join(folders[-1], part))
        path = os.path.join(folders[-1], parts[-1])
        return Trail(tuple(folders), path, follows_links=self._follows_links)

    def entries(self, name: str) -> tuple[list[tuple[str, bool]], int]:
        """The names in a directory, sorted, each with whether it is a directory; and how many
        more there are than are listed.
        """
        parts = split_name(name)
        found: list[tuple[str, bool]] = []
        more = 0
        with self._open_listing(parts) as entries:
            for entry in entries:
                if entry.is_symlink() and not self._follows_links:
                    continue
                if len(found) < MAX_ENTRIES:
                    found.append((entry.name, entry.is_dir(follow_symlinks=self._follows_links)))
                else:
                    more += 1
        return sorted(found), more

    @contextlib.contextmanager
    def _open_listing(self, parts: list[str]) -> Iterator["Iterator[os.DirEntry[str]]"]:
        if self._follows_links or not (_CAN_WALK and _CAN_LIST):
            path = self.root.joinpath(*parts)
            if not self._follows_links and path.resolve() != path:
                raise FileNotFoundError(path)
            with os.scandir(path) as entries:
                yield entries
            return
        folder = self._walk(parts)
        try:
            with os.scandir(folder) as entries:
                yield entries
        finally:
            os.close(folder)

    def _open(self, name: str, *, follows_links: bool) -> OpenFile:
        parts = split_name(name)
        if not parts:
            raise IsADirectoryError(name)
        if self._follows_links or not _CAN_WALK:
            path = self.root.joinpath(*parts)
            if not self._follows_links and path.resolve() != path:
                raise FileNotFoundError(path)
            return open_regular(path, follows_links=follows_links)
        folder = self._walk(parts[:-1])
        try:
            check_kind(os.stat(parts[-1], dir_fd=folder, follow_symlinks=False))
            return check_open(os.open(parts[-1], _READ | _NO_FOLLOW, dir_fd=folder))
        finally:
            os.close(folder)

    def _walk(self, parts: list[str]) -> int:
        """The descriptor of a directory that no link leads to."""
        folder = os.open(self.root, _FOLDER)
        for part in parts:
            try:
                inner = os.open(part, _FOLDER | _NO_FOLLOW, dir_fd=folder)
            finally:
                os.close(folder)
            folder = inner
        return folder


def split_name(name: str) -> list[str]:
    """The components of a relative name; FileNotFoundError for one that must not be used.

    >>> split_name("css/main.css")
    ['css', 'main.css']
    >>> split_name("../secret")
    Traceback (most recent call last):
        ...
    FileNotFoundError: ../secret
    """
    parts = name.split("/")
    if parts == [""]:
        return []
    if parts[-1] == "":
        parts.pop()  # a directory
    if any(part in ("", ".", "..") for part in parts) or not _is_plain(name):
        raise FileNotFoundError(name)
    return parts


def _is_plain(name: str) -> bool:
    if "\0" in name:
        return False
    # Backslashes, drives, streams and UNC names mean something on Windows (CVE-2026-34515).
    return not _HAS_DRIVES or not any(sign in name for sign in '\\:*?"<>|')


def open_regular(path: str | os.PathLike[str], *, follows_links: bool = True) -> OpenFile:
    """Open a regular file."""
    try:
        check_kind(os.stat(path, follow_symlinks=follows_links))
        return check_open(os.open(path, _READ if follows_links else _READ | _NO_FOLLOW))
    except ValueError:  # a path with a NUL, or that the file system's encoding cannot say
        raise FileNotFoundError(path) from None


def check_open(descriptor: int) -> OpenFile:
    """A descriptor as a file, if it is one; else it is closed."""
    try:
        facts = os.fstat(descriptor)
        check_kind(facts)
        return OpenFile(os.fdopen(descriptor, "rb", buffering=0), facts)
    except BaseException:
        os.close(descriptor)
        raise


def check_kind(facts: os.stat_result) -> None:
    """Look before opening: to open a device may do something, and a pipe waits."""
    mode = facts.st_mode
    if stat.S_ISREG(mode):
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError
    if stat.S_ISLNK(mode):
        raise FileNotFoundError("a link")
    raise PermissionError("not a regular file")
