"""curl downloads files: in parts, resumed, compressed, and only when they are new."""

import asyncio
import gzip
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from support.serving import serving

from weft_web_server import Application

SIZE = 3_000_001

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[str]:
    """The address of a directory with files."""
    (tmp_path / "served").mkdir()
    (tmp_path / "served" / "large.bin").write_bytes(os.urandom(SIZE))
    (tmp_path / "served" / "text.txt").write_text("text " * 1000)
    app = Application()
    app.router.add_static("/", tmp_path / "served")
    async with serving(app) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def content(tmp_path: Path, place: str) -> bytes:
    return (tmp_path / "served" / "large.bin").read_bytes()


async def curl(*arguments: str) -> bytes:
    process = await asyncio.create_subprocess_exec(
        *("curl", "--silent", "--show-error", "--fail", "--max-time", "20", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output


async def test_parts(place: str, content: bytes) -> None:
    url = f"{place}/large.bin"
    assert await curl(url) == content
    assert await curl("--range", "10-20", url) == content[10:21]
    assert await curl("--range", "-7", url) == content[-7:]
    assert await curl("--range", "2999999-", url) == content[2_999_999:]
    several = await curl("--range", "0-9,1000000-2000000", url)
    assert content[:10] in several and content[1_000_000:2_000_001] in several


async def test_a_download_is_resumed(place: str, content: bytes, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(content[:1_234_567])
    await curl("--continue-at", "-", "--output", str(target), f"{place}/large.bin")
    assert read(target) == content


async def test_only_what_is_new(place: str, tmp_path: Path) -> None:
    target, tags = tmp_path / "target", tmp_path / "tags"
    url = f"{place}/text.txt"
    told = ("--write-out", "%{http_code}", "--output", str(target))
    etags = ("--etag-compare", str(tags), "--etag-save", str(tags))
    assert await curl(*told, *etags, "--remote-time", url) == b"200"
    assert await curl(*told, *etags, url) == b"304"
    assert await curl(*told, "--time-cond", str(target), url) == b"304"
    assert await curl(*told, "--time-cond", "Sat, 01 Jan 2000 00:00:00 GMT", url) == b"200"


async def test_compressed(place: str, tmp_path: Path) -> None:
    coded = gzip.compress(b"text " * 1000)
    (tmp_path / "served" / "text.txt.gz").write_bytes(coded)
    url = f"{place}/text.txt"
    assert await curl("--header", "Accept-Encoding: gzip", url) == coded
    assert await curl("--compressed", url) == b"text " * 1000
    assert b"Content-Encoding: gzip" in await curl("--compressed", "--head", url)
    assert await curl(url) == b"text " * 1000


def read(path: Path) -> bytes:
    return path.read_bytes()
