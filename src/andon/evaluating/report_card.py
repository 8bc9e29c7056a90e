"""The report card: a model and its baselines side by side on one labelled period, event-wise first.

The period is read once, after every choice has been made. Where another row would have won, the card says so and
changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from andon.evaluating.events import EventScores, Period, label_mask, match_events, spans
from andon.evaluating.pointwise import Confusion, average_precision, confusion, point_adjusted_f1, roc_auc
from andon.evaluating.ranges import range_scores
from andon.evaluating.vus import DEFAULT_THRESHOLDS, Vus, vus
from andon.plant.arrays import BoolArray, Float64Array, TimeArray
from andon.plant.errors import EvaluationError
from andon.plant.label import Label, LabelKind
from andon.plant.time import HOUR_NS, format_duration
from andon.plant.verdict import Sentence

DEFAULT_WINDOW = 100
"""Widest VUS buffer in ticks, the default of TSB-AD."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one detector said of the period.

    Attributes
    ----------
    name : "andon", or a baseline's name
    alarm : (T,) True where it alarms
    score : (T,) evidence; NaN where it cannot judge
    events : its events; runs of `alarm` where not given
    """

    name: str
    alarm: BoolArray
    score: Float64Array
    events: Sequence[Period] | None = None


@dataclass(frozen=True, slots=True)
class CardRow:
    """Scores of one detector. Event-wise ones are the headline; `point_adjusted_f1` flatters and is for comparison only."""

    name: str
    events: EventScores
    vus: Vus
    ticks: Confusion
    range_f1: float
    roc_auc: float
    average_precision: float
    point_adjusted_f1: float
    cannot_judge: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; None where a score does not exist."""
        events = self.events
        return {
            "name": self.name,
            "caught": len(events.caught),
            "missed": len(events.missed),
            "event_precision": _plain(events.precision),
            "event_recall": _plain(events.recall),
            "event_f1": _plain(events.f1),
            "false_alarms": events.false_count,
            "false_per_day": _plain(events.false_rate.per_day),
            "false_per_day_low": _plain(events.false_rate.low),
            "false_per_day_high": _plain(events.false_rate.high),
            "false_per_week": _plain(events.false_rate.per_week),
            "interval_level": events.false_rate.level,
            "excused": len(events.excused),
            "median_delay": None if not events.caught else format_duration(round(events.median_delay_ns)),
            "median_delay_s": _plain(events.median_delay_ns / 1e9),
            "median_lead_s": _plain(float(np.median([c.lead_ns for c in events.caught])) / 1e9 if events.caught else math.nan),
            "alarm_share": _plain(events.alarm_share),
            "vus_pr": _plain(self.vus.pr),
            "vus_roc": _plain(self.vus.roc),
            "range_f1": _plain(self.range_f1),
            "accuracy": _plain(self.ticks.accuracy),
            "precision": _plain(self.ticks.precision),
            "recall": _plain(self.ticks.recall),
            "f1": _plain(self.ticks.f1),
            "false_alarm_rate": _plain(self.ticks.false_alarm_rate),
            "missed_alarm_rate": _plain(self.ticks.missed_alarm_rate),
            "roc_auc": _plain(self.roc_auc),
            "average_precision": _plain(self.average_precision),
            "point_adjusted_f1": _plain(self.point_adjusted_f1),
            "cannot_judge": _plain(self.cannot_judge),
        }


