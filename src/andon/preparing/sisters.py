"""Sister assets: one preparation for all, and one for each that differs from it in where its tags stand.

What a tag's noise and span are is taken to be the same for sisters, so one scale serves all: the median of their own scales. Where a
tag stands may differ (another instrument, another load) or not; both answers are prepared, and training takes the one with which
the linear core explains later time better. Set-points and angles stand where people put them, the same for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.errors import PreparationError
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.preparing.block import Block
from andon.preparing.fit import fit_preparation
from andon.preparing.periods import Period
from andon.preparing.plan import make_plan
from andon.preparing.preparation import ModeModel, Preparation, Source
from andon.preparing.scaling import robust_scale
from andon.preparing.state import start_state
from andon.preparing.walk import walk

_MOVABLE = (Source.VALUE, Source.RATE, Source.DERIVED)
_STILL = ("range", "level", "unit")
_MOST_VALUES = 20_000_000


@dataclass(frozen=True, slots=True)
class SisterPreparations:
    """The preparations of sisters.

    Attributes
    ----------
    shared : for all of them, one centre a channel
    own : asset -> the same with the asset's own centres
    """

    shared: Preparation
    own: dict[str, Preparation]


def fit_sisters(
    recordings: Sequence[Recording],
    plant: PlantFile,
    normal: Sequence[BoolArray],
    *,
    interval_ns: int,
    targets: Iterable[str] = (),
    labels: Sequence[Label] = (),
) -> SisterPreparations:
    """Fit the preparations of several assets with the same tags.

    Parameters
    ----------
    recordings : one for each asset
    normal : (N,) True in normal training time, for each recording
    interval_ns, targets, labels : as in `fit_preparation`

    Raises
    ------
    PreparationError : an asset without normal training time; as `fit_preparation`
    """
    for recording, mask in zip(recordings, normal, strict=True):
        if not mask.any():
            raise PreparationError(
                f"{recording.asset} has no normal training time", do="check [periods], the labels and [[exclude]], or leave the asset out"
            )
    draft = fit_preparation(recordings, plant, normal, interval_ns=interval_ns, targets=targets, labels=labels)
    values = {rec.asset: _normal_values(draft, rec, mask, labels) for rec, mask in zip(recordings, normal, strict=True)}
    centers: dict[str, list[float]] = {asset: [] for asset in values}
    channels = []
    for index, channel in enumerate(draft.channels):
        low, high = (channel.low, channel.high) if channel.source is Source.VALUE else (None, None)
        fitted = {asset: robust_scale(column[:, index][np.isfinite(column[:, index])], low, high)
                  for asset, column in values.items() if np.isfinite(column[:, index]).any()}  # fmt: skip
        moving = [scale for _, scale, by in fitted.values() if by not in _STILL]
        scale = float(np.median(moving)) if moving else channel.scale
        center = float(np.median([middle for middle, _, _ in fitted.values()])) if fitted else channel.center
        movable = channel.source in _MOVABLE and channel.usual_step is None
        channels.append(replace(channel, center=center if movable else channel.center, scale=scale if movable else channel.scale))
        for asset, own in centers.items():
            own.append(fitted[asset][0] if movable and asset in fitted else channels[-1].center)
    shared = replace(draft, channels=tuple(channels))
    shared = replace(shared, modes=_modes_in(draft, shared))
    return SisterPreparations(shared, {asset: moved_to(shared, asset, own) for asset, own in centers.items()})


def moved_to(shared: Preparation, asset: str, centers: Sequence[float]) -> Preparation:
    """The shared preparation for one asset, with its own centre of each channel; operating modes stay where they are in units.

    Parameters
    ----------
    centers : C, engineering units
    """
    channels = tuple(replace(channel, center=float(center)) for channel, center in zip(shared.channels, centers, strict=True))
    one = replace(shared, assets=(asset,), channels=channels)
    return replace(one, modes=_modes_in(shared, one))


def _modes_in(before: Preparation, after: Preparation) -> ModeModel:
    """The centres of discovered modes in the scaled units of another preparation."""
    modes = before.modes
    if not modes.centers:
        return modes
    old = {channel.name: channel for channel in before.channels}
    new = {channel.name: channel for channel in after.channels}

    def across(value: float, name: str) -> float:
        return (value * old[name].scale + old[name].center - new[name].center) / new[name].scale

    centers = tuple(tuple(across(value, name) for value, name in zip(row, modes.channels, strict=True)) for row in modes.centers)
    apart = np.abs(np.array(centers)[:, None, :] - np.array(centers)[None, :, :]).max(axis=2)
    return replace(modes, centers=centers, radius=0.5 * float(apart[apart > 0].min()))


def _normal_values(preparation: Preparation, recording: Recording, normal: BoolArray, labels: Iterable[Label]) -> Float64Array:
    """(N, C) values of judgeable normal ticks in engineering units, thinned where there are very many."""
    plan = make_plan(preparation)
    planned = [Period(item.start, item.end) for item in labels if item.kind == LabelKind.PLANNED and item.asset in ("", recording.asset)]
    ticks = (int(recording.time[-1]) - int(recording.time[0])) // preparation.interval_ns + 1
    step = max(1, ticks * max(len(preparation.channels), 1) // _MOST_VALUES)
    kept: list[Float64Array] = []

    def look(block: Block) -> None:
        at = np.searchsorted(recording.time, block.tick * preparation.interval_ns, side="right") - 1
        good = normal[np.maximum(at, 0)] & (at >= 0) & ~block.off & ~block.maintenance & ~block.settling & (block.mode >= 0)
        kept.append(block.value[good][::step])

    none = np.zeros(0, dtype=np.int64)
    walk(start_state(plan), recording, look, planned=planned, watch=none)
    return np.concatenate(kept) if kept else np.zeros((0, len(preparation.channels)))
