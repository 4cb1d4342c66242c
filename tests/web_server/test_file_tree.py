import os
from pathlib import Path

import pytest

from weft_web_server import file_tree
from weft_web_server.file_tree import Anywhere, FileTree, mark_of, open_regular, split_name


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


@pytest.fixture(params=["walking", "by path"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what this system has, and with what every system has."""
    if request.param == "by path":
        monkeypatch.setattr(file_tree, "_CAN_WALK", False)


@pytest.mark.usefixtures("way")
def test_both_ways_refuse_the_same(root: Path) -> None:
    tree = FileTree(root.resolve())
    with tree.open("folder/file").file as file:
        assert file.read() == b"content"
    for name in ("link", "inner/file", "none", "folder/file/more"):
        with pytest.raises(OSError):
            tree.open(name)
        with pytest.raises(OSError):
            tree.open_sibling(name)
    for name in ("inner", "inner/"):
        with pytest.raises(OSError):
            tree.entries(name)
    assert tree.entries("folder") == ([("file", False)], 0)


def test_a_sibling_is_no_link_even_where_links_are_followed(root: Path) -> None:
    tree = FileTree(root, follow_symlinks=True)
    tree.open("link").file.close()
    with pytest.raises(FileNotFoundError):
        tree.open_sibling("link")
    with pytest.raises(FileNotFoundError):
        Anywhere().open_sibling(str(root / "link"))
    tree.open_sibling("folder/file").file.close()


def test_a_long_listing_is_cut(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_tree, "MAX_ENTRIES", 2)
    listed, more = FileTree(root).entries("")
    assert len(listed) == 2 and more == 1


def test_marks(root: Path) -> None:
    path = root / "folder" / "file"
    mark = mark_of(os.stat(path))
    assert mark.fits(os.stat(path)) and not mark.fits(os.stat(root / ".dot"))
    path.chmod(0o600)
    assert not mark.fits(os.stat(path))


def test_trails(root: Path) -> None:
    trail = FileTree(root).trail("folder/file")
    folder, facts = trail.look()
    assert mark_of(folder) == mark_of(os.stat(root / "folder"))
    assert mark_of(facts) == mark_of(os.stat(root / "folder" / "file"))
    with pytest.raises(NotADirectoryError):
        FileTree(root).trail("inner/file").look()
    FileTree(root, follow_symlinks=True).trail("inner/file").look()
    with pytest.raises(FileNotFoundError):
        trail.look_beside(".gz")


def test_a_device_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    """To open one may do something already: rewind a tape, arm a watchdog."""
    opened = []
    monkeypatch.setattr(os, "open", lambda *args, **kwargs: opened.append(args))
    with pytest.raises(PermissionError):
        open_regular("/dev/null")
    assert not opened


def test_what_takes_the_place_of_a_file_meanwhile(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def slow(name: str, *args: int, **kwargs: int) -> int:
        if name == "file":
            (root / "folder" / "file").unlink()
            os.mkfifo(root / "folder" / "file")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(os, "open", slow)
    before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(PermissionError):
        FileTree(root).open("folder/file")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "name",
    ["\\\\host\\share", "a\\..\\secret", "C:", "C:/x", "file::$DATA", "nul?", "a|b", "a/b*"],
)
def test_names_of_windows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """GHSA-p998-jp59-783m: to look at a share of another host sends it a password's hash."""
    if not file_tree._HAS_DRIVES:
        assert split_name(name)
    monkeypatch.setattr(file_tree, "_HAS_DRIVES", True)
    with pytest.raises(FileNotFoundError):
        split_name(name)
