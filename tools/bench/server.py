"""The server's suite: processor time for each request, time to answer at a steady rate, memory."""

import contextlib
import importlib.util
from collections.abc import Callable, Mapping

from tools.bench.cases import CONTENDERS, LIMIT, PEERS, RIVAL, SERVER_CASES, ServerCase
from tools.bench.child import Child
from tools.bench.figures import Figure, Sample, table
from tools.bench.goals import Goal, judge

Rows = Mapping[str, Mapping[str, Figure]]
Progress = Callable[[str], None]
MEASURED_CORE, OTHER_CORE = 0, 1
WARM_UP_SECONDS = 0.3
OURS = "weft"
PACE = (3000, 50, 2.0)  # requests a second, connections, seconds
CROWD_SIZE = 5000
PACED_ROW, IDLE_ROW = "3,000 a second", "5,000 idle"


def _goals(times: float, parts: float) -> tuple[Goal, ...]:
    return Goal(OURS, RIVAL, times), Goal(OURS, LIMIT, 1 / parts)


GOALS: Mapping[str, tuple[Goal, ...]] = {
    "plaintext": (*_goals(4.5, 1.8), Goal(OURS, "granian", 1.0)),
    "browser": _goals(4.5, 2.0),
    "json": _goals(4.5, 2.0),
    "parameter": _goals(4.5, 1.8),
    "post": (Goal(OURS, RIVAL, 4.0),),
    "large": (Goal(OURS, RIVAL, 2.0),),
    "upload": (Goal(OURS, RIVAL, 2.5),),
    "file": (Goal(OURS, RIVAL, 5.0), Goal(OURS, "granian", 1.0)),
    "pipelined": (Goal(OURS, RIVAL, 10.0),),
    "busy": (),
}
BUSY_TIMES = 1.5


def run_server(rounds: int, seconds: float, progress: Progress, only: str = "") -> Rows:
    """Processor time of a server for each case."""
    names = [*CONTENDERS, *(name for name in PEERS if importlib.util.find_spec(name))]
    with contextlib.ExitStack() as stack:
        load = stack.enter_context(Child("tools.bench.load", core=OTHER_CORE))
        servers = {name: stack.enter_context(_start(name)) for name in names}
        return {
            case.title: _measure(case, servers, load, (rounds, seconds), progress)
            for case in SERVER_CASES
            if only in case.name
        }


def _start(name: str) -> Child:
    return Child(f"tools.bench.servers.with_{name}", core=MEASURED_CORE)


def _measure(
    case: ServerCase,
    servers: Mapping[str, Child],
    load: Child,
    effort: tuple[int, float],
    progress: Progress,
) -> Mapping[str, Figure]:
    """All rounds of one case: every server in turn, loaded by the same process."""
    ports = {
        name: each.hello[case.place] for name, each in servers.items() if case.place in each.hello
    }
    samples: dict[str, list[Sample]] = {name: [] for name in ports}
    rounds, seconds = effort
    for port in ports.values():
        load.ask(f"send {port} {case.name} {WARM_UP_SECONDS}")
    for number in range(rounds):
        progress(f"server: {case.title}, round {number + 1} of {rounds}")
        for name, port in ports.items():
            before = float(servers[name].ask("cpu")["cpu"])
            told = load.ask(f"send {port} {case.name} {seconds}")
            cpu = float(servers[name].ask("cpu")["cpu"]) - before
            samples[name].append(Sample(int(told["count"]), float(told["seconds"]), cpu))
    return {name: Figure.of(taken) for name, taken in samples.items()}


def describe_server(rows: Rows, only: str = "") -> str:
    """The table, its goals, and what is measured once."""
    titles = {case.title: case.name for case in SERVER_CASES}
    lines = [table("server", rows), ""]
    for title, figures in rows.items():
        told = [judge(goal, figures) for goal in GOALS[titles[title]]]
        if titles[title] == "busy" and "plaintext" in rows:
            part = figures[OURS].microseconds / rows["plaintext"][OURS].microseconds
            told.append(f"{part:.2f} times plain (at most {BUSY_TIMES})")
        lines.append(f"{title:<20}{'; '.join(told)}")
    if only in "latency":
        lines += ["", f"{PACED_ROW} over {PACE[1]} connections, µs until the answer"]
        lines += [f"{name:<20}{text}" for name, text in measure_pace().items()]
    if only in "idle":
        lines += ["", f"KiB for each of {CROWD_SIZE:,} idle connections"]
        lines += [f"{name:<20}{size / 1024:.1f}" for name, size in weigh_idle().items()]
    return "\n".join(lines)


def measure_pace() -> Mapping[str, str]:
    """How long answers take at a rate that every contender can bear."""
    told = {}
    rate, connections, seconds = PACE
    with contextlib.ExitStack() as stack:
        load = stack.enter_context(Child("tools.bench.load", core=OTHER_CORE))
        for name in CONTENDERS:
            server = stack.enter_context(_start(name))
            command = f"pace {server.hello['port']} {rate} {connections}"
            load.ask(f"{command} {WARM_UP_SECONDS}")
            rounds = [load.ask(f"{command} {seconds}") for _ in range(3)]
            middle = sorted(float(each["p50"]) for each in rounds)[1]
            late = sorted(float(each["p99"]) for each in rounds)[1]
            told[name] = f"p50 {middle:.0f}, p99 {late:.0f}"
    return told


def weigh_idle() -> Mapping[str, float]:
    """Resident bytes for each connection that was answered once, by contender."""
    weights = {}
    for name in CONTENDERS:
        with contextlib.ExitStack() as stack:
            load = stack.enter_context(Child("tools.bench.load", core=OTHER_CORE))
            server = stack.enter_context(_start(name))
            port = server.hello["port"]
            load.ask(f"open {port} 100")  # what comes with the first ones
            load.ask("close")
            before = float(server.ask("memory")["bytes"])
            load.ask(f"open {port} {CROWD_SIZE}")
            weights[name] = (float(server.ask("memory")["bytes"]) - before) / CROWD_SIZE
    return weights
