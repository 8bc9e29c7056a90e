"""The training loop: stateful truncated back-propagation over walks of pieces, early stopping on later normal time.

One *walk*: every lane starts somewhere in the training rows and walks through `PIECES` pieces, carrying its state; the
gradient is cut between pieces. Everything that chance decides is drawn from the seed and the number of the walk or
update, so a run is repeatable, and resumable between walks. The plan of updates is fixed beforehand; the clock only
guards the time limit, and the learning rate falls with whichever of the two is further on.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from andon.plant.arrays import Int64Array
from andon.plant.progress import Progress, silent
from andon.plant.verdict import Sentence
from andon.training.augmentation import Augmentation
from andon.training.checkpoints import Checkpoint, Standing, read_checkpoint, write_checkpoint
from andon.training.losses import WEIGHTS, losses
from andon.training.network.model import Network, NetworkOutput
from andon.training.pieces import Batch, Material, cut_batch, draw_lanes
from andon.training.shards import Shards, Task
from andon.training.sizes import NetworkSizes

PIECES = 8
VALIDATION_ROWS = 50_000
PATIENCE = 16
CHECKPOINT_EVERY_S = 20.0


@dataclass(frozen=True, slots=True)
class LoopOptions:
    """How to train.

    Attributes
    ----------
    seed : all chance comes from it
    threads : shards of an update that are worked on at the same time
    time_limit_s : wall clock; the loop ends within it, with the best weights so far
    learning_rate, weight_decay : of AdamW
    augmentation : see there
    quantiles : levels of the quality head
    checkpoint : file to resume from and to write to; None: none
    tensorboard : folder for TensorBoard logs; None: none
    """

    seed: int = 0
    threads: int = 1
    time_limit_s: float = 300.0
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    augmentation: Augmentation = field(default_factory=Augmentation)
    quantiles: tuple[float, ...] = (0.05, 0.25, 0.5, 0.75, 0.95)
    checkpoint: str | os.PathLike[str] | None = None
    tensorboard: str | os.PathLike[str] | None = None


@dataclass(frozen=True, slots=True)
class TrainingRecord:
    """One row of the training log, written at each validation."""

    update: int
    share: float
    seconds: float
    seconds_left: float
    train_loss: float
    valid_loss: float
    valid_forecast: float
    valid_level: float
    valid_relation: float
    valid_scale: float
    valid_quality: float

    def as_dict(self) -> dict[str, float]:
        """Plain numbers by name."""
        return {name: float(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Finish:
    """How the loop ended: "planned", "early" or "time", and what it cost."""

    why: str
    updates: int
    best_update: int
    best_loss: float
    first_loss: float
    seconds: float
    rows_per_second: float
    records: tuple[TrainingRecord, ...]


def finish_sentence(finish: Finish) -> Sentence:
    """How training ended, for the report."""
    args: dict[str, object] = {"updates": finish.updates, "best_update": finish.best_update, "seconds": round(finish.seconds)}
    return Sentence(f"training.network.{finish.why}", args)


def piece_outputs(network: Network, material: Material, rows: Int64Array, fresh: np.ndarray[tuple[int, int], np.dtype[np.bool_]],
                  stop: Int64Array, ticks: int) -> Iterator[tuple[Batch, NetworkOutput]]:  # fmt: skip
    """Run the network over lanes without training; clean inputs, state carried.

    Parameters
    ----------
    rows : (B, P * T); fresh, stop : (B, P) as `draw_lanes` gives them
    """
    state = network.start(len(rows))
    with torch.no_grad():
        for piece in range(fresh.shape[1]):
            batch = cut_batch(material, rows[:, piece * ticks : (piece + 1) * ticks], stop[:, piece])
            state = state.forget(torch.from_numpy(fresh[:, piece].copy()))
            out, state = network(batch.x, batch.valid, batch.expected, batch.context, state)
            yield batch, out


def validation_lanes(
    cuts: Int64Array, sizes: NetworkSizes, seed: int
) -> tuple[Int64Array, np.ndarray[tuple[int, int], np.dtype[np.bool_]], Int64Array]:
    """The fixed lanes of later normal time on which training is judged: at most `VALIDATION_ROWS` rows, spread evenly."""
    total = int((cuts[:, 1] - cuts[:, 0]).sum())
    pieces = max(1, min(4, total // (4 * sizes.ticks)))
    lanes = max(1, min(sizes.lanes, math.ceil(min(total, VALIDATION_ROWS) / (pieces * sizes.ticks))))
    return draw_lanes(cuts, lanes, sizes.ticks, pieces, np.random.default_rng([seed, 1]))


def validate(network: Network, material: Material, lanes: tuple[Int64Array, np.ndarray[tuple[int, int], np.dtype[np.bool_]], Int64Array],
             ticks: int, quantiles: Tensor) -> dict[str, float]:  # fmt: skip
    """Mean losses over the validation lanes, by name, with their total."""
    sums: dict[str, float] = {}
    weights: dict[str, float] = {}
    for batch, out in piece_outputs(network, material, *lanes, ticks):
        loss = losses(out, batch, quantiles)
        known = {
            "forecast": batch.forecast_known,
            "level": batch.level_known,
            "relation": batch.relation_known,
            "scale": batch.forecast_known,
        }
        for name, ones in known.items():
            weight = float(ones.sum())
            sums[name] = sums.get(name, 0.0) + weight * float(getattr(loss, name))
            weights[name] = weights.get(name, 0.0) + weight
        sums["quality"] = sums.get("quality", 0.0) + len(batch.lab) * float(loss.quality)
        weights["quality"] = weights.get("quality", 0.0) + len(batch.lab)
    mean = {name: value / max(weights[name], 1.0) for name, value in sums.items()}
    mean["total"] = sum(weight * mean[name] for name, weight in WEIGHTS.items())
    mean["trunk"] = mean["total"] - WEIGHTS["relation"] * mean["relation"]
    return mean


def learning_rate_share(share: float) -> float:
    """Warm-up over the first twentieth, then a cosine down to a twentieth."""
    if share < 0.05:
        return 0.1 + 0.9 * share / 0.05
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * min(1.0, (share - 0.05) / 0.95)))


def run_loop(
    network: Network,
    material: Material,
    train_cuts: Int64Array,
    valid_cuts: Int64Array,
    sizes: NetworkSizes,
    options: LoopOptions,
    *,
    fingerprint: str,
    clock: Callable[[], float],
    progress: Progress = silent,
    on_record: Callable[[TrainingRecord], None] | None = None,
) -> Finish:
    """Train `network` in place; it ends with its best weights on later normal time.

    Parameters
    ----------
    train_cuts, valid_cuts : (S, 2) segments of rows
    fingerprint : of data, sizes and seed, for resuming
    clock : seconds, never going back
    on_record : called at each validation
    """
    began = clock()
    quantiles = torch.tensor(options.quantiles)
    optimizer = torch.optim.AdamW(network.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    names = [name for name, _ in network.named_parameters()]
    shards = Shards(network, sizes, options.threads)
    task = Task(material, options.augmentation, quantiles, options.seed)
    lanes = validation_lanes(valid_cuts, sizes, options.seed)
    every = max(5, sizes.updates // 40)

    standing = Standing(fingerprint, 0, 0, {}, 0, 0, 0.0, [])
    best = {name: p.detach().clone() for name, p in network.named_parameters()}
    found = read_checkpoint(options.checkpoint, fingerprint) if options.checkpoint is not None else None
    if found is not None:
        standing = found.standing
        best = {name: torch.from_numpy(found.arrays[f"best/{name}"]) for name in names}
        _restore(network, optimizer, found)
    records = [TrainingRecord(**row) for row in standing.records]  # type: ignore[arg-type]
    walk, update, stale, seconds_before = standing.walk, standing.update, standing.stale, standing.seconds
    best_loss, best_update = dict(standing.best_loss), standing.best_update
    writer = _tensorboard(options.tensorboard)
    last_checkpoint = began
    trained_rows, mean_loss, why = 0, math.nan, "planned"

    def spent() -> float:
        return seconds_before + clock() - began

    def share() -> float:
        return max(update / sizes.updates, spent() / options.time_limit_s)

    def judge(train_loss: float) -> None:
        nonlocal best, best_update, stale
        mean = validate(network, material, lanes, sizes.ticks, quantiles)
        stale += 1
        # The relation head shares no weight with the rest: each of the two keeps its own best moment.
        for part, mine in (("trunk", False), ("relation", True)):
            before = best_loss.get(part, math.inf)
            if not math.isfinite(before) or mean[part] < before - 1e-4 * max(abs(before), 0.1):
                best_loss[part], best_update, stale = mean[part], update, 0
                now = {name: p.detach().clone() for name, p in network.named_parameters() if name.startswith("relation.") is mine}
                best = {**best, **now}
        left = spent() * (1 - share()) / share() if share() > 0 else options.time_limit_s
        parts = {f"valid_{name}": mean[name] for name in ("forecast", "level", "relation", "scale", "quality")}
        so_far = mean["total"] if math.isnan(train_loss) else train_loss
        record = TrainingRecord(update, share(), spent(), left, so_far, mean["total"], **parts)
        records.append(record)
        if writer is not None:
            for name, value in record.as_dict().items():
                writer.add_scalar(name, value, update)
        if on_record is not None:
            on_record(record)

    if not records:
        judge(math.nan)
    while update < sizes.updates:
        if stale >= PATIENCE:
            why = "early"
            break
        rows, fresh, stop = draw_lanes(train_cuts, sizes.lanes, sizes.ticks, PIECES, np.random.default_rng([options.seed, 2, walk]))
        states = shards.start()
        for piece in range(PIECES):
            # The best of an update's length must still fit, with one validation.
            pace = (clock() - began) / max(1, update - standing.update)
            if update > standing.update and spent() + 3 * pace > options.time_limit_s:
                why = "time"
                break
            here = rows[:, piece * sizes.ticks : (piece + 1) * sizes.ticks]
            for group in optimizer.param_groups:
                group["lr"] = options.learning_rate * learning_rate_share(
                    share() if spent() / options.time_limit_s > 0.5 else update / sizes.updates
                )
            value, states = shards.gradients(task, here, stop[:, piece], fresh[:, piece], states, update)
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            update += 1
            trained_rows += int((here >= 0).sum())
            mean_loss = value if math.isnan(mean_loss) else 0.9 * mean_loss + 0.1 * value
            progress("network", min(1.0, share()))
            if update % every == 0 or update == sizes.updates:
                judge(mean_loss)
            if update >= sizes.updates:
                break
        walk += 1
        if why == "time":
            judge(mean_loss)
            break
        if options.checkpoint is not None and clock() - last_checkpoint >= CHECKPOINT_EVERY_S:
            last_checkpoint = clock()
            now = Standing(fingerprint, walk, update, best_loss, best_update, stale, spent(), [r.as_dict() for r in records])
            write_checkpoint(options.checkpoint, Checkpoint(now, _arrays(network, optimizer, best)))
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(best[name])
    if writer is not None:
        writer.close()
    progress("network", 1.0)
    taken = max(clock() - began, 1e-9)
    return Finish(why, update, best_update, sum(best_loss.values()), records[0].valid_loss, spent(), trained_rows / taken, tuple(records))


def _arrays(
    network: Network, optimizer: torch.optim.Optimizer, best: dict[str, Tensor]
) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    arrays = {f"best/{name}": tensor.numpy() for name, tensor in best.items()}
    for name, parameter in network.named_parameters():
        arrays[f"now/{name}"] = parameter.detach().numpy().copy()
        moments = optimizer.state.get(parameter, {})
        if moments:
            arrays[f"first/{name}"] = moments["exp_avg"].numpy().copy()
            arrays[f"second/{name}"] = moments["exp_avg_sq"].numpy().copy()
    return arrays


def _restore(network: Network, optimizer: torch.optim.Optimizer, found: Checkpoint) -> None:
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(found.arrays[f"now/{name}"]))
            if f"first/{name}" in found.arrays:
                optimizer.state[parameter] = {
                    "step": torch.tensor(float(found.standing.update)),
                    "exp_avg": torch.from_numpy(found.arrays[f"first/{name}"].copy()),
                    "exp_avg_sq": torch.from_numpy(found.arrays[f"second/{name}"].copy()),
                }


def _tensorboard(folder: str | os.PathLike[str] | None):  # type: ignore[no-untyped-def]
    """A writer, where the user asked for logs and TensorBoard is installed."""
    if folder is None:
        return None
    from andon.plant.errors import AskUserError

    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise AskUserError("TensorBoard is not installed", do='install it with: pip install "andon[tensorboard]"') from error
    return SummaryWriter(log_dir=str(folder))


__all__ = ["Finish", "LoopOptions", "TrainingRecord", "finish_sentence", "piece_outputs", "run_loop", "validate", "validation_lanes"]
