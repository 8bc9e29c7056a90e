"""The whole network: no look into the future, masks that hold, pieces that join, sizes by their rule."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from andon.training.network.model import Network, NetworkOutput
from andon.training.sizes import choose_sizes

CHANNELS = 5


def network(cell: str = "gru") -> Network:
    torch.manual_seed(3)
    made = Network(choose_sizes(CHANNELS, 2, 5000, 2000, cell=cell), np.arange(CHANNELS), np.full(CHANNELS, 0.5, np.float32), 2, 3)
    assert made.quality is not None
    for layer in (made.heads.mix, made.relation.second, made.quality.mix):
        torch.nn.init.normal_(layer.weight, std=0.3)
    return made.eval()


def inputs(ticks: int = 90) -> list[Tensor]:
    torch.manual_seed(4)
    x = torch.randn(1, ticks, CHANNELS)
    return [x, torch.rand(1, ticks, CHANNELS) > 0.05, x + 0.1 * torch.randn_like(x), torch.randn(1, ticks, 2)]


def parts(out: NetworkOutput) -> dict[str, Tensor]:
    return {name: getattr(out, name) for name in ("forecast", "log_scale", "level", "relation", "features", "quality")}


def test_nothing_comes_from_the_future() -> None:
    made, given = network(), inputs()
    before, _ = made(*given, made.start(1))
    changed = [value.clone() for value in given]
    changed[0][:, 60:] += 5.0
    after, _ = made(*changed, made.start(1))
    for name, value in parts(after).items():
        assert torch.equal(value[:, :60], parts(before)[name][:, :60]), name
        assert not torch.equal(value[:, 60:], parts(before)[name][:, 60:]), name


def test_what_is_not_valid_has_no_influence() -> None:
    made, given = network(), inputs()
    before, _ = made(*given, made.start(1))
    changed = [value.clone() for value in given]
    changed[0][~given[1]] = float("nan")
    after, _ = made(*changed, made.start(1))
    for name, value in parts(after).items():
        assert torch.equal(value, parts(before)[name]), name


def test_a_tick_without_a_linear_forecast_is_possible() -> None:
    made, given = network(), inputs()
    given[2][:, 0] = float("nan")
    out, _ = made(*given, made.start(1))
    assert all(torch.isfinite(value).all() for value in parts(out).values())


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_pieces_join(cell: str) -> None:
    made, given = network(cell), inputs()
    whole, _ = made(*given, made.start(1))
    state, pieces = made.start(1), []
    for low, high in ((0, 1), (1, 30), (30, 90)):
        out, state = made(*[value[:, low:high] for value in given], state)
        pieces.append(parts(out))
    for name, value in parts(whole).items():
        torch.testing.assert_close(torch.cat([p[name] for p in pieces], dim=1), value, atol=2e-5, rtol=1e-4)


def test_forgetting_is_a_fresh_start() -> None:
    made, given = network(), inputs()
    _, state = made(*given, made.start(1))
    fresh, _ = made(*given, made.start(1))
    again, _ = made(*given, state.forget(torch.tensor([True])))
    assert all(torch.equal(a, b) for a, b in zip(parts(fresh).values(), parts(again).values(), strict=True))


def test_sizes_follow_their_rule() -> None:
    widths = {c: choose_sizes(c, 4, 500_000, 100_000).width for c in (1, 8, 25, 50, 100, 500, 2000)}
    assert widths == {1: 16, 8: 16, 25: 32, 50: 48, 100: 64, 500: 128, 2000: 128}
    assert choose_sizes(50, 4, 400, 400).width == 16  # few data
    assert choose_sizes(50, 4, 400, 400).layers == 2  # 400 unbroken ticks would hardly fill 64
    assert choose_sizes(50, 4, 500_000, 100_000, width=80).width == 80


def test_sizes_count_the_weights_of_the_network() -> None:
    made = network()
    real = sum(p.numel() for p in made.parameters() if p.ndim == 2) - made.quality.mix.weight.numel()  # type: ignore[union-attr]
    masked = int((1 - made.relation.get_buffer("tells")).sum())
    assert made.sizes.weights == real - masked


def test_less_time_means_fewer_updates() -> None:
    long, short = (choose_sizes(100, 4, 525_600, 525_600, time_limit_s=seconds).updates for seconds in (600, 20))
    assert short < long
    assert choose_sizes(100, 4, 525_600, 525_600, time_limit_s=0.001).updates == 20
