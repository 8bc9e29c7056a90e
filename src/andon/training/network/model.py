"""The network: stem, pools, fusion, memory and heads, with its state.

x, valid, expected, context
  │ surprise = (x - expected) / linear residual scale         what the linear core did not foresee
  ├─▶ relation head (each channel from the others)
  └─▶ entry ─┬─▶ stem (causal dilated convolutions) ─┐
             └─▶ pools (causal average, maximum) ────┼─▶ gated fusion ─▶ memory ─▶ (+) ─▶ heads, features
                                      context ───────┘        └─────────────────────┘
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from andon.plant.arrays import Float32Array, Int64Array
from andon.training.network.convolution import Stem
from andon.training.network.fusion import GatedFusion
from andon.training.network.heads import ChannelHeads, QualityHead, RelationHead
from andon.training.network.memory import Memory
from andon.training.network.pooling import CausalPooling
from andon.training.sizes import NetworkSizes

INPUT_LIMIT = 10.0


@dataclass(frozen=True, slots=True)
class NetworkState:
    """What the network remembers between pieces.

    Attributes
    ----------
    stem : per layer (B, R, D)
    pools : per doubling (B, R, 2P)
    memory : (B, M)
    """

    stem: list[Tensor]
    pools: list[Tensor]
    memory: Tensor

    def detached(self) -> NetworkState:
        """The same numbers, cut off from the gradient: truncated back-propagation."""
        return NetworkState([r.detach() for r in self.stem], [r.detach() for r in self.pools], self.memory.detach())

    def forget(self, fresh: Tensor) -> NetworkState:
        """Zero the state of the lanes where `fresh` (B,) is true."""
        keep = (~fresh).to(self.memory.dtype)
        return NetworkState(
            [r * keep[:, None, None] for r in self.stem], [r * keep[:, None, None] for r in self.pools], self.memory * keep[:, None]
        )


@dataclass(frozen=True, slots=True)
class NetworkOutput:
    """What the heads say of a piece, in units of the linear residual of each channel.

    Attributes
    ----------
    forecast, log_scale, level, relation : (B, T, C); forecast is of tick t + 1, level of tick t + horizon
    features : (B, T, D)
    quality : (B, T, N, Q)
    """

    forecast: Tensor
    log_scale: Tensor
    level: Tensor
    relation: Tensor
    features: Tensor
    quality: Tensor


class Network(nn.Module):
    """The whole picture.

    Parameters
    ----------
    sizes : widths and depths
    group : (C,) groups of the relation head
    surprise_scale : (C,) scale of the linear residual, scaled units
    targets, quantiles : N and Q of the quality head; N may be 0
    spread : (C,) log scale to begin with, in units of `surprise_scale`
    """

    def __init__(
        self,
        sizes: NetworkSizes,
        group: Int64Array,
        surprise_scale: Float32Array,
        targets: int = 0,
        quantiles: int = 5,
        spread: Float32Array | None = None,
    ) -> None:
        super().__init__()
        self.sizes = sizes
        channels, context, width = sizes.channels, sizes.context, sizes.width
        self.entry = nn.Linear(3 * channels + context, width)
        self.stem = Stem(width, sizes.layers)
        self.narrow = nn.Linear(width, sizes.pool_width)
        self.pools = CausalPooling(sizes.pool_levels)
        self.fusion = GatedFusion(width + 2 * sizes.pool_width * len(self.pools.windows) + context, width)
        self.memory = Memory(sizes.cell, width)
        self.heads = ChannelHeads(width, channels, spread)
        self.relation = RelationHead(group, context, sizes.relation_hidden)
        self.quality = QualityHead(width, targets, quantiles) if targets else None
        self.register_buffer("inverse_scale", torch.from_numpy((1.0 / surprise_scale).astype("float32")))

    def start(self, batch: int) -> NetworkState:
        """The state before the first tick: nothing seen."""
        sizes = self.sizes
        return NetworkState(
            [torch.zeros((batch, ticks, sizes.width)) for ticks in self.stem.ring_ticks],
            [torch.zeros((batch, ticks, 2 * sizes.pool_width)) for ticks in self.pools.ring_ticks],
            torch.zeros((batch, self.memory.state_width)),
        )

    def inputs(self, x: Tensor, valid: Tensor, expected: Tensor) -> tuple[Tensor, Tensor]:
        """The two faces of the sensors: bounded value and bounded surprise; zero where not valid or not foreseen."""
        nothing = torch.zeros((), dtype=x.dtype)
        value = torch.where(valid, x, nothing).clamp(-INPUT_LIMIT, INPUT_LIMIT)
        surprise = ((x - expected) * self.get_buffer("inverse_scale")).clamp(-INPUT_LIMIT, INPUT_LIMIT)
        return value, torch.where(valid & ~torch.isnan(expected), surprise, nothing)

    def forward(
        self, x: Tensor, valid: Tensor, expected: Tensor, context: Tensor, state: NetworkState, keep: Tensor | None = None
    ) -> tuple[NetworkOutput, NetworkState]:
        """Run a piece.

        Parameters
        ----------
        x : (B, T, C) scaled units
        valid : (B, T, C) bool
        expected : (B, T, C) the linear core's forecast of this tick; NaN where there is none
        context : (B, T, K)
        state : from `start` or the piece before
        keep : (B, T, D) what the features are multiplied with before the heads, in training; see `augmentation.dropout`

        Returns
        -------
        output, state
        """
        value, surprise = self.inputs(x, valid, expected)
        context = context.clamp(-INPUT_LIMIT, INPUT_LIMIT)
        entered = self.entry(torch.cat([value, surprise, 1.0 - valid.to(x.dtype), context], dim=-1))
        deep, stem = self.stem(entered, state.stem)
        pooled, pools = self.pools(self.narrow(entered), state.pools)
        fused = self.fusion(torch.cat([deep, pooled, context], dim=-1))
        remembered, memory = self.memory(fused, state.memory)
        features = fused + remembered
        kept = features if keep is None else features * keep
        forecast, log_scale, level = self.heads(kept)
        relation = self.relation(value, surprise, context)
        quality = self.quality(kept) if self.quality is not None else features.new_zeros((*features.shape[:2], 0, 0))
        return NetworkOutput(forecast, log_scale, level, relation, features, quality), NetworkState(stem, pools, memory)
