"""Drift between two recordings."""

from __future__ import annotations

import numpy as np
import pytest

from andon.auditing import Finding, drift
from andon.plant.arrays import Float64Array
from andon.plant.time import MINUTE_NS
from tests.auditing.signals import ar, recording


def found(before: Float64Array, after: Float64Array) -> dict[tuple[str | None, str], Finding]:
    return {(item.tag, item.kind): item for item in drift(recording(before), recording(after))}


@pytest.mark.parametrize("phi", [0.0, 0.9, 0.99])
def test_a_steady_process_has_not_moved(phi: float) -> None:
    """A finding asks for four standard errors: of three hundred draws with a memory of a hundred samples one had one."""
    pieces = [ar(8000, phi, seed, 3) for seed in range(10)]
    assert sum(bool(found(x[:4000], x[4000:])) for x in pieces) <= (phi == 0.99)


def test_false_findings_of_slow_processes_are_rare() -> None:
    x = ar(8000, 0.998, 5, 60)  # eight hours of memory in three days: hardly steady at all
    assert sum(item.weight >= 0.5 for item in drift(recording(x[:4000]), recording(x[4000:]))) <= 3


@pytest.mark.parametrize("size", [1.0, 2.0, 5.0])
def test_a_moved_level_is_found_and_weighs_by_its_size(size: float) -> None:
    x = ar(8000, 0.9, 1, 3)
    x[4000:, 1] += size
    item = found(x[:4000], x[4000:])[("t1", "drift-level")]
    assert item.evidence.args["size"] == pytest.approx(size, rel=0.15)
    assert item.weight >= 0.3 + 0.15 * np.log2(size / 0.5)


def test_a_changed_noise_is_found() -> None:
    x = ar(8000, 0.5, 2, 2)
    x[4000:, 0] *= 2
    x[4000:, 1] *= 0.3
    keys = set(found(x[:4000], x[4000:]))
    assert {("t0", "drift-spread"), ("t1", "drift-spread")} <= keys


def test_a_broken_relation_is_found_once() -> None:
    x = ar(8000, 0.5, 3, 4)
    x[:, 1] = x[:, 0] + 0.3 * x[:, 1]
    x[4000:, 1] = ar(4000, 0.5, 4)[:, 0] * 1.04
    keys = [key for key in found(x[:4000], x[4000:]) if key[1] == "drift-relation"]
    assert keys == [("t0", "drift-relation")]


def test_tags_that_went_came_or_thinned_out() -> None:
    x = ar(4000, 0.5, 5, 3)
    before, after = recording(x).select(["t0", "t1"]), recording(x)
    y = x.copy()
    y[:2000, 1] = np.nan
    kinds = {(item.tag, item.kind) for item in drift(before, recording(y).select(["t1", "t2"]))}
    assert {("t0", "drift-gone"), ("t2", "drift-new"), ("t1", "drift-missing")} <= kinds
    assert {item.kind for item in drift(before, after)} == {"drift-new"}


def test_two_switches_that_move_a_few_times_have_no_relation_to_break() -> None:
    rng = np.random.default_rng(7)
    x = np.column_stack([np.repeat(rng.choice([1.0, 2.5, 4.0, 7.0], 16), 500) + 1e-4 * k * rng.normal(size=8000) for k in (0, 1)])
    x[:4000, 1] = x[:4000, 0]
    assert not [key for key in found(x[:4000], x[4000:]) if key[1] == "drift-relation"]


def test_another_interval() -> None:
    x = ar(4000, 0.5, 6, 1)
    kinds = {item.kind for item in drift(recording(x), recording(x, 5 * MINUTE_NS))}
    assert "drift-interval" in kinds


def test_empty_recordings_say_nothing_wrong() -> None:
    empty = recording(np.zeros((0, 1)))
    assert not drift(empty, empty)
