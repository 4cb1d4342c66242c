"""tools.bench.server: how its rows are judged, and that each contender answers every row it is asked."""

import pytest

from tools.bench.cases import CONTENDERS, SERVER_CASES
from tools.bench.child import Child
from tools.bench.figures import Figure
from tools.bench.server import GOALS, describe_server


def test_every_row_has_its_goals() -> None:
    assert GOALS.keys() == {case.name for case in SERVER_CASES}


def test_rows_are_judged() -> None:
    figures = {
        name: Figure(time, 1000.0, 0.1) for name, time in zip(CONTENDERS, (9, 36, 4), strict=True)
    }
    rows = {case.title: figures for case in SERVER_CASES}
    told = describe_server(rows, only="no such row")
    assert "weft / aiohttp 4.00 (goal 4.5) MISSED" in told
    assert "weft / aiohttp 4.00 (goal 4)" in told
    assert "1.00 times plain" in told
    assert "granian: not measured" in told


@pytest.mark.parametrize("name", CONTENDERS)
def test_contenders_answer_all_rows(name: str) -> None:
    with Child("tools.bench.load", core=1) as load:
        with Child(f"tools.bench.servers.with_{name}", core=0) as server:
            for case in SERVER_CASES:
                told = load.ask(f"send {server.hello[case.place]} {case.name} 0.01")
                assert int(told["count"]) >= case.count
            load.ask(f"open {server.hello['port']} 5")
            assert load.ask("close") == {"closed": 5}
            told = load.ask(f"pace {server.hello['port']} 1000 5 0.05")
            assert 0 < float(told["p50"]) <= float(told["p99"])
