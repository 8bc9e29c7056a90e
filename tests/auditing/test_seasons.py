"""What repeats with the day and the week."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.auditing.seasons import calendar_of, hourly_means, seasonal_shares
from andon.plant.arrays import Float64Array
from andon.plant.time import HOUR_NS
from tests.auditing.signals import START, ar, series


def shares(x: Float64Array) -> tuple[float, float]:
    calendar = calendar_of(START, START + (x.size - 1) * HOUR_NS, "UTC")
    assert calendar is not None
    daily, weekly = seasonal_shares(hourly_means(series(x, HOUR_NS), calendar)[:, None], calendar)
    return float(daily[0]), float(weekly[0])


@given(st.integers(0, 100_000), st.sampled_from([0.0, 0.7, 0.95, 0.999]), st.integers(6, 60))
@settings(max_examples=60, deadline=None)
def test_noise_repeats_nothing(seed: int, phi: float, days: int) -> None:
    assert shares(ar(days * 24, phi, seed)[:, 0]) == (0.0, 0.0)


@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_the_share_of_a_daily_wave_is_measured(part: float) -> None:
    x = np.sqrt(2 * part) * np.sin(2 * np.pi * np.arange(90 * 24) / 24) + np.sqrt(1 - part) * ar(90 * 24, 0.0, 1)[:, 0]
    daily, weekly = shares(x)
    assert daily == pytest.approx(part, abs=0.06)
    assert weekly == 0.0


def test_a_week_of_shifts_is_found_beyond_the_day() -> None:
    hour = np.arange(70 * 24)
    weekend = hour // 24 % 7 >= 5
    x = np.sin(2 * np.pi * hour / 24) + 2.0 * weekend + 0.2 * ar(hour.size, 0.5, 2)[:, 0]
    daily, weekly = shares(x)
    assert daily > 0.7
    assert weekly > 0.7


def test_a_short_or_endless_recording_has_no_calendar() -> None:
    assert calendar_of(START, START + 95 * HOUR_NS - 1, "UTC") is None
    assert calendar_of(0, 10**19 // 2, "UTC") is None


def test_the_calendar_follows_the_zone() -> None:
    calendar = calendar_of(START, START + 200 * HOUR_NS, "Asia/Shanghai")
    assert calendar is not None
    assert calendar.hour[:2].tolist() == [8, 9]
    assert calendar.weekday[0] == 0
    assert calendar.day[15:17].tolist() == [0, 1]
