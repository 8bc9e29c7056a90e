"""Heads: what the features say. Forecast, level, scale; each tag from the others; quality quantiles.

All heads that correct the linear core begin at zero, so an untrained network is the linear core.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from andon.plant.arrays import BoolArray, Float32Array, FloatArray, Int64Array

LOG_SCALE_LIMIT = 3.0


class ChannelHeads(nn.Module):
    """Per channel: forecast one tick ahead, log of its scale, and level one horizon ahead, in units of the linear residual.

    `spread` (C,) is the log scale to begin with; zero when absent.
    """

    def __init__(self, width: int, channels: int, spread: Float32Array | None = None) -> None:
        super().__init__()
        self.mix = nn.Linear(width, 3 * channels)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)
        if spread is not None:
            with torch.no_grad():
                self.mix.bias[channels : 2 * channels] = torch.from_numpy(spread)

    def forward(self, o: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, T, D) -> forecast, log scale, level; each (B, T, C)."""
        forecast, log_scale, level = self.mix(o).chunk(3, dim=-1)
        return forecast, log_scale.clamp(-LOG_SCALE_LIMIT, LOG_SCALE_LIMIT), level


def group_channels(correlation: FloatArray, groups: int) -> Int64Array:
    """Spread channels over groups so that channels which explain each other stand in different groups.

    Greedy: channels with the strongest partners choose first; each takes the group whose members correlate least
    with it, among the groups that still have room.

    Parameters
    ----------
    correlation : (C, C)
    groups : number of groups

    Returns
    -------
    (C,) int64, the group of each channel; sizes differ by at most one
    """
    strength = np.abs(np.nan_to_num(np.asarray(correlation, dtype=np.float64)))
    np.fill_diagonal(strength, 0.0)
    channels = len(strength)
    room = -(-channels // groups)
    group = np.full(channels, -1, dtype=np.int64)
    for channel in np.argsort(-strength.max(axis=1, initial=0.0), kind="stable"):
        sizes = np.array([int((group == g).sum()) for g in range(groups)])
        cost = np.array([float(strength[channel, group == g].max(initial=0.0)) for g in range(groups)])
        cost[sizes >= room] = np.inf
        group[channel] = int(np.lexsort((sizes, cost))[0])
    return group


class RelationHead(nn.Module):
    """Each channel from the others at the same tick.

    Channels are divided into groups. One hidden layer per group sees every channel but those of the group, and
    predicts those of the group. The weights that would join a channel to itself do not exist (they are multiplied by
    a constant zero), so the independence is exact, not learnt. A channel does not see its own past either: a stuck or
    drifting sensor cannot explain itself.
    """

    def __init__(self, group: Int64Array, context: int, hidden: int) -> None:
        super().__init__()
        groups, channels = int(group.max()) + 1, len(group)
        self.first = nn.Linear(2 * channels + context, groups * hidden)
        self.second = nn.Linear(groups * hidden, channels)
        nn.init.zeros_(self.second.weight)
        nn.init.zeros_(self.second.bias)
        sees, tells = relation_masks(group, context, hidden)
        self.register_buffer("sees", torch.from_numpy(sees.astype(np.float32)))
        self.register_buffer("tells", torch.from_numpy(tells.astype(np.float32)))

    def masked(self) -> tuple[Tensor, Tensor]:
        """The weights with the forbidden ones at zero: (G * hidden, 2C + K) and (C, G * hidden)."""
        return self.first.weight * self.get_buffer("sees"), self.second.weight * self.get_buffer("tells")

    def forward(self, x: Tensor, surprise: Tensor, context: Tensor) -> Tensor:
        """(B, T, C), (B, T, C), (B, T, K) -> (B, T, C)."""
        first, second = self.masked()
        hidden = torch.relu(functional.linear(torch.cat([x, surprise, context], dim=-1), first, self.first.bias))
        return functional.linear(hidden, second, self.second.bias)


def relation_masks(group: Int64Array, context: int, hidden: int) -> tuple[BoolArray, BoolArray]:
    """Which weights of the relation head exist.

    Returns
    -------
    sees : (G * hidden, 2C + K) hidden unit of group g sees channel i where i is not in g
    tells : (C, G * hidden) channel i is told by the hidden units of its own group
    """
    groups = int(group.max()) + 1
    unit = np.repeat(np.arange(groups), hidden)
    other = unit[:, None] != group[None, :]
    sees = np.concatenate([other, other, np.ones((groups * hidden, context), dtype=bool)], axis=1)
    return sees, group[:, None] == unit[None, :]


class QualityHead(nn.Module):
    """Quantiles of N targets that never cross: the median, and steps away from it that are never negative."""

    def __init__(self, width: int, targets: int, quantiles: int) -> None:
        super().__init__()
        if quantiles % 2 == 0:
            raise ValueError("the number of quantiles must be odd, the median in the middle")
        self.targets = targets
        self.quantiles = quantiles
        self.mix = nn.Linear(width, targets * quantiles)
        nn.init.zeros_(self.mix.weight)
        nn.init.zeros_(self.mix.bias)

    def forward(self, o: Tensor) -> Tensor:
        """(B, T, D) -> (B, T, N, Q), ascending along Q."""
        raw = self.mix(o).unflatten(-1, (self.targets, self.quantiles))
        middle = self.quantiles // 2
        median, steps = raw[..., middle : middle + 1], functional.softplus(raw)
        below = median - steps[..., :middle].flip(-1).cumsum(-1).flip(-1)
        above = median + steps[..., middle + 1 :].cumsum(-1)
        return torch.cat([below, median, above], dim=-1)
