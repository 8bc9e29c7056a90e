"""What training was worth: the gain of each head and channel on later normal time, and how long the memory remembers."""

from __future__ import annotations

import numpy as np
import torch

from andon.plant.arrays import Float64Array, Int64Array
from andon.training.loop import piece_outputs, validation_lanes
from andon.training.network.model import Network
from andon.training.pieces import Material
from andon.training.sizes import NetworkSizes

BLOCKS = 8


def fold_gains(network: Network, material: Material, cuts: Int64Array, sizes: NetworkSizes, seed: int) -> dict[str, Float64Array]:
    """Fold the gain of each head and channel into its weights; the explained share of each view."""
    rows, fresh, stop = validation_lanes(cuts, sizes, seed)
    channels = sizes.channels
    dot, square, energy = ({view: np.zeros((BLOCKS, channels)) for view in ("forecast", "level", "relation")} for _ in range(3))
    order = np.argsort(rows[:, 0], kind="stable")
    block = np.empty(len(rows), dtype=np.int64)
    block[order] = np.arange(len(rows)) * BLOCKS // len(rows)
    for piece, (batch, out) in enumerate(piece_outputs(network, material, rows, fresh, stop, sizes.ticks)):
        if len(rows) < BLOCKS:  # few lanes: blocks of time instead of blocks of lanes
            block = (np.arange(len(rows)) * fresh.shape[1] + piece) % BLOCKS
        for view in dot:
            r = getattr(batch, view)
            c = getattr(out, view) * getattr(batch, f"{view}_known")
            for array, product in ((dot[view], r * c), (square[view], c * c), (energy[view], r * r)):
                np.add.at(array, block, product.sum(dim=1).double().numpy())
    explained: dict[str, Float64Array] = {}
    width = {"forecast": slice(0, channels), "level": slice(2 * channels, 3 * channels)}
    for view in dot:
        total = square[view].sum(axis=0)
        safe = np.where(total > 0, total, 1.0)
        slope = dot[view].sum(axis=0) / safe
        # Leave one block out: the spread of the slopes is its standard error (jackknife).
        rest = (dot[view].sum(axis=0) - dot[view]) / np.where(total - square[view] > 0, total - square[view], 1.0)
        error = np.sqrt((BLOCKS - 1) / BLOCKS * ((rest - rest.mean(axis=0)) ** 2).sum(axis=0))
        gain = np.where(total > 0, np.clip(slope - error, 0.0, 1.0), 0.0)
        power = energy[view].sum(axis=0)
        explained[view] = (2 * gain * dot[view].sum(axis=0) - gain**2 * total) / np.where(power > 0, power, 1.0)
        factor = torch.from_numpy(gain.astype(np.float32))
        with torch.no_grad():
            layer, part = (network.relation.second, slice(0, channels)) if view == "relation" else (network.heads.mix, width[view])
            layer.weight[part] *= factor[:, None]
            layer.bias[part] *= factor
    return explained


def settle_ticks(network: Network, material: Material, cuts: Int64Array, limit: int = 4096) -> tuple[int, int]:
    """How long the memory knows where it began: two runs over the same ticks, from nothing and from a full past.

    Parameters
    ----------
    cuts : (S, 2) segments; the longest is used
    limit : ticks tried

    Returns
    -------
    settle : ticks after which no feature differs by more than 1e-6; 0 where one still does near the end
    warm_up : ticks after which no forecast and no log scale differs by more than 0.1
    """
    start, stop = (int(v) for v in cuts[int(np.argmax(cuts[:, 1] - cuts[:, 0]))])
    limit = min(limit, (stop - start) // 2)
    sees = network.sizes.receptive_ticks
    if limit < 2 * sees:
        return 0, sees
    rows = slice(start, start + 2 * limit)
    p, linear = material.prepared, material.linear
    given = [torch.from_numpy(array[rows].copy())[None] for array in (p.x, p.valid, linear.forecast, p.context)]
    with torch.no_grad():
        _, past = network(*(value[:, :limit] for value in given), network.start(1))
        warm, _ = network(*(value[:, limit:] for value in given), past)
        cold, _ = network(*(value[:, limit:] for value in given), network.start(1))

    def last_apart(names: tuple[str, ...], tolerance: float) -> int:
        apart = torch.stack([(getattr(warm, name) - getattr(cold, name)).abs().amax(dim=-1)[0] for name in names]).amax(dim=0)
        far = np.flatnonzero((apart > tolerance).numpy())
        return max(sees, int(far[-1]) + 1 if len(far) else 0)

    settle = last_apart(("features",), 1e-6)
    return 0 if settle > 0.9 * limit else settle, last_apart(("forecast", "log_scale"), 0.1)
