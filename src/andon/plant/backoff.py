"""How long to wait before the next try: longer each time, with jitter, for ever."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from andon.plant.time import MINUTE_NS, NS


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential waits with jitter, so that a hundred clients of one server do not come back in the same second.

    Attributes
    ----------
    first_ns : the longest first wait
    most_ns : no wait is longer
    factor : each wait may be this much longer than the one before
    jitter : share of a wait that is random, 0 to 1
    random : gives numbers in [0, 1)
    """

    first_ns: int = NS
    most_ns: int = MINUTE_NS
    factor: float = 2.0
    jitter: float = 0.5
    random: Callable[[], float] = field(default=random.random)

    def wait_ns(self, tries: int) -> int:
        """The wait after `tries` failures in a row (1 for the first)."""
        whole = min(float(self.most_ns), self.first_ns * self.factor ** min(max(tries - 1, 0), 60))
        return int(whole * (1.0 - self.jitter * self.random()))
