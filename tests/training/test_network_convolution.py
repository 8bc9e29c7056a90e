"""Causal dilated convolution against PyTorch's and against arithmetic done by hand."""

from __future__ import annotations

import torch
from torch.nn import functional

from andon.training.network.convolution import KERNEL, CausalConvolution, Stem, taps


def test_four_taps_by_hand() -> None:
    # One channel, dilation 2: y[t] = 1 x[t] + 10 x[t-2] + 100 x[t-4] + 1000 x[t-6], no bias.
    layer = CausalConvolution(1, 2)
    with torch.no_grad():
        layer.mix.weight.copy_(torch.tensor([[1.0, 10.0, 100.0, 1000.0]]))
        layer.mix.bias.zero_()
    x = torch.tensor([1.0, 2, 3, 4, 5, 6, 7, 8])[None, :, None]
    y, ring = layer(x, torch.zeros(1, layer.ring_ticks, 1))
    # t = 0: 1.  t = 2: 3 + 10*1 = 13.  t = 4: 5 + 10*3 + 100*1 = 135.  t = 7: 8 + 10*6 + 100*4 + 1000*2 = 2468.
    assert y[0, :, 0].tolist() == [1, 2, 13, 24, 135, 246, 1357, 2468]
    assert ring[0, :, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 8]  # eight ticks are kept for the next piece


def test_equal_to_torch_conv1d() -> None:
    torch.manual_seed(0)
    for dilation in (1, 4, 16):
        layer = CausalConvolution(5, dilation)
        x = torch.randn(3, 70, 5)
        y, _ = layer(x, torch.zeros(3, layer.ring_ticks, 5))
        # PyTorch's kernel runs forward in time: its last weight meets the present tick.
        weight = layer.mix.weight.reshape(5, KERNEL, 5).permute(0, 2, 1).flip(-1)
        padded = functional.pad(x.transpose(1, 2), ((KERNEL - 1) * dilation, 0))
        reference = functional.conv1d(padded, weight, layer.mix.bias, dilation=dilation).transpose(1, 2)
        torch.testing.assert_close(y, reference, atol=1e-5, rtol=1e-5)


def test_receptive_field_has_no_hole_and_no_future() -> None:
    torch.manual_seed(0)
    stem = Stem(4, 3)
    with torch.no_grad():  # positive weights: no influence can cancel or die in a relu
        for weight in stem.parameters():
            weight.abs_()
    assert stem.receptive_ticks == 64
    x = torch.rand(1, 100, 4, requires_grad=True)
    y, _ = stem(x, [torch.zeros(1, ticks, 4) for ticks in stem.ring_ticks])
    y[0, 80].sum().backward()
    assert x.grad is not None
    seen = x.grad[0].abs().sum(dim=-1).nonzero().flatten().tolist()
    assert seen == list(range(80 - 63, 81))


def test_pieces_give_what_the_whole_gives() -> None:
    torch.manual_seed(1)
    x = torch.randn(2, 50, 3)
    for cut in (1, 3, 17, 49):
        whole, kept = taps(x, torch.zeros(2, 16, 3), 4)
        first, ring = taps(x[:, :cut], torch.zeros(2, 16, 3), 4)
        second, after = taps(x[:, cut:], ring, 4)
        for a, b, c in zip(whole, first, second, strict=True):
            assert torch.equal(a, torch.cat([b, c], dim=1))
        assert torch.equal(kept, after)
