from tools.bench.spending import spend


def test_calls_are_counted() -> None:
    made = []

    def loop(batch: int) -> None:
        for _ in range(batch):
            made.append(sum(range(1000)))

    told = spend(loop, 0.01, calls=3)
    turns = told["count"] / 3
    assert turns == int(turns) and 0 < turns < len(made)  # warming up is not counted
    assert told["seconds"] >= 0.01 and told["cpu"] > 0
