"""Fit the network on what the linear core leaves: scales, groups, loop, and an honest gain per channel.

After training, each head of each channel is multiplied by a gain from 0 to 1: the regression coefficient of the linear
residual on the correction over later normal time, less its standard error over eight blocks. A correction that did not
help there is taken back, so the network never makes a channel worse than the linear core on the time it was judged on.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from andon.plant.arrays import BoolArray, Float32Array, Float64Array, FloatArray, Int64Array
from andon.plant.errors import TrainingError
from andon.plant.progress import Progress, silent
from andon.plant.time import NS
from andon.plant.window import Expectation, Prepared
from andon.training.augmentation import Augmentation
from andon.training.gains import fold_gains, settle_ticks
from andon.training.loop import Finish, LoopOptions, TrainingRecord, run_loop
from andon.training.network.heads import group_channels
from andon.training.network.model import Network
from andon.training.pieces import LabTargets, Material, Scales, segments
from andon.training.residual_scales import residual_scale, residual_spread
from andon.training.sizes import NetworkSizes, choose_sizes

LEVEL_TICKS = 16


@dataclass(frozen=True, slots=True)
class QualityTargets:
    """Laboratory values for the quality heads, on the grid.

    Attributes
    ----------
    names : N targets
    tick : (M,) int64 tick number of the moment of the process that the value is about
    target : (M,) int64 index into `names`
    value : (M,) float64, in the target's unit
    known_tick : (M,) tick from which on the value was known; values known after the training time are not used
    """

    names: tuple[str, ...]
    tick: Int64Array
    target: Int64Array
    value: Float64Array
    known_tick: Int64Array


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """What a user may choose; every default is meant to stay.

    Attributes
    ----------
    seed : all chance comes from it
    time_limit_ns : wall clock for the network's training
    cell : "gru" or "lstm"
    level_ticks : horizon of the level view, the one of the linear core
    width : features per tick; None: by the rule in `sizes`
    threads : cores to use; None: all
    quantiles : levels of the quality heads, odd in number, the median in the middle
    augmentation : what the inputs suffer in training
    checkpoint : file to resume from; removed when training has ended
    tensorboard : folder for logs
    """

    seed: int = 0
    time_limit_ns: int = 300 * NS
    cell: str = "gru"
    level_ticks: int = LEVEL_TICKS
    width: int | None = None
    threads: int | None = None
    quantiles: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    augmentation: Augmentation = field(default_factory=Augmentation)
    checkpoint: str | os.PathLike[str] | None = None
    tensorboard: str | os.PathLike[str] | None = None


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """Weights and everything needed to export them.

    Attributes
    ----------
    sizes : widths and depths
    weights : name -> float32 array, gains folded in
    scales : of the linear residuals
    group : (C,) groups of the relation head
    horizon : ticks of the level view
    channels, context_names, interval_ns : what the network was trained for
    quality_names, quality_centre, quality_scale : targets, (N,) and (N,): a value is centre + scale x output
    quantiles : levels of the quality heads
    explained : view -> (C,) share of the linear residual's variance on later normal time that the correction removes
    finish : how training ended
    settle_ticks : ticks after which a start from nothing is indistinguishable from a long past (1e-6), or 0 where
        it was not within 4,096
    warm_up_ticks : ticks after which no forecast or log scale differs by more than a tenth of a residual scale; enough to judge
    """

    sizes: NetworkSizes
    weights: dict[str, NDArray[np.float32]]
    scales: Scales
    group: Int64Array
    horizon: int
    channels: tuple[str, ...]
    context_names: tuple[str, ...]
    interval_ns: int
    quality_names: tuple[str, ...]
    quality_centre: Float64Array
    quality_scale: Float64Array
    quantiles: tuple[float, ...]
    explained: dict[str, Float64Array]
    finish: Finish
    settle_ticks: int
    warm_up_ticks: int

    def network(self) -> Network:
        """The PyTorch network with these weights."""
        network = Network(self.sizes, self.group, self.scales.forecast, len(self.quality_names), len(self.quantiles))
        network.load_state_dict({name: torch.from_numpy(value.copy()) for name, value in self.weights.items()}, strict=False)
        return network.eval()


def zero_expectation(prepared: Prepared) -> Expectation:
    """The trivial linear core: the last valid value is the forecast, nothing is known of the rest."""
    held = _hold(prepared)
    forecast = np.concatenate([np.full((1, held.shape[1]), np.nan, dtype=np.float32), held[:-1]])
    forecast[prepared.reset] = np.nan
    nothing = np.zeros_like(prepared.x)
    rows = prepared.rows
    return Expectation(forecast, nothing, nothing, nothing, np.zeros((rows, 0), np.float32), np.zeros((rows, 0, 0), np.float32))


def _hold(prepared: Prepared) -> Float32Array:
    last = np.where(prepared.valid, np.arange(prepared.rows)[:, None], -1)
    np.maximum.accumulate(last, axis=0, out=last)
    held = np.take_along_axis(prepared.x, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, held, np.float32(np.nan))


def _fingerprint(
    prepared: Prepared, train: BoolArray, valid: BoolArray, sizes: NetworkSizes, options: NetworkOptions, lab: LabTargets | None
) -> str:
    digest = hashlib.sha256()
    step = max(1, prepared.rows // 1000)
    said = (prepared.channels, prepared.context_names, prepared.interval_ns, replace(sizes, updates=0), options.seed, options.level_ticks,
            options.quantiles, options.augmentation, prepared.rows, int(prepared.tick[0]))  # fmt: skip
    digest.update(repr(said).encode())
    for part in (prepared.x[::step], np.packbits(train), np.packbits(valid)):
        digest.update(np.ascontiguousarray(part).tobytes())
    if lab is not None:
        digest.update(lab.row.tobytes() + lab.value.tobytes())
    return digest.hexdigest()


def _lab_targets(
    quality: QualityTargets | None, prepared: Prepared, train: BoolArray, valid: BoolArray
) -> tuple[LabTargets | None, Float64Array, Float64Array]:
    if quality is None:
        return None, np.zeros(0), np.zeros(0)
    row = quality.tick - int(prepared.tick[0])
    inside = (row >= 0) & (row < prepared.rows) & np.isfinite(quality.value)
    ends = int(prepared.tick[np.flatnonzero(train | valid)[-1]])
    inside &= quality.known_tick <= ends
    learning = inside & train[np.clip(row, 0, prepared.rows - 1)]
    names = len(quality.names)
    centre, scale = np.zeros(names), np.ones(names)
    for target in range(names):
        values = quality.value[learning & (quality.target == target)]
        if len(values):
            centre[target] = float(np.mean(values))
            scale[target] = float(np.std(values)) or 1.0
    order = np.flatnonzero(inside)[np.argsort(row[inside], kind="stable")]
    which = quality.target[order]
    value = ((quality.value[order] - centre[which]) / scale[which]).astype(np.float32)
    return LabTargets(row[order].astype(np.int64), which.astype(np.int64), value), centre, scale


def fit_network(
    prepared: Prepared,
    linear: Expectation,
    train_rows: BoolArray,
    valid_rows: BoolArray,
    *,
    quality: QualityTargets | None = None,
    options: NetworkOptions | None = None,
    progress: Progress = silent,
    on_record: Callable[[TrainingRecord], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> TrainedNetwork:
    """Train the network beside a linear core.

    Parameters
    ----------
    prepared : T ticks on the grid
    linear : what the linear core says of the same ticks
    train_rows : (T,) bool, normal time to learn from
    valid_rows : (T,) bool, *later* normal time for early stopping and gains
    quality : laboratory values, or None
    options : see `NetworkOptions`
    progress : called with "network" and the share done
    on_record : called with a row of the training log at each validation
    clock : seconds, never going back

    Returns
    -------
    TrainedNetwork

    Raises
    ------
    TrainingError : too few rows, or validation time that does not come after training time
    """
    options = options or NetworkOptions()
    train_rows, valid_rows = np.asarray(train_rows, dtype=bool), np.asarray(valid_rows, dtype=bool)
    _check(prepared, train_rows, valid_rows)
    began = clock()
    cores = options.threads or os.cpu_count() or 1
    if linear.level.shape[1] == 0:
        linear = replace(linear, level=np.broadcast_to(np.float32(0), prepared.x.shape))
    forecast_scale = residual_scale(prepared.x, prepared.valid, linear.forecast, train_rows)
    scales = Scales(
        forecast_scale,
        residual_scale(prepared.x, prepared.valid, linear.level, train_rows),
        residual_scale(prepared.x, prepared.valid, linear.relation, train_rows),
        residual_spread(prepared.x, prepared.valid, linear.forecast, train_rows, forecast_scale),
    )
    lab, centre, scale = _lab_targets(quality, prepared, train_rows, valid_rows)
    material = Material(prepared, linear, scales, options.level_ticks, lab)
    train_cuts, valid_cuts = segments(train_rows, prepared.reset), segments(valid_rows, prepared.reset)
    longest = int((train_cuts[:, 1] - train_cuts[:, 0]).max())
    limit_s = options.time_limit_ns / NS
    sizes = choose_sizes(len(prepared.channels), len(prepared.context_names), int(train_rows.sum()), longest,
                         cores=cores, time_limit_s=limit_s, cell=options.cell, width=options.width)  # fmt: skip
    group = group_channels(_correlation(prepared, train_rows), sizes.relation_groups)

    threads_before = torch.get_num_threads()
    # Shards of lanes run side by side, each on one thread: PyTorch's own threads wait actively for each other, and on a
    # machine that has other work an update took ten times as long.
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(options.seed)
            network = Network(sizes, group, scales.forecast, len(quality.names) if quality else 0, len(options.quantiles), scales.spread)
            loop = LoopOptions(
                seed=options.seed,
                threads=cores,
                time_limit_s=max(0.1, 0.9 * limit_s - (clock() - began)),
                augmentation=options.augmentation,
                quantiles=options.quantiles,
                checkpoint=options.checkpoint,
                tensorboard=options.tensorboard,
            )
            mark = _fingerprint(prepared, train_rows, valid_rows, sizes, options, lab)
            finish = run_loop(
                network,
                material,
                train_cuts,
                valid_cuts,
                sizes,
                loop,
                clock=clock,
                progress=progress,
                on_record=on_record,
                fingerprint=mark,
            )
        explained = fold_gains(network, material, valid_cuts, sizes, options.seed)
        settle, warm_up = settle_ticks(
            network, material, valid_cuts if (valid_cuts[:, 1] - valid_cuts[:, 0]).max() > longest else train_cuts
        )
    finally:
        torch.set_num_threads(threads_before)
    if options.checkpoint is not None:
        Path(options.checkpoint).unlink(missing_ok=True)
    weights = {name: p.detach().numpy().copy() for name, p in network.named_parameters()}
    return TrainedNetwork(
        sizes, weights, scales, group, options.level_ticks, prepared.channels, prepared.context_names, prepared.interval_ns,
        quality.names if quality else (), centre, scale, options.quantiles, explained, finish, settle, warm_up,
    )  # fmt: skip


def _check(prepared: Prepared, train_rows: BoolArray, valid_rows: BoolArray) -> None:
    if len(train_rows) != prepared.rows or len(valid_rows) != prepared.rows:
        raise TrainingError(f"{prepared.rows} ticks, but {len(train_rows)} training and {len(valid_rows)} validation flags")
    if int(train_rows.sum()) < 64 or int(valid_rows.sum()) < 16:
        raise TrainingError(
            f"{int(train_rows.sum())} training and {int(valid_rows.sum())} validation ticks are too few for a network",
            do="give at least 64 and 16 ticks, or use the linear core alone",
        )
    if int(np.flatnonzero(valid_rows)[0]) <= int(np.flatnonzero(train_rows)[-1]):
        raise TrainingError(
            "validation time begins before training time ends", do="validate on later time, or the choice sees its own training data"
        )


def _correlation(prepared: Prepared, rows: BoolArray) -> FloatArray:
    chosen = np.flatnonzero(rows)
    x = prepared.x[chosen[:: max(1, len(chosen) // 20_000)]].astype(np.float64)
    x = np.clip(x, -10, 10)
    x = x - x.mean(axis=0)
    norm = np.sqrt((x * x).sum(axis=0))
    x = x / np.where(norm > 0, norm, 1.0)
    out: FloatArray = x.T @ x
    return out