@dataclass(frozen=True, slots=True)
class ReportCard:
    """Rows of a model (first) and its baselines.

    Attributes
    ----------
    rows : the model, then the others
    faults : labelled faults in the period
    running_ns : judged time outside faults, planned and unknown periods
    window, thresholds : settings of VUS
    """

    rows: tuple[CardRow, ...]
    faults: int
    running_ns: int
    window: int
    thresholds: int

    @property
    def better(self) -> tuple[str, ...]:
        """Names of the rows that beat the first one event-wise (F1, then fewer false alarms); for information only."""
        mine = _rank(self.rows[0])
        return tuple(row.name for row in self.rows[1:] if _rank(row) > mine) if self.faults else ()

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, as they stand in a bundle."""
        return {
            "faults": self.faults,
            "running_hours": self.running_ns / 3.6e12,
            "vus_window": self.window,
            "vus_thresholds": self.thresholds,
            "rows": [row.to_dict() for row in self.rows],
            "better": list(self.better),
        }


def report_card(
    answers: Sequence[Answer],
    time: TimeArray,
    labels: Iterable[Label],
    *,
    interval_ns: int,
    lead_ns: int = 0,
    merge_gap_ns: int = 0,
    window: int = DEFAULT_WINDOW,
    thresholds: int = DEFAULT_THRESHOLDS,
    level: float = 0.9,
) -> ReportCard:
    """Score detectors on one labelled period of one asset.

    A tick counts tick-wise where the detector can judge it and it is neither planned nor unknown. Each detector is
    charged only for time that it judged; `cannot_judge` says how much it did not.

    Parameters
    ----------
    answers : the model first, then the baselines
    time : (T,) int64 ns of the ticks
    labels : of this asset, every kind
    interval_ns : sampling interval
    lead_ns, merge_gap_ns, level : see `match_events`
    window, thresholds : see `vus`

    Raises
    ------
    EvaluationError : no answers, or lengths that differ
    """
    at = np.asarray(time, dtype=np.int64)
    if not answers:
        raise EvaluationError("nothing to put on a report card", do="give the model's answer first")
    labels = tuple(labels)
    fault = label_mask(at, labels)
    counted = ~label_mask(at, labels, LabelKind.PLANNED, LabelKind.UNKNOWN)
    period = (int(at[0]), int(at[-1])) if len(at) else (0, -1)
    rows = []
    for answer in answers:
        score = np.asarray(answer.score, dtype=np.float64)
        if score.shape != at.shape or answer.alarm.shape != at.shape:
            raise EvaluationError(f"{answer.name}: {len(at)} ticks, but scores of shape {score.shape} and alarms of {answer.alarm.shape}")
        judged = ~np.isnan(score)
        events = spans(at, answer.alarm & judged, merge_gap_ns) if answer.events is None else answer.events
        quiet = int((judged & counted & ~fault).sum()) * interval_ns
        matched = match_events(
            events,
            labels,
            running_ns=quiet,
            lead_ns=lead_ns,
            merge_gap_ns=merge_gap_ns,
            level=level,
            since_ns=period[0],
            until_ns=period[1],
        )
        use = judged & counted
        truth, said, value = fault[use], answer.alarm[use], score[use]
        rows.append(CardRow(
            answer.name, matched, vus(truth, value, window, thresholds), confusion(truth, said), range_scores(truth, said).f1,
            roc_auc(truth, value), average_precision(truth, value), point_adjusted_f1(truth, said),
            float(np.mean(~judged)) if len(at) else math.nan,
        ))  # fmt: skip
    first = ~np.isnan(np.asarray(answers[0].score, dtype=np.float64))
    faults = len(rows[0].events.caught) + len(rows[0].events.missed)
    return ReportCard(tuple(rows), faults, int((first & counted & ~fault).sum()) * interval_ns, window, thresholds)


def summary_sentence(card: ReportCard) -> Sentence:
    """The first row in one sentence of the message catalogue; all arguments are texts."""
    events = card.rows[0].events
    rate = events.false_rate
    args: dict[str, object] = {
        "caught": str(len(events.caught)),
        "faults": str(card.faults),
        "false": str(events.false_count),
        "running": format_duration(card.running_ns // HOUR_NS * HOUR_NS),
        "rate": f"{rate.per_week:.2g}",
        "low": f"{7 * rate.low:.2g}",
        "high": f"{7 * rate.high:.2g}",
        "level": f"{rate.level:.0%}",
    }
    return Sentence("evaluating.summary" if card.faults else "evaluating.summary.none", args)


def _rank(row: CardRow) -> tuple[float, int]:
    return (0.0 if math.isnan(row.events.f1) else row.events.f1, -row.events.false_count)


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
