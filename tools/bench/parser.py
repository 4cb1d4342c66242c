"""``hatch run bench parser``: heads, bodies, multipart and memory, beside the parsers in use.

Every contender is a process of its own on one core, and they take turns in every round. A goal that
is missed is said; it does not change the exit code, which tells whether the machine was quiet.
"""

import contextlib
from collections.abc import Callable, Mapping

from tools.bench.child import Child
from tools.bench.figures import Figure, Sample
from tools.bench.goals import judge
from tools.bench.messages import plan_cases

CONTENDERS: Mapping[str, tuple[str, ...]] = {
    "weft": ("with_weft",),
    "weft, Python": ("with_weft", "--pure"),
    "httptools": ("with_httptools",),
    "aiohttp": ("with_aiohttp",),
    "h11": ("with_h11",),
}
MEASURED_CORE = 0
WEIGHED = ("weft", "weft, Python", "aiohttp")
LARGEST_PART = 0.4
TURN_PART = 0.2  # of the seconds of a server's turn: nothing here waits for anybody
Rows = Mapping[str, Mapping[str, Figure]]


def run_parser(rounds: int, seconds: float, progress: Callable[[str], None]) -> Rows:
    """Processor time of one message for each case and each contender that has it."""
    with contextlib.ExitStack() as stack:
        children = {
            name: stack.enter_context(Child("tools.bench.parsers", *words, core=MEASURED_CORE))
            for name, words in CONTENDERS.items()
        }
        rows = {}
        for title in plan_cases():
            able = {
                name: child
                for name, child in children.items()
                if title in str(child.hello["cases"]).split("\t")
            }
            progress(f"parser: {title}")
            rows[title] = _measure(title, able, rounds, seconds * TURN_PART)
        return rows


def weigh_heads() -> str:
    """Bytes of a kept head of 12 fields, beside aiohttp's raw message (tracemalloc)."""
    weights = {}
    for name in WEIGHED:
        with Child("tools.bench.parsers", *CONTENDERS[name], core=MEASURED_CORE) as child:
            weights[name] = float(child.ask("memory")["bytes"])
    cells = "".join(
        f"{weights[name]:,.0f}".rjust(14) if name in weights else f"{'-':>14}"
        for name in CONTENDERS
    )
    line = f"{'a kept head of 12 fields, bytes':<34}" + cells
    part = weights["weft"] / weights["aiohttp"]
    mark = "" if part <= LARGEST_PART else " MISSED"
    goal = f"    weft / aiohttp {part:.0%} (goal: at most {LARGEST_PART:.0%}){mark}"
    return f"{line}\n{goal}"


def _measure(
    title: str, children: Mapping[str, Child], rounds: int, seconds: float
) -> Mapping[str, Figure]:
    samples: dict[str, list[Sample]] = {name: [] for name in children}
    for _ in range(rounds):
        for name, child in children.items():
            told = child.ask(f"{title}\t{seconds}")
            samples[name].append(
                Sample(int(told["count"]), float(told["seconds"]), float(told["cpu"]))
            )
    return {name: Figure.of(samples[name]) for name in children}


def parser_table(rows: Rows) -> str:
    """Thousands of messages for each second of processor time, and what was to be reached."""
    lines = [f"{'thousands a second':<34}" + "".join(f"{name:>14}" for name in CONTENDERS)]
    goals = plan_cases()
    for title, figures in rows.items():
        cells = [
            f"{1000 / figures[name].microseconds:,.1f}" if name in figures else "-"
            for name in CONTENDERS
        ]
        lines.append(f"{title:<34}" + "".join(f"{cell:>14}" for cell in cells))
        lines.append("    " + "; ".join(judge(goal, figures) for goal in goals[title]))
    return "\n".join(lines)
