"""The audit of one recording: every check of every tag, then the checks of the whole, with bounded memory.

Tags are taken in blocks of 32 columns, two blocks at a time; no copy of the whole recording is ever made. Checks that
compare tags work on samples of stated size: 4,096 rows (`operation`), 16 x 1,024 rows (`likeness`), hourly means (`seasons`).
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from andon.auditing.availability import check_availability, check_gaps, check_problems
from andon.auditing.clock import check_clock, check_pattern_shift, row_interval, suggest_interval
from andon.auditing.extremes import check_rails, check_spikes, code_of, rails_of, spikes_of
from andon.auditing.finding import Audit, Finding, Plot, Suggestion, TagStatistics
from andon.auditing.historian import check_lines, check_steps, check_stuck, line_share
from andon.auditing.jumps import check_units, unit_jumps_of
from andon.auditing.laboratory import check_laboratory, check_leaks
from andon.auditing.likeness import check_likeness
from andon.auditing.modes import Levels, check_modes, levels_of
from andon.auditing.operation import check_mode_tag, check_off, mode_tag, off_condition, sample_rows
from andon.auditing.roles import check_role, guess_role
from andon.auditing.seasons import Calendar, calendar_of, check_seasons, hourly_means, seasonal_shares
from andon.auditing.series import Series, series_of
from andon.auditing.statistics import describe
from andon.auditing.sufficiency import check_sufficiency, normal_time
from andon.plant.arrays import BoolArray, Float32Array, Float64Array, FloatArray, StatusArray, TimeArray
from andon.plant.budget import Budget
from andon.plant.label import Label, LabResults
from andon.plant.progress import Progress, silent
from andon.plant.recording import Recording
from andon.plant.tag import Role, Tag
from andon.plant.time import HOUR_NS
from andon.plant.time import zone as zone_of

BLOCK = 32
PLOT_POINTS = 200
_WORKERS = 2


@dataclass(frozen=True, slots=True)
class _TagResult:
    statistics: TagStatistics
    findings: tuple[Finding, ...]
    role: Role
    full_turn: float
    low: float | None
    high: float | None
    levels: Levels | None
    plot: Plot
    hourly: Float32Array


def audit(
    recording: Recording,
    *,
    interval_ns: int | None = None,
    zone: str = "UTC",
    budget: Budget | None = None,
    lab: Sequence[LabResults] = (),
    labels: Sequence[Label] = (),
    progress: Progress = silent,
) -> Audit:
    """What is in a recording, what is wrong with it, and what to write in the plant file.

    Parameters
    ----------
    recording : one asset; never changed
    interval_ns : sampling interval to judge it for; None: suggested from the data
    zone : IANA zone in which days and weeks are counted
    budget : alarm budget to judge the amount of normal time for; None: not judged
    lab : laboratory results of the quality targets
    labels : known periods; those of kind fault, planned and unknown are not normal time
    progress : told the share that is done

    Returns
    -------
    Audit : findings by weight, heaviest first

    Raises
    ------
    AskUserError : `zone` is not an IANA zone
    """
    zone_of(zone)
    time = recording.time
    rows_ns = row_interval(time)
    start, end = (int(time[0]), int(time[-1])) if recording.rows else (0, 0)
    calendar = calendar_of(start, end, zone)
    results: list[_TagResult] = []
    for done, block in enumerate(_blocks(recording, interval_ns or rows_ns, zone, calendar)):
        results.extend(block)
        progress("audit", 0.8 * min(1.0, (done + 1) * BLOCK / max(len(recording.tags), 1)))
    statistics = tuple(replace(row.statistics, duplicates=_duplicates(recording, row.statistics.tag)) for row in results)
    interval = interval_ns or suggest_interval(rows_ns, statistics)
    if calendar is not None and results:
        statistics = _with_seasons(statistics, results, calendar)
    findings = [finding for result in results for finding in result.findings]
    for stats, result in zip(statistics, results, strict=True):
        findings.extend(check_seasons(stats, result.role))
    findings.extend(check_problems(recording.problems, recording.rows))
    findings.extend(check_gaps(time, interval, zone))
    findings.extend(check_clock(time, zone))
    if calendar is not None and results:
        daily = np.array([row.daily if result.role is Role.MEASURED else 0.0 for row, result in zip(statistics, results, strict=True)])
        findings.extend(check_pattern_shift(np.stack([result.hourly for result in results], axis=1), daily, calendar, zone))
    progress("audit", 0.85)
    roles = [result.role for result in results]
    sample = sample_rows(recording.values, recording.status)
    off = off_condition(sample, recording.tags, [result.levels for result in results], roles)
    findings.extend(check_off(off))
    running = _running(sample, recording.tags, [result.levels for result in results], off.tag if off else "")
    explained = {result.statistics.tag for column, result in enumerate(results) if _same_switch(sample[:, column], result.levels, running)}
    findings = [finding for finding in findings if finding.kind != "modes" or finding.tag not in explained]
    mode = mode_tag(sample, recording.tags, roles, running)
    findings.extend(check_mode_tag(mode))
    findings.extend(check_likeness(recording.values, recording.status, time, recording.tags, statistics))
    progress("audit", 0.95)
    findings.extend(check_leaks(recording, lab))
    findings.extend(check_laboratory(lab, recording.asset))
    mine = [label for label in labels if label.asset in ("", recording.asset)]
    normal = normal_time(_spans(time, interval), off.share if off else 0.0, mine)
    findings.extend(check_sufficiency(normal, budget, interval))
    progress("audit", 1.0)
    return Audit(
        asset=recording.asset,
        files=recording.files,
        start=start,
        end=end,
        rows=recording.rows,
        interval_ns=interval,
        zone=zone,
        statistics=statistics,
        findings=tuple(sorted(findings, key=lambda finding: -finding.weight)),
        suggestions={result.statistics.tag: _suggestion(recording, result, interval, findings) for result in results},
        plots={result.statistics.tag: result.plot for result in results},
        off=off.expression if off else "",
        mode_tag=mode[0],
        normal_ns=normal.normal_ns,
        held_back_ns=normal.held_back_ns,
    )


def plot_of(series: Series, points: int = PLOT_POINTS) -> Plot:
    """Lowest and highest value in equal parts of the recording's time; at most `points` parts.

    Parameters
    ----------
    points : >= 1
    """
    length = series.end - series.start
    count = min(points, series.rows) if length > 0 else min(1, series.rows)
    low, high = np.full(count, np.nan, dtype=np.float32), np.full(count, np.nan, dtype=np.float32)
    if series.value.size and count:
        width = max(-(-(length + 1) // count), 1)
        part = ((series.time - series.start) // width).astype(np.int64)
        first = np.flatnonzero(np.concatenate(([True], np.diff(part) > 0)))
        low[part[first]] = np.minimum.reduceat(series.value, first)
        high[part[first]] = np.maximum.reduceat(series.value, first)
    return Plot(series.start, series.end, low, high)


def inspect(series: Series, interval_ns: int, zone: str, calendar: Calendar | None) -> _TagResult:
    """All checks of one tag."""
    stats = describe(series, interval_ns)
    guess = guess_role(series, stats)
    role = guess.role
    levels = None if series.texts else levels_of(series, stats)
    rails = rails_of(series, stats, role, levels)
    spikes, scale = spikes_of(series, stats, role)
    stats = replace(
        stats,
        categorical=role is Role.CATEGORY,
        monotonic=guess.monotonic,
        modes=2 if levels is not None else 1,
        cyclic=guess.full_turn,
        spikes=int(spikes.size),
        clipped_low=rails.low,
        clipped_high=rails.high,
        interpolated_lines=line_share(series, stats) if role is Role.MEASURED else 0.0,
    )
    findings = [
        *check_availability(series, stats, interval_ns, zone),
        *check_role(series, stats, guess),
        *check_stuck(series, stats, role, levels, zone),
        *check_steps(series, stats, role),
        *check_lines(series, stats, role),
        *check_rails(series, stats),
        *(check_spikes(series, stats, spikes, scale, zone) if role is Role.MEASURED else ()),
        *check_units(series, unit_jumps_of(series, stats, role), zone),
        *check_modes(series, stats, role, levels),
    ]
    low, high = _limits(series, stats, role)
    return _TagResult(stats, tuple(findings), role, guess.full_turn, low, high, levels, plot_of(series), hourly_means(series, calendar))


def _limits(series: Series, stats: TagStatistics, role: Role) -> tuple[float | None, float | None]:
    """Ends of the instrument range, from rails and failure codes alone; the span that was seen is no evidence."""
    low = stats.minimum if stats.clipped_low else None
    high = stats.maximum if stats.clipped_high else None
    code = code_of(series) if role is Role.MEASURED else None
    if code is not None:
        key, _, number = code[2].rpartition("\n")[2].partition(" = ")
        low, high = (float(number), high) if key == "low" else (low, float(number))
    return low, high


def _blocks(recording: Recording, interval_ns: int, zone: str, calendar: Calendar | None) -> Iterator[list[_TagResult]]:
    """Results of the tags, block by block, in their order; two blocks are worked on at a time."""
    width = len(recording.tags)
    units = recording.units or ("",) * width

    def work(first: int) -> list[_TagResult]:
        last = min(first + BLOCK, width)
        values = np.ascontiguousarray(recording.values[:, first:last].T)
        status = np.ascontiguousarray(recording.status[:, first:last].T)
        return [
            inspect(_series(recording, units, first + k, recording.time, values[k], status[k]), interval_ns, zone, calendar)
            for k in range(last - first)
        ]

    starts = range(0, width, BLOCK)
    if len(starts) < 2 or (os.cpu_count() or 1) < 2:
        yield from map(work, starts)
        return
    with ThreadPoolExecutor(_WORKERS) as pool:
        waiting: deque[Future[list[_TagResult]]] = deque()
        for first in starts:
            waiting.append(pool.submit(work, first))
            if len(waiting) > _WORKERS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _series(
    recording: Recording, units: tuple[str, ...], column: int, time: TimeArray, values: FloatArray, status: StatusArray
) -> Series:  # fmt: skip
    tag = recording.tags[column]
    return series_of(tag, units[column], tag in recording.texts, time, values, status)


def _with_seasons(statistics: tuple[TagStatistics, ...], results: list[_TagResult], calendar: Calendar) -> tuple[TagStatistics, ...]:
    """The statistics with the shares of variance that repeat daily and weekly."""
    out: list[TagStatistics] = []
    for first in range(0, len(results), BLOCK):
        part = results[first : first + BLOCK]
        hourly = np.stack(
            [result.hourly if result.hourly.size else np.full(calendar.day.size, np.nan, np.float32) for result in part], axis=1
        )
        daily, weekly = seasonal_shares(hourly, calendar)
        out.extend(
            replace(row, daily=float(d), weekly=float(w))
            for row, d, w in zip(statistics[first : first + BLOCK], daily, weekly, strict=True)
        )
    return tuple(out)


def _running(sample: Float64Array, tags: tuple[str, ...], levels: list[Levels | None], tag: str) -> BoolArray:
    """(R,) False where the machine is off."""
    level = levels[tags.index(tag)] if tag else None
    if level is None:
        return np.ones(sample.shape[0], dtype=np.bool_)
    value = sample[:, tags.index(tag)]
    return ~(np.isfinite(value) & level.in_off(value))


def _duplicates(recording: Recording, tag: str) -> int:
    """Samples of a tag whose time stood twice, as the reader counted them; rows that stood twice count for every tag."""
    return sum(item.count for item in recording.problems if item.kind == "duplicate-time" and item.at.tag in (None, tag))


def _same_switch(value: Float64Array, level: Levels | None, running: BoolArray) -> bool:
    """True where the two levels of a tag are those of the machine on and off, in 95 of 100 rows."""
    there = np.isfinite(value)
    if level is None or running.all() or not there.any():
        return False
    same = float(np.mean((value[there] > level.threshold) == running[there]))
    return same >= 0.95 or same <= 0.05


def _spans(time: TimeArray, interval_ns: int) -> list[tuple[int, int]]:
    """Stretches of rows without a gap of more than ten intervals."""
    if time.size < 2:
        return []
    breaks = np.flatnonzero(np.diff(time) > 10 * interval_ns)
    first = np.concatenate(([0], breaks + 1))
    last = np.concatenate((breaks, [time.size - 1]))
    return [(int(time[a]), int(time[b])) for a, b in zip(first, last, strict=True)]


def _suggestion(recording: Recording, result: _TagResult, interval_ns: int, findings: list[Finding]) -> Suggestion:
    """The tag as the audit would write it."""
    stats = result.statistics
    asked = [finding for finding in findings if finding.tag == stats.tag and finding.toml]
    ignored = any('role = "ignored"' in finding.toml for finding in asked)
    hold = min(max(stats.hold_ns, 2 * interval_ns), HOUR_NS) if stats.valid else None
    role = Role.IGNORED if ignored else result.role
    if role is Role.IGNORED and not ignored:
        role = Role.MEASURED
    tag = Tag(id=stats.tag, unit=stats.unit, role=role, low=result.low, high=result.high, hold_ns=hold)
    if role is Role.ANGLE:
        tag = replace(tag, full_turn=result.full_turn)
    return Suggestion(tag, tuple(finding.kind for finding in asked))
