"""What training makes small: Huber losses of the expectations, likelihood of the scale, pinball loss of quality."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from andon.training.network.model import NetworkOutput
from andon.training.pieces import Batch

HUBER_DELTA = 5.0  # at 2 the forecast of bursty tags went to the median and left the variance as it was
# The level of a slow process has few independent values: at full weight it is learnt by heart and stops training early.
WEIGHTS = {"forecast": 1.0, "relation": 1.0, "level": 0.25, "scale": 0.25, "quality": 1.0}


@dataclass(frozen=True, slots=True)
class Losses:
    """Mean losses of a piece; `quality` is zero where no laboratory sample lies in it."""

    forecast: Tensor
    level: Tensor
    relation: Tensor
    scale: Tensor
    quality: Tensor

    @property
    def total(self) -> Tensor:
        """What is minimised: all jobs share the features, weighted by `WEIGHTS`."""
        return sum((weight * getattr(self, name) for name, weight in WEIGHTS.items()), start=torch.zeros(()))


def expectation_loss(said: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean Huber loss where the target is known: e^2 / 2 near zero, linear beyond, so that a rare spike does not rule.

    Parameters
    ----------
    said, target : (B, T, C), target is zero where it is not known
    known : (B, T, C) float, one or zero
    """
    # Where nothing is known both sides are zero, and so is the loss.
    total = functional.huber_loss(said * known, target, reduction="sum", delta=HUBER_DELTA)
    return total / known.sum().clamp(min=1)


def scale_loss(forecast: Tensor, log_scale: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Gaussian negative log-likelihood of what is left, for the scale alone: the mean does not bend to it."""
    rest = (target - forecast.detach()) * torch.exp(-log_scale)
    return ((0.5 * rest * rest + log_scale) * known).sum() / known.sum().clamp(min=1)


def pinball(said: Tensor, value: Tensor, quantiles: Tensor) -> Tensor:
    """Mean pinball loss.

    Parameters
    ----------
    said : (M, Q) quantiles; value : (M,); quantiles : (Q,) levels
    """
    error = value[:, None] - said
    return torch.maximum(quantiles * error, (quantiles - 1) * error).mean()


def losses(out: NetworkOutput, batch: Batch, quantiles: Tensor) -> Losses:
    """All losses of a piece."""
    quality = out.forecast.new_zeros(())
    if len(batch.lab) and out.quality.shape[2]:
        lane, tick, target = (batch.lab[:, i].long() for i in range(3))
        quality = pinball(out.quality[lane, tick, target], batch.lab[:, 3].float(), quantiles)
    return Losses(
        expectation_loss(out.forecast, batch.forecast, batch.forecast_known),
        expectation_loss(out.level, batch.level, batch.level_known),
        expectation_loss(out.relation, batch.relation, batch.relation_known),
        scale_loss(out.forecast, out.log_scale, batch.forecast, batch.forecast_known),
        quality,
    )
