"""Builds the harness with clang and runs it: libFuzzer over the C twin, under ASan and UBSan.

    python -m tools.fuzz.c -runs=1000000
    python -m tools.fuzz.c -max_total_time=60
    python -m tools.fuzz.c --merge          # what was found, minimised into the corpus
    python -m tools.fuzz.c websocket -runs=1000000      # frames; no corpus is kept of them

Arguments with one dash are libFuzzer's. New inputs are kept in build/fuzz/found; an input that
breaks something is written to build/fuzz/, and run again by naming its file.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from random import Random

import multidict

from tools.fuzz.c.inputs import make_seeds
from tools.fuzz.exchanges import make_course
from weft_http_parser import Role

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
CORPUS = HERE / "corpus"
BUILD = ROOT / "build" / "fuzz"
HARNESS = BUILD / "harness"
SOURCES = ROOT / "packages" / "http-parser" / "src"
FRAMES = ROOT / "packages" / "websocket" / "src"
MAX_SIZE = 1500
FLAGS = (
    "-std=c11 -O2 -g -fno-omit-frame-pointer -Wall -Wextra -Wno-unused-parameter"
    " -Wno-missing-field-initializers -Wno-unused-function"
    " -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined"
).split()


def find_headers(source: str) -> list[str]:
    """The flags that name the folders of headers of a harness."""
    twin = "weft_http_parser" if source == "harness.c" else "weft_websocket"
    folders = (
        Path(multidict.__file__).parent,
        sysconfig.get_path("include"),
        (SOURCES if source == "harness.c" else FRAMES) / twin / "_twin",
    )
    return [f"-I{path}" for path in folders]


def build(source: str = "harness.c", output: Path = HARNESS) -> None:
    """Compile the harness together with its C twin, linked to this Python's library."""
    clang = shutil.which(os.environ.get("CLANG", "clang"))
    library = sysconfig.get_config_var("LIBDIR")
    if clang is None:
        raise SystemExit(
            "no clang: install clang and its libraries (Debian: clang libclang-rt-14-dev)"
        )
    if not sysconfig.get_config_var("Py_ENABLE_SHARED"):
        raise SystemExit(f"{sys.base_prefix} has no shared libpython to link")
    command = [clang, *FLAGS, *find_headers(source), str(HERE / source)]
    command += [
        f"-L{library}",
        f"-Wl,-rpath,{library}",
        f"-lpython{sysconfig.get_python_version()}",
    ]
    BUILD.mkdir(parents=True, exist_ok=True)
    subprocess.run([*command, "-o", str(output)], check=True)


def write_seeds() -> Path:
    """The folder with one file for each seed."""
    folder = BUILD / "seeds"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number, seed in enumerate(make_seeds()):
        (folder / f"{number:04}").write_bytes(seed)
    return folder


def environment() -> dict[str, str]:
    """What the Python inside of the harness needs to find its library, ours and multidict's."""
    paths = [SOURCES, FRAMES, ROOT, sysconfig.get_path("platlib"), sysconfig.get_path("purelib")]
    return os.environ | {
        "PYTHONHOME": sys.base_prefix,
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "PYTHONMALLOC": "malloc",  # or the sanitizer would not see what lies in an arena
        "WEFT_NO_EXTENSIONS": "1",  # the C twin is the one in the harness
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",  # the interpreter's
    }


def write_frame_seeds() -> Path:
    """The folder with one file for each wire that the random frames begin from."""
    folder = BUILD / "frame-seeds"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for number in range(300):
        course = make_course(Random(number))
        flags = (course.role is Role.SERVER) | course.deflate << 1 | (number & 1) << 2
        header = bytes((flags, number % 48, number % 60))
        (folder / f"{number:04}").write_bytes(header + course.wire[:MAX_SIZE])
    return folder


def fuzz_frames(arguments: list[str]) -> None:
    """Run the harness of websocket frames."""
    harness = BUILD / "websocket"
    build("websocket.c", harness)
    found = BUILD / "found-frames"
    found.mkdir(exist_ok=True)
    command = [
        str(harness),
        f"-artifact_prefix={BUILD}/",
        "-detect_leaks=0",
        f"-max_len={MAX_SIZE}",
    ]
    if any(Path(one).is_file() for one in arguments):
        os.execve(harness, [*command, *arguments], environment())
    folders = [str(found), str(write_frame_seeds())]
    os.execve(harness, [*command, *arguments, *folders], environment())


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["websocket"]:
        fuzz_frames(arguments[1:])
    build()
    found = BUILD / "found"
    found.mkdir(exist_ok=True)
    command = [str(HARNESS), f"-artifact_prefix={BUILD}/", f"-dict={HERE / 'http.dict'}"]
    command += ["-detect_leaks=0", f"-max_len={MAX_SIZE}"]
    given = [one for one in arguments if one != "--"]
    folders = [str(found), str(CORPUS), str(write_seeds())]
    if given == ["--merge"]:
        merge(command, folders)
    elif any(Path(one).is_file() for one in given):
        os.execve(HARNESS, [*command, *given], environment())
    else:
        os.execve(HARNESS, [*command, *given, *folders], environment())


def merge(command: list[str], folders: list[str]) -> None:
    """Replace the corpus by the fewest inputs that reach the same code, however often."""
    fresh = BUILD / "merged"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    options = ["-merge=1", "-use_counters=0", str(fresh)]
    subprocess.run([*command, *options, *folders], check=True, env=environment())
    for path in CORPUS.iterdir():
        if path.suffix != ".md":
            path.unlink()
    for path in fresh.iterdir():
        shutil.copy(path, CORPUS)


if __name__ == "__main__":
    main(sys.argv[1:])
