import os
import socket
import stat
import sys
from pathlib import Path

import pytest

from weft_web_server import ConfigurationError, socket_from_fd, sockets_of_systemd
from weft_web_server.unix_sockets import bind_unix, remove_unix, show_unix_path


def test_permissions_are_there_before_anybody_can_connect(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with bind_unix(str(path), 0o660) as sock:
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        with socket.socket(socket.AF_UNIX) as client, pytest.raises(ConnectionRefusedError):
            client.connect(str(path))
        sock.listen()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_a_dead_socket_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    bind_unix(str(path), None).close()
    bind_unix(str(path), None).close()
    other = tmp_path / "file"
    other.write_text("precious")
    with pytest.raises(OSError):
        bind_unix(str(other), None)
    assert other.read_text() == "precious"


def test_only_our_own_file_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    first = bind_unix(str(path), None)
    inode = path.stat().st_ino
    second = bind_unix(str(path), None)
    other_inode = path.stat().st_ino
    if inode != other_inode:
        remove_unix(str(path), inode)
        assert path.exists()
    remove_unix(str(path), other_inode)
    assert not path.exists()
    remove_unix(str(path), other_inode)  # gone already
    remove_unix(str(path), 0)
    first.close()
    second.close()


@pytest.mark.skipif(sys.platform != "linux", reason="abstract sockets are of Linux")
def test_abstract() -> None:
    name = f"\0weft-test-{os.getpid()}"
    with bind_unix(name, None) as sock:
        assert show_unix_path(sock.getsockname()) == f"@weft-test-{os.getpid()}"


def test_a_descriptor_that_was_handed_down() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        descriptor = os.dup(given.fileno())
        os.set_inheritable(descriptor, True)
        with socket_from_fd(descriptor) as sock:
            assert sock.getsockname() == given.getsockname()
            assert not os.get_inheritable(descriptor)


def test_a_descriptor_that_is_no_socket() -> None:
    with open(os.devnull) as file:
        with pytest.raises(ConfigurationError, match=r"is no socket \(.*hand one down"):
            socket_from_fd(file.fileno())


def test_sockets_of_systemd() -> None:
    with socket.create_server(("127.0.0.1", 0)) as given:
        first = os.dup(given.fileno())
        environment = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "1"}
        (sock,) = sockets_of_systemd(environment, first)
        assert sock.getsockname() == given.getsockname()
        sock.close()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "1", "LISTEN_FDS": "1"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "0"},
        {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": "many"},
    ],
)
def test_no_sockets_of_systemd(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match="has handed no sockets"):
        sockets_of_systemd(environment)
