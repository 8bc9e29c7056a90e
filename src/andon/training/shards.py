"""An update shared among cores: each shard of lanes runs forward and backward on one thread, the gradients are summed.

PyTorch's own threads wait actively for each other; on a machine that has other work an update took ten times as long with
two of them as with one. Shards share nothing until their gradients are summed, in a fixed order. How lanes are cut into
shards depends on their number alone, so one core and eight give the same network.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from andon.plant.arrays import BoolArray, Int64Array
from andon.training.augmentation import Augmentation, augment, dropout
from andon.training.losses import losses
from andon.training.network.model import Network, NetworkState
from andon.training.pieces import Material, cut_batch
from andon.training.sizes import NetworkSizes

SHARDS = 4
SMALLEST = 8  # lanes


@dataclass(frozen=True, slots=True)
class Task:
    """What all shards of an update have in common."""

    material: Material
    augmentation: Augmentation
    quantiles: Tensor
    seed: int


class Shards:
    """The lanes of an update, cut into shards that `threads` threads work on."""

    def __init__(self, network: Network, sizes: NetworkSizes, threads: int) -> None:
        self.network = network
        self.parameters = list(network.parameters())
        count = max(1, min(SHARDS, sizes.lanes // SMALLEST))
        border = np.linspace(0, sizes.lanes, count + 1).astype(int).tolist()
        self.parts = [slice(border[i], border[i + 1]) for i in range(count)]
        self.weight = [(part.stop - part.start) / sizes.lanes for part in self.parts]
        self.threads = max(1, min(threads, count))

    def start(self) -> list[NetworkState]:
        """The state of each shard before a walk."""
        return [self.network.start(part.stop - part.start) for part in self.parts]

    def gradients(
        self, task: Task, rows: Int64Array, stop: Int64Array, fresh: BoolArray, states: Sequence[NetworkState], update: int
    ) -> tuple[float, list[NetworkState]]:
        """Fill the gradient of every parameter.

        Parameters
        ----------
        rows : (B, T) row of each tick; stop, fresh : (B,), as `draw_lanes` gives them
        states : of each shard before the piece
        update : number of the update: with the seed, all that chance depends on

        Returns
        -------
        the mean loss; states after the piece
        """

        def work(index: int) -> tuple[float, tuple[Tensor | None, ...], NetworkState]:
            part = self.parts[index]
            chance = torch.Generator().manual_seed((task.seed * 1_000_003 + update) * 16 + index)
            clean = cut_batch(task.material, rows[part], stop[part])
            seen = augment(clean, task.augmentation, torch.from_numpy(task.material.scales.forecast), chance)
            lost = torch.rand((part.stop - part.start,), generator=chance) < task.augmentation.restart
            state = states[index].detached().forget(torch.from_numpy(fresh[part].copy()) | lost)
            keep = dropout(task.augmentation, (*seen.x.shape[:2], self.network.sizes.width), chance)
            out, state = self.network(seen.x, seen.valid, seen.expected, seen.context, state, keep)
            loss = losses(out, seen, task.quantiles).total
            return float(loss.detach()), torch.autograd.grad(loss, self.parameters, allow_unused=True), state

        if self.threads == 1:
            done = [work(index) for index in range(len(self.parts))]
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                done = list(pool.map(work, range(len(self.parts))))
        for position, parameter in enumerate(self.parameters):
            total: Tensor | None = None
            for share, (_, grads, _) in zip(self.weight, done, strict=True):
                grad = grads[position]
                if grad is not None:
                    total = grad * share if total is None else total + grad * share
            parameter.grad = total
        loss = sum(share * value for share, (value, _, _) in zip(self.weight, done, strict=True))
        return loss, [state for _, _, state in done]
