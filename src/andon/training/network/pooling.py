"""Causal running average and maximum over 2, 4, 8, ... ticks, by doubling.

The sum over the last 2w ticks is the sum over the last w ticks now plus the same sum w ticks ago; so is the maximum:

    sum_2w[t] = sum_w[t] + sum_w[t - w]        max_2w[t] = max(max_w[t], max_w[t - w])

Each doubling costs one addition per channel and needs one delayed value, whatever the window; nothing accumulates, so
rounding does not drift over months as it would in a running sum; and a graph of one tick performs the very same
additions as a graph of a thousand. Before the first tick everything is zero.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class CausalPooling(nn.Module):
    """Running average and maximum at the windows 4, 16, 64, ... up to 2**levels."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels

    @property
    def windows(self) -> tuple[int, ...]:
        """The windows that flow on, in ticks: every second doubling."""
        return tuple(2**j for j in range(2, self.levels + 1, 2))

    @property
    def ring_ticks(self) -> tuple[int, ...]:
        """Past ticks needed at each doubling: 1, 2, 4, ..."""
        return tuple(2**j for j in range(self.levels))

    def forward(self, x: Tensor, rings: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Pool a piece.

        Parameters
        ----------
        x : (B, T, P)
        rings : per doubling (B, R, 2P): sums and maxima of the R ticks before, oldest first

        Returns
        -------
        (B, T, 2 * P * len(windows)): for each window the averages, then the maxima; rings for the next piece
        """
        total, largest = x, x
        out, after = [], []
        for j, ring in enumerate(rings):
            delay, width = 2**j, x.shape[-1]
            joined = torch.cat([ring, torch.cat([total, largest], dim=-1)], dim=1)
            delayed = joined[:, : x.shape[1]]
            total = total + delayed[..., :width]
            largest = torch.maximum(largest, delayed[..., width:])
            after.append(joined[:, -delay:])
            if 2 * delay in self.windows:
                out += [total / (2 * delay), largest]
        return torch.cat(out, dim=-1), after
