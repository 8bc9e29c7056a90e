"""Is there enough normal time for the alarm budget that is asked (contract 3)?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from andon.auditing.finding import Finding, duration_text, make_finding
from andon.plant.budget import Budget
from andon.plant.label import Label, LabelKind
from andon.plant.time import DAY_NS, HOUR_NS

HELD_BACK = 0.25  # share of normal time that calibration gets, unless the plant file says otherwise
LEAST_TICKS = 300  # thirty separate peaks of evidence, ten windows each; calibration takes a shorter merge gap where it must


@dataclass(frozen=True, slots=True)
class NormalTime:
    """Normal time of a recording, in ns: covered, not off, not labelled; `held_back_ns` of it goes to calibration."""

    normal_ns: int
    held_back_ns: int


def normal_time(spans: Sequence[tuple[int, int]], off_share: float, labels: Sequence[Label]) -> NormalTime:
    """How much normal time there is.

    Parameters
    ----------
    spans : (start, end) ns of stretches with rows
    off_share : share of that time in which the machine is off
    labels : periods of kind fault, planned or unknown do not count as normal
    """
    total = 0
    cut = sorted((label.start, label.end) for label in labels if label.kind is not LabelKind.FALSE)
    for start, end in spans:
        at = start
        for low, high in cut:
            low, high = max(low, at), min(high, end)
            if high > low:
                total += max(0, low - at)
                at = high
        total += max(0, end - at)
    normal = round(total * (1.0 - off_share))
    return NormalTime(normal, round(normal * HELD_BACK))


def needed_ns(budget: Budget, interval_ns: int) -> int:
    """Held-back normal time that a budget needs: one return period of the promise, and ticks for 30 declustered exceedances."""
    return round(max(budget.return_period_ns, LEAST_TICKS * interval_ns))


def check_sufficiency(time: NormalTime, budget: Budget | None, interval_ns: int) -> Iterator[Finding]:
    """Finding "budget": too little normal time for the promise; it names the missing days and what could be promised."""
    if budget is None:
        return
    needed = needed_ns(budget, interval_ns)
    if time.held_back_ns >= needed:
        return
    missing = (needed - time.held_back_ns) / HELD_BACK
    tail_ok = time.held_back_ns >= max(LEAST_TICKS * interval_ns, HOUR_NS)
    kind = "budget" if tail_ok else "budget-none"
    toml = ""
    tightest = ""
    if tail_ok:
        days = time.held_back_ns * 10 // DAY_NS / 10  # rounded down, or the promise would be refused in its turn
        tightest = f"1/{days:g}d" if days >= 1 else f"1/{time.held_back_ns // HOUR_NS}h"
        toml = f'[[budget]]\nbudget = "{tightest}"'
    yield make_finding(
        kind, None, 0.9, toml, budget=str(budget), held=duration_text(time.held_back_ns), needed=duration_text(needed),
        days=f"{missing / DAY_NS:.1f}", tightest=tightest, share=HELD_BACK,
    )  # fmt: skip
