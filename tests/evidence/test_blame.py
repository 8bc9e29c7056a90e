"""Blame: every tag of an incident is named, and none that only stayed as restless as it was."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.blame import BEFORE, SMALLEST_DEVIATION, SMALLEST_RESIDUAL, blame, usual_sizes
from andon.plant.arrays import BoolArray, Float64Array

TRAIN, BEFORE_ROWS, EVENT = 400, BEFORE, 40


def plant(seed: int, width: int = 8) -> Float64Array:
    """Noise of different size in every tag; the forecast of noise is its mean, zero."""
    random = np.random.default_rng(seed)
    return np.asarray(random.normal(size=(TRAIN + BEFORE_ROWS + EVENT, width)) * np.geomspace(0.2, 3.0, width))


def whole(x: Float64Array) -> BoolArray:
    return np.ones(x.shape, dtype=bool)


def judged(x: Float64Array, valid: BoolArray | None = None, shares: Float64Array | None = None) -> Float64Array:
    valid = whole(x) if valid is None else valid
    usual = usual_sizes(x[:TRAIN], np.zeros_like(x[:TRAIN]), valid[:TRAIN], np.ones(TRAIN, dtype=bool))
    return blame(x[TRAIN:], np.zeros_like(x[TRAIN:]), valid[TRAIN:], BEFORE_ROWS, usual, shares)


def naive(x: Float64Array, usual: Float64Array) -> Float64Array:
    """Tag by tag, sum by sum, with a forecast of zero."""
    logs = []
    for tag in range(x.shape[1]):
        before, event = x[:BEFORE_ROWS, tag], x[BEFORE_ROWS:, tag]
        where, mean = sorted(before), usual[0, tag]
        middle = 0.5 * (where[len(where) // 2 - 1] + where[len(where) // 2])
        away = [min(abs(value - middle), abs(value - mean)) for value in event]
        restless = sum(abs(value - middle) for value in before) / len(before)
        wild = sum(abs(value) for value in before) / len(before)
        moved = sum(np.log1p(size / (usual[1, tag] + restless)) for size in away) / len(away)
        missed = sum(np.log1p(abs(value) / (usual[2, tag] + wild)) for value in event) / len(event)
        logs.append((moved, missed))
    parts = np.array(logs) / np.array(logs).sum(axis=0) + 1e-3
    together = np.sqrt(parts[:, 0] * parts[:, 1])
    return np.asarray(together / together.sum())


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_the_naive_twin_says_the_same(seed: int) -> None:
    x = plant(seed)
    x[-EVENT:, 2] += 4.0
    usual = usual_sizes(x[:TRAIN], np.zeros_like(x[:TRAIN]), whole(x)[:TRAIN], np.ones(TRAIN, dtype=bool))
    np.testing.assert_allclose(judged(x), naive(x[TRAIN:], usual.astype(np.float64)), rtol=1e-9)


@pytest.mark.parametrize("kind", ["level", "noise", "ramp"])
def test_all_tags_of_an_incident_stand_first(kind: str) -> None:
    x, random = plant(3), np.random.default_rng(4)
    size = x[:TRAIN].std(axis=0)
    tags = [1, 4, 6]
    change = {"level": np.full(EVENT, 3.0), "ramp": np.linspace(0.0, 6.0, EVENT), "noise": 4.0 * random.normal(size=EVENT)}[kind]
    x[-EVENT:, tags] += change[:, None] * size[tags]
    told = judged(x)
    assert set(np.argsort(-told)[:3].tolist()) == set(tags)
    assert told.sum() == pytest.approx(1.0)
    assert (told >= 0.0).all()


def test_a_tag_that_was_restless_already_is_not_blamed() -> None:
    x = plant(5)
    size = x[:TRAIN].std(axis=0)
    x[TRAIN:, 0] *= 6.0  # before the event and during it
    x[-EVENT:, 5] += 3.0 * size[5]
    assert int(np.argmax(judged(x))) == 5


def test_going_back_to_the_mean_of_training_is_no_blame() -> None:
    x = plant(6)
    size = x[:TRAIN].std(axis=0)
    x[TRAIN : TRAIN + BEFORE_ROWS, 0] += 8.0 * size[0]  # away before the event, back in it
    x[-EVENT:, 5] += 3.0 * size[5]
    told = judged(x)
    assert int(np.argmax(told)) == 5
    assert told[0] < np.median(told)


def test_the_order_of_tags_and_their_units_do_not_matter() -> None:
    x = plant(7)
    x[-EVENT:, 2] += 2.0
    turned = np.random.default_rng(8).permutation(x.shape[1])
    np.testing.assert_allclose(judged(x[:, turned]), judged(x)[turned], rtol=1e-9)
    np.testing.assert_allclose(judged(x * 7.0), judged(x), rtol=1e-6)


def test_shares_have_a_small_vote() -> None:
    x = plant(9)
    shares = np.full(x.shape[1], 0.0)
    shares[3] = 1.0
    assert judged(x, shares=shares)[3] > judged(x)[3]
    x[-EVENT:, 5] += 6.0 * x[:TRAIN, 5].std()
    assert int(np.argmax(judged(x, shares=shares))) == 5


def test_missing_tags_an_event_without_a_past_and_a_still_tag() -> None:
    x = plant(10)
    x[:, 1] = 0.0
    valid = whole(x)
    valid[:, 2] = False
    x[-EVENT:, 1] += 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = judged(x, valid)
        usual = usual_sizes(x[:TRAIN], np.full_like(x[:TRAIN], np.nan), valid[:TRAIN], np.ones(TRAIN, dtype=bool))
        alone = blame(x[-EVENT:], np.full_like(x[-EVENT:], np.nan), valid[-EVENT:], 0, usual)
    assert np.isfinite(told).all()
    assert int(np.argmax(told)) == 1
    assert int(np.argmin(told)) == 2
    assert np.isfinite(alone).all()
    assert usual[1, 1] == np.float32(SMALLEST_DEVIATION)
    assert usual[2, 1] == np.float32(SMALLEST_RESIDUAL)
