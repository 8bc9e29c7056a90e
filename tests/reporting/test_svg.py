"""Axes and paths: numbers that people read, lines that break where nothing was measured."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.reporting.svg import Chart, alike, band, bounds, nice_ticks, number, path, time_ticks

HOUR = 3_600_000
NEW_YEAR = 1_767_225_600_000  # 2026-01-01 00:00 UTC
finite = st.floats(-1e9, 1e9, allow_nan=False)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0, "0"),
        (0.12345, "0.123"),
        (1234.5, "1234"),
        (2.0, "2"),
        (-0.5, "-0.5"),
        (1.5e-7, "1.50e-07"),
        (2.5e8, "2.50e+08"),
    ],
)
def test_a_figure_has_three_digits(value: float | None, text: str) -> None:
    assert number(value) == text


def test_figures_side_by_side_share_their_decimals() -> None:
    """A range 0.12 wide is told to two decimals, one 30 wide to whole tens' units."""
    assert alike((3.14159, 3.0, 3.12), 0.12) == ["3.14", "3.00", "3.12"]
    assert alike((3028.4, 3065.0, 3095.2), 30.2) == ["3028", "3065", "3095"]
    assert alike((-0.0001, None, 0.5), 0.5) == ["0.00", "–", "0.50"]
    assert alike((1.0, 2.0), 0.0) == ["1.00", "2.00"]


@given(finite, st.floats(1e-6, 1e9))
def test_ticks_are_few_and_inside(low: float, span: float) -> None:
    high = low + span
    if high - low < 1e-9 * max(abs(low), abs(high)):
        return  # narrower than the digits of a double can tell
    ticks = nice_ticks(low, high)
    assert 2 <= len(ticks) <= 11
    assert all(low - 1e-6 * span <= tick <= high + 1e-6 * span for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_ticks_of_time_fall_on_local_midnight_across_the_clock_change() -> None:
    """Berlin put its clocks forward on 29 March 2026: midnight is 23:00 UTC before and 22:00 UTC after."""
    start = 1_774_656_000_000  # 2026-03-28 00:00 UTC
    ticks = time_ticks(start, start + 72 * HOUR, "Europe/Berlin", wanted=3)
    assert [text for _, text in ticks] == ["29 Mar", "30 Mar", "31 Mar"]
    assert [(ms // HOUR) % 24 for ms, _ in ticks] == [23, 22, 22]


def test_days_are_written_as_people_write_them() -> None:
    assert [text for _, text in time_ticks(NEW_YEAR, NEW_YEAR + 24 * HOUR, "UTC", 2)] == ["1 Jan", "12:00", "2 Jan"]
    assert [text for _, text in time_ticks(NEW_YEAR, NEW_YEAR + 24 * HOUR, "UTC", 2, "zh-CN")] == ["1月1日", "12:00", "1月2日"]


def test_a_line_breaks_where_a_value_is_missing() -> None:
    assert path([(0, 1), (1, 2), None, (3, 4)]) == "M0,1L1,2M3,4"


def test_a_band_breaks_where_either_side_is_missing() -> None:
    drawn = band([0, 1, 2, 3], [0, 0, None, 0], [1, 1, 1, 1])
    assert drawn == "M0,1L1,1L1,0L0,0ZM3,1L3,0Z"


@given(st.lists(st.one_of(st.none(), finite, st.just(math.nan), st.just(math.inf)), max_size=20))
def test_bounds_hold_every_value(values: list[float | None]) -> None:
    low, high = bounds(values)
    assert low < high
    assert all(low <= v <= high for v in values if v is not None and math.isfinite(v))


def test_marks_stay_round_and_texts_stay_text() -> None:
    chart = Chart(100, (0, 10), (0, 1), title='<q>"')
    chart.marks([5], [0.5], "dot")
    chart.span(2, 2, "event", "<b>")
    chart.x_axis([(0, "<0>"), (5, "5"), (10, "10")])
    drawn = chart.render()
    assert '<path class="dot" d="M500,50h0"/>' in drawn
    assert 'aria-label="&lt;q&gt;&quot;"' in drawn
    assert "<b>" not in drawn
    assert "<0>" not in drawn
    assert 'class="x first"' in drawn
    assert 'class="x minor"' in drawn
    assert 'class="x last"' in drawn


def test_a_strip_outside_the_picture_is_not_drawn() -> None:
    chart = Chart(100, (0, 10), (0, 1), title="t")
    chart.span(11, 12, "event")
    assert "<i" not in chart.render()
