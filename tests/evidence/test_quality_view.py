"""Results as evidence: a product that moves is loud, normal results are not, and no cut changes anything."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.conformal import normal_deviate
from andon.evidence.quality_view import SCALE_FLOOR, QualityEvidence, fit_quality_evidence
from andon.plant.arrays import Float64Array
from andon.plant.errors import EvidenceError

EVERY, DELAY, ROWS = 10, 4, 600
TICK = np.arange(1000, 1000 + ROWS, dtype=np.int64)


def checks(seed: int = 0, moved: float = 0.0, first: int = 30, count: int = 60) -> Float64Array:
    """A result of every tenth tick, known four ticks later; from number `first` on the product has moved."""
    distance = np.random.default_rng(seed).normal(size=count)
    distance[first:] += moved
    sample = TICK[0] + EVERY * np.arange(count)
    return np.stack([sample, sample + DELAY, distance], axis=1)


def evidence(targets: int = 1) -> QualityEvidence:
    return fit_quality_evidence([f"t{n}" for n in range(targets)], [checks(n + 5) for n in range(targets)], 3.0)


def test_by_hand() -> None:
    # span 4: alpha 0.4. A first result 5 standard deviations off: mean 2, strength 2^2 x 1.6 / 0.4 = 16; scale 6.63.
    part, state = QualityEvidence(("t",), (SCALE_FLOOR,), (20,), 1.0).run(
        [np.array([[1000.0, 1004.0, 5.0]])], TICK[:40], evidence().start()
    )
    assert part[:4].tolist() == [0.0] * 4
    np.testing.assert_allclose(part[4:24], np.log(16.0 / SCALE_FLOOR))
    assert part[24:].tolist() == [0.0] * 16  # it speaks for twenty ticks
    assert state.mean.tolist() == [2.0]
    assert state.since.tolist() == [1004]


def test_a_product_that_has_moved_is_heard_and_normal_results_hardly() -> None:
    view = evidence()
    normal, _ = view.run([checks(1)], TICK, view.start())
    moved, _ = view.run([checks(1, moved=4.0)], TICK, view.start())
    assert np.mean(normal > 0.0) < 0.05
    assert moved[TICK > 1000 + 350].min() > 1.4
    np.testing.assert_array_equal(moved[:300], normal[:300])


@settings(max_examples=40, deadline=None)
@given(cuts=st.sets(st.integers(1, ROWS - 1), max_size=8), targets=st.integers(1, 3))
def test_any_cut_gives_the_same(cuts: set[int], targets: int) -> None:
    view = evidence(targets)
    rows = [checks(n, moved=2.0 * n) for n in range(targets)]
    whole, end = view.run(rows, TICK, view.start())
    state, parts = view.start(), []
    for low, high in pairwise([0, *sorted(cuts), ROWS]):
        mine = [one[(one[:, 1] >= TICK[low]) & (one[:, 1] <= TICK[high - 1])] for one in rows]
        part, state = view.run(mine, TICK[low:high], state)
        parts.append(part)
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=0, atol=1e-12)
    np.testing.assert_allclose(state.mean, end.mean, rtol=0, atol=1e-12)


def test_the_loudest_target_speaks() -> None:
    view = evidence(2)
    one, _ = evidence(1).run([checks(1, moved=4.0)], TICK, evidence(1).start())
    both, _ = view.run([checks(1, moved=4.0), checks(2)], TICK, view.start())
    assert (both >= one - 1e-12).all()


def test_stored_and_restored_is_the_same() -> None:
    view = evidence(2)
    assert QualityEvidence.from_dict(json.loads(json.dumps(view.to_dict()))) == view
    with pytest.raises(EvidenceError, match="does not fit its targets"):
        QualityEvidence.from_dict(view.to_dict() | {"scale": [1.0]})
    with pytest.raises(EvidenceError, match="does not fit its targets"):
        QualityEvidence.from_dict(view.to_dict() | {"scale": [1.0, 0.0]})
    with pytest.raises(EvidenceError, match="is not whole"):
        QualityEvidence.from_dict({"targets": ["t"]})


def test_few_results_are_refused() -> None:
    with pytest.raises(EvidenceError, match="only 29 held-back results of t to calibrate its evidence with"):
        fit_quality_evidence(["t"], [checks(count=29)], 1.0)


def test_the_normal_deviate() -> None:
    assert normal_deviate(0.9) == pytest.approx(1.6449, abs=1e-4)
    assert normal_deviate(0.99) == pytest.approx(2.5758, abs=1e-4)
