import os
from pathlib import Path

import pytest

from weft_web_server.file_tree import FileTree, open_regular, split_name


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "folder").mkdir(parents=True)
    (root / "folder" / "file").write_bytes(b"content")
    (root / ".dot").write_bytes(b"dot")
    (tmp_path / "secret").write_bytes(b"secret")
    (root / "link").symlink_to(tmp_path / "secret")
    (root / "inner").symlink_to(root / "folder")
    os.mkfifo(root / "pipe")
    return root


@pytest.mark.parametrize("follows", [False, True])
def test_open(root: Path, follows: bool) -> None:
    tree = FileTree(root, follow_symlinks=follows)
    opened = tree.open("folder/file")
    with opened.file as file:
        assert file.read() == b"content" and opened.facts.st_size == 7
    tree.open(".dot").file.close()


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "folder/../../secret",
        "/etc/passwd",
        "folder//file",
        "./folder/file",
        "fol\0der/file",
        "none",
        "none/file",
        "folder/file/more",
        "link",
        "inner/file",
        "x" * 5000,
    ],
)
def test_not_found(root: Path, name: str) -> None:
    with pytest.raises(OSError):
        FileTree(root).open(name)


def test_links_that_are_followed(root: Path) -> None:
    tree = FileTree(root, follow_symlinks=True)
    tree.open("link").file.close()
    tree.open("inner/file").file.close()
    with pytest.raises(FileNotFoundError):  # GHSA-5h86-8mv2-jq9f
        tree.open("inner/../../secret")


@pytest.mark.parametrize("follows", [False, True])
def test_what_is_no_file(root: Path, follows: bool) -> None:
    tree = FileTree(root, follow_symlinks=follows)
    for name in ("folder", "folder/", ""):
        with pytest.raises(IsADirectoryError):
            tree.open(name)
    with pytest.raises(PermissionError):
        tree.open("pipe")


def test_entries(root: Path) -> None:
    listed = [(".dot", False), ("folder", True), ("pipe", False)]
    assert FileTree(root).entries("") == (listed, 0)
    assert ("inner", True) in FileTree(root, follow_symlinks=True).entries("")[0]
    assert FileTree(root).entries("folder/") == ([("file", False)], 0)
    with pytest.raises(NotADirectoryError):
        FileTree(root).entries("inner")


def test_split_name() -> None:
    assert split_name("") == [] and split_name("a/b/") == ["a", "b"]


def test_no_descriptor_is_left_open(root: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for name in ("folder/file", "folder", "none", "pipe", "link"):
        try:
            FileTree(root).open(name).file.close()
        except OSError:
            pass
    assert len(os.listdir("/proc/self/fd")) == before


def test_open_regular(root: Path) -> None:
    open_regular(root / "link").file.close()
