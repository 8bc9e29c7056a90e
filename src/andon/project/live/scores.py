"""Scores and predictions as messages, for those who asked for them: one a tick and asset, in the form that Lookout's readers know."""

from __future__ import annotations

import math
from collections.abc import Iterator

from andon.plant.time import format_instant
from andon.plant.verdict import Verdict, Why
from andon.scoring.fleet import Judged
from andon.sending import Message
from andon.sending.lookout import lookout_line
from andon.streaming.served import Served


def scores_of(served: Served, judged: Judged) -> Iterator[Message]:
    """A message "scores" for every tick and asset that was judged, or that is known to be off."""
    ids, interval = served.fleet.monitor.tag_ids, served.arrivals.interval
    named = {
        (int(row), int(at)): [(ids[tag], float(share)) for tag, share in zip(tags, shares, strict=True) if tag >= 0]
        for row, at, tags, shares in zip(judged.named.row, judged.named.asset, judged.named.tags, judged.named.shares, strict=True)
    }
    verdicts = judged.verdict
    for row, tick in enumerate(judged.tick):
        time = int(tick) * interval
        for at, asset in enumerate(served.fleet.assets):
            off = int(judged.why[row, at]) == Why.MACHINE_OFF
            if int(judged.why[row, at]) != Why.JUDGED and not off:
                continue
            line = lookout_line(
                asset, time, Verdict(int(verdicts[row, at])), score(float(judged.evidence[row, at]), float(judged.threshold[at])),
                named.get((row, at), ()), machine_off=off,
            )  # fmt: skip
            yield Message(f"{asset}.{time}", "scores", time, asset, data=line)


def score(evidence: float, threshold: float) -> float:
    """0 to 1, one half at the threshold; 0 where there is no evidence."""
    if not math.isfinite(evidence) or evidence <= 0 or threshold <= 0:
        return 0.0
    return evidence / (evidence + threshold)


def predictions_of(served: Served, judged: Judged) -> Iterator[Message]:
    """A message "quality" for every prediction."""
    for at, tables in judged.quality:
        asset = served.fleet.assets[at]
        for table in tables:
            for row, time in enumerate(table.sample_time):
                data = {
                    "timestamp": format_instant(int(time)), "target": table.target[row], "level": float(table.level[row]),
                    "why": Why(int(table.why[row])).name.lower(),
                    **{name: _number(getattr(table, name)[row]) for name in ("value", "low", "high")},
                }  # fmt: skip
                yield Message(f"{asset}.{table.target[row]}.{int(time)}", "quality", int(time), asset, data=data)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
