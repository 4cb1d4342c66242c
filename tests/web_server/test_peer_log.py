import logging

import pytest

from weft_web_server.peer_log import REMINDED_SECONDS, PeerLog

LOGGER = logging.getLogger("weft.test.peers")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.mark.parametrize(("lines", "left_out"), [(9, 0), (10, 0), (11, 1), (1000, 990)])
def test_ten_lines_a_second_then_a_count(
    caplog: pytest.LogCaptureFixture, clock: Clock, lines: int, left_out: int
) -> None:
    log = PeerLog(LOGGER, 10, clock)
    for number in range(lines):
        log.tell(logging.WARNING, "fault %d", number)
    log.flush()
    assert caplog.messages[:2] == ["fault 0", "fault 1"]
    told = [line for line in caplog.messages if line.startswith("fault")]
    assert len(told) == lines - left_out
    counts = [line for line in caplog.messages if not line.startswith("fault")]
    assert counts == (
        [f"{left_out} more lines on faults of clients were left out"] if left_out else []
    )


def test_the_next_second_has_lines_of_its_own(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    log = PeerLog(LOGGER, 1, clock)
    for _ in range(3):
        log.tell(logging.ERROR, "fault")
    clock.now += 1
    log.tell(logging.ERROR, "fault")
    assert caplog.messages == [
        "fault",
        "2 more lines on faults of clients were left out",
        "fault",
    ]


def test_lines_that_nobody_reads_are_not_counted(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    log = PeerLog(LOGGER, 0, clock)
    with caplog.at_level(logging.INFO, LOGGER.name):
        log.tell(logging.DEBUG, "fault")
        log.flush()
    assert not caplog.messages


def test_a_state_that_lasts_is_told_once_a_minute(
    caplog: pytest.LogCaptureFixture, clock: Clock
) -> None:
    log = PeerLog(LOGGER, 10, clock)
    for _ in range(5):
        log.remind(logging.WARNING, "full of %d", 3)
        log.remind(logging.WARNING, "empty")
    assert caplog.messages == ["full of 3", "empty"]
    clock.now += REMINDED_SECONDS
    log.remind(logging.WARNING, "full of %d", 4)
    assert caplog.messages[2:] == ["full of 4"]
