"""Causal pools by doubling against a naive window and PyTorch's pooling."""

from __future__ import annotations

import torch
from torch.nn import functional

from andon.training.network.pooling import CausalPooling


def start(pools: CausalPooling, batch: int, width: int) -> list[torch.Tensor]:
    return [torch.zeros(batch, ticks, 2 * width) for ticks in pools.ring_ticks]


def test_window_of_four_by_hand() -> None:
    x = torch.tensor([4.0, 0, -2, 6, 1, 1, -9, 2])[None, :, None]
    pools = CausalPooling(2)
    out, _ = pools(x, start(pools, 1, 1))
    # t = 3: (4 + 0 - 2 + 6) / 4 = 2.  t = 4: (0 - 2 + 6 + 1) / 4 = 1.25.  t = 7: (1 + 1 - 9 + 2) / 4 = -1.25.
    # Before the first tick everything is zero: t = 0: 4 / 4 = 1.
    assert out[0, :, 0].tolist() == [1.0, 1.0, 0.5, 2.0, 1.25, 1.5, -0.25, -1.25]
    assert out[0, :, 1].tolist() == [4, 4, 4, 6, 6, 6, 6, 2]


def test_equal_to_torch_pooling() -> None:
    torch.manual_seed(0)
    pools = CausalPooling(6)
    assert pools.windows == (4, 16, 64)
    x = torch.randn(2, 300, 3)
    out, _ = pools(x, start(pools, 2, 3))
    for i, window in enumerate(pools.windows):
        padded = functional.pad(x.transpose(1, 2), (window - 1, 0))
        average = functional.avg_pool1d(padded, window, stride=1).transpose(1, 2)
        largest = functional.max_pool1d(padded, window, stride=1).transpose(1, 2)
        torch.testing.assert_close(out[..., 6 * i : 6 * i + 3], average, atol=1e-6, rtol=1e-5)
        assert torch.equal(out[..., 6 * i + 3 : 6 * i + 6], largest)


def test_pieces_give_the_very_same_numbers() -> None:
    torch.manual_seed(1)
    pools = CausalPooling(4)
    x = torch.randn(1, 40, 2)
    whole, _ = pools(x, start(pools, 1, 2))
    rings, parts = start(pools, 1, 2), []
    for low, high in ((0, 1), (1, 2), (2, 9), (9, 40)):
        part, rings = pools(x[:, low:high], rings)
        parts.append(part)
    assert torch.equal(whole, torch.cat(parts, dim=1))


def test_an_average_does_not_drift() -> None:
    # A running sum that adds the new and takes away the old keeps 1e8's rounding for ever; doubling forgets it.
    pools = CausalPooling(2)
    x = torch.ones(1, 1000, 1)
    x[0, 10] = 1e8
    out, _ = pools(x, start(pools, 1, 1))
    assert out[0, 20:, 0].eq(1.0).all()
