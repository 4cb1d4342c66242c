"""The inputs that libFuzzer found telling, replayed on both twins without it."""

from pathlib import Path

import pytest
from support.twins import Twin, load_twin

from tools.fuzz.c.inputs import parse_input
from tools.fuzz.c.replay import Subject, replay

CORPUS = Path(__file__).resolve().parents[3] / "tools/fuzz/c/corpus"
INPUTS = {
    path.name: given
    for path in sorted(CORPUS.iterdir())
    if path.suffix != ".md" and (given := parse_input(path.read_bytes())) is not None
}


def subject(twin: Twin) -> Subject:
    return Subject(twin.module("_twin"), twin.ProtocolError, (twin.HTTP_10, twin.HTTP_11))


def test_corpus_is_small() -> None:
    files = [path for path in CORPUS.iterdir() if path.suffix != ".md"]
    assert 0 < len(files) < 300
    assert sum(path.stat().st_size for path in files) < 200_000


@pytest.mark.parametrize("kind", range(5))
def test_promises_hold(twin: Twin, kind: int) -> None:
    chosen = {name: given for name, given in INPUTS.items() if given.kind == kind}
    assert chosen
    for name, given in chosen.items():
        try:
            replay(subject(twin), given)
        except Exception as exc:
            exc.add_note(f"{name}: {given}")
            raise


@pytest.mark.parametrize("name", INPUTS)
def test_twins_agree(name: str) -> None:
    seen = [
        replay(subject(load_twin("weft_http_parser", backend)), INPUTS[name])
        for backend in ("py", "c")
    ]
    assert seen[0] == seen[1]
