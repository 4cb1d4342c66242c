"""Figures of a run: medians over interleaved rounds, their spread, and ratios; pure."""

import statistics
from collections.abc import Iterable, Mapping

import attrs

from tools.bench.cases import CONTENDERS, LIMIT, RIVAL

NOISE_LIMIT = 0.25


@attrs.frozen
class Sample:
    """One contender in one round: requests answered, seconds taken, processor seconds used."""

    count: int
    seconds: float
    cpu: float

    @property
    def microseconds(self) -> float:
        """Processor time of one request."""
        return self.cpu / self.count * 1e6


@attrs.frozen
class Figure:
    """The rounds of one contender taken together."""

    microseconds: float
    per_second: float
    spread: float

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> "Figure":
        """Median, and the middle half's width relative to it."""
        samples = list(samples)
        times = sorted(sample.microseconds for sample in samples)
        median = statistics.median(times)
        quarter = len(times) // 4
        spread = (times[-1 - quarter] - times[quarter]) / median
        rate = statistics.median(sample.count / sample.seconds for sample in samples)
        return cls(median, rate, spread)


def table(title: str, rows: Mapping[str, Mapping[str, Figure]]) -> str:
    """The rows of one suite as text: a line for each case and contender, with ratios."""
    lines = [
        f"{title:<20}{'':<10}{'CPU µs':>9}{'spread':>8}{'req/s':>10}"
        f"{'/ ' + RIVAL:>12}{'/ ' + LIMIT:>9}"
    ]
    for case, figures in rows.items():
        for name, figure in figures.items():
            lines.append(
                f"{case if name == CONTENDERS[0] else '':<20}{name:<10}"
                f"{figure.microseconds:>9.1f}{figure.spread:>8.0%}{figure.per_second:>10,.0f}"
                f"{figure.microseconds / figures[RIVAL].microseconds:>12.2f}"
                f"{figure.microseconds / figures[LIMIT].microseconds:>9.2f}"
            )
    return "\n".join(lines)


def too_noisy(rows: Mapping[str, Mapping[str, Figure]]) -> list[str]:
    """What varied so much between rounds that its ratios say nothing."""
    return [
        f"{case}, {name}: rounds differ by {figure.spread:.0%}"
        for case, figures in rows.items()
        for name, figure in figures.items()
        if figure.spread > NOISE_LIMIT
    ]
