"""Clipping, spikes, failure codes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.auditing import audit
from tests.auditing.signals import ar, kinds, kinds_of, recording


@given(st.integers(0, 10_000), st.sampled_from([0.0, 0.9, 0.99]), st.sampled_from([0.0, 0.2, 1.0]))
@settings(max_examples=30, deadline=None)
def test_a_free_tag_has_neither_rails_nor_spikes_nor_codes(seed: int, phi: float, step: float) -> None:
    x = ar(3000, phi, seed)[:, 0] * 5 + 50
    found = kinds(np.round(x / step) * step if step else x)
    assert not {"clipped-low", "clipped-high", "spikes", "code", "resting"} & set(found)


@pytest.mark.parametrize(("level", "share"), [(1.0, 0.16), (2.0, 0.023)])
def test_a_rail_is_found_and_becomes_the_range(level: float, share: float) -> None:
    x = np.minimum(ar(8000, 0.9, 1)[:, 0], level) * 10 + 50
    result = audit(recording(x))
    found = kinds_of(result, "t0")["clipped-high"]
    assert found.evidence.args["share"] == pytest.approx(share, rel=0.3)
    assert found.toml == f'[[tag]]\nid = "t0"\nhigh = {50 + 10 * level}'
    assert result.suggestions["t0"].tag.high == 50 + 10 * level
    assert result.suggestions["t0"].tag.low is None


def test_the_span_that_was_seen_is_no_evidence_of_a_range() -> None:
    tag = audit(recording(ar(5000, 0.9, 2))).suggestions["t0"].tag
    assert (tag.low, tag.high) == (None, None)


def test_a_tag_that_is_mostly_at_its_end_rests_there() -> None:
    x = np.maximum(ar(8000, 0.5, 3)[:, 0], 0.5)
    assert "resting" in kinds(x)
    assert "clipped-low" not in kinds(x)


@pytest.mark.parametrize("size", [20.0, 60.0, 1000.0])
def test_isolated_samples_are_found(size: float) -> None:
    x = ar(5000, 0.9, 4)[:, 0]
    at = np.array([500, 1700, 4000])
    x[at] += np.array([size, -size, 1.1 * size])
    found = kinds(x)["spikes"]
    assert found.evidence.args["count"] == 3
    assert found.evidence.args["start"] == "2024-01-03 18:40:00Z"


def test_a_step_is_no_spike_and_neither_is_a_tag_that_often_jumps() -> None:
    x = ar(5000, 0.9, 5)[:, 0]
    x[2500:] += 40
    assert "spikes" not in kinds(x)
    rng = np.random.default_rng(6)
    jumpy = np.repeat(rng.choice([0.0, 30.0], 1000), 5) + rng.normal(0, 0.1, 5000)
    assert "spikes" not in kinds(jumpy)


def test_a_failure_code_is_found_and_cut_off() -> None:
    x = ar(5000, 0.9, 7)[:, 0] * 5 + 40
    x[[100, 900, 901, 3000, 4444]] = -9999
    result = audit(recording(x))
    found = kinds_of(result, "t0")["code"]
    assert found.evidence.args == {"value": "-9999", "count": 5}
    low = result.suggestions["t0"].tag.low
    assert low is not None
    assert -9999 < low < 0
    assert f"low = {low!r}" in found.toml


def test_an_extreme_met_twice_is_no_code() -> None:
    x = ar(5000, 0.9, 8)[:, 0] * 5 + 40
    x[[100, 900]] = -9999
    assert "code" not in kinds(x)
