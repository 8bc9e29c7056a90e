"""Sentences as a shift leader reads them, in both languages."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from andon.evidence.budget import FaultCost
from andon.evidence.calibrate import CalibrationRefused, calibrate
from andon.evidence.calibration import Calibration
from andon.evidence.moved import Moved
from andon.evidence.sentence import (
    budget_sentence,
    duration_sentence,
    event_sentence,
    moved_sentence,
    refused_sentence,
    shift_sentence,
)
from andon.plant.budget import Budget, parse_budget
from andon.plant.sentences import speak as render
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS, parse_instant
from andon.plant.verdict import View
from tests.evidence.steady import MINUTE, every, steady_trace


@pytest.fixture(scope="module")
def calibration() -> Calibration:
    return calibrate(steady_trace(43_200, 1), *every(43_200), MINUTE, parse_budget("1/week"))


COST = (
    FaultCost("step", 2.0, 0, 12, 0.75, 40 * MINUTE_NS),
    FaultCost("step", 4.0, 0, 12, 1.0, 2 * MINUTE_NS),
    FaultCost("drift", 2.0, DAY_NS, 12, 0.75, 6 * HOUR_NS),
    FaultCost("drift", 4.0, DAY_NS, 12, 1.0, 3 * HOUR_NS),
    FaultCost("noise", 3.0, 0, 12, 0.2, None),
)


def test_the_promise_and_its_cost(calibration: Calibration) -> None:
    exact = replace(calibration, rates=(1.0 / 168.0,), dispersion=1.2)
    first, second = shift_sentence(exact, COST)
    assert render(first) == "About one false alarm a week, two at most in nine weeks of ten."
    assert render(second) == (
        "At this budget a 4σ step is found in 2 minutes, a 2σ drift over 1 day is found in 6 hours (75 % of them are found)."
    )
    assert render(first, "zh-CN") == "大约每周一次误报，十周里有九周不超过两次。"
    assert render(second, "zh-CN") == ("在这一预算下，4σ 的阶跃在 2 分钟内被发现，1 天内漂移 2σ在 6 小时内被发现（能发现其中的 75 %）。")


def test_a_fault_that_is_mostly_missed_is_said_to_be(calibration: Calibration) -> None:
    poor = [FaultCost("step", 4.0, 0, 10, 0.4, None)]
    assert render(shift_sentence(calibration, poor)[1]) == "At this budget a 4σ step is missed more often than found (40 % are found)."
    assert len(shift_sentence(calibration)) == 1


@pytest.mark.parametrize(
    ("text", "english", "chinese"),
    [
        ("1/week", "one false alarm a week", "每周一次误报"),
        ("3/day", "three false alarms a day", "每天三次误报"),
        ("0.5/month", "0.5 false alarms a month", "每月0.5次误报"),
        ("1/14d", "one false alarm in 14 days", "14 天内一次误报"),
    ],
)
def test_budgets_in_words(text: str, english: str, chinese: str) -> None:
    sentence = budget_sentence(parse_budget(text))
    assert render(sentence) == english
    assert render(sentence, "zh-CN") == chinese


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0.25 * NS, "0.25 seconds"), (NS, "1 second"), (45 * NS, "45 seconds"), (MINUTE_NS, "1 minute"), (100 * NS, "1.7 minutes"),
        (59.5 * MINUTE_NS, "1 hour"), (90 * MINUTE_NS, "90 minutes"), (3.5 * HOUR_NS, "3.5 hours"),
        (DAY_NS, "1 day"), (12.3 * DAY_NS, "12 days"),
    ],
)  # fmt: skip
def test_durations_in_words(ns: float, text: str) -> None:
    assert render(duration_sentence(ns)) == text


ONSET = parse_instant("2026-03-01T03:12")


def test_an_event_in_words() -> None:
    sentence = event_sentence(View.RELATION, "pressure", 4.13, ONSET, start=ONSET + HOUR_NS, explained_by=["flow", "valve position"])
    assert render(sentence) == "pressure 4.1 σ above what flow and valve position explain, since 03:12"
    assert render(sentence, "zh-CN") == "pressure自 03:12 起比flow和valve position所能解释的值高出 4.1 σ"
    assert render(json.loads(json.dumps(asdict(sentence)))) == render(sentence)


def test_events_of_every_view() -> None:
    said = {view: render(event_sentence(view, "TI-1", -2.0, ONSET)) for view in View}
    assert said[View.FAST] == "TI-1 2.0 σ below what its recent course leads to expect, since 2026-03-01 03:12"
    assert said[View.LEVEL] == "TI-1 2.0 σ below its usual level, since 2026-03-01 03:12"
    assert said[View.RELATION] == "TI-1 2.0 σ below what the other tags explain, since 2026-03-01 03:12"
    assert said[View.AGITATION] == "TI-1 is restless: its short-term variation is 2.0 times the usual, since 2026-03-01 03:12"
    assert said[View.NOVELTY] == "TI-1 moves in a pattern never seen in normal time, since 2026-03-01 03:12"
    assert said[View.QUALITY] == "the laboratory result of TI-1 does not fit what the process shows, since 2026-03-01 03:12"
    for view in View:
        assert "2026-03-01 11:12" in render(event_sentence(view, "TI-1", 2.0, ONSET, zone="Asia/Shanghai"), "zh-CN")


def test_one_explaining_tag_and_others_that_also_moved() -> None:
    sentence = event_sentence(View.RELATION, "p", -3.0, ONSET, explained_by=["flow"], also=["TI-1", "TI-2", "TI-3"])
    assert render(sentence) == "p 3.0 σ below what flow explains, since 2026-03-01 03:12; also TI-1, TI-2 and TI-3"


def test_moved_in_words() -> None:
    week = parse_budget("1/week")
    fine = Moved(False, 0.4, 2, 1.5, 1.2, 1.3, 10 * DAY_NS, "events")
    assert render(moved_sentence(fine, week)) == "The process is where it was: 2 events in 10 days of running time, 1.5 were promised."
    rate = replace(fine, moved=True, ratio=4.2)
    assert render(moved_sentence(rate, week)) == (
        "The process has moved: events come 4.2 times as often as promised. The promise of one false alarm a week no longer holds."
    )
    assert render(moved_sentence(replace(rate, ratio=1.0), week)).startswith("The process has moved: its evidence stands higher")


def test_refusals_in_words() -> None:
    refusal = CalibrationRefused("too short", 2.0, Budget(1.0, 5 * DAY_NS))
    assert [render(s) for s in refused_sentence(refusal)] == [
        "Hold back 2 days more of normal running time.",
        "The tightest promise that can be made now is one false alarm in 5 days.",
    ]
    assert render(refused_sentence(CalibrationRefused("x", 1.0, None))[1]) == "No promise can be made yet."


def test_a_deviation_far_beyond_is_not_given_to_a_decimal() -> None:
    far = event_sentence(View.LEVEL, "pressure", -502.9, 0, start=60 * 10**9)
    assert render(far, "en") == "pressure more than 20 σ below its usual level, since 00:00"
    assert "超过 20" in render(far, "zh-CN")


def test_a_fault_that_is_found_at_once_is_found_within_one_tick(calibration: Calibration) -> None:
    row = FaultCost("step", 4.0, 0, 10, 1.0, 0)
    told = [render(item, "en") for item in shift_sentence(calibration, [row])]
    assert told[1] == "At this budget a 4σ step is found within one tick."
    some = [render(item, "en") for item in shift_sentence(calibration, [replace(row, found=0.8)])]
    assert some[1] == "At this budget a 4σ step is found within one tick (80 % of them are found)."
    assert "0" not in render(shift_sentence(calibration, [row])[1], "zh-CN")
