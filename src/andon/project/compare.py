"""The model beside its rivals on the same history: caught, missed, lead time, false alarms. Measures only; nothing is chosen here."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from andon.evaluating import EventScores, acf_window, label_mask, match_events, rate_per_day, vus_pr
from andon.evaluating import Span as TimeSpan
from andon.evidence.group import time_of_any
from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.label import Label, LabelKind
from andon.plant.sentences import speak
from andon.plant.time import HOUR_NS, format_duration
from andon.plant.verdict import Sentence
from andon.scoring.detector import Detector, judged_part, with_last_value
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
    """The model first, then its rivals, then the trivial answer; and what was to be told of the exports."""

    measures: tuple[Measures, ...]
    scores: EventScores
    told: tuple[Sentence, ...] = ()

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
        faults.sort(key=lambda row: int(str(row["start"])))
        return {"methods": [asdict(item) for item in self.measures], "faults": faults, "told": self.sentences("en")}

    def sentences(self, language: str) -> list[str]:
        """What was to be told of the exports and labels, for people."""
        return [speak(item, language) for item in self.told]

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


@dataclass(frozen=True, slots=True)
class _Method:
    """One method on the history of one asset."""

    name: str
    scores: EventScores
    events: int
    vus: float | None
    found: float | None
    outside: Int64Array
    interval_ns: int


def compare(monitor: Monitor, scored: Scored | Sequence[Scored], labels: Sequence[Label], *, chosen: str = "andon") -> Comparison:
    """Judge the model and its rivals by labelled history.

    Parameters
    ----------
    scored : what the model said of it, by asset
    labels : kinds as in labels.csv
    """
    parts = (scored,) if isinstance(scored, Scored) else tuple(scored)
    by_asset = [_methods(monitor.of(one.asset), one, labels, chosen) for one in parts]
    labelled = any(method.vus is not None for methods in by_asset for method in methods)
    running = max(time_of_any([(methods[0].outside, methods[0].interval_ns) for methods in by_asset]), 1)
    rows, heads = [], [_pooled([methods[0].scores for methods in by_asset], running)]
    for at, method in enumerate(by_asset[0]):
        same = [next(item for item in methods if item.name == method.name) for methods in by_asset]
        pooled = heads[0] if at == 0 else _pooled([item.scores for item in same], running)
        rows.append(_measures(same, pooled, at == 0, labelled))
    return Comparison(tuple(rows), heads[0])


def _methods(monitor: Monitor, scored: Scored, labels: Sequence[Label], chosen: str) -> list[_Method]:
    """The champion, then every rival whose cores the model has, on one asset."""
    mine = [label for label in labels if label.asset in (scored.asset, "")]
    prepared, judge = scored.prepared, scored.judge
    interval = prepared.interval_ns
    detector: Detector = monitor.detector
    expectations = scored.expectations or detector.expect(prepared, detector.start())[0]
    expectations = with_last_value(detector.linear, prepared, expectations)
    seen, first = judged_part(prepared, expectations, detector.exogenous)
    truth = label_mask(prepared.time, mine, LabelKind.FAULT)
    outside = judge & ~label_mask(prepared.time, mine, LabelKind.FAULT, LabelKind.PLANNED, LabelKind.UNKNOWN)
    running = max(int(outside.sum()) * interval, 1)
    window = _window(scored)
    period = (int(prepared.time[0]), int(prepared.time[-1])) if prepared.rows else (0, 0)
    labelled = bool((truth & judge).any()) and not bool((truth | ~judge).all())
    gap = monitor.calibration.budget.merge_gap_ns

    def method(name: str, spans: Sequence[TimeSpan], trace: Float64Array, found: float | None) -> _Method:
        scores = match_events(spans, mine, running_ns=running, merge_gap_ns=gap, since_ns=period[0], until_ns=period[1])
        vus = vus_pr(truth[judge], np.nan_to_num(trace[judge]), window, VUS_THRESHOLDS) if labelled else None
        return _Method(name, scores, len(spans), vus, found, prepared.tick[outside], interval)

    out = [method(chosen, [TimeSpan(event.start, event.end) for event in scored.events], scored.trace, None)]
    for rival in monitor.rivals:
        if not set(rival.cores) <= set(first):
            continue
        trace = rival.trace(seen, first)
        spans = [
            TimeSpan(span.start * interval, None if span.end is None else span.end * interval)
            for span in rival.events(trace, judge, prepared.tick)
        ]
        out.append(method(rival.name, spans, trace, rival.found))
    return out


def _window(scored: Scored) -> int:
    first = scored.prepared.x[: min(scored.prepared.rows, 20_000), 0]
    return acf_window(first) if len(first) else 100


def _pooled(scores: Sequence[EventScores], running_ns: int) -> EventScores:
    """The events of several assets as one list, over the time in which any of them ran; false ones count as each asset counted them."""
    if len(scores) == 1:
        return scores[0]
    false = sum(one.false_count for one in scores)
    times = [one.false_rate.running_ns for one in scores]
    share = sum(one.alarm_share * time for one, time in zip(scores, times, strict=True)) / max(sum(times), 1)
    shifted: dict[str, list[int]] = {"true": [], "false": [], "excused": []}
    before = 0
    for one in scores:
        for name, kept in shifted.items():
            kept += [before + at for at in getattr(one, name)]
        before += len(one.true) + len(one.false) + len(one.excused)
    return EventScores(
        tuple(item for one in scores for item in one.caught), tuple(item for one in scores for item in one.missed),
        tuple(shifted["true"]), tuple(shifted["false"]), tuple(shifted["excused"]), false, rate_per_day(false, running_ns), share,
    )  # fmt: skip


def _measures(same: Sequence[_Method], scores: EventScores, champion: bool, labelled: bool) -> Measures:
    """One method over all assets; VUS-PR and the share of standard faults are means over those that have them."""
    delay, rate = scores.median_delay_ns, scores.false_rate
    vus = [item.vus for item in same if item.vus is not None]
    found = [item.found for item in same if item.found is not None]
    return Measures(
        name=same[0].name, chosen=champion, events=sum(item.events for item in same),
        caught=len(scores.caught) if labelled else None, missed=len(scores.missed) if labelled else None,
        false=scores.false_count, false_per_week=scores.false_count * WEEK_NS / rate.running_ns, false_low=rate.low * 7,
        false_high=rate.high * 7,
        median_delay_s=None if not math.isfinite(delay) else delay / 1e9, vus_pr=float(np.mean(vus)) if vus else None,
        found=float(np.mean(found)) if found else None,
    )  # fmt: skip
