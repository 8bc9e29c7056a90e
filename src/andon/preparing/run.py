"""Prepare a recording: the one pipeline, for a year of history and for one live tick."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from andon.plant.arrays import Float32Array
from andon.plant.file.schema import OutOfService
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.plant.verdict import Why
from andon.plant.window import Prepared
from andon.preparing.block import Block
from andon.preparing.calendar import calendar_context
from andon.preparing.check import check_recording
from andon.preparing.periods import Period
from andon.preparing.plan import Plan, make_plan
from andon.preparing.preparation import Preparation
from andon.preparing.state import PrepareState, start_state
from andon.preparing.tick import CLIP, prepare_tick, take_out
from andon.preparing.walk import blocks, walk


def prepare(
    preparation: Preparation,
    recording: Recording,
    state: PrepareState | None = None,
    *,
    labels: Iterable[Label] = (),
    out_of_service: Iterable[OutOfService | str] = (),
    until: int | None = None,
) -> tuple[Prepared, PrepareState]:
    """Put a recording on the grid, scaled and masked.

    Any cut of a recording gives the same output: the state carries what is needed, and samples of a tick that is not
    complete wait in it.

    Parameters
    ----------
    recording : one asset; tags may stand in any order, absent ones are missing, others are ignored
    state : what the last call gave back; None: start anew
    labels : planned periods among them are maintenance
    out_of_service : tags that must not be used
    until : ns; everything up to here has arrived, so ticks up to it are complete. Default: up to the last sample

    Returns
    -------
    The ticks that became complete, and the state after them

    Raises
    ------
    PreparationError : another asset's recording, no tag in common, a wrong sampling interval, or time goes back
    """
    if state is None:
        check_recording(preparation, recording)
        state = start_state(make_plan(preparation))
    elif state.plan.preparation is not preparation:
        state = _move(state, preparation)
    plan = state.plan
    planned = _planned(labels, recording.asset)
    absent = tuple(out_of_service)
    if recording.rows == 1:
        live = prepare_tick(state, recording, planned, absent, until)
        if live is not None:
            return live
    pieces: list[Prepared] = []
    state = walk(
        state,
        recording,
        lambda block: pieces.append(_finish(plan, block, recording.asset, absent)),
        planned=planned,
        until=until,
        watch=plan.watch,
    )
    return join(pieces) if pieces else _nothing(preparation, recording.asset), state


def prepare_pieces(
    preparation: Preparation,
    recording: Recording,
    *,
    labels: Iterable[Label] = (),
    out_of_service: Iterable[OutOfService | str] = (),
    until: int | None = None,
) -> Iterator[Prepared]:
    """The ticks of `prepare` for a whole recording, in pieces as they are worked out; at least one piece, perhaps of no tick.

    Raises
    ------
    PreparationError : as `prepare`, before the first piece
    """
    check_recording(preparation, recording)
    plan, absent = make_plan(preparation), tuple(out_of_service)
    count = 0
    for block in blocks(start_state(plan), recording, planned=_planned(labels, recording.asset), until=until, watch=plan.watch):
        yield _finish(plan, block, recording.asset, absent)
        count += 1
    if not count:
        yield _nothing(preparation, recording.asset)


def _planned(labels: Iterable[Label], asset: str) -> list[Period]:
    return [Period(label.start, label.end) for label in labels if label.kind == LabelKind.PLANNED and label.asset in ("", asset)]


def _move(state: PrepareState, preparation: Preparation) -> PrepareState:
    """The state under an equal preparation (another object, for example after loading)."""
    return PrepareState.from_arrays(make_plan(preparation), state.to_arrays())


def _finish(plan: Plan, block: Block, asset: str, out_of_service: Sequence[OutOfService | str]) -> Prepared:
    """Scale, mask, and say why a tick cannot be judged."""
    preparation = plan.preparation
    time = block.tick * preparation.interval_ns
    valid = np.isfinite(block.value)
    if len(plan.watch):
        valid[:, plan.watch] &= block.unchanged_ns <= plan.stuck[plan.watch]
    for item in out_of_service:
        take_out(plan, valid, time, item, asset)
    share = valid.mean(axis=1) if valid.shape[1] else np.zeros(len(time))
    valid &= ~block.off[:, None]
    scaled = np.where(valid, (block.value - plan.center) / plan.scale, 0.0)
    why = np.zeros(len(time), dtype=np.uint8)
    why[block.mode < 0] = Why.UNKNOWN_MODE
    why[block.settling] = Why.SETTLING
    why[share < preparation.min_valid] = Why.TOO_FEW_VALID
    why[share == 0] = Why.NO_DATA
    why[block.off] = Why.MACHINE_OFF
    why[block.maintenance] = Why.MAINTENANCE
    return Prepared(
        asset,
        preparation.channel_names,
        preparation.channel_tags,
        preparation.context_names,
        preparation.interval_ns,
        block.tick,
        np.clip(scaled, -CLIP, CLIP).astype(np.float32),
        valid,
        _context(plan, block),
        block.mode,
        why,
        block.reset,
    )


def _context(plan: Plan, block: Block) -> Float32Array:
    """(T, K) context in the order of `Preparation.context_names`."""
    preparation = plan.preparation
    parts: list[Float32Array] = [block.age[:, None]]
    if len(preparation.modes.names) > 1:
        parts.append((block.mode[:, None] == np.arange(len(preparation.modes.names))).astype(np.float32))
    for index, category in enumerate(preparation.categories):
        parts.append((block.codes[:, index, None] == np.arange(len(category.levels))).astype(np.float32))
    if preparation.calendar:
        parts.append(calendar_context(block.tick * preparation.interval_ns, preparation.zone))
    return np.concatenate(parts, axis=1)


def join(pieces: Sequence[Prepared]) -> Prepared:
    """Consecutive pieces of one asset as one."""
    if len(pieces) == 1:
        return pieces[0]
    first = pieces[0]
    return Prepared(
        first.asset,
        first.channels,
        first.channel_tags,
        first.context_names,
        first.interval_ns,
        np.concatenate([piece.tick for piece in pieces]),
        np.concatenate([piece.x for piece in pieces]),
        np.concatenate([piece.valid for piece in pieces]),
        np.concatenate([piece.context for piece in pieces]),
        np.concatenate([piece.mode for piece in pieces]),
        np.concatenate([piece.why for piece in pieces]),
        np.concatenate([piece.reset for piece in pieces]),
    )


def _nothing(preparation: Preparation, asset: str) -> Prepared:
    """No tick became complete."""
    width, more = len(preparation.channels), len(preparation.context_names)
    return Prepared(
        asset, preparation.channel_names, preparation.channel_tags, preparation.context_names, preparation.interval_ns,
        np.zeros(0, dtype=np.int64), np.zeros((0, width), dtype=np.float32), np.zeros((0, width), dtype=bool),
        np.zeros((0, more), dtype=np.float32), np.zeros(0, dtype=np.int16), np.zeros(0, dtype=np.uint8), np.zeros(0, dtype=bool),
    )  # fmt: skip
