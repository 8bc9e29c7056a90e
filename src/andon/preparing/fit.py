"""Fit a preparation on normal training time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TypeVar

import numpy as np

from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.errors import At, PreparationError
from andon.plant.file.expression import parse_expression
from andon.plant.file.schema import PlantFile
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.plant.tag import Role, Tag
from andon.plant.time import DAY_NS
from andon.preparing.block import Block
from andon.preparing.calendar import windows_of
from andon.preparing.interval import sample_times, suggest_hold, suggest_interval
from andon.preparing.modes import discover_modes
from andon.preparing.periods import Period
from andon.preparing.plan import level_text, make_plan
from andon.preparing.preparation import Category, Channel, ModeModel, Preparation, Source
from andon.preparing.scaling import robust_scale
from andon.preparing.setpoints import no_moves, ramps_of, steps_of, travels, usual_step
from andon.preparing.state import start_state
from andon.preparing.walk import walk

MOST_LEVELS = 12
CALENDAR_NS = 14 * DAY_NS
SETTLE_TICKS = 10
GAP_TICKS = 10
STUCK_MARGIN = 3
STUCK_TICKS = 10
RESTS = 0.02  # a tag that stood still longer than this share of training is not checked for being stuck
SAMPLE_VALUES = 20_000_000
SAMPLE_ROWS = 5_000
Before = TypeVar("Before")


def fit_preparation(
    recording: Recording | Sequence[Recording],
    plant: PlantFile,
    normal: BoolArray | Sequence[Period] | Sequence[BoolArray],
    *,
    interval_ns: int | None = None,
    targets: Iterable[str] = (),
    labels: Iterable[Label] = (),
) -> Preparation:
    """Learn from normal training time what is needed to prepare any recording of the asset.

    Parameters
    ----------
    recording : of one asset, or several of sister assets that share the model
    normal : (N,) True in normal training time, over the recording's rows, or periods; one array for each recording
        where there are several
    interval_ns : sampling interval; default: the plant file's, else `suggest_interval`
    targets : tags that carry what is predicted; they are never inputs
    labels : planned periods among them are maintenance

    Raises
    ------
    PreparationError : no normal time, no usable tag, or an expression names an unknown tag
    """
    recordings = (recording,) if isinstance(recording, Recording) else tuple(recording)
    masks = _masks(recordings, normal)
    if not recordings or not any(mask.any() for mask in masks):
        raise PreparationError("there is no normal training time", do="check [periods], the labels and [[exclude]]")
    recordings, masks = _crop(recordings, masks)
    first = recordings[0]
    interval = interval_ns or plant.sampling.interval_ns or suggest_interval(first, masks[0])
    kept = _Tags(plant, recordings, masks, interval, set(targets))
    draft = _draft(plant, recordings, masks, kept, interval)
    measured = _measure(draft, recordings, masks, kept, tuple(labels))
    return _fitted(plant, draft, measured, kept)


def _masks(recordings: Sequence[Recording], normal: BoolArray | Sequence[Period] | Sequence[BoolArray]) -> tuple[BoolArray, ...]:
    if isinstance(normal, np.ndarray):
        masks: tuple[BoolArray, ...] = (np.asarray(normal, dtype=bool),)
    elif all(isinstance(item, Period) for item in normal):
        periods = [item for item in normal if isinstance(item, Period)]
        masks = tuple(
            np.logical_or.reduce([np.zeros(rec.rows, dtype=bool), *(period.rows(rec.time) for period in periods)]) for rec in recordings
        )
    else:
        masks = tuple(np.asarray(item, dtype=bool) for item in normal)
    if len(masks) != len(recordings) or any(len(mask) != rec.rows for mask, rec in zip(masks, recordings, strict=False)):
        raise PreparationError("normal time does not fit the recordings", do="give one row mask for each recording")
    return masks


def _crop(recordings: Sequence[Recording], masks: Sequence[BoolArray]) -> tuple[tuple[Recording, ...], tuple[BoolArray, ...]]:
    """Only from the first to the last normal row: nothing after training is ever looked at."""
    cropped: list[Recording] = []
    rows: list[BoolArray] = []
    for recording, mask in zip(recordings, masks, strict=True):
        if not mask.any():
            continue
        low, high = int(np.argmax(mask)), len(mask) - int(np.argmax(mask[::-1]))
        part = slice(low, high)
        cropped.append(replace(recording, time=recording.time[part], values=recording.values[part], status=recording.status[part]))
        rows.append(mask[part])
    return tuple(cropped), tuple(rows)


class _Tags:
    """Which tags become what, and for how long their last value stands."""

    def __init__(
        self, plant: PlantFile, recordings: Sequence[Recording], masks: Sequence[BoolArray], interval: int, targets: set[str]
    ) -> None:
        self.first, self.mask = recordings[0], masks[0]
        self.plant, self.interval = plant, interval
        chosen = next((asset.tags for asset in plant.assets if asset.id == self.first.asset and asset.tags), self.first.tags)
        unknown = [tag for tag in chosen if tag not in self.first.tags]
        if unknown:
            raise self._no_tag(unknown[0], "asset.tags")
        self.targets = targets | {target.tag for target in plant.targets if target.tag}
        self.mode_tag = plant.modes.tag if plant.modes.source == "tag" else ""
        self.settings: dict[str, Tag] = {}
        for tag in self.first.tags:
            known = plant.tag(tag)
            if tag in self.first.texts and known.role is Role.MEASURED:
                known = replace(known, role=Role.CATEGORY)
            self.settings[tag] = known
        self.inputs = tuple(
            tag
            for tag in self.first.tags
            if tag in set(chosen) and tag not in self.targets and tag != self.mode_tag and self.settings[tag].role is not Role.IGNORED
        )

    def _no_tag(self, tag: str, key: str) -> PreparationError:
        near = get_close_matches(tag, [*self.first.tags, *(item.id for item in self.plant.derived)], n=1)
        return PreparationError(
            f"the recording has no tag {tag}",
            at=At(key=key, tag=tag),
            do=f"did you mean {near[0]}?" if near else "see andon audit for the tags",
        )

    def hold(self, tag: str) -> int:
        """Given for the tag, given for all, else from the data."""
        given = self.settings[tag].hold_ns
        if given is None:
            given = self.plant.sampling.hold_ns
        if given is not None:
            return given
        column = self.first.tags.index(tag)
        low = min(200_000, self.first.rows)
        came = (np.isfinite(self.first.values[:low, column])) & (self.first.status[:low, column] < 2)
        return suggest_hold(self.first.time[:low], came, self.interval)

    def channels(self) -> list[Channel]:
        """Channels of numbers, not yet fitted."""
        found: list[Channel] = []
        for tag in self.inputs:
            known = self.settings[tag]
            base = Channel(
                tag, tag, Source.VALUE, hold_ns=self.hold(tag), low=known.low, high=known.high, full_turn=known.full_turn, unit=known.unit
            )
            if known.role is Role.ANGLE:
                found += [replace(base, name=f"{tag}:sin", source=Source.SIN), replace(base, name=f"{tag}:cos", source=Source.COS)]
            elif known.role is Role.COUNTER:
                found.append(replace(base, name=f"{tag}:rate", source=Source.RATE))
            elif known.role is not Role.CATEGORY:
                found.append(base)
        derived = {item.id for item in self.plant.derived}
        for item in self.plant.derived:
            if item.id in self.first.tags:
                raise PreparationError(
                    f"the derived tag {item.id} has the id of a tag", at=At(key="derived.id", tag=item.id), do="give it another id"
                )
            for tag in parse_expression(item.expression).tags:
                if tag not in self.first.tags and tag not in derived:
                    raise self._no_tag(tag, "derived.expression")
            found.append(Channel(item.id, item.id, Source.DERIVED, unit=item.unit))
        return found

    def others(self, channels: Sequence[Channel], expressions: Iterable[tuple[str, str]]) -> tuple[Channel, ...]:
        """Tags that only expressions need."""
        readable = {channel.tag for channel in channels if channel.source not in (Source.SIN, Source.COS)}
        found: dict[str, Channel] = {}
        for key, text in expressions:
            for tag in parse_expression(text).tags:
                if tag in readable or tag in found:
                    continue
                if tag not in self.first.tags:
                    raise self._no_tag(tag, key)
                known = self.settings[tag]
                source = Source.LAST if known.role in (Role.ANGLE, Role.COUNTER, Role.CATEGORY) or tag == self.mode_tag else Source.VALUE
                found[tag] = Channel(tag, tag, source, hold_ns=self.hold(tag), low=known.low, high=known.high)
        return tuple(found.values())


def _levels(recordings: Sequence[Recording], masks: Sequence[BoolArray], tag: str, most: int) -> tuple[tuple[str, ...], int]:
    """Levels of a category seen in normal time, most frequent first when there are too many; and how many there were."""
    seen: Counter[str] = Counter()
    for recording, mask in zip(recordings, masks, strict=True):
        if tag not in recording.tags:
            continue
        column = recording.column(tag)[mask]
        values, counts = np.unique(column[np.isfinite(column)], return_counts=True)
        texts = recording.texts.get(tag)
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            if texts is None:
                seen[level_text(value)] += count
            elif 0 <= int(value) < len(texts):
                seen[texts[int(value)]] += count
    kept = [level for level, _ in sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:most]]
    return tuple(sorted(kept)), len(seen)


def _spoken(plant: PlantFile, asset: str) -> dict[str, set[str]]:
    """tag -> the texts that the off condition and derived tags compare it with."""
    found: dict[str, set[str]] = {}
    for text in (plant.off(asset), *(item.expression for item in plant.derived)):
        for tag, level in parse_expression(text).texts if text else ():
            found.setdefault(tag, set()).add(level)
    return found


def _draft(plant: PlantFile, recordings: Sequence[Recording], masks: Sequence[BoolArray], kept: _Tags, interval: int) -> Preparation:
    """A preparation that puts values on the grid, but does not scale them yet."""
    notes: list[tuple[str, str, str]] = []
    channels = kept.channels()
    categories: list[Category] = []
    spoken = _spoken(plant, recordings[0].asset)
    for tag in kept.first.tags:
        # A text that a condition asks for is a level, seen in training or not: "stopped" may never have been normal.
        asked = spoken.get(tag, set()) if tag != kept.mode_tag else set()
        if not asked and (tag not in kept.inputs or kept.settings[tag].role is not Role.CATEGORY):
            continue
        levels, count = _levels(recordings, masks, tag, MOST_LEVELS)
        if count > MOST_LEVELS:
            notes.append(("many-levels", tag, f"{count}, {MOST_LEVELS}"))
        if len(levels) > 1 or asked:
            categories.append(Category(tag, tuple(sorted({*levels, *asked})), kept.hold(tag)))
    modes = ModeModel()
    if kept.mode_tag:
        if kept.mode_tag not in kept.first.tags:
            raise kept._no_tag(kept.mode_tag, "modes.tag")
        levels, count = _levels(recordings, masks, kept.mode_tag, plant.modes.most)
        if count > plant.modes.most:
            notes.append(("many-modes", kept.mode_tag, f"{count}, {plant.modes.most}"))
        if not levels:
            raise PreparationError(
                "the mode's tag has no value in training", at=At(tag=kept.mode_tag, key="modes.tag"), do="choose another tag"
            )
        modes = ModeModel("tag", tag=kept.mode_tag, levels=levels, hold_ns=kept.hold(kept.mode_tag))
    assets = tuple(dict.fromkeys(recording.asset for recording in recordings))
    off = tuple((asset, plant.off(asset)) for asset in assets if plant.off(asset))
    derived = tuple((item.id, item.expression) for item in plant.derived)
    expressions = [("derived.expression", text) for _, text in derived]
    known_derived = {name for name, _ in derived}
    for _, text in off:
        expressions.append(("machine.off", text))
    # Categories that are stored as numbers are numbers to an expression (`grade == 2`), unless it compares them with texts.
    coded = [tag for tag in (*(category.tag for category in categories), kept.mode_tag) if tag in kept.first.texts or tag in spoken]
    readable = [Channel(tag, tag, Source.LAST) for tag in coded]
    others = kept.others([*channels, *readable, *(Channel(name, name, Source.DERIVED) for name in known_derived)], expressions)
    holds = [channel.hold_ns for channel in channels] or [interval]
    gap = plant.sampling.gap_ns if plant.sampling.gap_ns is not None else max(GAP_TICKS * interval, max(holds))
    span = max(int(recording.time[-1]) - int(recording.time[0]) for recording in recordings)
    return Preparation(
        assets, interval, tuple(channels), others, tuple(categories), modes, derived, off,
        plant.machine.settle_ns if plant.machine.settle_ns is not None else SETTLE_TICKS * interval,
        gap, plant.sampling.min_valid, span >= CALENDAR_NS and interval < DAY_NS, plant.site.zone, windows_of(plant),
        min(int(recording.time[0]) for recording in recordings), max(int(recording.time[-1]) for recording in recordings) + 1,
        round(float(np.median(steps))) if len(steps := _positive(sample_times(recordings[0], masks[0]))) else interval, tuple(notes),
    )  # fmt: skip


def _positive(steps: Int64Array) -> Int64Array:
    out: Int64Array = steps[steps > 0]
    return out


@dataclass(slots=True)
class _Measured:
    """What normal training time showed."""

    values: Float64Array  # (N, C) a sample of normal ticks
    tick: Int64Array
    longest: Int64Array  # (C,) ns, the longest standing still
    judged_ns: int
    set_by: list[int]  # channels of set-points
    stood: list[tuple[int, Float64Array, Int64Array, BoolArray]]  # recording, set-points as they stood, ticks, normal; block after block


def _measure(
    draft: Preparation, recordings: Sequence[Recording], masks: Sequence[BoolArray], kept: _Tags, labels: Sequence[Label]
) -> _Measured:
    plan = make_plan(draft)
    watch = np.array([index for index, channel in enumerate(draft.channels) if _may_stick(channel, kept)], dtype=np.int64)
    span = sum(int(rec.time[-1]) - int(rec.time[0]) for rec in recordings) // draft.interval_ns + 1
    share = max(SAMPLE_VALUES / (max(len(draft.channels), 1) * span), SAMPLE_ROWS / span)
    random = np.random.default_rng(0)
    values: list[Float64Array] = []
    ticks: list[Int64Array] = []
    longest = np.zeros(len(draft.channels), dtype=np.int64)
    judged = 0
    set_by = [at for at, channel in enumerate(draft.channels) if _is_set(channel, kept)]
    stood: list[tuple[int, Float64Array, Int64Array, BoolArray]] = []
    for number, (recording, mask) in enumerate(zip(recordings, masks, strict=True)):
        planned = [
            Period(label.start, label.end) for label in labels if label.kind == LabelKind.PLANNED and label.asset in ("", recording.asset)
        ]

        def look(block: Block, recording: Recording = recording, mask: BoolArray = mask, number: int = number) -> None:
            nonlocal judged
            at = np.searchsorted(recording.time, block.tick * draft.interval_ns, side="right") - 1
            good = mask[np.maximum(at, 0)] & (at >= 0) & ~block.off & ~block.maintenance & ~block.settling & (block.mode >= 0)
            judged += int(good.sum())
            if len(watch) and good.any():
                longest[watch] = np.maximum(longest[watch], block.unchanged_ns[good].max(axis=0))
            if set_by:
                stood.append((number, block.value[:, set_by], block.tick, good))
            chosen = good if share >= 1 else good & (random.random(len(good)) < share)
            values.append(block.value[chosen])
            ticks.append(block.tick[chosen])

        walk(start_state(plan), recording, look, planned=planned, watch=watch)
    if judged == 0:
        raise PreparationError(
            "all training time is off time, maintenance or settling", at=At(key="machine.off"), do="check the off condition and the periods"
        )
    return _Measured(np.concatenate(values), np.concatenate(ticks), longest, judged * draft.interval_ns, set_by, stood)


def _is_set(channel: Channel, kept: _Tags) -> bool:
    return channel.source is Source.VALUE and kept.settings[channel.tag].role is Role.SETPOINT


def _may_stick(channel: Channel, kept: _Tags) -> bool:
    return channel.source in (Source.VALUE, Source.SIN, Source.COS) and kept.settings[channel.tag].role in (Role.MEASURED, Role.ANGLE)


def _of_normal_time(
    measured: _Measured, index: int, fresh: Before, look: Callable[[Float64Array, Int64Array, Before], tuple[Float64Array, Before]]
) -> Float64Array:
    """What `look` says of a set-point at each tick of normal time; it begins `fresh` with each recording."""
    column = measured.set_by.index(index)
    out, now, before = [], -1, fresh
    for number, values, tick, good in measured.stood:
        if number != now:
            now, before = number, fresh
        said, before = look(values[:, [column]], tick, before)
        out.append(said[good, 0])
    return np.concatenate(out)


def _usual_moves(measured: _Measured, index: int, scale: float, draft: Preparation) -> tuple[float, float]:
    """The largest usual step and the largest usual travel of a set-point."""
    steps = _of_normal_time(measured, index, np.full(1, np.nan), lambda value, _, last: steps_of(value, last))
    usual = usual_step(steps, scale)
    ramps = ramps_of(np.array([usual]), draft.settle_ns // draft.interval_ns)
    return usual, usual_step(
        _of_normal_time(measured, index, no_moves(1), lambda value, tick, moves: travels(value, tick, moves, ramps)), scale
    )


def _fitted(plant: PlantFile, draft: Preparation, measured: _Measured, kept: _Tags) -> Preparation:
    """The draft with centres, scales, stuck limits and modes; channels without a value are left out."""
    channels: list[Channel] = []
    notes = list(draft.notes)
    used: list[int] = []
    for index, channel in enumerate(draft.channels):
        column = measured.values[:, index]
        column = column[np.isfinite(column)]
        if len(column) == 0:
            notes.append(("no-data", channel.tag, ""))
            continue
        low, high = (channel.low, channel.high) if channel.source is Source.VALUE else (None, None)
        center, scale, by = robust_scale(column, low, high)
        if by in ("range", "level", "unit"):
            notes.append(("constant", channel.tag, by))
        stuck = None
        if _watches(draft, index, measured, kept) and by not in ("range", "level", "unit"):
            stuck = max(STUCK_MARGIN * int(measured.longest[index]), STUCK_TICKS * draft.interval_ns)
        used.append(index)
        usual, travel = _usual_moves(measured, index, scale, draft) if index in measured.set_by else (None, None)
        channels.append(replace(channel, center=center, scale=scale, scaled_by=by, stuck_ns=stuck, usual_step=usual, usual_travel=travel))
    if not channels:
        raise PreparationError("no tag has a valid value in normal training time", do="see andon audit for what is wrong with the tags")
    names = {channel.name for channel in channels}
    modes = draft.modes
    if plant.modes.source == "discovered":
        centers, scales = np.array([channel.center for channel in channels]), np.array([channel.scale for channel in channels])
        setpoint = np.array([channel.tag in kept.settings and kept.settings[channel.tag].role is Role.SETPOINT for channel in channels])
        modes = discover_modes(
            (measured.values[:, used] - centers) / scales,
            measured.tick,
            tuple(channel.name for channel in channels),
            setpoint,
            plant.modes.most,
        )
        notes.append(("modes", "", ":".join(modes.reason)))
    # A tag that was left out may still be needed by an expression.
    derived = tuple(item for item in draft.derived if item[0] in names)
    needed = {tag for _, text in (*derived, *draft.off) for tag in parse_expression(text).tags}
    lost = [channel for channel in draft.channels if channel.name not in names and channel.source is Source.VALUE and channel.tag in needed]
    return replace(draft, channels=tuple(channels), others=(*draft.others, *lost), derived=derived, modes=modes, notes=tuple(notes))


def _watches(draft: Preparation, index: int, measured: _Measured, kept: _Tags) -> bool:
    return _may_stick(draft.channels[index], kept) and measured.longest[index] <= RESTS * measured.judged_ns
