"""The rule of one standard error, on losses made by hand."""

from __future__ import annotations

import numpy as np

from andon.plant.arrays import Float64Array
from andon.training.quality.choice import BLOCKS, choose

N = 40 * BLOCKS
VALUE: Float64Array = np.zeros(N)


def off_by(error: Float64Array) -> tuple[Float64Array, Float64Array, Float64Array]:
    """Predictions that err by so much, with an interval of no width."""
    return error, error, error


def noisy(size: float, by_block: float) -> Float64Array:
    """Errors of that mean size, more in every other block."""
    out: Float64Array = size + by_block * np.repeat(np.tile([1.0, -1.0], BLOCKS // 2), N // BLOCKS)
    return out


def test_the_blend_is_taken_where_the_difference_is_chance() -> None:
    # blocks at 1.25 and 0.85, mean 1.05: 0.05 more, and a standard error of 0.2 sqrt(8 / 7) / sqrt(8) = 0.076
    said = {"ridge": off_by(np.full(N, 1.0)), "blend": off_by(noisy(1.05, 0.2))}
    assert choose(VALUE, said, 0.9) == "blend"
    assert choose(VALUE, {"training mean": said["ridge"], "blend": said["blend"]}, 0.9) == "training mean"  # the simpler one stays
    # at 1.10 and 1.00 the error of 0.019 no longer covers the 0.05
    assert choose(VALUE, said | {"blend": off_by(noisy(1.05, 0.05))}, 0.9) == "ridge"


def test_the_best_is_taken_where_every_stretch_of_time_says_so() -> None:
    assert choose(VALUE, {"ridge": off_by(np.full(N, 1.0)), "blend": off_by(np.full(N, 1.02))}, 0.9) == "ridge"


def test_what_is_common_to_both_does_not_count_as_doubt() -> None:
    common = noisy(1.0, 0.2)
    assert choose(VALUE, {"ridge": off_by(common), "blend": off_by(common * 1.02)}, 0.9) == "ridge"


def test_without_a_blend_or_with_few_results_the_least_loss_decides() -> None:
    assert choose(VALUE, {"a": off_by(np.full(N, 2.0)), "b": off_by(np.full(N, 1.0))}, 0.9) == "b"
    few = {"a": off_by(np.array([1.0, 0.0, 3.0])), "blend": off_by(np.array([1.0, 1.0, 3.0]))}
    assert choose(np.zeros(3), few, 0.9) == "a"


def test_a_candidate_that_refuses_everything_is_never_taken() -> None:
    said = {"a": off_by(np.full(N, np.nan)), "b": off_by(np.full(N, 5.0))}
    assert choose(VALUE, said, 0.9) == "b"
