"""``hatch run bench websocket``: echoes, broadcasts and idle websockets of five libraries.

Processor time of the measured process for each message that goes forth and back; every contender
has a process of its own on one core and the load another. They take turns in every round. A goal
that is missed is said; it does not change the exit code, which tells whether the machine was quiet.
"""

import contextlib
import importlib.util
import tempfile
from collections.abc import Callable, Mapping, Sequence

import attrs

from tools.bench.child import Child
from tools.bench.figures import Figure, Sample
from tools.bench.goals import Goal, judge
from tools.bench.sockets.traffic import BINARY_CASES, DEFLATE_CASE, NOTICE, TEXT_CASE, EchoCase

OURS, RIVAL, CALLBACKS, FOREIGN, LIMIT = "weft", "aiohttp", "picows", "websockets", "bare"
CONTENDERS = (OURS, RIVAL, CALLBACKS, FOREIGN, LIMIT)
WEIGHED = (OURS, RIVAL)
CROWD_SIZE = 5000
SPARE_FILES = 100
BROADCASTS = 5  # in a turn
GREATEST_WEIGHT = 0.7
MEASURED_CORE, OTHER_CORE = 0, 1
TURN_PART = 0.5  # of the seconds of a server's turn: there are many rows
WARM_UP_SECONDS = 0.2
UNIX_ROW = "broadcast, Unix sockets"
BROADCAST_ROWS: Mapping[str, Sequence[str]] = {
    "broadcast": CONTENDERS,
    UNIX_ROW: (OURS, RIVAL, FOREIGN, LIMIT),
}
Rows = Mapping[str, Mapping[str, Figure]]
Progress = Callable[[str], None]


@attrs.frozen
class EchoRow:
    """One line of the table: a role, a case, who is able to do it, and what is to be reached."""

    role: str
    case: EchoCase
    goals: Sequence[Goal] = ()
    contenders: Sequence[str] = CONTENDERS

    @property
    def title(self) -> str:
        return f"{self.role}, {self.case.title}{', deflate' * self.case.is_compressed}"


def _against(of_rival: float, of_callbacks: float) -> Sequence[Goal]:
    """Goals as the part of another's time that ours may take."""
    return Goal(OURS, RIVAL, 1 / of_rival), Goal(OURS, CALLBACKS, 1 / of_callbacks)


SMALL, MEDIUM, LARGE = BINARY_CASES
ECHO_ROWS = (
    EchoRow("server", SMALL, _against(0.5, 1.15)),
    EchoRow("server", MEDIUM, _against(0.5, 1.15)),
    EchoRow("server", TEXT_CASE),
    EchoRow("server", LARGE, _against(0.7, 1)),
    EchoRow(
        "server", DEFLATE_CASE, [Goal(OURS, FOREIGN, 1 / 0.6)], contenders=(OURS, RIVAL, FOREIGN)
    ),
    EchoRow("client", SMALL, _against(0.75, 1.15)),
    EchoRow("client", MEDIUM, _against(0.75, 1.15)),
    EchoRow("client", LARGE, _against(0.75, 1.15)),
)
GOALS: Mapping[str, Sequence[Goal]] = {
    **{row.title: row.goals for row in ECHO_ROWS},
    **{title: [Goal(OURS, RIVAL, 3)] for title in BROADCAST_ROWS},
}


def run_websocket(rounds: int, seconds: float, progress: Progress) -> Rows:
    """Processor time of one message, for each row and contender."""
    rows = {row.title: _measure_row(row, (rounds, seconds), progress) for row in ECHO_ROWS}
    for title in BROADCAST_ROWS:
        rows[title] = _measure_broadcast(title, rounds, progress)
    return rows


def _measure_row(
    row: EchoRow, effort: tuple[int, float], progress: Progress
) -> Mapping[str, Figure]:
    rounds, seconds = effort
    measure = _measure_servers if row.role == "server" else _measure_clients
    samples: dict[str, list[Sample]] = {name: [] for name in row.contenders}
    with contextlib.ExitStack() as stack:
        turn = measure(row, stack)
        for name in row.contenders:
            turn(name, WARM_UP_SECONDS)
        for number in range(rounds):
            progress(f"websocket: {row.title}, round {number + 1} of {rounds}")
            for name in row.contenders:
                samples[name].append(turn(name, seconds * TURN_PART))
    return {name: Figure.of(samples[name]) for name in row.contenders}


def _start(name: str, *words: str, core: int = MEASURED_CORE) -> Child:
    return Child(f"tools.bench.sockets.with_{name}", *words, core=core)


def _measure_servers(row: EchoRow, stack: contextlib.ExitStack) -> Callable[[str, float], Sample]:
    """Servers that are up, and what takes a turn with one of them."""
    load = stack.enter_context(Child("tools.bench.sockets.load", core=OTHER_CORE))
    servers = {name: stack.enter_context(_start(name, "server")) for name in row.contenders}

    def turn(name: str, seconds: float) -> Sample:
        server = servers[name]
        load.ask(f"open {server.hello['address']} {row.case.name}")
        before = float(server.ask("cpu")["cpu"])
        told = load.ask(f"run {seconds}")
        cpu = float(server.ask("cpu")["cpu"]) - before
        load.ask("close")
        return Sample(int(told["count"]), float(told["seconds"]), cpu)

    return turn


