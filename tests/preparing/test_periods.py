"""Splits in time order with a purge gap, and the leaks that are stopped."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import BoolArray
from andon.plant.errors import PreparationError
from andon.plant.file.schema import Exclude, Periods, PlantFile
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.plant.time import HOUR_NS, MINUTE_NS
from andon.preparing import Period, Split, check_split, excluded_periods, split_periods

START = 1_700_006_400 * 10**9


def recording(rows: int = 10_000) -> Recording:
    return Recording.from_arrays("m", ("a",), START + np.arange(rows) * MINUTE_NS, np.ones((rows, 1)))


def at(minute: int) -> int:
    return START + minute * MINUTE_NS


def test_shares_in_time_order_with_a_gap() -> None:
    split = split_periods(recording(), PlantFile(), interval_ns=MINUTE_NS)
    assert split.train == Period(at(0), at(5000))
    assert split.calibrate == Period(at(5060), at(7500))
    assert split.evaluate == Period(at(7560), at(9999) + 1)
    assert split.train_rows(recording().time).sum() == 5000


@settings(max_examples=60, deadline=None)
@given(st.integers(500, 3000), st.floats(0.2, 0.7), st.floats(0.1, 0.3), st.integers(0, 2**31))
def test_no_row_is_in_two_periods_and_the_gap_holds(rows: int, train: float, calibrate: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    begin = int(random.integers(0, rows))
    labels = [Label("m", at(begin), at(begin + int(random.integers(1, 100))), LabelKind.FAULT)]
    plant = PlantFile(periods=Periods(train_share=train, calibrate_share=calibrate, purge_ns=10 * MINUTE_NS))
    rec = recording(rows)
    split = split_periods(rec, plant, interval_ns=MINUTE_NS, labels=labels)
    parts = [split.train.rows(rec.time), split.calibrate.rows(rec.time), split.evaluate.rows(rec.time)]
    assert int(np.sum(parts, axis=0).max()) == 1
    ends = [np.flatnonzero(part)[[0, -1]] for part in parts if part.any()]
    for (_, last), (first, _) in pairwise(ends):
        assert (first - last) * MINUTE_NS >= split.purge_ns
    assert not (split.train_rows(rec.time) & labels_rows(labels, rec)).any()
    assert not (split.calibrate_rows(rec.time) & labels_rows(labels, rec)).any()


def labels_rows(labels: list[Label], rec: Recording) -> BoolArray:
    out = np.zeros(rec.rows, dtype=bool)
    for label in labels:
        out |= (rec.time >= label.start) & (rec.time < label.end)
    return out


def test_a_stop_does_not_eat_a_period() -> None:
    """Half of the recording has no data: shares count what has."""
    rec = recording()
    rec.values[2000:7000] = np.nan
    rec.status[2000:7000] = 3
    split = split_periods(rec, PlantFile(), interval_ns=MINUTE_NS)
    assert split.train.end == at(7500)


def test_explicit_periods() -> None:
    plant = PlantFile(periods=Periods(at(100), at(2000), at(3000), at(4000), at(5000), at(6000)))
    split = split_periods(recording(), plant, interval_ns=MINUTE_NS)
    assert (split.train, split.calibrate, split.evaluate) == (
        Period(at(100), at(2000)),
        Period(at(3000), at(4000)),
        Period(at(5000), at(6000)),
    )
    some = PlantFile(periods=Periods(evaluate_start=at(9000), train_share=0.6, calibrate_share=0.4))
    split = split_periods(recording(), some, interval_ns=MINUTE_NS)
    assert split.calibrate.end == at(9000) - 60 * MINUTE_NS


def test_without_evaluation() -> None:
    split = split_periods(recording(), PlantFile(periods=Periods(train_share=0.7, calibrate_share=0.3)), interval_ns=MINUTE_NS)
    assert split.calibrate.end == at(9999) + 1
    assert split.evaluate.start == split.evaluate.end


def test_what_is_not_normal() -> None:
    labels = [
        Label("m", at(10), at(20), LabelKind.FAULT),
        Label("m", at(15), at(30), LabelKind.UNKNOWN),
        Label("", at(40), at(50), LabelKind.PLANNED),
        Label("m", at(60), at(70), LabelKind.FALSE),
        Label("other", at(80), at(90), LabelKind.FAULT),
    ]
    plant = PlantFile(exclude=(Exclude(at(100), at(110)), Exclude(at(120), at(130), asset="other")))
    assert excluded_periods(plant, "m", labels) == (Period(at(10), at(30)), Period(at(40), at(50)), Period(at(100), at(110)))


@pytest.mark.parametrize(
    ("periods", "what"),
    [
        (Periods(train_end=at(6000), calibrate_start=at(5000), calibrate_end=at(7000)), "training and calibration overlap"),
        (
            Periods(train_start=at(5000), train_end=at(6000), calibrate_start=at(1000), calibrate_end=at(2000)),
            "calibration stands before training",
        ),
        (Periods(train_end=at(5000), calibrate_start=at(5010)), "only 10min between training and calibration, less than purge 1h"),
        (Periods(calibrate_end=at(8000), evaluate_start=at(7000)), "calibration and evaluation overlap"),
        (Periods(train_end=at(-5)), "training has no time"),
        (Periods(train_start=at(20_000)), "no normal time with data"),
    ],
)
def test_splits_that_leak_are_stopped(periods: Periods, what: str) -> None:
    with pytest.raises(PreparationError, match=what) as caught:
        split_periods(recording(), PlantFile(periods=periods), interval_ns=MINUTE_NS)
    assert caught.value.do


def test_scaling_outside_training_and_a_target_among_the_inputs() -> None:
    split = Split(Period(0, 100), Period(200, 300), Period(400, 500), 50)
    check_split(split, Period(0, 100), inputs=["a"], targets=["b"])
    with pytest.raises(PreparationError, match="scaling was fitted from"):
        check_split(split, Period(0, 250))
    with pytest.raises(PreparationError, match="the target b is among the inputs"):
        check_split(split, inputs=["a", "b"], targets=["b"])
    with pytest.raises(PreparationError, match="less than purge"):
        check_split(replace(split, purge_ns=HOUR_NS))


def test_an_empty_recording() -> None:
    with pytest.raises(PreparationError, match="the recording is empty"):
        split_periods(recording(0), PlantFile(), interval_ns=MINUTE_NS)
