"""How large the network is: a rule from the data, the machine and the time, stated here and in the docs.

* width D = 5.5 * sqrt(C) + 8 rounded to a multiple of 16, from 16 to 128: 8 tags 16-32, 50 tags 48, 500 tags 128.
* depth L: three layers see 64 ticks. Two layers (16 ticks) where an unbroken run of normal time is shorter than 512
  ticks, for a receptive field that long would hardly ever be full.
* pools: windows 4, 16, 64 with three layers, 4, 16 with two.
* few data: the width halves, down to 16, while the network has more weights than a fifth of the values to learn from.
* updates: twelve passes over the rows, from 500 to 4,000 updates of at most 64 lanes x 128 ticks, and no more
  than the time limit allows at a nominal rate of 10 GFLOP/s per core; the clock is a second guard in the loop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

NOMINAL_FLOPS_PER_CORE = 10e9
LANES = 64
TICKS = 128
PASSES = 12
RELATION_HIDDEN = 12
RELATION_GROUPS = 8


@dataclass(frozen=True, slots=True)
class NetworkSizes:
    """Widths, depths and the plan of training.

    Attributes
    ----------
    channels, context : C and K
    width : D, features per tick, also the cells of the memory
    layers : convolution layers; the receptive field is 4**layers ticks
    pool_width, pool_levels : channels of the pools; the longest window is 2**pool_levels ticks
    relation_groups, relation_hidden : groups of channels of the relation head, hidden units per group
    cell : "gru" or "lstm"
    lanes, ticks : one update sees `lanes` pieces of `ticks` ticks
    updates : planned updates
    """

    channels: int
    context: int
    width: int
    layers: int = 3
    pool_width: int = 16
    pool_levels: int = 6
    relation_groups: int = RELATION_GROUPS
    relation_hidden: int = RELATION_HIDDEN
    cell: str = "gru"
    lanes: int = LANES
    ticks: int = TICKS
    updates: int = 1000

    @property
    def weights(self) -> int:
        """Numbers to learn."""
        c, k, d, p = self.channels, self.context, self.width, self.pool_width
        fused = d + p * 2 * (self.pool_levels // 2) + k
        gates = 6 if self.cell == "gru" else 8
        relation = (2 * c + k) * self.relation_groups * self.relation_hidden + self.relation_hidden * c
        return (3 * c + k) * d + self.layers * 4 * d * d + d * p + 2 * fused * d + gates * d * d + 3 * c * d + relation

    @property
    def flops_per_row(self) -> float:
        """Multiplications and additions for one tick, forward."""
        return 2.0 * (self.weights + self.relation_hidden * self.channels * (self.relation_groups - 1))

    @property
    def receptive_ticks(self) -> int:
        """Ticks that the stem sees; the memory sees further."""
        return int(4**self.layers)


def choose_sizes(
    channels: int,
    context: int,
    rows: int,
    longest_run: int,
    *,
    cores: int = 2,
    time_limit_s: float = 300.0,
    cell: str = "gru",
    width: int | None = None,
) -> NetworkSizes:
    """The rule of this module's docstring.

    Parameters
    ----------
    channels, context : C and K
    rows : training rows
    longest_run : rows of the longest unbroken stretch of training rows
    cores : threads that training may use
    time_limit_s : seconds for training
    cell : "gru" or "lstm"
    width : the user's choice instead of the rule's
    """
    layers = 3 if longest_run >= 512 else 2
    groups = max(1, min(RELATION_GROUPS, channels))

    def sizes(d: int) -> NetworkSizes:
        return NetworkSizes(channels, context, d, layers, max(8, d // 3 // 8 * 8), 2 * layers, groups, RELATION_HIDDEN, cell)

    wanted = min(128, max(16, 16 * math.floor((5.5 * math.sqrt(channels) + 8) / 16 + 0.5)))
    if width is None:
        while wanted > 16 and sizes(wanted).weights > rows * channels / 5:
            wanted = max(16, wanted // 2 // 8 * 8)
    chosen = sizes(width if width is not None else wanted)

    ticks = min(TICKS, max(16, 2 ** int(math.log2(max(longest_run, 16) / 2))))
    lanes = min(LANES, max(4, rows // 64))
    per_update = 3 * chosen.flops_per_row * lanes * ticks
    affordable = int(time_limit_s * NOMINAL_FLOPS_PER_CORE * max(1, cores) / per_update)
    wished = min(4000, max(500, math.ceil(PASSES * rows / (lanes * ticks))))
    return NetworkSizes(
        channels, context, chosen.width, layers, chosen.pool_width, chosen.pool_levels, groups, RELATION_HIDDEN, cell,
        lanes, ticks, max(20, min(wished, affordable)),
    )  # fmt: skip
