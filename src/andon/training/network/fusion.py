"""Gated fusion: what the stem and the pools found, with context, mixed over tags and scales; a gate lets it pass.

    f[t] = (V z[t] + v) * sigmoid(G z[t] + g)

The gate lets context (mode, calendar, age of a sample) switch features on and off, which a sum cannot.

References
----------
Dauphin, Fan, Auli, Grangier 2017, "Language modeling with gated convolutional networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class GatedFusion(nn.Module):
    """Gated linear unit over the joined features."""

    def __init__(self, inputs: int, width: int) -> None:
        super().__init__()
        self.value = nn.Linear(inputs, width)
        self.gate = nn.Linear(inputs, width)

    def forward(self, z: Tensor) -> Tensor:
        """(B, T, inputs) -> (B, T, width)."""
        out: Tensor = self.value(z) * torch.sigmoid(self.gate(z))
        return out
