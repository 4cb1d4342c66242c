import pytest

from tools.bench.figures import Figure
from tools.bench.goals import Goal, judge


def take(microseconds: float) -> Figure:
    return Figure(microseconds, 1.0, 0.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "times", "text"),
    [
        (1, 4, 4, "a / b 4.00 (goal 4)"),
        (1, 3.96, 4, "a / b 3.96 (goal 4) MISSED"),
        (1, 12.34, 10, "a / b 12.3 (goal 10)"),
        (1.5, 1, 1 / 1.5, "a / b 0.67 (goal 0.67)"),
        (1.6, 1, 1 / 1.5, "a / b 0.62 (goal 0.67) MISSED"),
    ],
)
def test_ratio(ours: float, theirs: float, times: float, text: str) -> None:
    assert judge(Goal("a", "b", times), {"a": take(ours), "b": take(theirs)}) == text


def test_who_was_not_measured_is_not_judged() -> None:
    assert judge(Goal("a", "b", 1), {"a": take(1)}) == "a / b: not measured"
    assert judge(Goal("a", "b", 1), {"b": take(1)}) == "a / b: not measured"
