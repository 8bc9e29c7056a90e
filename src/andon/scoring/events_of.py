"""From spans of evidence to events: which tags, in which order, since when, in plain words.

Two answers are kept apart: the *share* of a tag is its part of the evidence, the *order* of the tags is by blame, how far each left
what it did before (`evidence.blame`): the first tag is the one that people would name first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from andon.evidence.blame import BEFORE, blame
from andon.evidence.events import Span
from andon.evidence.sentence import event_sentence
from andon.evidence.shares import event_shares, novelty_shares
from andon.evidence.soft_sum import leading
from andon.plant.arrays import Float32Array, Float64Array, Int64Array
from andon.plant.progress import Progress
from andon.plant.verdict import Event, View
from andon.plant.window import Prepared
from andon.scoring.detector import LINEAR
from andon.scoring.quality_of import loudest_target, quality_relevant
from andon.scoring.tag_shares import largest, of_tags, tags_of_channels

if TYPE_CHECKING:
    from andon.scoring.monitor import Monitor, Step

LOOK_BACK = 1024
MOVED_SIGMA = 3.0
MOVED_OF = (3, 5)
NAMED_PART = 0.8  # of the blame of the first tag
LOOKED_AT = 8
MOST_NAMED = 2
SETTLED = 16


class Explained:
    """Shares of tags at any tick of a scored recording.

    Parameters
    ----------
    monitor : the model
    prepared : all ticks
    steps : the chunks that `prepared` was judged in
    trace, expected : (T,) and (T, C) of these chunks, side by side
    """

    def __init__(self, monitor: Monitor, prepared: Prepared, steps: Sequence[Step], trace: Float64Array, expected: Float32Array) -> None:
        self.monitor = monitor
        self.prepared = prepared
        self.steps = steps
        self.tags = monitor.tag_ids
        self.tag_of_channel = tags_of_channels(prepared.channel_tags, self.tags)
        self.sigma = monitor.detector.linear.scale
        self.expected, self.trace = expected, trace
        rows, shares, low = [], [], 0
        for step in steps:
            rows.append(step.detection.views.share_rows + low)
            shares.append(step.detection.views.shares)
            low += step.prepared.rows
        self.rows = np.concatenate(rows) if rows else np.zeros(0, dtype=np.int64)
        channels = np.concatenate(shares) if shares else np.zeros((0, len(self.tag_of_channel)), dtype=np.float32)
        self.by_tag = of_tags(channels, self.tag_of_channel, len(self.tags))

    def deviation(self, first: int, last: int, channels: Int64Array) -> Float32Array:
        """How far channels stand from what the others say, rows first..last, in standard deviations of normal time; 0 where not valid."""
        part = slice(first, last + 1)
        x, valid = self.prepared.x[part][:, channels], self.prepared.valid[part][:, channels]
        z = (x - self.expected[part][:, channels]) / np.maximum(self.sigma[channels], np.float32(1e-6))
        return np.where(valid & np.isfinite(z), np.clip(z, -1e3, 1e3), np.float32(0.0))

    def shares(self, first: int, last: int) -> Float64Array:
        """(tags,) share of each tag in the evidence of the rows first..last, which sums to 1; zeros where none was strong enough."""
        low, high = np.searchsorted(self.rows, [first, last + 1])
        if low == high:
            return np.zeros(len(self.tags))
        return event_shares(self.by_tag[low:high], self.trace[self.rows[low:high]])

    def novelty(self, rows: Sequence[int]) -> Float64Array | None:
        """(tags,) occlusion shares of the last patch before each of the rows, averaged; None where there is no whole patch."""
        novelty = self.monitor.detector.views.novelty
        if novelty is None:
            return None
        found = []
        for row in rows:
            last = row - int(self.prepared.tick[row]) % novelty.stride
            part = slice(last - novelty.patch + 1, last + 1)
            if part.start < 0 or self.prepared.reset[part][1:].any():
                continue
            patch = np.where(self.prepared.valid[part], self.prepared.x[part], self.expected[part])
            patch[:, list(self.monitor.detector.exogenous)] = 0.0
            channels = novelty_shares(novelty, patch.astype(np.float32))
            of_tags = np.zeros(len(self.tags))
            np.add.at(of_tags, self.tag_of_channel, channels)
            found.append(of_tags)
        return np.mean(found, axis=0) if found else None

    def blame(self, onset: int, last: int, shares: Float64Array) -> Float64Array:
        """(tags,) blame of each tag for the rows onset..last, which sums to 1; the shares where the model does not know what is usual.

        Parameters
        ----------
        shares : (tags,) of these rows
        """
        usual = self.monitor.detector.views.usual
        if usual is None:
            return shares
        first = max(onset - BEFORE, 0)
        part = slice(first, last + 1)
        of_channels = blame(
            self.prepared.x[part], self._forecast(first, last), self.prepared.valid[part], onset - first, usual, shares[self.tag_of_channel]
        )
        of_channels[list(self.monitor.detector.exogenous)] = 0.0
        tags = np.zeros(len(self.tags))
        np.maximum.at(tags, self.tag_of_channel, of_channels)
        return tags / max(float(tags.sum()), 1e-12)

    def _forecast(self, first: int, last: int) -> Float32Array:
        """The linear core's forecast of the rows first..last."""
        parts, low = [], 0
        for step in self.steps:
            high = low + step.prepared.rows
            if low <= last and first < high:
                parts.append(step.detection.expectations[LINEAR].forecast[max(first - low, 0) : last + 1 - low])
            low = high
        return np.concatenate(parts)

    def top_tags(self, count: int) -> tuple[Int64Array, Float32Array]:
        """The tags with the largest shares at the ticks that have shares; -1 and 0 elsewhere."""
        rows = len(self.trace)
        tags = np.full((rows, count), -1, dtype=np.int64)
        shares = np.zeros((rows, count), dtype=np.float32)
        tags[self.rows], shares[self.rows] = largest(self.by_tag, count)
        return tags, shares

    def view(self, row: int) -> View:
        """The view with the largest part of the evidence at a row."""
        low = 0
        for step in self.steps:
            if row < low + step.prepared.rows:
                views = step.detection.views
                heard = 0.0 if step.quality_part is None else float(step.quality_part[row - low])
                kind = leading(views.view[row - low : row - low + 1], views.names, heard)
                return View(kind) if kind in set(View) else View.RELATION
            low += step.prepared.rows
        return View.LEVEL


