"""The shift calendar: over midnight, on some days only, over the change of the clock, in the zone of the site."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.shifts import at_clock, current_shift, digest_day, last_shift, shifts_near
from andon.plant.file.schema import PlantFile, Shift, Site
from andon.plant.time import DAY_NS, HOUR_NS, format_instant, parse_instant, zone
from tests.alarms.plants import plant

BERLIN = PlantFile(
    site=Site(zone="Europe/Berlin"),
    shifts=(
        Shift("early", 6 * HOUR_NS, 14 * HOUR_NS),
        Shift("late", 14 * HOUR_NS, 22 * HOUR_NS),
        Shift("night", 22 * HOUR_NS, 6 * HOUR_NS, ("monday", "tuesday", "wednesday", "thursday", "friday")),
    ),
)


def at(text: str) -> int:
    return parse_instant(text, "Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "name", "start", "end"),
    [
        ("2026-03-03T06:00", "early", "2026-03-03T06:00", "2026-03-03T14:00"),
        ("2026-03-03T05:59", "night", "2026-03-02T22:00", "2026-03-03T06:00"),
        ("2026-03-03T23:30", "night", "2026-03-03T22:00", "2026-03-04T06:00"),
        # The night in which the clock goes back has nine hours, and that in which it goes forward seven; no night begins on Saturday.
        ("2026-10-24T21:59", "late", "2026-10-24T14:00", "2026-10-24T22:00"),
    ],
)
def test_which_shift_it_is(now: str, name: str, start: str, end: str) -> None:
    found = current_shift(BERLIN, at(now))
    assert found is not None
    assert (found.name, found.start, found.end) == (name, at(start), at(end))


def test_between_shifts_there_is_none_and_the_last_one_hands_over() -> None:
    saturday_night = at("2026-10-24T23:00")
    assert current_shift(BERLIN, saturday_night) is None
    found = last_shift(BERLIN, saturday_night)
    assert found is not None
    assert (found.name, found.end) == ("late", at("2026-10-24T22:00"))


def test_the_clock_change_makes_a_shift_longer_or_shorter() -> None:
    every = replace(BERLIN, shifts=(Shift("night", 22 * HOUR_NS, 6 * HOUR_NS),))
    for day, hours in (("2026-10-25T01:00", 9), ("2026-03-29T01:00", 7), ("2026-06-01T01:00", 8)):
        found = current_shift(every, at(day))
        assert found is not None
        assert (found.end - found.start) / HOUR_NS == hours


def test_a_shift_on_sundays_only_is_found_a_week_later() -> None:
    rare = replace(BERLIN, shifts=(Shift("cleaning", 6 * HOUR_NS, 10 * HOUR_NS, ("sunday",)),))
    found = last_shift(rare, at("2026-03-07T23:00"))
    assert found is not None
    assert found.start == at("2026-03-01T06:00")
    assert last_shift(replace(BERLIN, shifts=(Shift("x", 0, HOUR_NS, ("sunday",)),)), at("2026-03-01T00:30")) is not None


def test_without_shifts_a_day_is_one() -> None:
    found = current_shift(PlantFile(site=Site(zone="Asia/Shanghai")), parse_instant("2026-03-03T23:59", "Asia/Shanghai"))
    assert found is not None
    assert (found.name, found.start) == ("", parse_instant("2026-03-03", "Asia/Shanghai"))
    assert found.end - found.start == DAY_NS


@settings(deadline=None)
@given(st.integers(0, 2 * 365 * 24), st.sampled_from(["UTC", "Europe/Berlin", "Asia/Shanghai", "America/St_Johns"]))
def test_three_shifts_leave_no_hole(hours: int, place: str) -> None:
    now = parse_instant("2026-01-01") + hours * HOUR_NS
    three = tuple(Shift(str(index), start * HOUR_NS, (start + 8) % 24 * HOUR_NS) for index, start in enumerate((6, 14, 22)))
    found = shifts_near(PlantFile(site=Site(zone=place), shifts=three), now)
    assert all(first.end == second.start for first, second in pairwise(found))
    assert sum(span.start <= now < span.end for span in found) == 1


def test_the_digest_goes_from_one_morning_to_the_next() -> None:
    berlin = replace(plant(), site=Site(zone="Europe/Berlin"))
    for now, start, end in (
        ("2026-03-03T06:00", "2026-03-02T06:00", "2026-03-03T06:00"),
        ("2026-03-03T05:59", "2026-03-01T06:00", "2026-03-02T06:00"),
        ("2026-03-29T12:00", "2026-03-28T06:00", "2026-03-29T06:00"),
    ):
        found = digest_day(berlin, at(now))
        assert (found.start, found.end) == (at(start), at(end))


def test_a_time_of_day_that_is_left_out_or_comes_twice() -> None:
    berlin = zone("Europe/Berlin")
    assert format_instant(at_clock(date(2026, 3, 29), 2 * HOUR_NS + HOUR_NS // 2, berlin), "Europe/Berlin") == "2026-03-29T03:30:00+02:00"
    assert format_instant(at_clock(date(2026, 10, 25), 2 * HOUR_NS + HOUR_NS // 2, berlin), "Europe/Berlin") == "2026-10-25T02:30:00+02:00"
    assert at_clock(date(2026, 3, 1), DAY_NS, berlin) == at_clock(date(2026, 3, 2), 0, berlin)
