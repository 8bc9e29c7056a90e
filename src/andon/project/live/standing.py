"""Which troubles last, and since when: told once when one begins, once when it is over. Pure: looks and times in, what is new out.

A trouble is told when it has stood for its patience, and is over when it has been gone for as long, so that a link that comes and goes
every minute tells of nothing, or of one trouble.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from andon.plant.time import MINUTE_NS, NS
from andon.project.live.troubles import Trouble

PATIENCE: Mapping[str, int] = {"link": 5 * MINUTE_NS, "outlet": 0, "quiet": 0, "certificate": 0}
OTHERWISE = 10 * NS
SHORTEST_END = 10 * NS


@dataclass(frozen=True, slots=True)
class Stands:
    """A trouble that was seen.

    Attributes
    ----------
    trouble : as it was seen last
    since : ns UTC, when it was seen first
    seen : ns of a clock that never goes back, when it was seen last
    first : of the same clock, when it was seen first
    told : it was told
    """

    trouble: Trouble
    since: int
    seen: int
    first: int
    told: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stand, by key. Replaced, never changed."""

    all: Mapping[str, Stands] = field(default_factory=dict)

    def after(self, found: Iterable[Trouble], now: int, steady: int) -> tuple[Standing, tuple[Stands, ...], tuple[Stands, ...]]:
        """After a look.

        Parameters
        ----------
        found : what is wrong
        now : ns UTC; the clock may be wrong
        steady : ns of a clock that never goes back

        Returns
        -------
        what stands; what is to be told as begun; what is to be told as over
        """
        seen = {trouble.key: trouble for trouble in found}
        kept: dict[str, Stands] = {}
        begun: list[Stands] = []
        over: list[Stands] = []
        for key, trouble in seen.items():
            one = self.all.get(key) or Stands(trouble, now, steady, steady)
            one = replace(one, trouble=trouble, seen=steady)
            if not one.told and steady - one.first >= patience_of(trouble):
                one = replace(one, told=True)
                begun.append(one)
            kept[key] = one
        for key, one in self.all.items():
            if key in seen:
                continue
            if steady - one.seen < max(patience_of(one.trouble), SHORTEST_END):
                kept[key] = one
            elif one.told:
                over.append(one)
        return Standing(kept), tuple(begun), tuple(over)

    @property
    def told(self) -> dict[str, Stands]:
        """Those that were told and are not over."""
        return {key: one for key, one in self.all.items() if one.told}


def patience_of(trouble: Trouble) -> int:
    """How long a trouble stands before it is told, ns."""
    return PATIENCE.get(trouble.part, OTHERWISE)
