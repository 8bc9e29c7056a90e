"""Heads: what must hold exactly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from andon.training.network.fusion import GatedFusion
from andon.training.network.heads import ChannelHeads, QualityHead, RelationHead, group_channels


def relation_head(channels: int, groups: int) -> RelationHead:
    torch.manual_seed(0)
    head = RelationHead(np.arange(channels) % groups, context=2, hidden=5)
    torch.nn.init.normal_(head.second.weight)  # heads begin at zero; give them something to say
    return head


@pytest.mark.parametrize(("channels", "groups"), [(1, 1), (2, 2), (7, 3), (20, 8)])
def test_a_channel_never_sees_itself(channels: int, groups: int) -> None:
    head = relation_head(channels, groups)
    x, surprise = torch.randn(1, 4, channels, requires_grad=True), torch.randn(1, 4, channels, requires_grad=True)
    out = head(x, surprise, torch.randn(1, 4, 2))
    for channel in range(channels):
        grads = torch.autograd.grad(out[0, 2, channel], (x, surprise), retain_graph=True)
        for grad in grads:
            assert (grad[..., channel] == 0).all()  # exactly, not nearly


def test_perturbing_a_channel_leaves_its_own_relation_bit_for_bit() -> None:
    head = relation_head(20, 8)
    x, surprise, context = torch.randn(1, 30, 20), torch.randn(1, 30, 20), torch.randn(1, 30, 2)
    before = head(x, surprise, context)
    moved = x.clone()
    moved[..., 4] += 1000.0
    after = head(moved, surprise, context)
    assert torch.equal(before[..., 4], after[..., 4])
    assert not torch.equal(before[..., 5], after[..., 5])


def test_relation_of_the_others_is_used() -> None:
    head = relation_head(6, 3)
    x = torch.randn(1, 1, 6, requires_grad=True)
    head(x, torch.zeros(1, 1, 6), torch.zeros(1, 1, 2))[0, 0, 0].backward()
    assert x.grad is not None
    assert (x.grad[0, 0, [1, 2, 4, 5]] != 0).any()


def test_twins_are_parted() -> None:
    # Channels 0-1, 2-3, 4-5 are copies; a group must not hold both, or neither could explain the other.
    correlation = np.kron(np.eye(3), np.ones((2, 2)))
    group = group_channels(correlation, 2)
    assert all(group[i] != group[i + 1] for i in (0, 2, 4))
    assert np.bincount(group).tolist() == [3, 3]


def test_groups_are_even_and_repeat() -> None:
    rng = np.random.default_rng(0)
    correlation = np.asarray(np.corrcoef(rng.normal(size=(53, 100))))
    group = group_channels(correlation, 8)
    assert np.bincount(group, minlength=8).max() - np.bincount(group, minlength=8).min() <= 7
    assert np.bincount(group, minlength=8).max() == 7
    assert np.array_equal(group, group_channels(correlation, 8))


def test_heads_begin_at_the_linear_core() -> None:
    torch.manual_seed(0)
    for part in ChannelHeads(8, 3)(torch.randn(2, 5, 8)):
        assert (part == 0).all()


def test_quantiles_never_cross() -> None:
    torch.manual_seed(0)
    head = QualityHead(6, 2, 5)
    torch.nn.init.normal_(head.mix.weight, std=5.0)
    out = head(torch.randn(3, 40, 6))
    assert out.shape == (3, 40, 2, 5)
    assert (out.diff(dim=-1) >= 0).all()


def test_the_median_must_exist() -> None:
    with pytest.raises(ValueError, match="the number of quantiles must be odd, the median in the middle"):
        QualityHead(4, 1, 4)


def test_fusion_by_hand() -> None:
    fusion = GatedFusion(2, 1)
    with torch.no_grad():
        fusion.value.weight.copy_(torch.tensor([[2.0, 0.0]]))
        fusion.value.bias.fill_(1.0)
        fusion.gate.weight.copy_(torch.tensor([[0.0, 1.0]]))
        fusion.gate.bias.zero_()
    # value = 2 * 3 + 1 = 7; gate = sigmoid(0) = 0.5, sigmoid(-100) = 0: closed.
    assert fusion(torch.tensor([3.0, 0.0])).tolist() == [3.5]
    assert fusion(torch.tensor([3.0, -100.0])).tolist() == pytest.approx([0.0], abs=1e-30)
