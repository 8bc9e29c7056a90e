"""Periods: which time trains, which calibrates, which is read once at the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from andon.plant.arrays import BoolArray, TimeArray
from andon.plant.errors import At, PreparationError
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.plant.time import format_duration, format_instant

PURGE_TICKS = 60


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """start <= time < end, ns UTC."""

    start: int
    end: int

    def rows(self, time: TimeArray) -> BoolArray:
        """(T,) True where a time lies inside."""
        return (time >= self.start) & (time < self.end)

    def overlaps(self, other: Period) -> bool:
        """True where both have a moment in common."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Split:
    """Train, calibrate, evaluate: in time order, with a purge gap between them.

    Attributes
    ----------
    train, calibrate, evaluate : periods; evaluate may be empty (start == end)
    purge_ns : smallest time between them
    excluded : periods that are not normal: labelled fault, planned or unknown, and [[exclude]]
    """

    train: Period
    calibrate: Period
    evaluate: Period
    purge_ns: int
    excluded: tuple[Period, ...] = ()

    def normal(self, time: TimeArray) -> BoolArray:
        """(T,) True where no label and no exclusion says otherwise."""
        out = np.ones(len(time), dtype=bool)
        for period in self.excluded:
            out &= ~period.rows(time)
        return out

    def train_rows(self, time: TimeArray) -> BoolArray:
        """(T,) True in normal training time."""
        return self.train.rows(time) & self.normal(time)

    def calibrate_rows(self, time: TimeArray) -> BoolArray:
        """(T,) True in normal calibration time."""
        return self.calibrate.rows(time) & self.normal(time)

    def evaluate_rows(self, time: TimeArray) -> BoolArray:
        """(T,) True in the evaluation period, faults and all."""
        return self.evaluate.rows(time)


def excluded_periods(plant: PlantFile, asset: str, labels: Iterable[Label] = ()) -> tuple[Period, ...]:
    """Time that is not normal: labels of kind fault, planned or unknown of this asset, and [[exclude]]; sorted, merged."""
    found = [Period(label.start, label.end) for label in labels if label.asset in (asset, "") and label.kind != LabelKind.FALSE]
    found += [Period(item.start, item.end) for item in plant.exclude if item.asset in (asset, "")]
    merged: list[Period] = []
    for period in sorted(found):
        if merged and period.start <= merged[-1].end:
            merged[-1] = Period(merged[-1].start, max(merged[-1].end, period.end))
        elif period.end > period.start:
            merged.append(period)
    return tuple(merged)


def split_periods(recording: Recording, plant: PlantFile, *, interval_ns: int, labels: Iterable[Label] = ()) -> Split:
    """Cut a recording into train, calibrate and evaluate, in time order, with a purge gap.

    Shares count rows that have data and are not excluded, so that a long stop does not eat a period.
    What the plant file gives explicitly is taken as it is, then checked.

    Parameters
    ----------
    recording : of one asset
    interval_ns : sampling interval of the grid

    Raises
    ------
    PreparationError : nothing left to train on, periods overlap or stand in the wrong order
    """
    settings = plant.periods
    purge = settings.purge_ns if settings.purge_ns is not None else PURGE_TICKS * interval_ns
    excluded = excluded_periods(plant, recording.asset, labels)
    if recording.rows == 0:
        raise PreparationError("the recording is empty", do="read a file with at least some hours of normal time")
    begin, stop = int(recording.time[0]), int(recording.time[-1]) + 1
    begin = begin if settings.train_start is None else settings.train_start
    stop = stop if settings.evaluate_end is None else settings.evaluate_end
    whole = Split(Period(begin, stop), Period(stop, stop), Period(stop, stop), purge, excluded)
    usable = recording.time[whole.train_rows(recording.time) & recording.valid().any(axis=1)]
    if len(usable) < 2:
        raise PreparationError(
            f"no normal time with data between {format_instant(begin)} and {format_instant(stop)}",
            at=At(key="periods"),
            do="check the labels, [[exclude]] and the periods",
        )

    def share(part: float) -> int:
        return int(usable[min(len(usable) - 1, max(1, round(part * len(usable))))])

    to_the_end = settings.train_share + settings.calibrate_share >= 1.0 - 1e-9
    train_end = (
        settings.train_end if settings.train_end is not None else _first(settings.calibrate_start, share(settings.train_share), purge)
    )
    calibrate_start = settings.calibrate_start if settings.calibrate_start is not None else train_end + purge
    if settings.calibrate_end is not None:
        calibrate_end = settings.calibrate_end
    elif settings.evaluate_start is not None:
        calibrate_end = settings.evaluate_start - purge
    else:
        calibrate_end = stop if to_the_end else share(settings.train_share + settings.calibrate_share)
    evaluate_start = settings.evaluate_start if settings.evaluate_start is not None else min(calibrate_end + purge, stop)
    split = Split(Period(begin, train_end), Period(calibrate_start, calibrate_end), Period(evaluate_start, stop), purge, excluded)
    check_split(split)
    return split


def _first(calibrate_start: int | None, by_share: int, purge: int) -> int:
    return by_share if calibrate_start is None else min(by_share, calibrate_start - purge)


def check_split(split: Split, scaling: Period | None = None, *, inputs: Iterable[str] = (), targets: Iterable[str] = ()) -> None:
    """Stop a split through which the answer could leak.

    Parameters
    ----------
    scaling : the time from which scaling was fitted; it must lie in training
    inputs, targets : tags that go in, and tags that carry what is predicted

    Raises
    ------
    PreparationError : overlap, wrong order, too small a gap, scaling outside training, a target among the inputs
    """
    parts = [("training", split.train), ("calibration", split.calibrate), ("evaluation", split.evaluate)]
    do = "give [periods] in time order: train_end, calibrate_start, calibrate_end, evaluate_start; or give shares"
    for name, period in parts:
        if period.end < period.start or (period.end == period.start and name != "evaluation"):
            raise PreparationError(
                f"{name} has no time: {format_instant(period.start)} to {format_instant(period.end)}", at=At(key="periods"), do=do
            )
    for (name, period), (later_name, later) in pairwise(parts):
        if later.end == later.start:
            continue
        if later.start < period.start:
            raise PreparationError(f"{later_name} stands before {name}", at=At(key="periods"), do=do)
        if period.overlaps(later):
            raise PreparationError(
                f"{name} and {later_name} overlap from {format_instant(later.start)} to {format_instant(min(period.end, later.end))}",
                at=At(key="periods"),
                do=do,
            )
        if later.start - period.end < split.purge_ns:
            raise PreparationError(
                f"only {format_duration(later.start - period.end)} between {name} and {later_name}, less than purge "
                f"{format_duration(split.purge_ns)}",
                at=At(key="periods.purge"),
                do="move the periods apart, or set a smaller purge",
            )
    if scaling is not None and (scaling.start < split.train.start or scaling.end > split.train.end):
        raise PreparationError(
            f"scaling was fitted from {format_instant(scaling.start)} to {format_instant(scaling.end)}, outside training",
            at=At(key="periods"),
            do="fit the preparation on normal training time alone",
        )
    leaking = sorted(set(inputs) & set(targets))
    if leaking:
        raise PreparationError(
            f"the target {leaking[0]} is among the inputs",
            at=At(tag=leaking[0], key="target"),
            do='give it role = "ignored", or name it as [[target]] tag',
        )
