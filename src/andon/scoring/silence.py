"""A long silence of all assets of a fleet, passed in one step: a plant that was off for a month is not judged tick by tick through it.

After some ticks without a sample nothing is held any more, no event is open, and the first sample that comes begins anew, because the gap
is longer than the preparation allows. From then on a tick changes nothing that is ever looked at again, but for what planned work and the
calendar do shortly before the end; those last ticks are judged as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from andon.preparing.plan import make_plan
from andon.scoring.fleet import Fleet


@dataclass(frozen=True, slots=True)
class Silence:
    """What a fleet makes of a silence.

    Attributes
    ----------
    before : ticks after the last sample, after which nothing that came before it matters
    after : ticks before the next sample that matter to it
    """

    before: int
    after: int


def silence_of(fleet: Fleet) -> Silence | None:
    """How much of a silence has to be judged; None where a soft sensor remembers more than that."""
    monitor = fleet.monitor
    members = [monitor.of(name) for name in fleet.assets]
    if any(one.quality or one.coupling is not None for one in members):
        return None
    preparation, interval = monitor.preparation, monitor.preparation.interval_ns
    hold = max((int(held) for held in make_plan(preparation).hold), default=0)
    longest = max(preparation.gap_ns, hold, preparation.settle_ns)
    event = max(max(one.calibration.opening.gap_ticks, one.calibration.opening.m) for one in members)
    return Silence(-(-longest // interval) + event + 2, -(-max(preparation.settle_ns, 0) // interval) + 2)


def pass_silence(fleet: Fleet, state: Any, upto: int) -> Any:
    """The state before tick `upto`, after a silence in which `Silence.before` ticks were judged; `state` is used up."""
    next_tick, states = fleet.split(state)
    if next_tick is None:
        return state
    last = (upto - 1) * fleet.monitor.preparation.interval_ns
    moved = [one if one.prepare is None else replace(one, prepare=replace(one.prepare, next_tick=upto, last_time=last)) for one in states]
    return fleet.join(upto, moved)
