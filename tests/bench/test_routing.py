"""What the suite says of figures; measuring itself is left to the suite."""

from collections.abc import Mapping

from tools.bench.figures import Figure
from tools.bench.routing import CONTENDERS, Rows, report
from tools.bench.tables import LONG_PATH_ROW, SHAPES, SIZES, plan_asks, row_title

GOOD = {
    "weft": 0.2,
    "weft.web": 0.2,
    "aiohttp": 1.0,
    "starlette": 9.0,
    "falcon": 0.3,
    "werkzeug": 3.0,
    "matchit": 0.2,
    "dict": 0.1,
}
LIGHT = {"weft": 300.0, "weft.web": 900.0, "aiohttp": 1000.0}


def make_rows(times: Mapping[str, float] = GOOD, part: float = 1.0) -> Rows:
    """Every row alike; at the largest size `part` times as long."""
    figures = {name: Figure(time, 1e6, 0.0) for name, time in times.items()}
    late = {name: Figure(time * part, 1e6, 0.0) for name, time in times.items()}
    return {
        row_title(row, size): late if size == SIZES[-1] else figures
        for shape in SHAPES
        for size in SIZES
        for row in plan_asks(shape, size)
    }


def line_under(text: str, title: str) -> tuple[str, str]:
    """The line of a row, and the one with its goals."""
    lines = text.split("\n")
    at = next(at for at, line in enumerate(lines) if line.startswith(title))
    return lines[at], lines[at + 1]


def test_all_is_well() -> None:
    text = report(make_rows(), LIGHT)
    assert "MISSED" not in text and "not measured" not in text
    row, goals = line_under(text, "10: static")
    assert row.split()[2:] == ["200", "200", "1,000", "9,000", "300", "3,000", "200", "100"]
    assert goals == (
        "    weft / aiohttp 5.00 (goal 4); weft.web / aiohttp 5.00 (goal 4);"
        " weft / matchit 1.00 (goal 0.67); 2.0 times a dict"
    )
    assert text.split("\n")[0].split()[3:] == list(CONTENDERS)


def test_falcon_is_a_rival_from_a_hundred_routes_on() -> None:
    text = report(make_rows({**GOOD, "falcon": 0.1}), LIGHT)
    assert "falcon" not in line_under(text, "10: static")[1]
    assert "weft / falcon 0.50 (goal 1) MISSED" in line_under(text, "100: static")[1]


def test_growth() -> None:
    text = report(make_rows(part=1.5), LIGHT)
    (line,) = [line for line in text.split("\n") if line.startswith("    miss: ")]
    assert "weft 1.50 (goal: at most 1.3) MISSED; weft.web 1.50 (goal: at most 1.3) MISSED" in line
    assert "aiohttp 1.50;" in line


def test_long_path() -> None:
    title = f"10: {LONG_PATH_ROW}"
    few = {name: time for name, time in GOOD.items() if name not in ("aiohttp", "weft.web")}
    row, goals = line_under(report({**make_rows(), **make_long(few)}, LIGHT), title)
    assert row.split()[5:8] == ["200", "-", "-"]
    assert goals == "    weft 0.2 µs (goal: at most 1,000)"
    late = {**make_rows(), **make_long({**few, "weft": 1000.5})}
    _, goals = line_under(report(late, LIGHT), title)
    assert goals == "    weft 1,000.5 µs (goal: at most 1,000) MISSED"


def make_long(times: Mapping[str, float]) -> Rows:
    return {
        title: figures for title, figures in make_rows(times).items() if LONG_PATH_ROW in title
    }


def test_weights() -> None:
    last = report(make_rows(), {**LIGHT, "weft.web": 1500.0}).split("\n")[-1]
    assert last == (
        "    weft 300; weft.web 1,500; aiohttp 1,000; weft / aiohttp 30% (goal: at most 100%);"
        " weft.web / aiohttp 150% (goal: at most 100%) MISSED"
    )
