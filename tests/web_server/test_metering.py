import pytest

from weft_web_server import Deadlines
from weft_web_server.metering import BodyMeter

PACE = Deadlines()


def test_silence_is_bounded() -> None:
    meter = BodyMeter(0)

    meter = BodyMeter(0)
    meter.received = 100_000
    assert not meter.is_too_slow(10, PACE, is_waiting=True)
    assert not meter.is_too_slow(39, PACE, is_waiting=True)
    assert meter.is_too_slow(41, PACE, is_waiting=True)


@pytest.mark.parametrize(("rate", "is_too_slow"), [(239, True), (241, False)])
def test_least_rate(rate: int, is_too_slow: bool) -> None:
    meter = BodyMeter(0)
    verdicts = []
    for second in range(1, 21):
        meter.received += rate
        verdicts.append(meter.is_too_slow(second, PACE, is_waiting=True))
    assert not any(verdicts[:10])
    assert any(verdicts) is is_too_slow


@pytest.mark.parametrize("grace", [0.0, 3.0, 20.0])
def test_grace(grace: float) -> None:
    pace, meter = Deadlines(body_grace=grace), BodyMeter(0)
    for second in range(1, 26):
        meter.received += 100  # slower than it may be
        assert meter.is_too_slow(second, pace, is_waiting=True) is (second > grace)


def test_time_in_which_we_did_not_read_does_not_count() -> None:
    meter = BodyMeter(0)
    for second in range(0, 1000, 10):
        assert not meter.is_too_slow(second, PACE, is_waiting=False)
