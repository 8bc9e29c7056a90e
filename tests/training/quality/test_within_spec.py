"""The probability of being within specification: calibrated, monotone, and stored as arrays."""

from __future__ import annotations

import json

import numpy as np
import pytest

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import BundleError, TrainingError
from andon.plant.verdict import QualityPredictions
from andon.scoring.within_spec import SpecModel, raw_log_odds
from andon.training.quality.within_spec import fit_within_spec, isotonic, platt


def predictions(centre: Float64Array, half: float = 1.0, level: float = 0.9) -> QualityPredictions:
    n = len(centre)
    time = np.arange(n, dtype=np.int64)
    return QualityPredictions(
        "a", time, time, ("purity",) * n, centre, centre - half, centre + half, np.full(n, level), np.zeros(n, dtype=np.uint8)
    )


def plant(n: int = 3000, seed: int = 0, too_narrow: float = 1.0) -> tuple[QualityPredictions, Float64Array]:
    """Values with normal errors whose true 90 % half width is 1; the soft sensor states 1 / too_narrow."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=n)
    return predictions(centre, 1.0 / too_narrow), centre + rng.normal(size=n) / 1.645


def test_raw_odds_by_hand() -> None:
    # Limit at the centre on one side: one half, log odds 0. Limit at the upper end of a 90 % interval: 95 % below.
    got = raw_log_odds(predictions(np.array([0.0, 0.0])), 0.0, np.inf)
    assert got.tolist() == pytest.approx([0.0, 0.0], abs=1e-9)
    assert raw_log_odds(predictions(np.array([0.0])), -np.inf, 1.0)[0] == pytest.approx(np.log(0.95 / 0.05))


def test_probabilities_of_an_overconfident_sensor_are_put_right() -> None:
    given, value = plant(too_narrow=3.0)
    model, report = fit_within_spec(given, value, -1.5, 1.5)
    assert report.chosen in ("platt", "isotonic")
    later, result = plant(seed=1, too_narrow=3.0)
    p, within = model.probability(later), (result >= -1.5) & (result <= 1.5)
    for low in np.arange(0.0, 1.0, 0.25):
        here = (p >= low) & (p < low + 0.25)
        assert abs(p[here].mean() - within[here].mean()) < 0.08
    raw = 1.0 / (1.0 + np.exp(-raw_log_odds(later, -1.5, 1.5)))
    assert np.mean((p - within) ** 2) < np.mean((raw - within) ** 2)


def test_a_rare_class_is_still_found() -> None:
    given, value = plant()
    model, report = fit_within_spec(given, value, -np.inf, 2.2)
    outside = value > 2.2
    assert outside.mean() < 0.05
    assert report.later.balanced_accuracy > 0.8
    assert np.mean(~model.within(given)[outside]) > 0.8


def test_classes_are_predicted_like_any_target() -> None:
    rng = np.random.default_rng(0)
    score = rng.uniform(size=800)
    value = (rng.uniform(size=800) < score).astype(np.float64)
    model, _ = fit_within_spec(predictions(score, 0.6), value, 0.5, np.inf)
    p = model.probability(predictions(np.array([0.1, 0.5, 0.9]), 0.6))
    assert p.tolist() == pytest.approx([0.1, 0.5, 0.9], abs=0.12)


def test_where_predictions_tell_nothing_the_base_rate_is_chosen() -> None:
    rng = np.random.default_rng(4)
    _, report = fit_within_spec(predictions(rng.normal(size=200)), rng.normal(size=200) * 5, -1.0, 1.0)
    assert report.log_loss["base rate"] <= report.log_loss["isotonic"]
    assert report.chosen in ("base rate", "platt")


def test_isotonic_equals_scikit_learn_up_to_its_drawing_in() -> None:
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(1)
    x = rng.normal(size=200)
    within: BoolArray = rng.random(200) < 1 / (1 + np.exp(-x))
    knot, share = isotonic(x, within)
    fit = IsotonicRegression(out_of_bounds="clip").fit(x, within)
    assert (np.diff(share) >= 0).all()
    expected = fit.predict(x)
    assert len(knot) == len(np.unique(expected.round(9)))
    count = np.array([(np.abs(expected - level) < 1e-9).sum() for level in np.unique(expected.round(12))])
    drawn_in = np.maximum.accumulate((np.unique(expected.round(12)) * count + 0.5) / (count + 1.0))
    np.testing.assert_allclose(share, drawn_in, atol=1e-6)


def test_platt_finds_the_line() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=20_000) * 2
    within: BoolArray = rng.random(20_000) < 1 / (1 + np.exp(-(0.5 * x - 1.0)))
    assert platt(x, within).tolist() == pytest.approx([0.5, -1.0], abs=0.06)


@pytest.mark.parametrize("kind", ["platt", "isotonic", "base rate"])
def test_stored_and_restored_is_the_same(kind: str) -> None:
    share = {"platt": [0.7, -0.2], "isotonic": [0.1, 0.9], "base rate": [0.8]}[kind]
    knot = np.array([-1.0, 2.0]) if kind == "isotonic" else np.zeros(0)
    model = SpecModel("purity", -np.inf, 2.0, kind, knot, np.array(share), 0.4)
    again = SpecModel.from_arrays(json.loads(json.dumps(model.meta())), model.to_arrays())
    given, _ = plant(50)
    np.testing.assert_array_equal(again.probability(given), model.probability(given))
    other = SpecModel("other", 0.0, 1.0, kind, knot, np.array(share), 0.4)
    assert np.isnan(other.probability(given)).all()
    with pytest.raises(BundleError, match="the stored specification model is not whole"):
        SpecModel.from_arrays(model.meta(), {"knot": knot})


def test_what_cannot_be_calibrated_is_refused() -> None:
    given, value = plant(20)
    with pytest.raises(TrainingError, match="only 20 results to calibrate a probability with"):
        fit_within_spec(given, value, 0.0, 1.0)
    with pytest.raises(TrainingError, match="the specification 2 to 1 has no room"):
        fit_within_spec(given, value, 2.0, 1.0)
