"""``hatch run bench [SUITE ...]``: weft beside its peer and beside the limit, in one run.

Server and load run on separate cores. The contenders take turns in every round, so that what
disturbs the machine disturbs all of them, and processor time per request counts before requests
per second. Results are printed as a table and saved as JSON under ``build/bench/``.
"""

import argparse
import contextlib
import functools
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from tools.bench import multipart
from tools.bench.cases import CONTENDERS, SUITES
from tools.bench.child import Child
from tools.bench.figures import Figure, Sample, table, too_noisy
from tools.bench.parser import parser_table, run_parser, weigh_heads
from tools.bench.routing import report, run_routing, weigh_tables
from tools.bench.server import describe_server, run_server
from tools.bench.websocket import report as report_websocket
from tools.bench.websocket import run_websocket, weigh_idle

Rows = Mapping[str, Mapping[str, Figure]]
MEASURED_CORE, OTHER_CORE = 0, 1
WARM_UP_SECONDS = 0.3


@attrs.frozen
class Effort:
    """How long to measure: interleaved rounds, and seconds for each contender in each."""

    rounds: int
    seconds: float


def run_client(effort: Effort) -> Rows:
    """Processor time of a client that makes many concurrent requests to a bare server."""
    samples: dict[str, list[Sample]] = {name: [] for name in CONTENDERS}
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(Child("tools.bench.servers.with_bare", core=OTHER_CORE))
        port = server.hello["port"]
        clients = {
            name: stack.enter_context(
                Child(f"tools.bench.clients.with_{name}", core=MEASURED_CORE)
            )
            for name in CONTENDERS
        }
        for client in clients.values():
            client.ask(f"{port} {WARM_UP_SECONDS}")
        for number in range(effort.rounds):
            _progress(f"client: round {number + 1} of {effort.rounds}")
            for name, client in clients.items():
                told = client.ask(f"{port} {effort.seconds}")
                samples[name].append(
                    Sample(int(told["count"]), float(told["seconds"]), float(told["cpu"]))
                )
    return {"64 concurrent GETs": {name: Figure.of(samples[name]) for name in CONTENDERS}}


def measure_server(effort: Effort, only: str) -> Rows:
    """Processor time of a server for each case."""
    return run_server(effort.rounds, effort.seconds, _progress, only)


def measure_parser(effort: Effort) -> Rows:
    """Processor time of messages alone, without a socket."""
    return run_parser(effort.rounds, effort.seconds, _progress)


def describe_parser(rows: Rows) -> str:
    """The table of the parser's suite, and what is measured once."""
    return "\n".join((parser_table(rows), weigh_heads(), multipart.report()))


def measure_routing(effort: Effort) -> Rows:
    """Processor time of resolving alone."""
    return run_routing(effort.rounds, effort.seconds, _progress)


def describe_routing(rows: Rows) -> str:
    """The table of the routers' suite, and what is measured once."""
    return report(rows, weigh_tables())


def measure_websocket(effort: Effort) -> Rows:
    """Processor time of websocket messages, in both roles."""
    return run_websocket(effort.rounds, effort.seconds, _progress)


def describe_websocket(rows: Rows) -> str:
    """The table of the websockets' suite, and what is measured once."""
    return report_websocket(rows, weigh_idle())


def save(results: Mapping[str, Rows]) -> Path:
    """Write the figures where the next run can be compared with them."""
    folder = Path("build/bench")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    plain = {
        suite: {
            case: {name: attrs.asdict(figure) for name, figure in figures.items()}
            for case, figures in rows.items()
        }
        for suite, rows in results.items()
    }
    path.write_text(json.dumps({"python": sys.version, "results": plain}, indent=2))
    return path


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{text:<70}", end="", file=sys.stderr, flush=True)


def main() -> int:
    """Run the suites named on the command line, all of them by default."""
    parser = argparse.ArgumentParser(prog="hatch run bench", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--rounds", type=int, default=7, help="interleaved rounds (default 7)")
    parser.add_argument("--seconds", type=float, default=1.0, help="for each turn (default 1)")
    parser.add_argument(
        "--only", default="", help="rows of the server's suite, by a part of their name"
    )
    options = parser.parse_args()
    unknown = set(options.suites) - set(SUITES)
    if unknown:
        parser.error(f"no suite {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}")
    if (os.cpu_count() or 1) < 2:
        parser.error("server and load need a core each, and this machine has one")
    effort = Effort(options.rounds, options.seconds)
    suites: dict[str, Callable[[Effort], Rows]] = {
        "server": functools.partial(measure_server, only=options.only),
        "client": run_client,
        "parser": measure_parser,
        "routing": measure_routing,
        "websocket": measure_websocket,
    }
    described: dict[str, Callable[[Rows], str]] = {
        "server": functools.partial(describe_server, only=options.only),
        "parser": describe_parser,
        "routing": describe_routing,
        "websocket": describe_websocket,
    }
    results = {name: suites[name](effort) for name in options.suites or SUITES}
    _progress("")
    noise = []
    for name, rows in results.items():
        print("\n" + (described[name](rows) if name in described else table(name, rows)))
        noise += too_noisy(rows)
    print(f"\nsaved to {save(results)}")
    if noise:
        print("the machine was too noisy to compare:\n  " + "\n  ".join(noise))
    return 1 if noise else 0


if __name__ == "__main__":
    sys.exit(main())
