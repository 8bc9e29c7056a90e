"""Causal dilated convolution: each output sees the present and the past, never the future.

A layer with kernel K and dilation d computes, for every tick t,

    y[t] = b + W[0] x[t] + W[1] x[t - d] + ... + W[K-1] x[t - (K-1) d]

The K inputs are called *taps*. With K = 4 and dilations 1, 4, 16 the taps tile the past without a hole: three layers
see exactly 64 ticks. What lies before the first tick is zero, or the end of the piece before (the *ring*).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

KERNEL = 4


def taps(x: Tensor, ring: Tensor, dilation: int, kernel: int = KERNEL) -> tuple[list[Tensor], Tensor]:
    """The present and the delayed copies of `x`, with the ring of the piece that follows.

    Parameters
    ----------
    x : (B, T, D)
    ring : (B, R, D) the last R >= (kernel - 1) * dilation ticks before the piece, oldest first
    dilation : ticks between two taps
    kernel : number of taps

    Returns
    -------
    list of (B, T, D), tap k is delayed by k * dilation; ring : (B, R, D)
    """
    length, ticks = ring.shape[1], x.shape[1]
    joined = torch.cat([ring, x], dim=1)
    delayed = [joined[:, length - k * dilation : length - k * dilation + ticks] for k in range(1, kernel)]
    return [x, *delayed], joined[:, -length:]


class CausalConvolution(nn.Module):
    """One causal dilated convolution over time, all taps in one matrix product."""

    def __init__(self, width: int, dilation: int, kernel: int = KERNEL) -> None:
        super().__init__()
        self.dilation = dilation
        self.kernel = kernel
        self.mix = nn.Linear(kernel * width, width)

    @property
    def ring_ticks(self) -> int:
        """R, how many past ticks the layer must be given; a power of four, one more tap than it reads."""
        return self.kernel * self.dilation

    def forward(self, x: Tensor, ring: Tensor) -> tuple[Tensor, Tensor]:
        """Convolve a piece.

        Parameters
        ----------
        x : (B, T, D)
        ring : (B, R, D)

        Returns
        -------
        y : (B, T, D); ring : (B, R, D) for the next piece
        """
        parts, after = taps(x, ring, self.dilation, self.kernel)
        return self.mix(torch.cat(parts, dim=-1)), after


class Stem(nn.Module):
    """Residual stack of causal convolutions with dilations 1, 4, 16, ...: h <- h + relu(convolution(h)).

    The receptive field of L layers is 4**L ticks.

    References
    ----------
    Bai, Kolter, Koltun 2018, "An empirical evaluation of generic convolutional and recurrent networks".
    """

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList([CausalConvolution(width, KERNEL**i) for i in range(layers)])

    @property
    def receptive_ticks(self) -> int:
        """How many ticks, the present one counted, an output can see."""
        return int(KERNEL ** len(self.layers))

    @property
    def ring_ticks(self) -> tuple[int, ...]:
        """Past ticks needed by each layer."""
        return tuple(KERNEL ** (i + 1) for i in range(len(self.layers)))

    def forward(self, x: Tensor, rings: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Run all layers on a piece.

        Parameters
        ----------
        x : (B, T, D)
        rings : one (B, R, D) per layer

        Returns
        -------
        (B, T, D); rings for the next piece
        """
        after = []
        for layer, ring in zip(self.layers, rings, strict=True):
            y, kept = layer(x, ring)
            x = x + torch.relu(y)
            after.append(kept)
        return x, after
