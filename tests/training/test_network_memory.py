"""The gates of GRU and LSTM, by hand and against PyTorch."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from andon.training.network.memory import Memory, gru_step, lstm_step


def sigmoid(v: float) -> float:
    return 1 / (1 + math.exp(-v))


def test_gru_by_hand() -> None:
    # One input, one cell. x = 1, h = 0.5. Weights (reset, update, new): input 1, 2, 3; state -1, 0, 2; biases zero.
    h = gru_step(
        torch.tensor([[1.0]]),
        torch.tensor([[0.5]]),
        torch.tensor([[1.0], [2.0], [3.0]]),
        torch.tensor([[-1.0], [0.0], [2.0]]),
        torch.zeros(3),
        torch.zeros(3),
    )
    reset = sigmoid(1 * 1 + -1 * 0.5)  # sigmoid(0.5) = 0.6225
    update = sigmoid(2 * 1 + 0 * 0.5)  # sigmoid(2) = 0.8808
    new = math.tanh(3 * 1 + reset * (2 * 0.5))  # tanh(3.6225) = 0.9986
    assert float(h) == pytest.approx((1 - update) * new + update * 0.5, abs=1e-6)
    assert float(h) == pytest.approx(0.5594, abs=1e-4)


def test_lstm_by_hand() -> None:
    # One input, one cell. x = 1, h = 0, c = 2. Input weights (input, forget, candidate, output): 0, 1, 0.5, 0.
    zeros = torch.zeros(4)
    h, c = lstm_step(
        torch.tensor([[1.0]]),
        torch.tensor([[0.0]]),
        torch.tensor([[2.0]]),
        torch.tensor([[0.0], [1.0], [0.5], [0.0]]),
        torch.zeros(4, 1),
        zeros,
        zeros,
    )
    cell = sigmoid(1) * 2 + sigmoid(0) * math.tanh(0.5)  # 0.7311 * 2 + 0.5 * 0.4621 = 1.6932
    assert float(c) == pytest.approx(cell, abs=1e-6)
    assert float(c) == pytest.approx(1.6932, abs=1e-4)
    assert float(h) == pytest.approx(0.5 * math.tanh(cell), abs=1e-6)


def test_an_lstm_needs_its_candidate() -> None:
    # With the candidate at zero the cell can only forget: the mistake of leaving it out is visible.
    h = c = torch.tensor([[1.0]])
    weights = torch.tensor([[5.0], [5.0], [0.0], [5.0]])
    for _ in range(50):
        h, c = lstm_step(torch.tensor([[1.0]]), h, c, weights, torch.zeros(4, 1), torch.zeros(4), torch.zeros(4))
    assert float(c) < 0.75


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_equations_are_pytorch_s(cell: str) -> None:
    torch.manual_seed(0)
    memory = Memory(cell, 7)
    x, state = torch.randn(3, 11, 7), torch.randn(3, memory.state_width)
    out, after = memory(x, state)
    loop = memory.loop
    assert isinstance(loop, nn.GRU if cell == "gru" else nn.LSTM)
    weights = [getattr(loop, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    h, c = state[:, :7], state[:, 7:]
    for t in range(11):
        if cell == "gru":
            h = gru_step(x[:, t], h, *weights)
        else:
            h, c = lstm_step(x[:, t], h, c, *weights)
        torch.testing.assert_close(out[:, t], h, atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(after, h if cell == "gru" else torch.cat([h, c], dim=1), atol=1e-6, rtol=1e-5)


def test_unknown_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="a memory cell is gru or lstm, not 'rnn'"):
        Memory("rnn", 3)
