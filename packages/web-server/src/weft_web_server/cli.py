"""The command: `python -m weft.web` serves an application, or shows its routes.

Decides what is printed and with which code the command ends. Serving has the options of aiohttp's
command of this kind.
"""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Awaitable, Iterable, Sequence

import attrs

from .application import Application
from .cli_options import add_places, add_settings, to_places, to_settings
from .entry import EntryError, load_entry
from .errors import ConfigurationError
from .listing import Row, list_rows
from .run import run_app

ROUTES = "routes"
_SERVE_EPILOG = """\
further arguments are given to the function, as a list of texts

`%(prog)s routes MODULE:NAME` shows the routes instead: method, path, name, handler, and where the
handler is defined; see `%(prog)s routes --help`
"""
_ROUTES_EPILOG = """\
A request is compared with the routes from above, and the first that takes its path and its method
answers it: hosts first, then paths by the length of their literal beginning, then as they were
added. What no request can reach is told on the standard error output.
"""
_HEADS = ("HOST", "METHOD", "PATH", "NAME", "HANDLER", "DEFINED")


def main(arguments: Sequence[str], program: str) -> None:
    """Do what the command line says; SystemExit with code 2 where it is wrong."""
    if arguments and arguments[0] == ROUTES:
        show_routes(arguments[1:], program)
    else:
        serve(arguments, program)


def serve(arguments: Sequence[str], program: str) -> None:
    """Serve an application until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog=program,
        description="Serve a web application.",
        epilog=_SERVE_EPILOG,
        allow_abbrev=False,  # further arguments are the function's own
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_entry(parser)
    add_places(parser)
    add_settings(parser)
    options, further = parser.parse_known_args(arguments)
    try:
        places, settings = to_places(options), to_settings(options)
    except ConfigurationError as exc:
        parser.error(str(exc))
    logging.basicConfig(level=options.log_level.upper())
    try:
        run_app(load_entry(options.entry, further), **places, **settings)
    except (EntryError, ConfigurationError) as exc:
        parser.error(str(exc))
    parser.exit(message="Stopped\n")


def _add_entry(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "entry",
        metavar="MODULE:NAME",
        help="a web.Application, or a function or async function that returns one",
    )


def show_routes(arguments: Sequence[str], program: str) -> None:
    """Print the routes of an application."""
    parser = argparse.ArgumentParser(
        prog=f"{program} {ROUTES}",
        description="Show the routes of a web application.",
        epilog=_ROUTES_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_entry(parser)
    parser.add_argument("--json", action="store_true", help="as a list of JSON objects")
    parser.add_argument(
        "--sort",
        choices=("match", "path", "name", "handler"),
        default="match",
        help="the order: as requests are compared (default), or by a column",
    )
    options, further = parser.parse_known_args(arguments)
    try:
        made = load_entry(options.entry, further)
        app = made if isinstance(made, Application) else asyncio.run(_wait_for(made))
    except EntryError as exc:
        parser.error(str(exc))
    app.freeze()
    rows = _sorted(list_rows(app), options.sort)
    _print(_to_json(rows) if options.json else _to_table(rows))


async def _wait_for(made: Awaitable[Application]) -> Application:
    return await made


def _sorted(rows: Iterable[Row], order: str) -> list[Row]:
    if order == "match":
        return list(rows)
    return sorted(
        rows, key=lambda row: (str(getattr(row, order) or "~"), row.host or "", row.path)
    )


def _to_json(rows: Sequence[Row]) -> str:
    return json.dumps([attrs.asdict(row) for row in rows], indent=2, default=str)


def _to_table(rows: Sequence[Row]) -> str:
    """Columns as wide as their contents; that of hosts only where there is one."""
    cells = [
        (row.host or "*", ",".join(row.methods), row.path, row.name or "-", row.handler, row.place)
        for row in rows
    ]
    table: list[tuple[str, ...]] = [_HEADS, *cells]
    if not any(row.host for row in rows):
        table = [line[1:] for line in table]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    )
    return "\n".join(lines)


def _print(text: str) -> None:
    try:
        print(text, flush=True)
    except BrokenPipeError:  # `| head`: who reads has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
