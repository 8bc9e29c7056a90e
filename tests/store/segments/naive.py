"""The obvious way: a dictionary of cells, and loops."""

from __future__ import annotations

import math

import numpy as np

from andon.plant.batch import Batch
from andon.plant.recording import Recording
from andon.plant.status import Status, is_valid
from andon.store.segments.bins import Bins

WORST = [Status.MISSING, Status.GOOD, Status.INTERPOLATED, Status.UNCERTAIN, Status.BAD]


class Cells:
    """(asset, time, tag) -> value and status, the one written last."""

    def __init__(self) -> None:
        self.cells: dict[tuple[str, int, str], tuple[float, int]] = {}
        self.times: set[tuple[str, int]] = set()

    def write(self, batch: Batch) -> None:
        for row in range(batch.rows):
            asset = batch.assets[int(batch.asset[row])]
            self.times.add((asset, int(batch.time[row])))
            for column, tag in enumerate(batch.tags):
                if batch.status[row, column] != Status.MISSING:
                    self.cells[asset, int(batch.time[row]), tag] = (float(batch.values[row, column]), int(batch.status[row, column]))

    def agrees(self, recording: Recording, start: int, end: int) -> bool:
        times = sorted(time for asset, time in self.times if asset == recording.asset and start <= time < end)
        if times != recording.time.tolist():
            return False
        for row, time in enumerate(times):
            for column, tag in enumerate(recording.tags):
                value, status = self.cells.get((recording.asset, time, tag), (math.nan, int(Status.MISSING)))
                got = float(recording.values[row, column])
                if recording.status[row, column] != status or not (got == value or (math.isnan(got) and math.isnan(value))):
                    return False
        return True

    def valid(self, asset: str, tag: str, start: int, end: int) -> list[float]:
        return [
            value
            for (a, time, t), (value, status) in self.cells.items()
            if a == asset and t == tag and start <= time < end and is_valid(np.uint8(status)) and math.isfinite(value)  # type: ignore[arg-type]
        ]


def rolled_up(bins: Bins, length: int) -> list[tuple[int, int, int, float, float, float, int, int]]:
    """(asset, begin, tag, low, high, mean, count, status) of every longer bin."""
    found: dict[tuple[int, int], list[int]] = {}
    for row in range(len(bins)):
        found.setdefault((int(bins.asset[row]), int(bins.time[row]) // length * length), []).append(row)
    out = []
    for (asset, begin), rows in sorted(found.items()):
        for tag in range(bins.low.shape[1]):
            valid = [row for row in rows if bins.count[row, tag]]
            count = sum(int(bins.count[row, tag]) for row in valid)
            mean = sum(float(bins.mean[row, tag]) * int(bins.count[row, tag]) for row in valid) / count if count else math.nan
            low = min((float(bins.low[row, tag]) for row in valid), default=math.nan)
            high = max((float(bins.high[row, tag]) for row in valid), default=math.nan)
            status = max((int(bins.status[row, tag]) for row in rows), key=lambda s: WORST.index(Status(s)))
            out.append((asset, begin, tag, low, high, mean, count, status))
    return out
