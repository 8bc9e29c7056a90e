"""What changed between two recordings of one asset: level, spread, range, availability, relations."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from andon.auditing.clock import row_interval
from andon.auditing.finding import Finding, TagStatistics, duration_text, make_finding, number_text
from andon.auditing.likeness import sample_changes
from andon.auditing.roles import guess_role
from andon.auditing.series import Series, series_of
from andon.auditing.statistics import describe
from andon.plant.arrays import BoolArray, Float64Array
from andon.plant.file.value import toml_text
from andon.plant.recording import Recording
from andon.plant.tag import Role

_BLOCKS = 32  # parts of a recording whose medians show how far it wanders by itself


def drift(before: Recording, after: Recording) -> tuple[Finding, ...]:
    """What changed from one recording to a later one, heaviest first.

    A level counts as moved where it differs by more than half a standard deviation *and* four times more than the
    wandering of block medians within the two recordings explains, so that a slow but steady process has not moved.

    Parameters
    ----------
    before, after : recordings of one asset; tags are matched by id
    """
    findings: list[Finding] = []
    if before.rows > 2 and after.rows > 2:
        first, second = row_interval(before.time), row_interval(after.time)
        if abs(first - second) > 0.1 * max(first, second):
            weight = 0.7 if second > first else 0.5
            findings.append(make_finding("drift-interval", None, weight, before=duration_text(first), after=duration_text(second)))
    later = set(after.tags)
    for tag in before.tags:
        if tag not in later:
            findings.append(make_finding("drift-gone", tag, 0.6, f"[[out_of_service]]\ntag = {toml_text(tag)}"))
    earlier = set(before.tags)
    findings.extend(make_finding("drift-new", tag, 0.2) for tag in after.tags if tag not in earlier)
    common = [tag for tag in before.tags if tag in later]
    moving = []
    for tag in common:
        old, new = _series(before, tag), _series(after, tag)
        stats_old, stats_new = describe(old, row_interval(before.time)), describe(new, row_interval(after.time))
        findings.extend(_coverage(stats_old, stats_new))
        if guess_role(old, stats_old).role is Role.MEASURED and min(stats_old.valid, stats_new.valid) >= 8 * _BLOCKS:
            moving.append(tag)
            findings.extend(_distribution(old, new, stats_old, stats_new))
    findings.extend(_relations(before, after, moving))
    return tuple(sorted(findings, key=lambda finding: -finding.weight))


def block_medians(series: Series) -> Float64Array:
    """(32,) medians of equal parts of the samples, in time order."""
    edges = np.linspace(0, series.value.size, _BLOCKS + 1).astype(np.int64)
    return np.array([float(np.median(series.value[a:b])) for a, b in pairwise(edges)])


def _series(recording: Recording, tag: str) -> Series:
    at = recording.tags.index(tag)
    values, status = np.ascontiguousarray(recording.values[:, at]), np.ascontiguousarray(recording.status[:, at])
    return series_of(tag, "", tag in recording.texts, recording.time, values, status)


def _coverage(old: TagStatistics, new: TagStatistics) -> list[Finding]:
    if old.covered - new.covered > 0.05:
        weight = 0.2 + 0.6 * (old.covered - new.covered)
        return [make_finding("drift-missing", old.tag, weight, before=old.covered, after=new.covered)]
    return []


def _wander(medians: Float64Array) -> float:
    """Standard error of the mean of block medians that are correlated in time.

    The long-run variance sums the autocovariances up to a quarter of the blocks with falling weights.

    References
    ----------
    Newey and West 1987, "A simple, positive semi-definite, heteroskedasticity and autocorrelation consistent covariance matrix".
    """
    x = medians - medians.mean()
    reach = medians.size // 4
    total = float((x * x).mean())
    for lag in range(1, reach + 1):
        total += 2 * (1 - lag / (reach + 1)) * float((x[lag:] * x[:-lag]).sum() / x.size)
    return float(np.sqrt(max(total, float((x * x).mean())) / x.size))


def _distribution(old: Series, new: Series, stats_old: TagStatistics, stats_new: TagStatistics) -> list[Finding]:
    out: list[Finding] = []
    tag = old.tag
    spread_old = (old.quantile(0.9) - old.quantile(0.1)) / 2.563
    if spread_old <= 0:
        return out
    medians_old, medians_new = block_medians(old), block_medians(new)
    error = float(np.hypot(_wander(medians_old), _wander(medians_new)))
    move = stats_new.median - stats_old.median
    size, ratio = abs(move) / spread_old, abs(move) / max(error, 1e-3 * spread_old)
    if size > 0.5 and ratio > 4:
        weight = 0.3 + 0.2 * np.log2(size / 0.5)
        out.append(
            make_finding(
                "drift-level", tag, min(0.9, float(weight)), before=number_text(stats_old.median), after=number_text(stats_new.median),
                size=size, ratio=ratio,
            )
        )  # fmt: skip
    # The noise is compared: the spread within blocks, which slow wandering does not touch.
    inner_old, inner_new = _inner(old), _inner(new)
    middle_old, middle_new = float(np.median(inner_old)), float(np.median(inner_new))
    if middle_old > 0 and middle_new > 0:
        logs = np.log(np.maximum(inner_old, 1e-3 * middle_old)), np.log(np.maximum(inner_new, 1e-3 * middle_new))
        change = float(np.log(middle_new / middle_old))
        doubt = float(np.hypot(_wander(logs[0]), _wander(logs[1])))
        if abs(change) > np.log(1.5) and abs(change) > 4 * doubt:
            weight, texts = min(0.8, 0.3 + 0.2 * abs(change)), {"before": number_text(middle_old), "after": number_text(middle_new)}
            out.append(make_finding("drift-spread", tag, weight, ratio=middle_new / middle_old, **texts))
    low, high = float(old.ordered[0]), float(old.ordered[-1])
    margin = 0.25 * spread_old
    outside = int(np.searchsorted(new.ordered, low - margin)) + new.ordered.size - int(np.searchsorted(new.ordered, high + margin))
    share = outside / new.ordered.size
    if share > 0.01 and ratio > 4:
        weight = min(0.8, 0.3 + share)
        out.append(make_finding("drift-range", tag, weight, share=share, low=number_text(low), high=number_text(high)))
    return out


def _inner(series: Series) -> Float64Array:
    """(32,) robust spread of the changes within equal parts."""
    edges = np.linspace(0, series.change.size, _BLOCKS + 1).astype(np.int64)
    return np.array([float(np.mean(np.abs(series.change[a:b]))) for a, b in pairwise(edges)])


def _relations(before: Recording, after: Recording, tags: list[str]) -> list[Finding]:
    """Each tag's strongest partner before, where their correlation fell or turned."""
    if len(tags) < 2:
        return []
    out: list[Finding] = []
    (old, lively), (new, lively_now) = (_correlation(recording, tags) for recording in (before, after))
    old[~lively | ~lively_now] = 0.0
    old[:, ~lively | ~lively_now] = 0.0
    np.fill_diagonal(old, 0.0)
    told: set[frozenset[str]] = set()
    for row, tag in enumerate(tags):
        partner = int(np.argmax(np.abs(old[row])))
        was, now = float(old[row, partner]), float(new[row, partner])
        pair = frozenset((tag, tags[partner]))
        if abs(was) >= 0.6 and abs(was - now) >= 0.4 and pair not in told:
            told.add(pair)
            out.append(
                make_finding("drift-relation", tag, 0.3 + 0.4 * min(1.0, abs(was - now)), other=tags[partner], before=was, after=now)
            )
    return out


def _correlation(recording: Recording, tags: list[str]) -> tuple[Float64Array, BoolArray]:
    """Correlation of the changes on the sampled stretches, changes clipped at ten times their mean size.

    Returns
    -------
    correlation : (C, C) float64
    lively : (C,) bool, True where at least thirty changes of about equal size carry it
    """
    part = recording.select(tags)
    changes = sample_changes(part.values, part.status).reshape(-1, len(tags)).astype(np.float64)
    scale = np.mean(np.abs(changes), axis=0)
    clipped = np.clip(np.divide(changes, scale, out=np.zeros_like(changes), where=scale > 0), -10, 10)
    power = np.sqrt((clipped**2).sum(axis=0))
    unit = np.divide(clipped, power, out=np.zeros_like(clipped), where=power > 0)
    fourth = (unit**4).sum(axis=0)
    return np.asarray(unit.T @ unit, dtype=np.float64), (fourth > 0) & (fourth * 30 < 1)
