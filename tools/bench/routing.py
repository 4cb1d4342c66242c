"""``hatch run bench routing``: routers beside each other, in tables of 10 to 10,000 routes.

Every contender has a process of its own for each table, all on one core, and they take turns in
every round. A goal that is missed is said; it does not change the exit code, which tells whether
the machine was quiet.
"""

import contextlib
from collections.abc import Callable, Mapping, Sequence

from tools.bench.child import Child
from tools.bench.figures import Figure, Sample
from tools.bench.goals import judge
from tools.bench.tables import (
    GREATEST_GROWTH,
    GROWN,
    LONG_PATH_ROW,
    LONGEST_MICROSECONDS,
    MIXED,
    OURS,
    SHAPES,
    SHARED,
    SIZES,
    goals_of,
    plan_asks,
    row_title,
)

LIMIT = "dict"
CONTENDERS: Mapping[str, str] = {
    "weft": "with_weft",
    "weft.web": "with_weft_web",
    "aiohttp": "with_aiohttp",
    "starlette": "with_starlette",
    "falcon": "with_falcon",
    "werkzeug": "with_werkzeug",
    "matchit": "with_matchit",
    LIMIT: "with_dict",
}
TOO_SLOW: Sequence[tuple[str, str, int]] = (("falcon", SHARED, 10_000),)
"""What is not measured: falcon takes 40 seconds to add the routes of that table."""
WEIGHED: Mapping[str, str] = {"weft": "aiohttp", "weft.web": "aiohttp"}
MEASURED_CORE = 0
TURN_PART = 0.05  # of the seconds of a server's turn: there are many rows, and nobody waits
Rows = Mapping[str, Mapping[str, Figure]]


def run_routing(rounds: int, seconds: float, progress: Callable[[str], None]) -> Rows:
    """Processor time of resolving one request, for each row, table and contender."""
    rows: dict[str, Mapping[str, Figure]] = {}
    for size in SIZES:
        for shape in SHAPES:
            rows |= _measure_table(shape, size, (rounds, seconds * TURN_PART), progress)
    return rows


def _measure_table(
    shape: str, size: int, effort: tuple[int, float], progress: Callable[[str], None]
) -> Rows:
    rounds, seconds = effort
    rows: dict[str, Mapping[str, Figure]] = {}
    with contextlib.ExitStack() as stack:
        children: dict[str, Child] = {}
        for name, module in CONTENDERS.items():
            if (name, shape, size) not in TOO_SLOW:
                progress(f"routing: {name} builds a table of {size:,} routes")
                child = Child("tools.bench.routers", module, shape, str(size), core=MEASURED_CORE)
                children[name] = stack.enter_context(child)
        for row in plan_asks(shape, size):
            progress(f"routing: {row_title(row, size)}")
            able = {
                name: child
                for name, child in children.items()
                if row in str(child.hello["rows"]).split("\t")
            }
            rows[row_title(row, size)] = _measure_row(row, able, rounds, seconds)
    return rows


def _measure_row(
    row: str, children: Mapping[str, Child], rounds: int, seconds: float
) -> Mapping[str, Figure]:
    samples: dict[str, list[Sample]] = {name: [] for name in children}
    for _ in range(rounds):
        for name, child in children.items():
            told = child.ask(f"{row}\t{seconds}")
            samples[name].append(
                Sample(int(told["count"]), float(told["seconds"]), float(told["cpu"]))
            )
    return {name: Figure.of(samples[name]) for name in children}


def weigh_tables(size: int = SIZES[-1]) -> Mapping[str, float]:
    """Bytes for each route of the mixed table, by contender."""
    weights: dict[str, float] = {}
    for name in (*WEIGHED, *WEIGHED.values()):
        if name not in weights:
            words = CONTENDERS[name], MIXED, str(size), "--weigh"
            with Child("tools.bench.routers", *words, core=MEASURED_CORE) as child:
                weights[name] = float(child.hello["bytes"])
    return weights


def report(rows: Rows, weights: Mapping[str, float]) -> str:
    """All figures as text: a line for each row with its goals under it, growth, memory."""
    lines = [f"{'ns to resolve':<26}" + "".join(f"{name:>11}" for name in CONTENDERS)]
    for shape_rows in _grouped():
        for row, size in shape_rows:
            figures = rows[row_title(row, size)]
            lines.append(f"{row_title(row, size):<26}" + _cells(figures))
            lines.append("    " + _judge_row(row, size, figures))
    lines += ["", f"time at {SIZES[-1]:,} routes / at {SIZES[0]:,}"]
    lines += [f"    {row}: {_judge_growth(row, rows)}" for row in GROWN]
    lines += [
        "",
        f"bytes for each route of {SIZES[-1]:,} (tracemalloc, without handlers and paths)",
    ]
    lines.append("    " + "; ".join(_judge_weights(weights)))
    return "\n".join(lines)


def _grouped() -> Sequence[Sequence[tuple[str, int]]]:
    """The rows in the order of printing: a row with all of its sizes."""
    names = [row for shape in SHAPES for row in plan_asks(shape, SIZES[0])]
    return [[(row, size) for size in SIZES] for row in names]


def _cells(figures: Mapping[str, Figure]) -> str:
    return "".join(
        f"{figures[name].microseconds * 1000:>11,.0f}" if name in figures else f"{'-':>11}"
        for name in CONTENDERS
    )


def _judge_row(row: str, size: int, figures: Mapping[str, Figure]) -> str:
    if row == LONG_PATH_ROW:
        took = figures["weft"].microseconds
        mark = "" if took <= LONGEST_MICROSECONDS else " MISSED"
        return f"weft {took:,.1f} µs (goal: at most {LONGEST_MICROSECONDS:,.0f}){mark}"
    times = figures["weft"].microseconds / figures[LIMIT].microseconds
    judged = [judge(goal, figures) for goal in goals_of(row, size)]
    return "; ".join((*judged, f"{times:.1f} times a {LIMIT}"))


def _judge_growth(row: str, rows: Rows) -> str:
    told = []
    small, large = rows[row_title(row, SIZES[0])], rows[row_title(row, SIZES[-1])]
    for name in CONTENDERS:
        if name in small and name in large:
            ratio = large[name].microseconds / small[name].microseconds
            mark = " MISSED" if name in OURS and ratio > GREATEST_GROWTH else ""
            goal = f" (goal: at most {GREATEST_GROWTH}){mark}" if name in OURS else ""
            told.append(f"{name} {ratio:,.2f}{goal}")
    return "; ".join(told)


def _judge_weights(weights: Mapping[str, float]) -> Sequence[str]:
    told = [f"{name} {weight:,.0f}" for name, weight in weights.items()]
    for name, rival in WEIGHED.items():
        part = weights[name] / weights[rival]
        mark = "" if part <= 1 else " MISSED"
        told.append(f"{name} / {rival} {part:.0%} (goal: at most 100%){mark}")
    return told
