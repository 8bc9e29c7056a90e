"""The snapshot: the last hour in order, whatever the gaps; since when a verdict stands."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.time import MINUTE_NS
from andon.plant.verdict import Verdict, Why
from andon.scoring.fleet import Judged, Named
from andon.streaming.snapshot import POINTS, Snapshot

NONE = Named(*(np.zeros(0, np.int32), np.zeros(0, np.int32)), np.zeros((0, 5), np.int32), np.zeros((0, 5), np.float32))


def judged(ticks: list[int], active: list[bool], evidence: list[float]) -> Judged:
    """Ticks of two assets; the second is never judged."""
    rows = len(ticks)
    why = np.full((rows, 2), Why.JUDGED, dtype=np.uint8)
    why[:, 1] = Why.MACHINE_OFF
    two = np.column_stack([evidence, np.full(rows, np.nan)])
    on = np.column_stack([active, np.zeros(rows, dtype=bool)])
    mode = np.zeros((rows, 2), dtype=np.int16)
    return Judged(np.array(ticks), why, on, two, two, np.array([2.0, 2.0]), mode, NONE, (), ())


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 4))
def test_the_hour_is_the_greatest_of_each_minute(gaps: list[int], per: int) -> None:
    ticks = np.cumsum([10_000, *gaps])
    interval = 20 * 10**9
    evidence = np.arange(len(ticks), dtype=float)[::-1] + 1
    snapshot = Snapshot(("a", "b"))
    for low in range(0, len(ticks), per):
        part = slice(low, low + per)
        snapshot.take(judged(ticks[part].tolist(), [False] * len(ticks[part]), evidence[part].tolist()), interval)
    minute = ticks * interval // MINUTE_NS
    wanted = np.full(POINTS, np.nan)
    for at in range(POINTS):
        mine = evidence[minute == minute[-1] - (POINTS - 1 - at)]
        wanted[at] = mine.max() / 2 if len(mine) else np.nan
    np.testing.assert_array_equal(snapshot.of("a").hour, wanted)
    assert np.isnan(snapshot.of("b").hour).all()


def test_the_share_of_ticks_with_data_is_of_the_last_hour() -> None:
    """Ten minutes with data, twenty without, then nothing said for forty: the ten are out of the hour, and so are ten without."""
    snapshot = Snapshot(("a", "b"))
    assert np.isnan(snapshot.of("a").data_share)
    for minute in range(30):
        tick = judged([minute], [False], [1.0])
        tick.why[:, 0] = Why.JUDGED if minute < 10 else (Why.NO_DATA, Why.TOO_FEW_VALID)[minute % 2]
        snapshot.take(tick, MINUTE_NS)
    assert snapshot.of("a").data_share == 10 / 30
    assert snapshot.of("b").data_share == 1.0, "a machine that is off has its data"
    snapshot.take(judged([79], [False], [1.0]), MINUTE_NS)
    assert snapshot.of("a").data_share == 1 / 11
    assert snapshot.of("a").mode == 0


def test_since_when_and_what_changed() -> None:
    snapshot = Snapshot(("a", "b"))
    interval = 60 * 10**9
    assert snapshot.of("a").why is Why.NO_DATA
    assert snapshot.take(judged([1, 2], [False, False], [1.0, 1.0]), interval) == [0, 1]
    assert snapshot.take(judged([3], [True], [3.0]), interval) == [0]
    now = snapshot.of("a")
    assert (now.verdict, now.since, now.time, now.ratio) == (Verdict.ANOMALOUS, 3 * interval, 3 * interval, 1.5)
    assert snapshot.take(judged([4], [True], [3.0]), interval) == []
    assert snapshot.of("a").since == 3 * interval
    assert snapshot.of("b").since == interval
    assert snapshot.of("b").why is Why.MACHINE_OFF
