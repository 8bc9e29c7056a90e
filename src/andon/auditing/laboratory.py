"""The laboratory: targets that leak into the inputs, and how well the laboratory repeats itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from andon.auditing.finding import Finding, duration_text, make_finding, number_text, tag_toml
from andon.auditing.series import LARGEST, usable
from andon.plant.arrays import Float64Array
from andon.plant.label import LabResults
from andon.plant.recording import Recording
from andon.plant.time import MINUTE_NS

FEWEST = 20  # results below which no leak is judged


def check_leaks(recording: Recording, lab: Sequence[LabResults]) -> Iterator[Finding]:
    """Findings "target-among-tags" and "leak": a tag that knows a result before the laboratory told it.

    A tag leaks where its value at the moment the sample is drawn equals the result in four of five cases, or predicts
    it ten times better than the previous result does (by squared error, after a straight line).
    """
    for results in lab:
        mine = results.asset in ("", recording.asset)
        if results.target in recording.tags and mine:
            yield make_finding(
                "target-among-tags", results.target, 0.95, tag_toml(results.target, ("role", "ignored")), target=results.target
            )
        if not mine or recording.rows == 0:
            continue
        inside = (results.sample_time >= recording.time[0]) & (results.sample_time <= recording.time[-1])
        inside &= np.abs(results.value) <= LARGEST
        value = results.value[inside]
        if value.size < FEWEST or float(np.ptp(value)) <= 0:
            continue
        at = np.searchsorted(recording.time, results.sample_time[inside], side="right") - 1
        now = recording.values[at].astype(np.float64)
        now = np.where(usable(now, recording.status[at]), now, np.nan)
        persistence = float(np.mean(np.diff(value) ** 2))
        for column, tag in enumerate(recording.tags):
            if tag == results.target:
                continue
            equal, left = _agreement(now[:, column], value)
            if equal >= 0.8 or (left < 0.1 * persistence and left < 0.02 * float(value.var())):
                explained = 1.0 - left / float(value.var())
                toml = tag_toml(tag, ("role", "ignored"))
                yield make_finding("leak", tag, 0.95, toml, target=results.target, equal=equal, explained=explained)


def check_laboratory(lab: Sequence[LabResults], asset: str) -> Iterator[Finding]:
    """Findings "lab-order", "lab-repeat" and "lab-few" of each target."""
    for results in lab:
        if results.asset not in ("", asset) or results.value.size == 0:
            continue
        early = int(np.count_nonzero(results.result_time < results.sample_time))
        if early:
            yield make_finding("lab-order", None, 0.7, target=results.target, count=early)
        if results.value.size < FEWEST:
            yield make_finding("lab-few", None, 0.6, target=results.target, count=int(results.value.size))
        found = repeatability(results)
        if found is not None:
            repeat, spread, groups = found
            share = repeat / spread if spread > 0 else 1.0
            if share > 0.1:
                weight = 0.2 + 0.5 * min(1.0, share)
                yield make_finding(
                    "lab-repeat", None, weight, target=results.target, groups=groups, repeat=number_text(repeat), share=share,
                    delay=duration_text(float(np.median(results.result_time - results.sample_time))),
                )  # fmt: skip


def repeatability(results: LabResults, within_ns: int = MINUTE_NS) -> tuple[float, float, int] | None:
    """Standard deviation of the laboratory on one sample, that of all results, and the number of repeated samples.

    Results whose sample times lie within `within_ns` of the first are repeats. None where fewer than five are.

    References
    ----------
    ISO 5725-2:2019, repeatability standard deviation from groups of unequal size.
    """
    good = np.isfinite(results.value)
    time, value = results.sample_time[good], results.value[good]
    if value.size < 2:
        return None
    group = np.concatenate(([0], np.cumsum(np.diff(time) > within_ns)))
    number = np.bincount(group)
    sums = np.bincount(group, weights=value)
    left = value - (sums / number)[group]
    repeated = number > 1
    freedom = int((number[repeated] - 1).sum())
    if int(repeated.sum()) < 5:
        return None
    return float(np.sqrt((left**2).sum() / freedom)), float(value.std()), int(repeated.sum())


def _agreement(tag: Float64Array, value: Float64Array) -> tuple[float, float]:
    """Share of equal values, and mean squared error of the best straight line from the tag to the result."""
    good = np.isfinite(tag)
    x, y = tag[good], value[good]
    if x.size < max(FEWEST, 0.5 * value.size) or float(np.ptp(x)) <= 0:
        return 0.0, float("inf")
    equal = float(np.mean(np.abs(x - y) <= 1e-5 * max(float(np.ptp(y)), 1e-12) + 2e-7 * np.abs(y)))
    x0, y0 = x - x.mean(), y - y.mean()
    power = float((x0**2).sum())
    slope = float((x0 * y0).sum()) / power if power > 0 else 0.0
    return equal, float(np.mean((y0 - slope * x0) ** 2))
