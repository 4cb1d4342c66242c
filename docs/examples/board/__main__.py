"""A shared notes board, the first example to read. Start it with `python docs/examples/board`.

Reading order: this file, app.py, store.py, live.py, selfcheck.py, and the page in static/.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import logging
import os
import signal
import sys
from pathlib import Path

from app import create_app
from selfcheck import run_selfcheck
from store import StoreError
from weft import web


class StartError(Exception):
    """Why the board cannot start, and what to do about it, in one line."""


def main() -> int:
    """Parse the command line, run the board, return the exit code."""
    options = parse_options()
    logging.basicConfig(stream=sys.stdout, format="%(message)s")
    try:
        return asyncio.run(run(options))
    except KeyboardInterrupt:
        return 0
    except StartError as exc:
        print(f"board: {exc}", file=sys.stderr)
        return 1


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="board", description="A shared notes board.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port", type=port_number, default=8080, help="0: any free one (%(default)s)"
    )
    parser.add_argument("--store", type=Path, default=default_store(), help="(%(default)s)")
    parser.add_argument("--once", action="store_true", help="stop after the self-check")
    return parser.parse_args()


def port_number(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65535:
        raise ValueError(text)
    return number


def default_store() -> Path:
    """A file of this user's that stays between runs."""
    if sys.platform == "win32":
        data = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "weft-board" / "notes.sqlite3"


async def run(options: argparse.Namespace) -> int:
    """Start, serve, and in any case clean up in order."""
    runner = web.AppRunner(create_app(options.store))
    try:
        await start(runner, options)
        logging.getLogger("board").setLevel(logging.INFO)
        return await serve(runner, options)
    finally:
        await runner.cleanup()


async def start(runner: web.AppRunner, options: argparse.Namespace) -> None:
    """Open the store and the port."""
    try:
        await runner.setup()
        await web.TCPSite(runner, options.host, options.port).start()
    except StoreError as exc:
        raise StartError(f"{exc}; choose another file with --store") from exc
    except OSError as exc:
        if exc.errno == errno.EADDRINUSE:
            raise StartError(
                f"port {options.port} is in use; choose another with --port, or 0 for any free one"
            ) from exc
        raise StartError(f"cannot listen on {options.host}:{options.port}: {exc}") from exc


async def serve(runner: web.AppRunner, options: argparse.Namespace) -> int:
    """Check that all works, then serve until Ctrl-C; returns the exit code."""
    stop = asyncio.Event()
    if sys.platform != "win32":  # there, Ctrl-C arrives as KeyboardInterrupt
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = local_url(runner)
    say(f"Board on {url}\nNotes in {options.store}\nSelf-check:")
    is_well = await run_selfcheck(url, say)
    if is_well and not options.once:
        say(f"All well. Open {url} in two windows; Ctrl-C stops.")
        await stop.wait()
    say("Stopping." if is_well else "The self-check failed, stopping.")
    return 0 if is_well else 1


def local_url(runner: web.AppRunner) -> str:
    """Where this machine reaches the board."""
    host, port = runner.addresses[0][:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # consoles without a ✓
    sys.exit(main())
