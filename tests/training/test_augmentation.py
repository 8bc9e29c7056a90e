"""Augmentation: inputs change, targets never; nothing looks ahead; the seed repeats."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
import torch

from andon.training.augmentation import NO_AUGMENTATION, Augmentation, augment, dropout
from andon.training.fit_network import zero_expectation
from andon.training.pieces import Batch, Material, Scales, cut_batch
from tests.training.network_material import ring_of_tags

SCALE = torch.full((6,), 0.3)


def piece(lanes: int = 64, ticks: int = 40) -> Batch:
    prepared = ring_of_tags(1000, 6, missing=0.0)
    ones = np.ones(6, np.float32)
    linear = replace(zero_expectation(prepared), level=np.zeros_like(prepared.x))
    rows = (np.arange(lanes) * 10 % 900)[:, None] + np.arange(ticks)[None]
    return cut_batch(Material(prepared, linear, Scales(ones, ones, ones, 0 * ones), 4), rows, rows[:, -1] + 1)


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_nothing_asked_nothing_done() -> None:
    clean = piece()
    same = augment(clean, NO_AUGMENTATION, SCALE, chance())
    assert torch.equal(same.x, clean.x)
    assert torch.equal(same.valid, clean.valid)


def test_targets_stay() -> None:
    clean = piece()
    seen = augment(clean, Augmentation(), SCALE, chance())
    for name in (f.name for f in fields(Batch)):
        if name not in ("x", "expected", "valid"):
            assert getattr(seen, name) is getattr(clean, name), name
    assert not torch.equal(seen.x, clean.x)


def test_the_seed_repeats() -> None:
    first, second, other = (augment(piece(), Augmentation(), SCALE, chance(seed)) for seed in (1, 1, 2))
    assert torch.equal(first.x, second.x)
    assert torch.equal(first.valid, second.valid)
    assert not torch.equal(first.x, other.x)


@pytest.mark.parametrize(
    ("how", "share"),
    [
        (replace(NO_AUGMENTATION, hide_tags=0.2), 0.1),  # in half of the lanes
        (replace(NO_AUGMENTATION, drop_samples=0.05), 0.05),
    ],
)
def test_masks_hide_the_share_asked_for(how: Augmentation, share: float) -> None:
    seen = augment(piece(400, 40), how, SCALE, chance())
    hidden = 1 - float(seen.valid.float().mean())
    assert hidden == pytest.approx(share, abs=0.03)


def test_a_span_is_one_stretch() -> None:
    hidden = ~augment(piece(), replace(NO_AUGMENTATION, hide_spans=0.5), SCALE, chance()).valid
    edges = (hidden[:, 1:] != hidden[:, :-1]).sum(dim=1) + hidden[:, 0].long() + hidden[:, -1].long()
    assert hidden.any()
    assert int(edges.max()) <= 2


def test_a_bias_moves_value_and_forecast_alike() -> None:
    clean = piece()
    seen = augment(clean, replace(NO_AUGMENTATION, bias=0.5), SCALE, chance())
    torch.testing.assert_close(seen.x - seen.expected, clean.x - clean.expected, atol=1e-5, rtol=0, equal_nan=True)
    assert float((seen.x - clean.x).abs().max()) <= 0.5 + 1e-6


def test_a_stumbling_clock_is_late_never_early() -> None:
    clean = piece()
    late = augment(clean, replace(NO_AUGMENTATION, warp=1.0), SCALE, chance()).x
    for t in range(1, late.shape[1]):
        present, before = (late[:, t] == clean.x[:, t]).all(-1), (late[:, t] == clean.x[:, t - 1]).all(-1)
        assert bool((present | before).all())
    assert not torch.equal(late, clean.x)


def test_dropout_keeps_the_mean() -> None:
    keep = dropout(replace(NO_AUGMENTATION, dropout=0.25), (200, 300), chance())
    assert keep is not None
    assert sorted(set(keep.flatten().tolist())) == [0.0, pytest.approx(4 / 3)]
    assert float(keep.mean()) == pytest.approx(1.0, abs=0.02)
    assert dropout(NO_AUGMENTATION, (2, 3), chance()) is None
