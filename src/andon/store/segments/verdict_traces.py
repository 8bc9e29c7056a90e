"""Verdicts in the same files as samples: columns of float64, one family for each version of a model, to the last bit.

Of two verdicts for one tick the one written later stands: a revision takes the place of the verdict before it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from andon.plant.arrays import Float64Array, IntArray, TimeArray
from andon.plant.verdict import TOP_TAGS, Verdicts
from andon.store.segments.segments import Keep, Segments
from andon.store.segments.trace import Trace

COLUMNS: tuple[str, ...] = (
    "evidence", "threshold", "p", "verdict", "why", "mode", "revision",
    *(f"tag_{rank}" for rank in range(1, TOP_TAGS + 1)), *(f"share_{rank}" for rank in range(1, TOP_TAGS + 1)),
)  # fmt: skip


class VerdictTraces:
    """A folder of verdicts of all assets.

    Parameters
    ----------
    folder : made with the first flush
    keep : how long verdicts and their roll-up stay

    Attributes
    ----------
    segments : to flush and settle
    """

    def __init__(self, folder: str | os.PathLike[str], *, keep: Keep | None = None) -> None:
        self.segments = Segments(folder, keep=keep)
        self._known: set[str] = set()

    def write(
        self,
        model: str,
        tags: Sequence[str],
        assets: tuple[str, ...],
        asset: IntArray,
        time: TimeArray,
        columns: Float64Array,
        *,
        interval: int,
    ) -> None:
        """Take in verdicts of many assets of one model.

        Parameters
        ----------
        model : its version
        tags : of the model; `tag_1` and so on are places in it
        assets : names
        asset : (N,) index into `assets`
        time : (N,) ns, ticks
        columns : (N, 17) as `COLUMNS` names them; -1 for no tag
        interval : ns between ticks
        """
        if model not in self._known:
            self.segments.register(model, assets, COLUMNS, interval=interval, wide=True, about={"tags": list(tags)})
            self._known.add(model)
        self.segments.put(model, assets, COLUMNS, asset, time, columns, np.zeros(columns.shape, dtype=np.uint8))

    def write_verdicts(self, verdicts: Verdicts, *, interval: int) -> None:
        """Take in the verdicts of one asset."""
        rows = np.zeros(len(verdicts.time), dtype=np.int32)
        self.write(verdicts.model, verdicts.tags, (verdicts.asset,), rows, verdicts.time, columns_of(verdicts), interval=interval)

    def read(self, asset: str, start: int, end: int) -> tuple[Verdicts, ...]:
        """Verdicts with start <= time < end, one part for each model that judged, to the last bit."""
        parts = []
        for model, about in self.segments.families(asset):
            found = self.segments.recording(asset, COLUMNS, start, end, family=model)
            if found.rows:
                parts.append(_verdicts(asset, model, tuple(about["tags"]), found.time, found.values.astype(np.float64)))
        return tuple(parts)

    def trace(
        self, asset: str, start: int, end: int, most_points: int = 2_000, columns: Sequence[str] = ("evidence", "threshold")
    ) -> Trace:
        """What a chart draws; of `verdict` and `why` the greatest in each stretch is in `high`."""
        return self.segments.read(asset, columns, start, end, most_points)


def columns_of(verdicts: Verdicts) -> Float64Array:
    """(T, 17) float64 as `COLUMNS` names them."""
    plain = (verdicts.evidence, verdicts.threshold, verdicts.p, verdicts.verdict, verdicts.why, verdicts.mode, verdicts.revision)
    return np.column_stack([*(np.asarray(column, dtype=np.float64) for column in plain), verdicts.top_tags, verdicts.top_shares])


def _verdicts(asset: str, model: str, tags: tuple[str, ...], time: TimeArray, columns: Float64Array) -> Verdicts:
    evidence, threshold, p, verdict, why, mode, revision = columns[:, :7].T
    return Verdicts(
        asset=asset, time=time, verdict=verdict.astype(np.uint8), why=why.astype(np.uint8), p=p.copy(), evidence=evidence.copy(),
        threshold=threshold.copy(), mode=mode.astype(np.int16), revision=revision.astype(np.int32), model=model, tags=tags,
        top_tags=columns[:, 7 : 7 + TOP_TAGS].astype(np.int32), top_shares=columns[:, 7 + TOP_TAGS :].astype(np.float32),
    )  # fmt: skip
