"""How long to wait before the next try: longer each time, never longer than a bound, and never in step with others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from andon.plant.time import MINUTE_NS


@dataclass(frozen=True, slots=True)
class Retrying:
    """Exponential back-off with jitter. The caller holds the clock and decides when to give up; a service never does.

    Attributes
    ----------
    first : ns before the second try
    factor : each wait is this many times the one before
    most : ns, no wait is longer
    jitter : each wait is shortened by a random share up to this, 0 to 1
    """

    first: int = 200_000_000
    factor: float = 2.0
    most: int = MINUTE_NS
    jitter: float = 0.25

    def delay(self, failures: int, random: Callable[[], float] | None = None) -> int:
        """ns to wait after so many failures in a row (1, 2, 3, ...).

        Parameters
        ----------
        random : gives numbers from 0 to 1; without it there is no jitter
        """
        exponent = min(max(failures, 1) - 1, 1_000)
        try:
            wait = min(float(self.most), self.first * self.factor**exponent)
        except OverflowError:
            wait = float(self.most)
        return round(wait * (1.0 - self.jitter * random())) if random is not None else round(wait)

    def delays(self, seed: int | None = None) -> Iterator[int]:
        """The waits of a series of failures, without end."""
        random = Random(seed)
        failures = 0
        while True:
            failures += 1
            yield self.delay(failures, random.random)
