"""Medians and bootstrap intervals: what paired measurements on a noisy machine can claim."""

import random
import statistics
from dataclasses import dataclass

DRAWS = 2000


@dataclass
class Interval:
    """A median of paired ratios and the 90 % interval of its bootstrap."""

    median: float
    low: float
    high: float

    def verdict(self, bar: float) -> str:
        """Met when all of the interval is, missed when none of it is."""
        if self.high <= bar:
            return "met"
        return "missed" if self.low > bar else "unresolved"

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f}–{self.high:.2f})"


def ratio(targets: list[float], peers: list[float], seed: int = 1) -> Interval:
    """The median of target over peer, pair by pair."""
    ratios = [target / peer for target, peer in zip(targets, peers, strict=True)]
    source = random.Random(seed)
    medians = sorted(statistics.median(source.choices(ratios, k=len(ratios))) for _ in range(DRAWS))
    return Interval(
        statistics.median(ratios), medians[DRAWS * 5 // 100], medians[DRAWS * 95 // 100 - 1]
    )
