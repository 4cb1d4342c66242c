"""Memory that bodies have left behind stays with the process, on glibc."""

import os
import subprocess
import sys

import pytest

_has_glibc = "CS_GNU_LIBC_VERSION" in getattr(os, "confstr_names", {})

pytestmark = pytest.mark.skipif(not _has_glibc, reason="about glibc's malloc")

_COUNT = """
import resource

def count_faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        blocks = [b"x" * 262_144 for _ in range(8)]
        del blocks
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
"""
_PAGES = 20 * 8 * 262_144 // 4096  # which the blocks of one count have, where pages are small

_CALL = """
from weft_web_server.freed_memory import keep_freed_memory
before = count_faults()
keep_freed_memory()
count_faults()
print(before, count_faults())
"""

_UPLOAD = """
import asyncio
from weft_web_server import Application, AppRunner, Response, TCPSite

async def read(request):
    return Response(text=str(len(await request.read())))

async def upload(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"PUT / HTTP/1.1\\r\\nHost: a\\r\\nContent-Length: 4\\r\\nExpect: 100-continue\\r\\n\\r\\n")
    assert b"100" in await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"body")
    assert b"200" in await reader.readuntil(b"\\r\\n\\r\\n4")
    writer.close()

async def main():
    app = Application()
    app.router.add_put("/", read)
    runner = AppRunner(app)
    await runner.setup()
    await TCPSite(runner, "127.0.0.1", 0).start()
    before = count_faults()
    await upload(runner.addresses[0][1])
    count_faults()
    print(before, count_faults())
    await runner.cleanup()

asyncio.run(main())
"""


def _run(script: str, **settings: str) -> tuple[int, int]:
    """The faults before and after what a script does, in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    command = [sys.executable, "-c", _COUNT + script]
    env |= settings
    out = subprocess.run(command, env=env, check=True, capture_output=True, text=True).stdout
    before, after = out.split()
    return int(before), int(after)


def test_memory_that_was_freed_is_used_again() -> None:
    before, after = _run(_CALL)
    assert after < before / 4
    assert after < _PAGES / 10


def test_the_first_body_that_comes_in_parts_asks_for_it() -> None:
    before, after = _run(_UPLOAD)
    assert after < before / 4
    assert after < _PAGES / 10


def test_what_the_environment_says_stands() -> None:
    _, after = _run(_CALL, MALLOC_TRIM_THRESHOLD_="131072")
    assert after > _PAGES / 4


def test_a_narrow_limit_on_memory_is_no_error() -> None:
    script = """
import weft_web_server.freed_memory
size = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (size + 24 * 1_048_576,) * 2)
"""
    _run(script + _CALL)
