"""Is the tag there: missing and invalid samples, large gaps, a late start or early end, rare samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from andon.auditing.finding import Finding, TagStatistics, duration_text, instant_text, make_finding, tag_toml
from andon.auditing.series import Series
from andon.auditing.statistics import GAP
from andon.plant.arrays import TimeArray
from andon.plant.recording import Problem
from andon.plant.time import HOUR_NS


def check_availability(series: Series, stats: TagStatistics, interval_ns: int, zone: str) -> Iterator[Finding]:
    """Findings "empty", "sparse", "missing", "invalid", "gap", "starts-late", "ends-early" of one tag."""
    tag, length = series.tag, series.end - series.start
    if stats.bad + series.outlandish > 0 and stats.rows:
        share = stats.bad / stats.rows
        if share >= 1e-3 or series.outlandish:
            weight = 0.2 + 0.6 * min(1.0, share / 0.3)
            yield make_finding("invalid", tag, weight, count=stats.bad, share=share, outlandish=series.outlandish)
    if stats.valid == 0:
        if stats.rows:
            yield make_finding("empty", tag, 0.9, tag_toml(tag, ("role", "ignored")), rows=stats.rows)
        return
    if stats.uncertain > 0.01 * stats.rows:
        yield make_finding("uncertain", tag, 0.2, share=stats.uncertain / stats.rows)
    if length <= 0:
        return
    lead, tail = stats.first - series.start, series.end - stats.last
    limit = max(0.02 * length, GAP * max(stats.spacing_ns, interval_ns))
    if lead > limit:
        weight = 0.3 + 0.5 * lead / length
        yield make_finding("starts-late", tag, weight, first=instant_text(stats.first, zone), lead=duration_text(lead))
    if tail > limit:
        weight = 0.3 + 0.6 * tail / length
        yield make_finding("ends-early", tag, weight, last=instant_text(stats.last, zone), tail=duration_text(tail))
    if stats.spacing_ns > max(HOUR_NS, 10 * interval_ns):
        toml = tag_toml(tag, ("role", "ignored"))
        yield make_finding("sparse", tag, 0.6, toml, spacing=duration_text(stats.spacing_ns), interval=duration_text(interval_ns))
        return
    # Time without any row is the recording's gap, not this tag's; before and after its life it is late or early.
    low, high = np.searchsorted(series.row_time, (stats.first, stats.last))
    between = series.row_time[low : high + 1]
    recorded = int(np.minimum(np.diff(between), stats.hold_ns).sum())
    own = int(np.minimum(np.diff(series.time), stats.hold_ns).sum())
    uncovered = (recorded - own) / length
    if uncovered > 0.01:
        weight = 0.2 + 0.7 * min(1.0, uncovered / 0.5) ** 0.7
        yield make_finding(
            "missing", tag, weight, share=uncovered, hold=duration_text(stats.hold_ns), count=stats.missing,
            longest=duration_text(stats.longest_gap_ns),
        )  # fmt: skip


def check_gaps(time: TimeArray, interval_ns: int, zone: str) -> Iterator[Finding]:
    """Finding "gap" of the whole recording: stretches without any row.

    Parameters
    ----------
    time : (T,) int64 ns
    interval_ns : sampling interval
    """
    if time.size < 3:
        return
    spacing = np.diff(time)
    usual = max(float(np.quantile(spacing, 0.995)), float(interval_ns)) if spacing.size > 400 else float(np.median(spacing))
    large = np.flatnonzero(spacing > GAP * max(usual, interval_ns))
    if large.size == 0:
        return
    lost = int(spacing[large].sum())
    longest = int(large[np.argmax(spacing[large])])
    weight = 0.15 + 0.6 * min(1.0, lost / (int(time[-1]) - int(time[0])) / 0.3)
    yield make_finding(
        "gap", None, weight, count=int(large.size), lost=duration_text(lost), longest=duration_text(int(spacing[longest])),
        start=instant_text(int(time[longest]), zone), end=instant_text(int(time[longest + 1]), zone),
    )  # fmt: skip


def check_problems(problems: tuple[Problem, ...], rows: int) -> Iterator[Finding]:
    """One finding per problem that the reader met; where several are of one kind, tag and rule, the first speaks for all."""
    met: dict[tuple[str, str | None, str], list[Problem]] = {}
    for problem in problems:
        met.setdefault((problem.kind, problem.at.tag, problem.rule), []).append(problem)
    for (_, tag, rule), group in met.items():
        count = sum(item.count for item in group)
        weight = 0.15 + 0.5 * min(1.0, count / max(rows, 1) / 0.05)
        first = group[0]
        yield make_finding("reader", tag, weight, what=first.what, rule=rule, at=str(first.at), count=count, name=first.kind)
