"""The model beside its rivals on the same history: caught, missed, lead time, false alarms. Measures only; nothing is chosen here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from andon.evaluating import EventScores, acf_window, label_mask, match_events, vus_pr
from andon.evaluating import Span as TimeSpan
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.label import Label, LabelKind
from andon.plant.time import HOUR_NS, format_duration
from andon.scoring.detector import Detector, judged_part
from andon.scoring.monitor import Monitor, Scored

WEEK_NS = 7 * 24 * HOUR_NS
VUS_THRESHOLDS = 100


@dataclass(frozen=True, slots=True)
class Measures:
    """One method on one history.

    Attributes
    ----------
    caught, missed : labelled faults; None where there are no labels
    false_per_week : events outside faults per week of judged time outside them; low and high: 90 % interval
    median_delay_s : over caught faults; negative is lead
    vus_pr : NaN where there are no labels
    found : share of standard faults on the calibration period
    """

    name: str
    chosen: bool
    events: int
    caught: int | None
    missed: int | None
    false: int
    false_per_week: float
    false_low: float
    false_high: float
    median_delay_s: float | None
    vus_pr: float | None
    found: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """The model first, then its rivals, then the trivial answer."""

    measures: tuple[Measures, ...]
    scores: EventScores

    def to_dict(self) -> dict[str, Any]:
        """For --json."""
        faults = [
            {
                "note": c.label.note,
                "start": c.label.start,
                "caught": True,
                "delay_s": c.delay_ns / 1e9,
                "before_end_s": c.before_end_ns / 1e9,
            }
            for c in self.scores.caught
        ]
        faults += [{"note": label.note, "start": label.start, "caught": False} for label in self.scores.missed]
        return {"methods": [asdict(item) for item in self.measures], "faults": sorted(faults, key=lambda row: int(str(row["start"])))}

    def rows(self) -> list[list[str]]:
        """For a table: method, caught, missed, false a week, delay, VUS-PR."""
        out = []
        for item in self.measures:
            delay = "–" if item.median_delay_s is None else format_duration(round(item.median_delay_s) * 1_000_000_000)
            rate = f"{item.false_per_week:.2f} ({item.false_low:.2f}–{item.false_high:.2f})"
            name = f"{item.name} *" if item.chosen else item.name
            out.append([name, _text(item.caught), _text(item.missed), rate, delay, "–" if item.vus_pr is None else f"{item.vus_pr:.3f}"])
        return out


def _text(value: int | None) -> str:
    return "–" if value is None else str(value)


def compare(monitor: Monitor, scored: Scored, labels: Sequence[Label], *, chosen: str = "andon") -> Comparison:
    """Judge the model and its rivals by labelled history.

    Parameters
    ----------
    scored : what the model said of it
    labels : of the asset; kinds as in labels.csv
    """
    mine = [label for label in labels if label.asset in (scored.asset, "")]
    prepared, judge = scored.prepared, scored.judge
    interval = prepared.interval_ns
    detector: Detector = monitor.detector
    expectations, _ = detector.expect(prepared, detector.start())
    seen, first = judged_part(prepared, expectations, detector.exogenous)
    truth = label_mask(prepared.time, mine, LabelKind.FAULT)
    outside = judge & ~label_mask(prepared.time, mine, LabelKind.FAULT, LabelKind.PLANNED, LabelKind.UNKNOWN)
    running = max(int(outside.sum()) * interval, 1)
    window = _window(scored)
    period = (int(prepared.time[0]), int(prepared.time[-1])) if prepared.rows else (0, 0)
    spans = [TimeSpan(event.start, event.end) for event in scored.events]
    head, scores = _measures(chosen, True, spans, scored.trace, judge, truth, mine, running, period, window, monitor, None)
    rows = [head]
    for rival in monitor.rivals:
        if not set(rival.cores) <= set(first):
            continue
        trace = rival.trace(seen, first)
        found = [
            TimeSpan(span.start * interval, None if span.end is None else span.end * interval)
            for span in rival.events(trace, judge, prepared.tick)
        ]
        rows.append(_measures(rival.name, False, found, trace, judge, truth, mine, running, period, window, monitor, rival.found)[0])
    return Comparison(tuple(rows), scores)


def _window(scored: Scored) -> int:
    first = scored.prepared.x[: min(scored.prepared.rows, 20_000), 0]
    return acf_window(first) if len(first) else 100


def _measures(
    name: str,
    chosen: bool,
    spans: Sequence[TimeSpan],
    trace: Float64Array,
    judge: BoolArray,
    truth: BoolArray,
    labels: Sequence[Label],
    running_ns: int,
    period: tuple[int, int],
    window: int,
    monitor: Monitor,
    found: float | None,
) -> tuple[Measures, EventScores]:
    gap = monitor.calibration.budget.merge_gap_ns
    scores = match_events(spans, labels, running_ns=running_ns, merge_gap_ns=gap, since_ns=period[0], until_ns=period[1])
    labelled = bool((truth & judge).any()) and not bool((truth | ~judge).all())
    delay = scores.median_delay_ns
    vus = vus_pr(truth[judge], np.nan_to_num(trace[judge]), window, VUS_THRESHOLDS) if labelled else None
    week = WEEK_NS / running_ns
    rate = scores.false_rate
    return Measures(
        name=name, chosen=chosen, events=len(spans), caught=len(scores.caught) if labelled else None,
        missed=len(scores.missed) if labelled else None,
        false=scores.false_count, false_per_week=scores.false_count * week, false_low=rate.low * 7, false_high=rate.high * 7,
        median_delay_s=None if not math.isfinite(delay) else delay / 1e9, vus_pr=vus, found=found,
    ), scores  # fmt: skip
