"""The report card on a period small enough to count by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from andon.evaluating.events import Span
from andon.evaluating.pointwise import roc_auc
from andon.evaluating.report_card import Answer, report_card, summary_sentence
from andon.plant.errors import EvaluationError
from andon.plant.label import Label, LabelKind
from andon.plant.messages import LANGUAGES, say
from andon.plant.time import HOUR_NS

ROWS = 240  # ten days of hours
TIME = np.arange(ROWS, dtype=np.int64) * HOUR_NS
LABELS = (
    Label("a", 50 * HOUR_NS, 60 * HOUR_NS, LabelKind.FAULT),
    Label("a", 150 * HOUR_NS, 160 * HOUR_NS, LabelKind.FAULT),
    Label("a", 100 * HOUR_NS, 110 * HOUR_NS, LabelKind.PLANNED),
    Label("a", 500 * HOUR_NS, 510 * HOUR_NS, LabelKind.FAULT),  # after the period
)


def answer(name: str, *alarmed: slice, missing: slice = slice(0)) -> Answer:
    alarm = np.zeros(ROWS, dtype=bool)
    for part in alarmed:
        alarm[part] = True
    score = alarm + np.linspace(0, 0.1, ROWS)
    score[missing] = np.nan
    return Answer(name, alarm, score)


def card(*answers: Answer, **more: Any) -> Any:
    return report_card(answers, TIME, LABELS, interval_ns=HOUR_NS, **more)


def test_by_hand() -> None:
    got = card(answer("andon", slice(52, 58), slice(102, 104), slice(200, 201)), answer("always", slice(0, ROWS)))
    assert (got.faults, got.running_ns) == (2, (240 - 30) * HOUR_NS)
    mine, always = got.rows
    assert (len(mine.events.caught), len(mine.events.missed), mine.events.false_count, len(mine.events.excused)) == (1, 1, 1, 1)
    assert mine.events.caught[0].delay_ns == 2 * HOUR_NS
    assert mine.events.false_rate.per_day == pytest.approx(1 / (210 / 24))
    assert (mine.ticks.true_positive, mine.ticks.false_positive, mine.ticks.false_negative) == (6, 1, 14)
    assert (always.events.f1, always.ticks.recall) == (0.0, 1.0)
    assert got.better == ()


def test_a_better_baseline_is_named_and_changes_nothing() -> None:
    got = card(answer("andon", slice(52, 53)), answer("limit", slice(50, 51), slice(155, 156)), answer("worse", slice(0, 1)))
    assert got.better == ("limit",)
    assert [row.name for row in got.rows] == ["andon", "limit", "worse"]


def test_time_that_was_not_judged_is_not_charged() -> None:
    got = card(answer("andon", slice(52, 58), missing=slice(0, 40)))
    assert got.running_ns == (240 - 30 - 40) * HOUR_NS
    assert got.rows[0].cannot_judge == pytest.approx(40 / 240)
    assert got.rows[0].ticks.total == 240 - 10 - 40


def test_given_events_are_taken_instead_of_runs() -> None:
    plain = answer("andon", slice(52, 58))
    own = Answer(plain.name, plain.alarm, plain.score, (Span(155 * HOUR_NS, None),))
    got = card(own).rows[0]
    assert [c.label.start for c in got.events.caught] == [150 * HOUR_NS]


def test_merge_gap_and_lead() -> None:
    two = answer("andon", slice(10, 11), slice(12, 13), slice(48, 49))
    assert card(two).rows[0].events.false_count == 3
    got = card(two, merge_gap_ns=3 * HOUR_NS, lead_ns=3 * HOUR_NS).rows[0].events
    assert (got.false_count, len(got.caught), got.caught[0].lead_ns) == (1, 1, 2 * HOUR_NS)


def test_plain_json() -> None:
    got = card(answer("andon", slice(52, 58))).to_dict()
    assert json.loads(json.dumps(got, allow_nan=False)) == got
    row = got["rows"][0]
    assert (row["caught"], row["missed"], row["median_delay"], row["median_delay_s"]) == (1, 1, "2h", 7200.0)
    silent = report_card([answer("x")], TIME, (), interval_ns=HOUR_NS).to_dict()
    assert silent["rows"][0]["event_f1"] is None
    assert silent["rows"][0]["vus_pr"] is None
    assert silent["better"] == []


def test_every_figure_has_a_name_in_every_language() -> None:
    row = card(answer("andon")).to_dict()["rows"][0]
    for key in [key for key in row if key != "name"]:
        for language in LANGUAGES:
            assert say(f"evaluating.{key}", language)
    assert "point-adjusted" in say("evaluating.point_adjusted_f1").lower()


def test_one_sentence() -> None:
    got = summary_sentence(card(answer("andon", slice(52, 58), slice(200, 201))))
    # One false alarm in 210 h: 0.8 a week; Garwood at 90 %: 0.0513 and 4.744 in 1.25 weeks.
    assert say(got.key, "en", **got.args) == (
        "1 of 2 labelled faults caught, 1 false alarms in 8d18h of judged time (0.8 a week; 0.041 to 3.8 at 90%)."
    )
    none = summary_sentence(report_card([answer("x")], TIME, (), interval_ns=HOUR_NS))
    for language in LANGUAGES:
        assert say(none.key, language, **none.args)


def test_scores_agree_with_the_measures() -> None:
    one = answer("andon", slice(52, 58), slice(200, 201))
    counted = np.ones(ROWS, dtype=bool)
    counted[100:110] = False
    fault = np.zeros(ROWS, dtype=bool)
    fault[50:60] = fault[150:160] = True
    assert card(one).rows[0].roc_auc == roc_auc(fault[counted], one.score[counted])


def test_bad_input_is_refused() -> None:
    with pytest.raises(EvaluationError, match="nothing to put on a report card"):
        card()
    with pytest.raises(EvaluationError, match="short: 240 ticks, but scores of shape"):
        card(Answer("short", np.zeros(3, bool), np.zeros(3)))


def test_an_empty_period() -> None:
    got = report_card([Answer("x", np.zeros(0, bool), np.zeros(0))], np.zeros(0, np.int64), LABELS, interval_ns=HOUR_NS)
    assert (got.faults, got.running_ns) == (0, 0)
    assert got.rows[0].events.false_rate.running_ns == 0
