"""Rows that wait for the next flush: read as often as events open, in order, and copied seldom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from andon.plant.rows import Rows, join
from andon.plant.time import NS
from andon.store.segments import family_segments
from andon.store.segments.family import Family
from andon.store.segments.family_segments import MOST_PARTS, FamilySegments

ASSETS = tuple(f"pump {number}" for number in range(4))


def test_reading_what_waits_copies_each_row_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[int] = []

    def counted(parts: list[Rows]) -> Rows:
        joined = join(parts)
        copied.append(len(joined))
        return joined

    monkeypatch.setattr(family_segments, "join", counted)
    segments = FamilySegments(tmp_path, Family("m", NS, tags=["TIC"], assets={name: at for at, name in enumerate(ASSETS)}))
    total = 3_000
    for tick in range(total):
        number = np.arange(len(ASSETS), dtype=np.int32)
        values = (tick * 10.0 + number)[:, None]
        segments.put(number, np.full(len(ASSETS), tick * NS), values, np.zeros(values.shape, np.uint8), None)
        if tick % 5 == 0:
            found = segments.samples(2, [0], max(0, tick - 8) * NS, (tick + 1) * NS)
            assert found.values[:, 0].tolist() == [10.0 * at + 2 for at in range(max(0, tick - 8), tick + 1)]
            assert len(segments._buffer) <= MOST_PARTS + 1
    of_the_buffer = sum(rows for rows in copied if rows > 9)  # the others are answers
    assert of_the_buffer < 12 * total * len(ASSETS)
    everything = segments.samples(1, [0], 0, total * NS)
    assert everything.values[:, 0].tolist() == [10.0 * at + 1 for at in range(total)]
