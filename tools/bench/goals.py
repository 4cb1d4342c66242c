"""What is to be reached: one contender against another, and how a row is judged by it; pure."""

from collections.abc import Mapping

import attrs

from tools.bench.figures import Figure


@attrs.frozen
class Goal:
    """A contender, and how many times as fast as another it has to be."""

    contender: str
    rival: str
    times: float


def judge(goal: Goal, figures: Mapping[str, Figure]) -> str:
    """The ratio that was measured beside the one that was meant."""
    if goal.contender not in figures or goal.rival not in figures:
        return f"{goal.contender} / {goal.rival}: not measured"
    ratio = figures[goal.rival].microseconds / figures[goal.contender].microseconds
    mark = "" if ratio >= goal.times else " MISSED"
    told = f"{ratio:.1f}" if ratio >= 10 else f"{ratio:.2f}"
    return f"{goal.contender} / {goal.rival} {told} (goal {goal.times:.2g}){mark}"
