"""Missing and invalid samples, gaps, late starts, rare samples."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from andon.auditing import audit
from andon.auditing.availability import check_gaps, check_problems
from andon.plant.errors import At
from andon.plant.recording import Problem, Recording
from andon.plant.status import Status
from andon.plant.time import HOUR_NS, MINUTE_NS
from tests.auditing.signals import ar, kinds, kinds_of, recording, times


def test_a_whole_tag_has_none() -> None:
    assert not kinds(ar(3000, 0.9, 0)[:, 0])


def test_single_lost_samples_are_held_and_no_finding() -> None:
    x = ar(5000, 0.9, 1)[:, 0]
    x[np.random.default_rng(0).integers(0, 5000, 100)] = np.nan
    assert not kinds(x)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.6])
def test_missing_time_is_found_and_weighs_more_when_it_is_more(share: float) -> None:
    x = ar(5000, 0.9, 2)[:, 0]
    x[1000 : 1000 + int(share * 5000)] = np.nan
    found = kinds(x)["missing"]
    assert found.evidence.args["share"] == pytest.approx(share, abs=0.005)
    x[100:200] = np.nan
    assert kinds(x)["missing"].weight > found.weight or found.weight >= 0.9


def test_time_without_any_row_is_not_this_tags_fault() -> None:
    at = np.concatenate((times(1000), times(1000, start=int(times(1)[0]) + 5000 * MINUTE_NS)))
    result = audit(Recording.from_arrays("a", ["t0"], at, ar(2000, 0.9, 3)))
    assert "missing" not in kinds_of(result, "t0")
    assert kinds_of(result)["gap"].evidence.args["count"] == 1


def test_bad_and_infinite_values() -> None:
    x = ar(2000, 0.5, 4)
    rec = recording(x)
    status = rec.status.copy()
    status[100:160] = Status.BAD
    found = kinds_of(audit(replace(rec, status=status)), "t0")["invalid"]
    assert found.evidence.args["count"] == 60
    values = rec.values.copy()
    values[5] = np.inf
    assert kinds_of(audit(replace(rec, values=values)), "t0")["invalid"].evidence.args["outlandish"] == 1
    status[100:160] = Status.UNCERTAIN
    assert "uncertain" in kinds_of(audit(replace(rec, status=status)), "t0")


def test_an_empty_tag_is_to_be_ignored() -> None:
    found = kinds(np.full(500, np.nan))["empty"]
    assert found.toml == '[[tag]]\nid = "t0"\nrole = "ignored"'


def test_late_start_and_early_end() -> None:
    x = ar(2000, 0.9, 5)[:, 0]
    x[:400], x[-600:] = np.nan, np.nan
    found = kinds(x)
    assert set(found) == {"starts-late", "ends-early"}
    assert found["ends-early"].weight > found["starts-late"].weight


def test_rare_samples_are_named_as_such() -> None:
    x = np.full((6000, 2), np.nan)
    x[:, 0] = ar(6000, 0.9, 6)[:, 0]
    x[::480, 1] = ar(13, 0.5, 7)[:, 0]
    result = audit(recording(x))
    assert "sparse" in kinds_of(result, "t1")
    assert "missing" not in kinds_of(result, "t1")
    assert result.suggestions["t1"].tag.hold_ns == HOUR_NS


def test_gaps_need_ten_intervals() -> None:
    at = times(1000)
    at[500:] += 9 * MINUTE_NS
    assert not list(check_gaps(at, MINUTE_NS, "UTC"))
    at[500:] += 5 * MINUTE_NS
    assert [finding.kind for finding in check_gaps(at, MINUTE_NS, "UTC")] == ["gap"]
    assert not list(check_gaps(at[:2], MINUTE_NS, "UTC"))


def test_what_the_reader_met_is_passed_on() -> None:
    problem = Problem("duplicate-time", "the same time stands twice", "the last value is kept", At(file="a.csv", line=7), 3)
    found = list(check_problems((problem, replace(problem, at=At(file="b.csv", line=9))), 100))
    assert len(found) == 1
    assert found[0].texts()[0] == "While reading: the same time stands twice (duplicate-time, 6×, first at a.csv:7)."
