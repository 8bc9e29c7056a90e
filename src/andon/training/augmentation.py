"""Augmentation that a plant would recognise, in training only: what the inputs may suffer, while the target stays true.

Masks hide tags and spans from the network (self-supervision: say what you cannot see). Disturbances change what it sees.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from andon.training.pieces import Batch


@dataclass(frozen=True, slots=True)
class Augmentation:
    """How often and how strongly; shares are of lanes, or of tags within a lane.

    Attributes
    ----------
    hide_tags : share of tags hidden for a whole piece, in half of the lanes
    hide_spans : share of tags hidden for a random span, in half of the lanes
    drop_samples : share of single samples dropped
    bias : largest constant offset of a biased sensor, scaled units; one tag in ten is biased
    gain : largest relative error of gain; one tag in ten
    noise : standard deviation of added noise, scaled units; one tag in ten
    dropout : share of features hidden from the heads
    restart : share of lanes whose state is lost before a piece, as after a stop of the machine
    warp : share of lanes whose clock stumbles: from a random moment on they read one tick late
    """

    hide_tags: float = 0.1
    hide_spans: float = 0.1
    drop_samples: float = 0.01
    bias: float = 0.5
    gain: float = 0.05
    noise: float = 0.1
    warp: float = 0.1
    restart: float = 0.05
    dropout: float = 0.1


NO_AUGMENTATION = Augmentation(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
_SHARE_OF_TAGS = 0.1


def augment(batch: Batch, how: Augmentation, scale: Tensor, generator: torch.Generator) -> Batch:
    """The piece as the network sees it in training.

    Parameters
    ----------
    batch : clean piece
    how : strengths
    scale : (C,) scale of the linear residual; noise and bias never exceed what the tag's own residual makes visible
    generator : source of chance

    Returns
    -------
    the same targets with changed inputs
    """
    lanes, ticks, channels = batch.x.shape

    def chance(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator)

    def some() -> Tensor:
        return (chance(lanes, 1, channels) < _SHARE_OF_TAGS).float()

    x, expected, valid = batch.x, batch.expected, batch.valid
    if how.gain > 0:
        x = x * (1 + some() * how.gain * (2 * chance(lanes, 1, channels) - 1))
    if how.bias > 0:
        shift = some() * how.bias * (2 * chance(lanes, 1, channels) - 1)
        # The linear core follows a constant offset within a few ticks: its forecast moves with it.
        x, expected = x + shift, expected + shift
    if how.noise > 0:
        x = x + some() * how.noise * torch.minimum(scale * 3, torch.ones(())) * torch.randn(x.shape, generator=generator)
    if how.warp > 0:
        x = _stumble(x, chance(lanes) < how.warp, generator)
    hidden = torch.zeros_like(valid)
    if how.hide_tags > 0:
        hidden |= (chance(lanes, 1, channels) < how.hide_tags) & (chance(lanes, 1, 1) < 0.5)
    if how.hide_spans > 0:
        clock = torch.arange(ticks)[None, :, None]
        begin = (chance(lanes, 1, channels) * ticks).long()
        length = (chance(lanes, 1, channels) * ticks / 2).long() + 1
        span = (clock >= begin) & (clock < begin + length)
        hidden |= span & (chance(lanes, 1, channels) < how.hide_spans) & (chance(lanes, 1, 1) < 0.5)
    if how.drop_samples > 0:
        hidden |= chance(lanes, ticks, channels) < how.drop_samples
    return replace(batch, x=x, expected=expected, valid=valid & ~hidden)


def dropout(how: Augmentation, shape: tuple[int, ...], generator: torch.Generator) -> Tensor | None:
    """Zeros for hidden features, and for the others what makes up for them; None where nothing is hidden."""
    if how.dropout <= 0:
        return None
    return (torch.rand(shape, generator=generator) >= how.dropout).float() / (1 - how.dropout)


def _stumble(x: Tensor, which: Tensor, generator: torch.Generator) -> Tensor:
    """From a random moment on, the lanes in `which` (B,) read one tick late; early would be a look into the future."""
    lanes, ticks = x.shape[:2]
    moment = (torch.rand((lanes,), generator=generator) * ticks).long()
    clock = torch.arange(ticks)[None, :]
    source = (clock - ((clock >= moment[:, None]) & which[:, None]).long()).clamp(min=0)
    return torch.gather(x, 1, source[..., None].expand_as(x))
