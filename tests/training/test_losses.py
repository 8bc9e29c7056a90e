"""Losses by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from andon.training.losses import expectation_loss, pinball, scale_loss


def test_huber_by_hand() -> None:
    # errors 1 and 8, delta 5: 1^2 / 2 = 0.5 and 5 * (8 - 2.5) = 27.5; the third target is not known.
    said, target, known = torch.tensor([1.0, 9.0, 9.0]), torch.tensor([0.0, 1.0, 0.0]), torch.tensor([1.0, 1.0, 0.0])
    assert float(expectation_loss(said, target, known)) == pytest.approx((0.5 + 27.5) / 2)


def test_nothing_known_is_no_loss() -> None:
    nothing = torch.zeros(3)
    assert float(expectation_loss(torch.ones(3), nothing, nothing)) == 0.0
    assert float(scale_loss(nothing, torch.ones(3), nothing, nothing)) == 0.0


def test_the_best_scale_is_the_deviation() -> None:
    rest = torch.from_numpy(np.random.default_rng(0).normal(scale=3.0, size=20_000).astype(np.float32))
    known, zero = torch.ones_like(rest), torch.zeros_like(rest)
    grid = torch.linspace(0.5, 1.8, 27)
    best = grid[int(torch.stack([scale_loss(zero, g.expand_as(rest), rest, known) for g in grid]).argmin())]
    assert float(best) == pytest.approx(math.log(3.0), abs=0.05)


def test_the_scale_does_not_bend_the_forecast() -> None:
    forecast = torch.zeros(5, requires_grad=True)
    log_scale = torch.zeros(5, requires_grad=True)
    scale_loss(forecast, log_scale, torch.ones(5), torch.ones(5)).backward()  # type: ignore[no-untyped-call]
    assert forecast.grad is None
    assert log_scale.grad is not None


def test_pinball_by_hand() -> None:
    # value 10. Quantile 0.1 said 8: 0.1 * 2 = 0.2. Quantile 0.9 said 13: 0.1 * 3 = 0.3.
    loss = pinball(torch.tensor([[8.0, 13.0]]), torch.tensor([10.0]), torch.tensor([0.1, 0.9]))
    assert float(loss) == pytest.approx((0.2 + 0.3) / 2)
