"""Shape, not level or amplitude."""

from __future__ import annotations

import numpy as np
import pytest

from andon.evidence.novelty import Novelty, cosines, fit_novelty, nearest, patch_ends, windows
from andon.evidence.shares import novelty_shares
from andon.plant.arrays import Float32Array

PATCH, STRIDE = 32, 4


def waves(rows: int, seed: int = 0) -> Float32Array:
    """Three tags that swing together with a period of 16 ticks."""
    random = np.random.default_rng(seed)
    angle = 2.0 * np.pi * (np.arange(rows) / 16.0)[:, None] + np.array([0.0, 1.0, 2.0])
    out: Float32Array = (np.sin(angle) + 0.1 * random.normal(size=(rows, 3))).astype(np.float32)
    return out


def fitted() -> Novelty:
    x = waves(1600)
    novelty, distances = fit_novelty(x, np.arange(PATCH, 1600, STRIDE), PATCH, STRIDE)
    assert np.quantile(distances, 0.99) < 0.1
    return novelty


def test_cosines_are_orthonormal_and_have_no_constant() -> None:
    basis = cosines(PATCH, 8)
    np.testing.assert_allclose(basis.T @ basis, np.eye(8), atol=1e-6)
    np.testing.assert_allclose(basis.sum(axis=0), 0.0, atol=1e-5)


def test_nearest_against_the_plain_search() -> None:
    random = np.random.default_rng(1)
    vectors, memory = random.normal(size=(5, 4)).astype(np.float32), random.normal(size=(9, 4)).astype(np.float32)
    expected = [np.mean(np.sort(1.0 - memory @ vector)[:3]).clip(0.0) for vector in vectors]
    np.testing.assert_allclose(nearest(vectors, memory), expected, atol=1e-5)


def test_the_search_in_groups_against_the_plain_search() -> None:
    random = np.random.default_rng(1)
    memory = random.normal(size=(512, 6)).astype(np.float32)
    memory[100:120] = memory[7]  # equal neighbours count as many times as they stand there
    vectors = np.concatenate([random.normal(size=(20, 6)), memory[7:8]]).astype(np.float32)
    expected = [np.mean(np.sort(1.0 - memory @ vector)[:3]).clip(0.0) for vector in vectors]
    np.testing.assert_allclose(nearest(vectors, memory), expected, atol=1e-5)


@pytest.mark.parametrize("level", [0.0, 40.0])
@pytest.mark.parametrize("step", [4, 7, 0])
def test_patches_in_place_are_described_as_their_copies_are(level: float, step: int) -> None:
    novelty = fitted()
    x = waves(400, seed=4)
    x[100:] += np.float32(level)
    ends = np.arange(PATCH, 400, step) if step else np.array([40, 41, 77, 300])
    copies = novelty.describe(windows(x, PATCH, ends))
    np.testing.assert_allclose(novelty.describe_all(x, ends), copies, atol=1e-5 * (1.0 + level))
    np.testing.assert_allclose(novelty.distance_all(x, ends), novelty.distance(windows(x, PATCH, ends)), atol=2e-5)


def test_level_and_amplitude_are_not_novel_but_shape_and_timing_are() -> None:
    novelty = fitted()
    normal = windows(waves(400, seed=2), PATCH, np.arange(PATCH, 400, 8))
    usual = np.quantile(novelty.distance(normal), 0.99)
    assert novelty.distance(normal + np.float32(5.0)).max() == pytest.approx(novelty.distance(normal).max(), abs=1e-3)
    assert np.median(novelty.distance(2.0 * normal)) < usual
    late = normal.copy()
    late[:, :, 0] = np.roll(normal[:, :, 0], 8, axis=1)
    assert np.median(novelty.distance(late)) > 3.0 * usual
    faster = windows(waves(800)[::2].copy(), PATCH, np.arange(PATCH, 400, 8))
    assert np.median(novelty.distance(faster)) > 3.0 * usual


def test_occlusion_names_the_tag_out_of_step() -> None:
    novelty = fitted()
    patch = windows(waves(200, seed=3), PATCH, np.array([100]))[0]
    patch[:, 1] = np.random.default_rng(5).permutation(patch[:, 1])
    shares = novelty_shares(novelty, patch)
    assert shares.argmax() == 1
    assert shares.sum() == pytest.approx(1.0)


def test_patches_are_due_by_the_tick_number() -> None:
    tick, age = np.arange(100, 140), np.arange(40)
    due = np.flatnonzero(patch_ends(tick, age, PATCH, STRIDE))
    assert due.tolist() == [32, 36]  # ticks 132 and 136: whole patches, numbers that 4 divides


def test_memory_is_bounded() -> None:
    x = np.random.default_rng(0).normal(size=(9000, 2)).astype(np.float32)
    novelty, _ = fit_novelty(x, np.arange(PATCH, 9000), PATCH, STRIDE)
    assert len(novelty.memory) <= 1024
    np.testing.assert_allclose((novelty.memory**2).sum(axis=1), 1.0, atol=1e-4)
