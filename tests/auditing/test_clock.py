"""Sampling interval, clock drift, uneven rows, time zones."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from andon.auditing import Audit, audit
from andon.auditing.clock import check_clock, pattern_shifts, row_interval
from andon.plant.arrays import Float64Array, TimeArray
from andon.plant.recording import Recording
from andon.plant.time import HOUR_NS, MINUTE_NS, NS
from andon.plant.time import zone as zone_of
from tests.auditing.signals import ar, kinds_of, recording, times


def found(time: TimeArray) -> set[str]:
    return {finding.kind for finding in check_clock(time, "UTC")}


def test_the_interval_is_a_customary_one_where_it_is_near() -> None:
    jitter = np.random.default_rng(0).integers(-NS, NS, 1000)
    assert row_interval(times(1000) + jitter) == MINUTE_NS
    assert row_interval(times(1000, 47 * NS)) == 47 * NS
    assert row_interval(times(1)) == NS


def test_an_even_clock_has_no_finding() -> None:
    assert not found(times(5000))
    assert not found(times(5000) + np.random.default_rng(0).integers(-NS, NS, 5000))
    assert not found(times(5))


def test_rows_at_any_time_are_uneven() -> None:
    assert found(np.sort(np.random.default_rng(1).choice(10**6, 5000, replace=False)) * NS) == {"uneven"}


@pytest.mark.parametrize(("ppm", "is_found"), [(0, False), (5, False), (100, True), (-300, True)])
def test_clock_drift(ppm: int, is_found: bool) -> None:
    assert ("clock-drift" in found(times(50_000, round(MINUTE_NS * (1 + ppm * 1e-6))))) is is_found


def as_local(zone: str, days: int, start: datetime) -> TimeArray:
    """True minutes, written as local clock times and read as UTC; a repeated hour is dropped."""
    first = int(start.timestamp())
    seconds = first + 600 * np.arange(days * 144)
    tz = zone_of(zone)
    shown = [int(datetime.fromtimestamp(int(s), tz=tz).replace(tzinfo=UTC).timestamp()) for s in seconds]
    at = np.array(shown, dtype=np.int64) * NS
    return np.unique(at)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Sydney", "America/Santiago"])
def test_local_time_read_as_utc_is_found_by_its_missing_hour(zone: str) -> None:
    at = as_local(zone, 365, datetime(2023, 1, 1, tzinfo=UTC))
    gap = [finding for finding in check_clock(at, "UTC") if finding.kind == "zone-gap"]
    assert len(gap) == 1
    assert gap[0].toml == f'[files]\nzone = "{zone}"'


def test_an_hour_lost_on_an_ordinary_day_is_no_zone_mistake() -> None:
    at = times(20_000)
    assert "zone-gap" not in found(np.concatenate((at[:5000], at[5060:])))


def daily(days: int, shift_day: int = 0, shift: int = 0, noise: float = 0.3, seed: int = 0) -> Float64Array:
    """Hourly values with two peaks a day; from one day on they come `shift` hours later."""
    hour = np.arange(days * 24)
    phase = hour - shift * (hour >= shift_day * 24)
    pattern = np.cos(2 * np.pi * (phase - 15) / 24) + 0.6 * np.cos(2 * np.pi * (phase - 8) / 12)
    return pattern + noise * ar(days * 24, 0.8, seed)[:, 0]


@pytest.mark.parametrize("hours", [-5, -1, 1, 2, 8])
def test_a_shift_of_the_daily_pattern_is_found_on_its_day(hours: int) -> None:
    days = pattern_shifts(daily(120, 61, hours).reshape(-1, 24, 1))
    assert len(days) == 1
    assert abs(days[0][0] - 61) <= 2
    assert days[0][1] == hours


def test_a_steady_pattern_hardly_ever_shifts() -> None:
    """Noise up to the size of the pattern over ninety days: 6 of 1,201 seeds shift (decision 0020); here at most 3 of 200."""
    noises = np.random.default_rng(7).uniform(0.1, 1.5, 200)
    false = [seed for seed, noise in enumerate(noises) if pattern_shifts(daily(90, noise=float(noise), seed=seed).reshape(-1, 24, 1))]
    assert len(false) <= 3


def test_a_pattern_that_changes_with_the_season_does_not_shift() -> None:
    hour = np.arange(360 * 24)
    late = 2 * np.sin(2 * np.pi * hour / (360 * 24))  # two hours later in summer, slowly
    x = np.cos(2 * np.pi * (hour - 15 - late) / 24) + 0.2 * ar(hour.size, 0.8, 0)[:, 0]
    assert not pattern_shifts(x.reshape(-1, 24, 1))


def audited(x: Float64Array, zone: str) -> Audit:
    return audit(recording(x, HOUR_NS), zone=zone)


def test_a_shift_of_many_tags_is_a_finding_of_the_recording() -> None:
    x = np.stack([daily(120, 61, 3, seed=k) for k in range(4)], axis=1)
    finding = kinds_of(audited(x, "UTC"))["zone-shift"]
    assert finding.evidence.args["hours"] == 3
    assert "zone-shift" not in kinds_of(audited(np.stack([daily(120, seed=k) for k in range(4)], axis=1), "UTC"))


def test_people_who_live_by_a_local_clock_are_seen_in_utc_and_not_in_their_zone() -> None:
    at = times(600 * 24, HOUR_NS)
    tz = zone_of("Europe/Berlin")
    hour = np.array([datetime.fromtimestamp(int(t) // NS, tz=tz).hour for t in at])
    x = np.where((hour >= 6) & (hour < 18), 10.0, 2.0) + 0.3 * ar(at.size, 0.5, 1)[:, 0]
    rec = Recording.from_arrays("a", ["load"], at, x[:, None])
    finding = kinds_of(audit(rec))["zone-shift-season"]
    assert finding.toml == '[site]\nzone = "Europe/Berlin"'
    assert not {"zone-shift-season", "zone-shift"} & set(kinds_of(audit(rec, zone="Europe/Berlin")))
