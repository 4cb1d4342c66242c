"""Opens files below one directory and nowhere else.

Decides which relative names may be opened. Knows no HTTP. Names are walked one component at a
time from an open directory, so that no link that appears meanwhile leads out.
"""

import os
import stat
import sys
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

_CAN_WALK: Final = os.open in os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


class OpenFile(NamedTuple):
    """A file, open for reading, and its facts at that moment."""

    file: FileIO
    facts: os.stat_result


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
        parts = split_name(name)
        if not parts:
            raise IsADirectoryError(name)
        if self._follows_links or not _CAN_WALK:
            return self._open_path(parts)
        return self._open_walking(parts)

    def entries(self, name: str) -> list[tuple[str, bool]]:
        """The names in a directory, sorted, each with whether it is a directory."""
        path = self.root.joinpath(*split_name(name))
        if not self._follows_links and path.resolve() != path:
            raise FileNotFoundError(name)
        with os.scandir(path) as entries:
            found = [
                (entry.name, entry.is_dir(follow_symlinks=self._follows_links))
                for entry in entries
                if self._follows_links or not entry.is_symlink()
            ]
        return sorted(found)

    def _open_path(self, parts: list[str]) -> OpenFile:
        path = self.root.joinpath(*parts)
        if not self._follows_links and path.resolve() != path:
            raise FileNotFoundError(path)
        return open_regular(path)

    def _open_walking(self, parts: list[str]) -> OpenFile:
        folder = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
                inner = os.open(part, flags, dir_fd=folder)
                os.close(folder)
                folder = inner
            # Without waiting: a pipe that has no writer would stop the loop.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            return _check(os.open(parts[-1], flags, dir_fd=folder))
        finally:
            os.close(folder)


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
    return sys.platform != "win32" or not any(sign in name for sign in '\\:*?"<>|')


def open_regular(path: Path) -> OpenFile:
    """Open a regular file, following links."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    return _check(os.open(path, flags))


def _check(descriptor: int) -> OpenFile:
    try:
        facts = os.fstat(descriptor)
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError
        if not stat.S_ISREG(facts.st_mode):
            raise PermissionError("not a regular file")
        return OpenFile(os.fdopen(descriptor, "rb", buffering=0), facts)
    except BaseException:
        os.close(descriptor)
        raise
