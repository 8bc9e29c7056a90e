"""Instants and durations."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.errors import AskUserError
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS, NS, format_duration, format_instant, parse_duration, parse_instant, zone


@pytest.mark.parametrize(
    ("text", "ns"),
    [("90s", 90 * NS), ("15 min", 15 * MINUTE_NS), ("1h30m", 90 * MINUTE_NS), ("7 days", 7 * DAY_NS), ("0.5h", HOUR_NS // 2),
     ("250ms", NS // 4), ("1 H", HOUR_NS), ("2 weeks", 14 * DAY_NS), (".5 s", NS // 2), ("1d, 2h", 26 * HOUR_NS)],
)  # fmt: skip
def test_durations(text: str, ns: int) -> None:
    assert parse_duration(text) == ns


@pytest.mark.parametrize("text", ["", "5", "h", "5 ticks", "five minutes", "-5s", "1h30", "5m!"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(AskUserError):
        parse_duration(text)


@given(st.integers(0, 10**19))
def test_a_duration_is_read_back_exactly(ns: int) -> None:
    assert parse_duration(format_duration(ns)) == ns


def test_negative_durations_are_shown() -> None:
    assert format_duration(-90 * NS) == "-1min30s"


@given(st.integers(-(10**15), 7 * 10**15), st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]))
def test_an_instant_is_read_back_to_the_microsecond(us: int, name: str) -> None:
    assert parse_instant(format_instant(us * 1000, name), name) == us * 1000


def test_instants_of_the_edges() -> None:
    assert parse_instant("1970-01-01") == 0
    assert parse_instant("1970-01-01T01:00:00+01:00", "Asia/Shanghai") == 0
    assert parse_instant("2026-03-01T06:00", "Europe/Berlin") == parse_instant("2026-03-01T05:00Z")
    # The hour that comes twice: without an offset, the first one.
    assert parse_instant("2026-10-25T02:30", "Europe/Berlin") == parse_instant("2026-10-25T00:30Z")
    assert format_instant(0) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "01.02.2026"])
def test_what_is_no_instant(text: str) -> None:
    with pytest.raises(AskUserError, match="not a date or time"):
        parse_instant(text)


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", ""])
def test_what_is_no_zone(name: str) -> None:
    with pytest.raises(AskUserError, match="IANA"):
        zone(name)
