"""Copies, copies in other units, copies some time later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.auditing import audit
from andon.auditing.likeness import LENGTH, likenesses, sample_changes
from andon.plant.arrays import Float64Array
from andon.plant.status import Status
from andon.plant.time import MINUTE_NS
from tests.auditing.signals import ar, kinds_of, recording


def naive_best(x: Float64Array, y: Float64Array, reach: int) -> tuple[int, float]:
    """Best lag of y behind x by plain loops, zeros outside."""
    best = (0, 0.0)
    for lag in range(-reach, reach + 1):
        total = sum(x[t] * y[t + lag] for t in range(x.size) if 0 <= t + lag < x.size)
        if abs(total) > abs(best[1]):
            best = (lag, total)
    return best[0], best[1] / float(np.sqrt((x**2).sum() * (y**2).sum()))


@pytest.mark.parametrize("lag", [-30, -1, 1, 7, 100])
def test_lags_are_those_of_the_naive_twin(lag: int) -> None:
    base = ar(800, 0.5, 1)[:, 0]
    x = np.stack((base[150:650], base[150 - lag : 650 - lag] * -2.0), axis=1)
    changes = sample_changes(x, np.zeros(x.shape, dtype=np.uint8))
    found = likenesses(changes)
    assert [pair.lag for pair in found] == [lag] if abs(lag) <= 7 else True
    twin = naive_best(changes[0, :, 0].astype(np.float64), changes[0, :, 1].astype(np.float64), 120)
    assert twin[0] == lag
    if found:
        assert found[0].correlation == pytest.approx(twin[1], abs=1e-4)
        assert found[0].factor < 0


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.9, 0.999]))
@settings(max_examples=15, deadline=None)
def test_independent_tags_are_not_alike(seed: int, phi: float) -> None:
    x = ar(3000, phi, seed, 12)
    assert not likenesses(sample_changes(x, np.zeros(x.shape, dtype=np.uint8)))


def test_two_sensors_of_one_quantity_are_no_copies() -> None:
    truth = ar(5000, 0.99, 1)[:, 0]
    x = np.stack((truth, truth), axis=1) + 0.05 * np.random.default_rng(0).normal(size=(5000, 2))
    assert not likenesses(sample_changes(x, np.zeros(x.shape, dtype=np.uint8)))


def test_two_switches_that_move_together_a_few_times_are_no_copies() -> None:
    switch = np.repeat([0.0, 1.0, 0.0, 1.0], 500)
    x = np.stack((switch, switch * 3 + 1), axis=1)
    assert not likenesses(sample_changes(x, np.zeros(x.shape, dtype=np.uint8)))


def test_copies_say_which_tag_to_drop() -> None:
    x = ar(4000, 0.9, 2, 4)
    x[:, 1] = x[:, 0]
    x[:, 3] = 1.8 * x[:, 2] + 32
    x[:, 2] = np.where(np.arange(4000) % 3, x[:, 2], np.nan)  # t2 is the copy with less data
    x[1000:1400, 2] = np.nan
    result = audit(recording(x))
    assert kinds_of(result, "t1")["copy"].toml == '[[tag]]\nid = "t1"\nrole = "ignored"'
    assert not {"copy", "scaled-copy"} & set(kinds_of(result, "t0"))
    assert kinds_of(result, "t1")["copy"].evidence.args["other"] == "t0"


def test_units_of_a_copy() -> None:
    x = ar(4000, 0.9, 3, 2)
    x[:, 1] = 1.8 * x[:, 0] + 32
    assert kinds_of(audit(recording(x)), "t1")["scaled-copy"].evidence.args["factor"] == "1.8"


def test_a_lag_of_whole_hours_is_a_time_zone() -> None:
    base = ar(6000, 0.9, 4)[:, 0]
    for interval, kind in ((10 * MINUTE_NS, "lagged-hours"), (7 * MINUTE_NS, "lagged-copy")):
        x = np.stack((base[100:5100], base[94:5094]), axis=1)
        finding = kinds_of(audit(recording(x, interval)), "t1")[kind]
        assert (finding.evidence.args["first"], finding.evidence.args["second"]) == ("t0", "t1")
        assert bool(finding.toml) is (kind == "lagged-copy")


def test_changes_hold_the_last_valid_value() -> None:
    values = np.array([[1.0], [99.0], [np.nan], [4.0]], dtype=np.float32)
    status = np.array([[Status.GOOD], [Status.BAD], [Status.MISSING], [Status.GOOD]], dtype=np.uint8)
    assert sample_changes(values, status)[0, :, 0].tolist() == [0, 0, 0, 3]
    assert sample_changes(np.zeros((5 * LENGTH, 2)), np.zeros((5 * LENGTH, 2), dtype=np.uint8)).shape == (5, LENGTH, 2)
