"""Sockets of the file system, abstract ones, and those that a parent process hands down.

Decides how they are bound, named and removed. Knows no connections.
"""

import os
import socket
import stat
from collections.abc import Mapping
from typing import Final

from .errors import ConfigurationError

FIRST_INHERITED: Final = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START


def show_unix_path(path: str | bytes) -> str:
    """A path for people; abstract ones are written with an @, as systemd and `ss` do.

    >>> show_unix_path("\\0weft")
    '@weft'
    """
    text = os.fsdecode(path)
    return f"@{text[1:]}" if text.startswith("\0") else text


def bind_unix(path: str, mode: int | None) -> socket.socket:
    """A socket at a path, in the place of a dead one; nobody connects before it listens."""
    if not path.startswith("\0"):
        _remove_stale(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(path)
        if mode is not None:
            os.chmod(path, mode)
    except BaseException:
        sock.close()
        raise
    return sock


def _remove_stale(path: str) -> None:
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.remove(path)
    except FileNotFoundError:
        pass


def remove_unix(path: str, inode: int) -> None:
    """Remove the file of a socket, unless another program has put its own there."""
    try:
        if inode and os.stat(path).st_ino == inode:
            os.remove(path)
    except OSError:  # it is gone, or so are our rights
        pass


def socket_from_fd(descriptor: int) -> socket.socket:
    """The listening socket behind a descriptor that this process was given."""
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError as exc:
        raise ConfigurationError(
            f"descriptor {descriptor} is no socket ({exc.strerror});"
            " hand one down to this process, and name its number"
        ) from exc
    os.set_inheritable(descriptor, False)
    return sock


def sockets_of_systemd(
    environment: Mapping[str, str] = os.environ, first: int = FIRST_INHERITED
) -> list[socket.socket]:
    """The sockets that systemd has opened for this process (sd_listen_fds(3)).

    `run_app(app, sock=sockets_of_systemd())` serves on them.
    """
    count, pid = environment.get("LISTEN_FDS", ""), environment.get("LISTEN_PID", "")
    if pid != str(os.getpid()) or not count.isdecimal() or not int(count):
        raise ConfigurationError(
            "systemd has handed no sockets to this process (LISTEN_PID and LISTEN_FDS say so);"
            " start it by its .socket unit"
        )
    return [socket_from_fd(first + number) for number in range(int(count))]
