"""The calendar: local time over changes of the clock, maintenance once and recurring."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.file.parse import parse_plant_text
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS, format_instant, parse_instant
from andon.preparing.calendar import calendar_context, calendar_row, in_maintenance, local_ns, windows_of

ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 60 * 365 * 24 * 60), st.sampled_from(ZONES), st.integers(1, 12 * 60))
def test_local_time_is_what_the_zone_says(minute: int, name: str, step: int) -> None:
    time = (minute + step * np.arange(5, dtype=np.int64)) * MINUTE_NS
    for instant, local in zip(time.tolist(), local_ns(time, name).tolist(), strict=True):
        wall = datetime.fromtimestamp(instant / NS, tz=ZoneInfo(name)).replace(tzinfo=UTC)
        assert local == round(wall.timestamp()) * NS


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 60 * 365 * 24 * 60), st.sampled_from(ZONES))
def test_one_row_is_the_row_of_many(minute: int, name: str) -> None:
    time = minute * MINUTE_NS
    many = calendar_context(np.array([time]), name)[0]
    np.testing.assert_array_equal(np.array(calendar_row(time, name), dtype=np.float32), many)


def test_phases() -> None:
    """Monday 5 January 1970, 00:00, 06:00: phase 0 and a quarter of the day."""
    monday = 4 * DAY_NS
    got = calendar_context(np.array([monday, monday + 6 * HOUR_NS]), "UTC")
    np.testing.assert_allclose(got[0], [0, 1, 0, 1], atol=1e-6)
    np.testing.assert_allclose(got[1, :2], [1, 0], atol=1e-6)


def when(text: str, start: str, end: str, asset: str = "a", step: int = 15 * MINUTE_NS) -> list[str]:
    """Begin and end of what is maintenance between two instants, as local Berlin text."""
    plant = parse_plant_text('[site]\nzone = "Europe/Berlin"\n' + text)
    time = np.arange(parse_instant(start, "Europe/Berlin"), parse_instant(end, "Europe/Berlin"), step)
    rows = in_maintenance(windows_of(plant), asset, time)
    edges = np.flatnonzero(np.diff(np.concatenate(([0], rows.astype(np.int8), [0]))))
    ends = np.append(time, time[-1] + step)[edges]
    return [format_instant(int(edge), "Europe/Berlin")[5:16] for edge in ends]


def test_a_window_that_comes_once() -> None:
    text = '[[maintenance]]\nstart = "2026-03-01T06:00"\nend = "2026-03-01T08:00"\nassets = ["a"]\n'
    assert when(text, "2026-03-01", "2026-03-02") == ["03-01T06:00", "03-01T08:00"]
    assert when(text, "2026-03-01", "2026-03-02", asset="b") == []


def test_every_week_over_the_change_of_the_clock() -> None:
    """Local time stays: 06:00 on Sunday before and after 29 March, when Berlin goes to summer time."""
    text = '[[maintenance]]\nevery = "week"\ndays = ["sunday", "wednesday"]\nat = "06:00"\nlasts = "2h"\n'
    got = when(text, "2026-03-22", "2026-03-30")
    assert got == ["03-22T06:00", "03-22T08:00", "03-25T06:00", "03-25T08:00", "03-29T06:00", "03-29T08:00"]


def test_every_day_over_midnight_from_a_date_on() -> None:
    text = '[[maintenance]]\nevery = "day"\nat = "23:00"\nlasts = "2h"\nstart = "2026-03-02"\nend = "2026-03-04"\n'
    assert when(text, "2026-03-01", "2026-03-06") == ["03-02T23:00", "03-03T01:00", "03-03T23:00", "03-04T01:00"]


def test_every_month_in_another_zone() -> None:
    text = '[[maintenance]]\nevery = "month"\nday = 31\nat = "00:00"\nlasts = "1h"\nzone = "UTC"\n'
    assert when(text, "2026-03-01", "2026-06-05") == ["03-31T02:00", "03-31T03:00", "05-31T02:00", "05-31T03:00"]


@pytest.mark.parametrize("piece", [1, 7, 96])
def test_any_cut_finds_the_same_windows(piece: int) -> None:
    text = '[[maintenance]]\nevery = "day"\nat = "23:30"\nlasts = "90min"\n'
    windows = windows_of(parse_plant_text(text))
    time = np.arange(10 * 96, dtype=np.int64) * 15 * MINUTE_NS
    whole = in_maintenance(windows, "a", time)
    parts = [in_maintenance(windows, "a", time[low : low + piece]) for low in range(0, len(time), piece)]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert whole.mean() == pytest.approx(1 / 16, abs=0.01)