def describe_events(monitor: Monitor, explained: Explained, spans: Sequence[Span], progress: Progress) -> tuple[Event, ...]:
    """Events with their tags, in time order."""
    events = []
    for number, span in enumerate(spans):
        progress("explaining", number / len(spans))
        events.append(_event(monitor, explained, span))
    return tuple(events)


def _event(monitor: Monitor, explained: Explained, span: Span) -> Event:
    prepared = explained.prepared
    first = int(prepared.tick[0])
    start, peak = span.start - first, span.peak - first
    onset = max(span.onset - first, start - LOOK_BACK, 0)
    mean = explained.shares(onset, peak)
    view = explained.view(peak)
    occluded = explained.novelty((onset, peak)) if view is View.NOVELTY else None
    if occluded is None:
        blamed = explained.blame(onset, peak, mean)
    else:  # evidence of a new shape is no sum over tags, nor a size: what goes when the shape of one is the average one
        mean = blamed = occluded
    order = np.lexsort((-mean, -blamed))
    shares = {explained.tags[index]: float(mean[index]) for index in order}
    interval = prepared.interval_ns
    named = [int(index) for index in order[: MOST_NAMED + 1] if blamed[index] >= NAMED_PART * blamed[order[0]]]
    moved = [(explained.tags[index], _moved(explained, index, onset, peak)) for index in order[:LOOKED_AT]]
    in_order = sorted(((tag, at) for tag, at in moved if at is not None), key=lambda item: item[1])
    channels = np.flatnonzero(explained.tag_of_channel == named[0])
    z = explained.deviation(max(start, peak - SETTLED), peak, channels)
    sigma = float(z.mean(axis=0)[np.argmax(np.abs(z.mean(axis=0)))])
    if view is View.AGITATION:
        sigma = float(np.sqrt((z.astype(np.float64) ** 2).mean()))
    target = loudest_target(monitor, explained.steps, span) if view is View.QUALITY else None
    sentence = event_sentence(
        view, target or monitor.label(explained.tags[named[0]]), sigma, (first + onset) * interval, start=span.start * interval,
        also=[] if target else [monitor.label(explained.tags[index]) for index in named[1:]], zone=monitor.preparation.zone,
    )  # fmt: skip
    return Event(
        asset=prepared.asset, model=monitor.version, onset=(first + onset) * interval, start=span.start * interval,
        peak=span.peak * interval,
        end=None if span.end is None else span.end * interval, severity=monitor.calibration.severity(span.peak_evidence), view=view,
        shares=shares, onset_order=tuple((tag, (first + at) * interval) for tag, at in in_order), sentence=sentence,
        peak_evidence=span.peak_evidence, quality_relevant=quality_relevant(monitor, explained.steps, span),
    )  # fmt: skip


def _moved(explained: Explained, tag: int, onset: int, peak: int) -> int | None:
    """Row at which a tag first stood beyond three sigma for three of five ticks, from the onset on; None where it never did."""
    channels = np.flatnonzero(explained.tag_of_channel == tag)
    z = np.abs(explained.deviation(onset, peak, channels)).max(axis=1)
    need, of = MOVED_OF
    beyond = (z >= MOVED_SIGMA).astype(np.int64)
    counts = np.convolve(beyond, np.ones(of, dtype=np.int64))[: len(beyond)]
    hits = np.flatnonzero(counts >= need)
    if len(hits) == 0:
        return None
    window = beyond[max(0, hits[0] - of + 1) : hits[0] + 1]
    return onset + max(0, int(hits[0]) - of + 1) + int(np.argmax(window))
