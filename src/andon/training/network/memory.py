"""Memory: a GRU or an LSTM with the standard gate equations.

The equations are written out in `gru_step` and `lstm_step`; the module runs PyTorch's own loop, which tests hold equal
to them, because it is faster. Weights are stacked as PyTorch stacks them: reset, update, new for the GRU; input, forget,
candidate, output for the LSTM.

References
----------
Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder".
Hochreiter, Schmidhuber 1997, "Long short-term memory".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def gru_step(x: Tensor, h: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> Tensor:
    """One tick of a GRU.

    r = sigmoid(W_xr x + b_xr + W_hr h + b_hr)        reset
    z = sigmoid(W_xz x + b_xz + W_hz h + b_hz)        update
    n = tanh(W_xn x + b_xn + r * (W_hn h + b_hn))     new
    h' = (1 - z) * n + z * h

    Parameters
    ----------
    x : (B, I); h : (B, H); w_x : (3H, I); w_h : (3H, H); b_x, b_h : (3H,)

    Returns
    -------
    (B, H)
    """
    x_r, x_z, x_n = (x @ w_x.T + b_x).chunk(3, dim=-1)
    h_r, h_z, h_n = (h @ w_h.T + b_h).chunk(3, dim=-1)
    reset = torch.sigmoid(x_r + h_r)
    update = torch.sigmoid(x_z + h_z)
    new = torch.tanh(x_n + reset * h_n)
    return (1 - update) * new + update * h


def lstm_step(x: Tensor, h: Tensor, c: Tensor, w_x: Tensor, w_h: Tensor, b_x: Tensor, b_h: Tensor) -> tuple[Tensor, Tensor]:
    """One tick of an LSTM.

    i = sigmoid(...)  input gate      f = sigmoid(...)  forget gate
    g = tanh(...)     candidate       o = sigmoid(...)  output gate
    c' = f * c + i * g
    h' = o * tanh(c')

    The candidate g is what the input gate lets in: an LSTM without it is a mistake often met in tutorials.

    Parameters
    ----------
    x : (B, I); h, c : (B, H); w_x : (4H, I); w_h : (4H, H); b_x, b_h : (4H,)

    Returns
    -------
    h, c : (B, H)
    """
    i, f, g, o = (x @ w_x.T + b_x + h @ w_h.T + b_h).chunk(4, dim=-1)
    cell = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(cell), cell


class Memory(nn.Module):
    """A GRU (state: h) or an LSTM (state: h then c), of as many cells as inputs."""

    def __init__(self, cell: str, width: int) -> None:
        super().__init__()
        if cell not in ("gru", "lstm"):
            raise ValueError(f"a memory cell is gru or lstm, not {cell!r}")
        self.cell = cell
        self.width = width
        self.loop: nn.GRU | nn.LSTM = (nn.GRU if cell == "gru" else nn.LSTM)(width, width, batch_first=True)

    @property
    def state_width(self) -> int:
        """Numbers of state per asset."""
        return self.width if self.cell == "gru" else 2 * self.width

    def forward(self, x: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        """Run a piece.

        Parameters
        ----------
        x : (B, T, D)
        state : (B, state_width)

        Returns
        -------
        h : (B, T, D); state : (B, state_width)
        """
        h = state[None, :, : self.width].contiguous()
        if isinstance(self.loop, nn.GRU):
            out, h = self.loop(x, h)
            return out, h[0]
        out, (h, c) = self.loop(x, (h, state[None, :, self.width :].contiguous()))
        return out, torch.cat([h[0], c[0]], dim=-1)
