"""What the suite says of figures; measuring itself is left to the suite."""

from collections.abc import Mapping

from tools.bench.figures import Figure
from tools.bench.websocket import BROADCAST_ROWS, CONTENDERS, ECHO_ROWS, UNIX_ROW, Rows, report

GOOD = {"weft": 4.0, "aiohttp": 12.0, "picows": 5.0, "websockets": 20.0, "bare": 3.0}
LIGHT = {"weft": 7000.0, "aiohttp": 14_000.0}


def make_rows(times: Mapping[str, float] = GOOD, spread: float = 0.0) -> Rows:
    rows = {row.title: row.contenders for row in ECHO_ROWS} | dict(BROADCAST_ROWS)
    return {
        title: {name: Figure(times[name], 1e6, spread) for name in names}
        for title, names in rows.items()
    }


def line_under(text: str, title: str) -> tuple[str, str]:
    """The line of a row, and the one with its goals."""
    lines = text.split("\n")
    at = next(at for at, line in enumerate(lines) if line.startswith(title + "  "))
    return lines[at], lines[at + 1]


def test_all_is_well() -> None:
    text = report(make_rows(), LIGHT)
    assert "MISSED" not in text and "not measured" not in text
    row, goals = line_under(text, "server, 32 B")
    assert row.split()[3:] == ["4.0", "12.0", "5.0", "20.0", "3.0"]
    assert goals == (
        "    weft / aiohttp 3.00 (goal 2); weft / picows 1.25 (goal 0.87);"
        " rounds differ by at most 0%"
    )
    assert text.split("\n")[0].split()[5:] == list(CONTENDERS)


def test_goals() -> None:
    text = report(make_rows({**GOOD, "weft": 6.0, "websockets": 9.0}, 0.124), LIGHT)
    _, small = line_under(text, "server, 32 B")
    assert small == (
        "    weft / aiohttp 2.00 (goal 2); weft / picows 0.83 (goal 0.87) MISSED;"
        " rounds differ by at most 12%"
    )
    _, large = line_under(text, "server, 100 KiB")
    assert "weft / aiohttp 2.00 (goal 1.4); weft / picows 0.83 (goal 1) MISSED" in large
    _, client = line_under(text, "client, 1 KiB")
    assert "weft / aiohttp 2.00 (goal 1.3); weft / picows 0.83 (goal 0.87) MISSED" in client
    row, deflate = line_under(text, "server, 1 KiB of JSON, deflate")
    assert row.split()[-3:] == ["-", "9.0", "-"]
    assert "weft / websockets 1.50 (goal 1.7) MISSED" in deflate


def test_a_row_without_a_goal_has_its_spread() -> None:
    _, goals = line_under(report(make_rows(), LIGHT), "server, 1 KiB of text")
    assert goals == "    rounds differ by at most 0%"


def test_broadcast_is_told_beside_the_limit() -> None:
    text = report(make_rows({**GOOD, "bare": 2.0}), LIGHT)
    for title in BROADCAST_ROWS:
        assert "weft / aiohttp 3.00 (goal 3); beyond bare 5.00;" in line_under(text, title)[1]
    assert line_under(text, UNIX_ROW)[0].split()[-3:] == ["-", "20.0", "2.0"]
    assert "beyond bare -;" in report(make_rows({**GOOD, "weft": 2.9}), LIGHT)


def test_weights() -> None:
    assert report(make_rows(), {**LIGHT, "weft": 10_000.0}).split("\n")[-1] == (
        "    weft 10,000; aiohttp 14,000; weft / aiohttp 71% (goal: at most 70%) MISSED"
    )
    assert report(make_rows(), LIGHT).endswith("weft / aiohttp 50% (goal: at most 70%)")
    assert "not measured" in report(make_rows(), {**LIGHT, "aiohttp": 0.0}).split("\n")[-1]
