"""The slow, obvious twin of `prepare`: one tick, one tag, one sample at a time, as contract 1 and 2 say it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import NS
from andon.plant.verdict import Why
from andon.preparing import Preparation, Source
from andon.preparing.preparation import Channel


@dataclass
class Sample:
    time: int
    value: float
    status: int


@dataclass
class Answer:
    tick: list[int] = field(default_factory=list)
    x: list[list[float]] = field(default_factory=list)
    valid: list[list[bool]] = field(default_factory=list)
    why: list[int] = field(default_factory=list)
    reset: list[bool] = field(default_factory=list)
    mode: list[int] = field(default_factory=list)
    age: list[float] = field(default_factory=list)


def samples_of(recording: Recording, tag: str) -> list[Sample]:
    if tag not in recording.tags:
        return []
    at = recording.tags.index(tag)
    return [
        Sample(int(time), float(value), int(status))
        for time, value, status in zip(recording.time, recording.values[:, at], recording.status[:, at], strict=True)
    ]


def usable(sample: Sample, channel: Channel) -> bool:
    if sample.status in (Status.BAD, Status.MISSING) or not math.isfinite(sample.value):
        return False
    return not (channel.low is not None and sample.value < channel.low) and not (channel.high is not None and sample.value > channel.high)


def transform(value: float, channel: Channel) -> float:
    angle = value * 2 * math.pi / channel.full_turn
    return math.sin(angle) if channel.source is Source.SIN else math.cos(angle) if channel.source is Source.COS else value


def raw_ticks(recording: Recording, channel: Channel, ticks: list[int], interval: int) -> list[tuple[float, float, float]]:
    """Per tick: the mean of the samples (NaN where none), the value with hold, and the age."""
    good = [sample for sample in samples_of(recording, channel.tag) if usable(sample, channel)]
    out: list[tuple[float, float, float]] = []
    for k in ticks:
        inside = [transform(s.value, channel) for s in good if (k - 1) * interval < s.time <= k * interval]
        # Around the first, so that equal samples have exactly their value as mean (a stuck tag is found by equality).
        mean = inside[0] + sum(value - inside[0] for value in inside) / len(inside) if inside else math.nan
        held = mean
        before = [s for s in good if s.time <= k * interval and s.status == Status.GOOD]
        if not inside and before and k * interval - before[-1].time <= channel.hold_ns:
            held = transform(before[-1].value, channel)
        real = [s for s in good if s.time <= k * interval and s.status != Status.INTERPOLATED]
        fresh = bool(real) and real[-1].time > (k - 1) * interval
        age = 0.0 if fresh else 1.0 if not real else min(1.0, (k * interval - real[-1].time) / max(channel.hold_ns, interval))
        out.append((mean, held, age))
    return out


def real_ticks(recording: Recording, channel: Channel, ticks: list[int], interval: int) -> list[bool]:
    good = [s for s in samples_of(recording, channel.tag) if usable(s, channel) and s.status != Status.INTERPOLATED]
    return [any((k - 1) * interval < s.time <= k * interval for s in good) for k in ticks]


def rates(counts: list[float], real: list[bool], ticks: list[int], preparation: Preparation, hold: int) -> list[float]:
    """Counter to rate per second; a fall is a reset; the last rate stands as long as a value may."""
    interval = preparation.interval_ns
    out: list[float] = []
    last: tuple[int, float] | None = None
    rate: tuple[int, float] | None = None
    for k, count, came in zip(ticks, counts, real, strict=True):
        if came and not math.isnan(count):
            if last is not None and count >= last[1] and k - last[0] <= max(preparation.gap_ns // interval, 1):
                rate = (k, (count - last[1]) / ((k - last[0]) * interval / NS))
            last = (k, count)
        out.append(rate[1] if rate is not None and (k - rate[0]) * interval <= hold else math.nan)
    return out


def prepare_slowly(preparation: Preparation, recording: Recording, last_tick: int, off: list[str]) -> Answer:
    """`off`: names of tags of which any value above zero means off (the test's off condition says the same)."""
    interval = preparation.interval_ns
    first = math.ceil(int(recording.time[0]) / interval)
    ticks = list(range(first, last_tick + 1))
    columns: list[list[float]] = []
    ages: list[list[float]] = []
    reals: list[list[bool]] = []
    unchanged: list[list[int]] = []
    for channel in preparation.channels:
        table = raw_ticks(recording, channel, ticks, interval)
        real = real_ticks(recording, channel, ticks, interval)
        reals.append(real)
        ages.append([age for _, _, age in table])
        if channel.source is Source.RATE:
            columns.append(rates([mean for mean, _, _ in table], real, ticks, preparation, channel.hold_ns))
        else:
            columns.append([held for _, held, _ in table])
        unchanged.append([])
    for other in preparation.others:
        reals.append(real_ticks(recording, other, ticks, interval))
    for category in preparation.categories:
        reals.append(real_ticks(recording, Channel(category.tag, category.tag, Source.LAST), ticks, interval))
    modes = [0] * len(ticks)
    if preparation.modes.source == "tag":
        tag = preparation.modes.tag
        stand_in = Channel(tag, tag, Source.LAST, hold_ns=preparation.modes.hold_ns)
        texts = recording.texts[tag]
        good = [s for s in samples_of(recording, tag) if usable(s, stand_in)]
        reals.append(real_ticks(recording, stand_in, ticks, interval))
        for row, k in enumerate(ticks):
            inside = [s for s in good if (k - 1) * interval < s.time <= k * interval]
            before = [s for s in good if s.time <= k * interval and s.status == Status.GOOD]
            chosen = inside[-1] if inside else before[-1] if before and k * interval - before[-1].time <= stand_in.hold_ns else None
            text = texts[int(chosen.value)] if chosen is not None else ""
            modes[row] = preparation.modes.levels.index(text) if text in preparation.modes.levels else -1
    off_columns = [
        [held for _, held, _ in raw_ticks(recording, channel, ticks, interval)]
        for channel in (*preparation.channels, *preparation.others)
        if channel.tag in off and channel.source is not Source.RATE
    ]
    answer = Answer()
    last_data: int | None = None
    was_off = False
    disturbed: int | None = None
    since: list[int | None] = [None] * len(columns)
    seen: list[tuple[int, float] | None] = [None] * len(columns)
    stood: list[float] = [math.nan] * len(columns)
    ramps: list[Any] = [None] * len(columns)  # where the move began, its direction, its last tick
    for row, k in enumerate(ticks):
        is_off = any(not math.isnan(column[row]) and column[row] > 0 for column in off_columns)
        data = any(real[row] for real in reals)
        reset = row == 0 or (was_off and not is_off)
        if data and last_data is not None and (k - last_data) * interval > preparation.gap_ns:
            reset = True
        if data:
            last_data = k
        was_off = is_off
        if is_off or (row > 0 and modes[row] != modes[row - 1]):
            disturbed = k
        for index, channel in enumerate(preparation.channels):
            value = columns[index][row]
            if channel.usual_step is not None and not math.isnan(value):
                step, limit, still = value - stood[index], channel.usual_step, 0.0
                if channel.usual_travel is not None:
                    limit, still = channel.usual_travel, channel.usual_step / max(preparation.settle_ns // interval, 1)
                if abs(step) > still:
                    way = 1 if step > 0 else -1
                    same = ramps[index] is not None and channel.usual_travel is not None and ramps[index][1] == way
                    if not same or k - ramps[index][2] > preparation.settle_ns // interval:
                        ramps[index] = (stood[index], way, k)
                    ramps[index] = (ramps[index][0], way, k)
                    if abs(value - ramps[index][0]) > limit:
                        disturbed = k
                stood[index] = value
        settling = preparation.settle_ns > 0 and disturbed is not None and (k - disturbed) * interval <= preparation.settle_ns
        x: list[float] = []
        valid: list[bool] = []
        for index, channel in enumerate(preparation.channels):
            value = columns[index][row]
            if channel.stuck_ns is not None:
                mean = raw_ticks(recording, channel, [k], interval)[0][0]
                previous = seen[index]
                if reals[index][row] and not math.isnan(mean):
                    if previous is None or previous[1] != mean:
                        since[index] = k
                    seen[index] = (k, mean)
                if reset:
                    since[index] = k
                now, begin = seen[index], since[index]
                if now is not None and begin is not None and max(now[0] - begin, 0) * interval > channel.stuck_ns:
                    value = math.nan
            ok = not math.isnan(value)
            valid.append(ok and not is_off)
            x.append(max(-50.0, min(50.0, (value - channel.center) / channel.scale)) if ok and not is_off else 0.0)
            if is_off:
                valid[-1] = False
        known = sum(v or (is_off and not math.isnan(columns[i][row])) for i, v in enumerate(valid)) / len(valid)
        why = Why.JUDGED
        if modes[row] < 0:
            why = Why.UNKNOWN_MODE
        if settling:
            why = Why.SETTLING
        if known < preparation.min_valid:
            why = Why.TOO_FEW_VALID
        if known == 0:
            why = Why.NO_DATA
        if is_off:
            why = Why.MACHINE_OFF
        answer.tick.append(k)
        answer.x.append(x)
        answer.valid.append(valid)
        answer.why.append(int(why))
        answer.reset.append(reset)
        answer.mode.append(modes[row])
        answer.age.append(float(np.mean([age[row] for age in ages])))
    return answer
