"""Local times against zoneinfo, row by row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.reading.zones import set_back_at, to_utc, transitions

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = 60_000_000_000
ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Africa/Casablanca", "America/Sao_Paulo"]


def wall(utc_ns: np.ndarray, zone: str) -> np.ndarray:
    """What a clock in the zone shows at UTC instants, as naive ns."""
    out = []
    for moment in utc_ns:
        local = (EPOCH + timedelta(microseconds=int(moment) // 1000)).astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
        out.append(int((local - EPOCH).total_seconds()) * 1_000_000_000)
    return np.array(out, dtype=np.int64)


@given(st.sampled_from(ZONES), st.integers(0, 1_900_000_000), st.sampled_from([60, 300, 900, 3600]), st.booleans())
def test_a_clock_that_ran_through_is_read_back(zone: str, second: int, step: int, newest_first: bool) -> None:
    utc = (second // step * step + step * np.arange(60, dtype=np.int64)) * 1_000_000_000
    local = wall(utc, zone)
    found = to_utc(local[::-1] if newest_first else local, zone).time
    # A fold that the rows only touch at their edge cannot be told; it is allowed to be an hour off there.
    wrong = (found[::-1] if newest_first else found) != utc
    assert wrong.sum() <= 3600 // step
    if wrong.any():
        edge = np.flatnonzero(wrong)
        assert edge[0] == 0 or edge[-1] == len(utc) - 1


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("step", [1, 10, 30, 60])
def test_the_hour_that_comes_twice(step: int, newest_first: bool) -> None:
    start = int(datetime(2024, 10, 26, 22, tzinfo=UTC).timestamp()) * 1_000_000_000
    utc = start + step * MINUTE * np.arange(6 * 60 // step, dtype=np.int64)
    local = wall(utc, "Europe/Berlin")
    order = slice(None, None, -1) if newest_first else slice(None)
    found = to_utc(local[order], "Europe/Berlin")
    assert found.time[order].tolist() == utc.tolist()
    assert found.folded == 2 * 60 // step
    assert found.unsure == 0


def test_one_pass_joins_the_nearer_side() -> None:
    base = int(datetime(2024, 10, 27, tzinfo=UTC).timestamp()) * 1_000_000_000
    local = base + MINUTE * np.concatenate([np.arange(60, 180), np.arange(240, 300)])  # 01:00 to 03:00, then 04:00: first pass only
    found = to_utc(local, "Europe/Berlin")
    assert found.unsure == 60
    assert (np.diff(found.time)[:119] == MINUTE).all()
    local = base + MINUTE * np.concatenate([np.arange(60, 100), np.arange(120, 300)])  # a gap before 02:00, then on without a break
    found = to_utc(local, "Europe/Berlin")
    assert (np.diff(found.time)[40:] == MINUTE).all()


def test_the_hour_that_does_not_exist_is_read_one_hour_later() -> None:
    base = int(datetime(2024, 3, 31, tzinfo=UTC).timestamp()) * 1_000_000_000
    found = to_utc(base + MINUTE * np.array([119, 120, 150, 180, 181]), "Europe/Berlin")
    assert found.skipped.tolist() == [False, True, True, False, False]
    assert ((found.time - base) // MINUTE).tolist() == [59, 60, 90, 60, 61]


def test_utc_and_zones_without_summer_time() -> None:
    local = np.arange(5) * MINUTE
    assert to_utc(local, "UTC").time is local
    assert (local - to_utc(local, "Asia/Kolkata").time == 330 * MINUTE).all()
    when, offset = transitions("Asia/Shanghai", 1_600_000_000 * 10**9, 1_700_000_000 * 10**9)
    assert len(when) == 0
    assert offset.tolist() == [8 * 60 * MINUTE]


def test_a_clock_set_back_is_seen_only_in_such_nights() -> None:
    for day, seen in ((27, True), (26, False)):
        base = int(datetime(2024, 10, day, tzinfo=UTC).timestamp()) * 1_000_000_000
        local = base + MINUTE * np.concatenate([np.arange(0, 180), np.arange(120, 300)])
        assert (set_back_at(local) == 180) == seen
    assert set_back_at(np.arange(100) * MINUTE) == -1
    assert set_back_at(np.array([0, 1])) == -1