def _measure_clients(row: EchoRow, stack: contextlib.ExitStack) -> Callable[[str, float], Sample]:
    server = stack.enter_context(_start(LIMIT, "server", core=OTHER_CORE))
    clients = {name: stack.enter_context(_start(name, "client")) for name in row.contenders}

    def turn(name: str, seconds: float) -> Sample:
        told = clients[name].ask(f"{server.hello['address']} {row.case.name} {seconds}")
        return Sample(int(told["count"]), float(told["seconds"]), float(told["cpu"]))

    return turn


def _measure_broadcast(title: str, rounds: int, progress: Progress) -> Mapping[str, Figure]:
    """One message to a crowd at each server, until the kernel has it all."""
    samples: dict[str, list[Sample]] = {name: [] for name in BROADCAST_ROWS[title]}
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        pairs = {}
        for name in samples:
            progress(f"websocket: {title}, {name} gets its crowd")
            path = [f"{folder}/{name}"] if title == UNIX_ROW else []
            server = stack.enter_context(_start(name, "server", *path))
            pairs[name] = server, _gather(stack, str(server.hello["address"]))
        for number in range(rounds):
            progress(f"websocket: {title}, round {number + 1} of {rounds}")
            for name, (server, crowd) in pairs.items():
                before = float(server.ask("cpu")["cpu"])
                server.ask(f"broadcast {BROADCASTS}")
                crowd.ask(f"hear {BROADCASTS}")
                cpu = float(server.ask("cpu")["cpu"]) - before
                samples[name].append(Sample(BROADCASTS, cpu, cpu))
        for _, crowd in pairs.values():
            crowd.ask("close")
    return {name: Figure.of(taken) for name, taken in samples.items()}


def _gather(stack: contextlib.ExitStack, address: str) -> Child:
    """Thousands of open websockets to this server."""
    crowd = stack.enter_context(Child("tools.bench.sockets.crowd", core=OTHER_CORE))
    if int(crowd.hello["files"]) < CROWD_SIZE + SPARE_FILES:
        raise SystemExit(
            f"bench: {CROWD_SIZE} sockets need a higher limit of open files (ulimit -Hn)"
        )
    crowd.ask(f"open {address} {CROWD_SIZE}")
    return crowd


def weigh_idle() -> Mapping[str, float]:
    """Resident bytes for each open websocket that has echoed once, by contender."""
    weights = {}
    for name in WEIGHED:
        with contextlib.ExitStack() as stack:
            server = stack.enter_context(_start(name, "server"))
            crowd = stack.enter_context(Child("tools.bench.sockets.crowd", core=OTHER_CORE))
            crowd.ask(f"open {server.hello['address']} 100")  # what comes with the first ones
            crowd.ask("close")
            before = float(server.ask("memory")["bytes"])
            crowd.ask(f"open {server.hello['address']} {CROWD_SIZE}")
            weights[name] = (float(server.ask("memory")["bytes"]) - before) / CROWD_SIZE
    return weights


def report(rows: Rows, weights: Mapping[str, float]) -> str:
    """All figures as text: a line for each row with its goals under it, and memory."""
    lines = [f"{'CPU µs of an echo':<30}" + "".join(f"{name:>12}" for name in CONTENDERS)]
    for title, figures in rows.items():
        if title == next(iter(BROADCAST_ROWS)):
            lines += [
                "",
                f"CPU µs of a message of {len(NOTICE)} bytes to {CROWD_SIZE:,} websockets",
            ]
        lines.append(f"{title:<30}" + _cells(figures))
        spread = max(figure.spread for figure in figures.values())
        told = [judge(goal, figures) for goal in GOALS[title]]
        told += [_tell_beyond(figures)] if title in BROADCAST_ROWS else []
        lines.append("    " + "; ".join((*told, f"rounds differ by at most {spread:.0%}")))
    has_isal = importlib.util.find_spec("isal") is not None
    lines += ["", f"{OURS} compresses by {'isal' if has_isal else 'zlib: isal is not installed'}"]
    lines += ["", f"resident bytes for each of {CROWD_SIZE:,} idle websockets of a server"]
    lines.append("    " + _judge_weights(weights))
    return "\n".join(lines)


def _tell_beyond(figures: Mapping[str, Figure]) -> str:
    """The same ratio without what the kernel takes, which is nearly all of it."""
    ours = figures[OURS].microseconds - figures[LIMIT].microseconds
    theirs = figures[RIVAL].microseconds - figures[LIMIT].microseconds
    return f"beyond {LIMIT} {theirs / ours:.2f}" if ours > 0 else f"beyond {LIMIT} -"


def _cells(figures: Mapping[str, Figure]) -> str:
    return "".join(
        f"{figures[name].microseconds:>12,.1f}" if name in figures else f"{'-':>12}"
        for name in CONTENDERS
    )


def _judge_weights(weights: Mapping[str, float]) -> str:
    told = [f"{name} {weight:,.0f}" for name, weight in weights.items()]
    if not all(weights.values()):
        return "not measured: this system does not tell"
    part = weights[OURS] / weights[RIVAL]
    mark = "" if part <= GREATEST_WEIGHT else " MISSED"
    told.append(f"{OURS} / {RIVAL} {part:.0%} (goal: at most {GREATEST_WEIGHT:.0%}){mark}")
    return "; ".join(told)
