"""Leaking targets, repeatability of the laboratory."""

from __future__ import annotations

import numpy as np
import pytest

from andon.auditing import audit
from andon.auditing.laboratory import repeatability
from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.time import HOUR_NS
from tests.auditing.signals import ar, kinds_of, recording, times

AT = np.arange(300, 6000, 120)  # rows at which samples are drawn


def lab(value: Float64Array, delay_h: int = 2, target: str = "quality") -> LabResults:
    drawn = times(6000)[AT]
    return LabResults("a", target, drawn, drawn + delay_h * HOUR_NS, value)


def process() -> tuple[Float64Array, Float64Array]:
    x = ar(6000, 0.99, 1, 3)
    return x, (x[:, 0] + 0.5 * x[:, 1])[AT] + 0.2 * np.random.default_rng(2).normal(size=AT.size)


def test_honest_inputs_do_not_leak() -> None:
    x, y = process()
    result = audit(recording(x), lab=[lab(y)])
    assert not {"leak", "target-among-tags"} & {finding.kind for finding in result.findings}


def test_the_result_held_from_when_it_was_known_does_not_leak() -> None:
    x, y = process()
    known = np.searchsorted(AT + 120, np.arange(6000), side="right") - 1
    late = np.where(known >= 0, y[np.maximum(known, 0)], np.nan)
    result = audit(recording(np.column_stack((x, late))), lab=[lab(y)])
    assert "leak" not in kinds_of(result, "t3")


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_result_written_at_the_time_of_the_sample_leaks(noise: float) -> None:
    x, y = process()
    known = np.searchsorted(AT, np.arange(6000), side="right") - 1
    early = np.where(known >= 0, y[np.maximum(known, 0)], np.nan) + noise * np.random.default_rng(0).normal(size=6000)
    result = audit(recording(np.column_stack((x, early))), lab=[lab(y)])
    assert kinds_of(result, "t3")["leak"].weight > 0.9
    assert not kinds_of(result, "t0")


def test_the_target_itself_among_the_tags() -> None:
    x, y = process()
    assert "target-among-tags" in kinds_of(audit(recording(x), lab=[lab(y, target="t1")]), "t1")
    other = LabResults("another", "t1", lab(y).sample_time, lab(y).result_time, y)
    assert "target-among-tags" not in kinds_of(audit(recording(x), lab=[other]), "t1")


@pytest.mark.parametrize("sigma", [0.05, 0.5])
def test_repeatability(sigma: float) -> None:
    rng = np.random.default_rng(3)
    truth = np.repeat(rng.normal(10, 1, 200), 2)
    time = np.repeat(times(200, HOUR_NS), 2)
    results = LabResults("a", "q", time, time + HOUR_NS, truth + sigma * rng.normal(size=400))
    found = repeatability(results)
    assert found is not None
    assert found[0] == pytest.approx(sigma, rel=0.15)
    assert found[2] == 200
    kinds = {finding.kind for finding in audit(recording(ar(6000, 0.9, 1)), lab=[results]).findings}
    assert ("lab-repeat" in kinds) is (sigma > 0.1)


def test_repeatability_is_that_of_the_naive_twin() -> None:
    values = [[1.0, 1.2], [5.0], [2.0, 2.5, 2.3], [0.0, 0.1], [4.0, 4.4], [7.0, 6.9]]
    time = np.concatenate([[k * HOUR_NS] * len(group) for k, group in enumerate(values)])
    found = repeatability(LabResults("a", "q", time, time, np.concatenate(values)))
    squares = sum(sum((v - np.mean(g)) ** 2 for v in g) for g in values)
    assert found is not None
    assert found[0] == pytest.approx(np.sqrt(squares / sum(len(g) - 1 for g in values)))


def test_without_repeats_nothing_is_said() -> None:
    _, y = process()
    assert repeatability(lab(y)) is None
    assert repeatability(lab(y)) is None


def test_results_before_their_sample_and_too_few_results() -> None:
    x, y = process()
    assert "lab-order" in kinds_of(audit(recording(x), lab=[lab(y, delay_h=-1)]))
    few = LabResults("a", "q", lab(y).sample_time[:5], lab(y).result_time[:5], y[:5])
    assert "lab-few" in kinds_of(audit(recording(x), lab=[few]))
