"""What the historian did to a tag: stretches of one value, coarse steps, interpolated straight lines."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, duration_text, instant_text, make_finding, number_text
from andon.auditing.modes import Levels
from andon.auditing.series import Series, runs_of
from andon.plant.arrays import Int64Array
from andon.plant.tag import Role

LINE_STEPS = 4  # equal slopes in a row that make a straight line


def check_stuck(series: Series, stats: TagStatistics, role: Role, levels: Levels | None, zone: str) -> Iterator[Finding]:
    """Finding "stuck": a stretch of one value far longer than this tag's own stretches allow.

    Half of a tag's time is spent in stretches shorter than s; were they exponential, the longest of n would be
    about s ln(n) / 1.68. A stretch is stuck from 1.5 s ln(n) on, from twice what the tail between the median and the
    99 % quantile of all stretches foretells, and never below 20 samples.
    """
    if role not in (Role.MEASURED, Role.ANGLE) or stats.valid < 100 or stats.distinct < 5:
        return
    start, length = runs_of(series.change == 0)
    if start.size == 0:
        return
    singles = series.value.size - int((length + 1).sum())
    samples = np.sort(length + 1)
    passed = singles + np.cumsum(samples)
    usual = 1.0 if singles * 2 >= series.value.size else float(samples[np.searchsorted(passed, 0.5 * series.value.size)])
    limit = max(20.0, 1.5 * usual * math.log(samples.size + singles + 1), 2.0 * _expected_longest(samples, singles))
    long = np.flatnonzero(length + 1 > limit)
    if levels is not None and levels.low_is_off:
        long = long[~levels.in_off(series.value[start[long]])]
    ends = (series.ordered[0], series.ordered[-1])
    long = long[~np.isin(series.value[start[long]], ends)]  # rails are clipping's
    if long.size == 0:
        return
    spans = series.time[start[long] + length[long]] - series.time[start[long]]
    total = int((length[long] + 1).sum())
    longest = int(long[np.argmax(spans)])
    ratio = float((length[long] + 1).max()) / limit
    weight = 0.2 + 0.6 * min(1.0, total / series.value.size / 0.02) ** 0.5 * min(1.0, math.log2(ratio) / 3)
    yield make_finding(
        "stuck", series.tag, weight, count=int(long.size), share=total / series.value.size, longest=duration_text(int(spans.max())),
        value=number_text(float(series.value[start[longest]])), start=instant_text(int(series.time[start[longest]]), zone),
        usual=duration_text(limit * stats.spacing_ns),
    )  # fmt: skip


def _expected_longest(samples: Int64Array, singles: int) -> float:
    """The longest of all stretches, were their tail exponential as between their median and their 99 % quantile.

    Parameters
    ----------
    samples : (R,) sorted lengths of the stretches of at least two samples
    singles : how many samples stand alone
    """
    count = samples.size + singles

    def length(share: float) -> float:
        at = int(share * (count - 1))
        return 1.0 if at < singles else float(samples[at - singles])

    scale = (length(0.99) - length(0.5)) / math.log(50)
    return length(0.99) + scale * math.log(max(count / 100, 1.0))


def check_steps(series: Series, stats: TagStatistics, role: Role) -> Iterator[Finding]:
    """Finding "quantised": the step of the number is as large as what the tag does from sample to sample."""
    if role is not Role.MEASURED or stats.quantum <= 0 or stats.valid < 100 or stats.distinct < 3:
        return
    levels = (series.quantile(0.99) - series.quantile(0.01)) / stats.quantum
    if levels >= 64 or stats.robust_sd >= 8 * stats.quantum:
        return
    weight = 0.2 + 0.25 * max(0.0, 1.0 - levels / 64)
    yield make_finding("quantised", series.tag, weight, quantum=number_text(stats.quantum), levels=max(round(levels), 1))


def line_share(series: Series, stats: TagStatistics) -> float:
    """Share of samples on exactly straight, sloping lines of at least five points, beyond what chance gives.

    Values on a coarse grid make equal steps by chance: the share is then compared with that of steps drawn anew.
    """
    value, time = series.value, series.time
    if value.size < 100 or stats.constant:
        return 0.0
    spacing = np.diff(time) / float(max(stats.spacing_ns, 1))
    bend = series.change[1:] * spacing[:-1]
    bend -= series.change[:-1] * spacing[1:]
    straight = np.abs(bend, out=bend) <= 3 * series.resolution * np.maximum(spacing[:-1], spacing[1:])
    sloping = np.abs(series.change) > 24 * series.resolution
    straight &= sloping[1:] & sloping[:-1]
    found = _in_lines(straight, value.size)
    if found == 0:
        return 0.0
    if stats.quantum > 0:
        moved = series.change[series.change != 0]
        _, number = np.unique(np.rint(moved / stats.quantum), return_counts=True)
        same = float(((number / moved.size) ** 2).sum()) * (1 - stats.repeated)
        if same ** (LINE_STEPS - 1) * (LINE_STEPS + 1) > found / value.size / 20:
            return 0.0
    return found / value.size


def check_lines(series: Series, stats: TagStatistics, role: Role) -> Iterator[Finding]:
    """Finding "compressed": the historian kept few points and the export drew straight lines between them."""
    share = stats.interpolated_lines
    if role is not Role.MEASURED or share <= 0.05:
        return
    yield make_finding("compressed", series.tag, 0.3 + 0.4 * min(1.0, share), share=share)


def _in_lines(straight: np.ndarray[tuple[int, ...], np.dtype[np.bool_]], count: int) -> int:
    _, length = runs_of(straight)
    long = length[length >= LINE_STEPS - 1]
    return min(int((long + 2).sum()), count)
