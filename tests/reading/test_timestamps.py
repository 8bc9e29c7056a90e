"""Time texts against `datetime.strptime`, and the order of day and month."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.errors import At, ReadingError
from andon.reading import Question
from andon.reading.time_numbers import number_kind, parse_numbers
from andon.reading.timestamps import NO_TIME, date_order, looks_like_time, parse_texts, pattern_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORMATS = [
    ("%Y-%m-%d %H:%M:%S", ""), ("%Y-%m-%dT%H:%M:%S", ""), ("%Y/%m/%d %H:%M", ""), ("%d.%m.%Y %H:%M:%S", "DMY"), ("%m/%d/%Y %H:%M", "MDY"),
    ("%d/%m/%y %H:%M:%S", "DMY"), ("%d-%b-%y %H:%M:%S", ""), ("%d-%b-%Y %H:%M:%S", ""), ("%b %d, %Y %H:%M:%S", ""),
    ("%m/%d/%Y %I:%M:%S %p", "MDY"), ("%Y%m%dT%H%M%S", ""), ("%Y%m%d%H%M%S", ""), ("%Y%m%d %H:%M:%S", ""),
]  # fmt: skip


def ns(moment: datetime) -> int:
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000


@given(st.sampled_from(FORMATS), st.lists(st.datetimes(datetime(1970, 1, 1), datetime(2068, 12, 31)), min_size=1, max_size=8))
def test_what_strptime_writes_is_read(form: tuple[str, str], moments: list[datetime]) -> None:
    pattern, order = form
    texts = [moment.strftime(pattern) for moment in moments]
    expected = [ns(datetime.strptime(text, pattern).replace(tzinfo=UTC)) for text in texts]
    time, zoned = parse_texts(pl.Series(texts), order)
    assert time.tolist() == expected
    assert not zoned.any()


@given(st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1)), st.integers(-12 * 4, 14 * 4), st.sampled_from(["T", " "]))
def test_offsets_are_taken_off(moment: datetime, quarters: int, gap: str) -> None:
    offset = timedelta(minutes=15 * quarters)
    sign, size = ("-", -offset) if quarters < 0 else ("+", offset)
    text = moment.strftime(f"%Y-%m-%d{gap}%H:%M:%S.%f") + f"{sign}{size.seconds // 3600:02d}:{size.seconds // 60 % 60:02d}"
    time, zoned = parse_texts(pl.Series([text]))
    assert zoned.all()
    assert time[0] == ns(moment.replace(tzinfo=UTC) - offset)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2024-03-01T00:00:00Z", "2024-03-01T00:00:00"), ("2024-03-01 00:00:00 UTC", "2024-03-01T00:00:00"),
        ("2024-03-01 01:00:00+01", "2024-03-01T00:00:00"), ("2024-03-01T01:00:00+0100", "2024-03-01T00:00:00"),
        ("01-Mrz-24 06:00:00", "2024-03-01T06:00:00"), ("1. März 2024 06:00", "2024-03-01T06:00:00"),
        ("01 mars 2024 06:00", "2024-03-01T06:00:00"),
        ("2024年3月1日 6时5分4秒", "2024-03-01T06:05:04"), ("2024年3月1日", "2024-03-01T00:00:00"),
        ("2024/3/1 下午 6:05", "2024-03-01T18:05:00"),
        ("2024-03-01 06:00:00,250", "2024-03-01T06:00:00.250"), ("3/1/2024 6:05:04 a.m.", "2024-03-01T06:05:04"),
        ("2024-03-01 06:00:00.0000000", "2024-03-01T06:00:00"), ("2024-03-01", "2024-03-01T00:00:00"),
        ("2024-03-01 24:00", "2024-03-02T00:00:00"), ("2024030106", "2024-03-01T06:00:00"), ("20240301 0605", "2024-03-01T06:05:00"),
    ],
)  # fmt: skip
def test_ways_to_write_a_time(text: str, iso: str) -> None:
    time, _ = parse_texts(pl.Series([text]), "MDY")
    assert time[0] == ns(datetime.fromisoformat(iso).replace(tzinfo=UTC))


@pytest.mark.parametrize(
    "text", ["", "hello", "12", "1.5", "1.234,5", "10:00", "FIC-101", "2024", "1-2", "Running", "192.168.1.1", "May", "P1-2-34x"]
)
def test_what_is_no_time(text: str) -> None:
    assert not looks_like_time(text)
    assert pattern_of(text) is None


def test_mixed_writings_in_one_column() -> None:
    time, zoned = parse_texts(
        pl.Series(["2024-01-01", "2024-01-01 00:00:01", "nothing", None, "2024-01-01 00:00:02.5", "2024-01-01T00:00:03Z"])
    )
    start = ns(datetime(2024, 1, 1, tzinfo=UTC))
    assert [int(one) - start if one != NO_TIME else None for one in time] == [0, 10**9, None, None, 2_500_000_000, 3 * 10**9]
    assert zoned.tolist() == [False, False, False, False, False, True]


def test_a_rare_writing_among_many_is_read() -> None:
    texts = [f"{1 + day:02d}-Mrz-24 00:00:00" for day in range(30)] * 20
    texts[399] = "2024年3月31日 6时5分4秒"
    time, _ = parse_texts(pl.Series(texts))
    assert (time != NO_TIME).all()
    assert time[399] == ns(datetime(2024, 3, 31, 6, 5, 4, tzinfo=UTC))
    assert time[0] == ns(datetime(2024, 3, 1, tzinfo=UTC))


def test_order_by_range_by_steps_and_by_answer() -> None:
    at = At(file="x")
    assert date_order(["03/04/2024", "13/04/2024"], 2, None, at) == ("DMY", "range")
    assert date_order(["04/03/2024", "04/13/2024"], 2, None, at) == ("MDY", "range")
    assert date_order(["03/04/2024", "04/04/2024", "05/04/2024"], 72, None, at) == ("DMY", "steps")
    assert date_order(["04/03/2024", "04/04/2024", "04/05/2024"], 72, None, at) == ("MDY", "steps")
    assert date_order(["03/04/2024"], 24, True, at) == ("DMY", "given")
    assert date_order(["24-01-13"], 24, False, at) == ("YMD", "given")
    with pytest.raises(Question):
        date_order(["03/04/2024", "04/04/2024"], 2, None, at)  # one row a date: monthly and daily values look the same
    with pytest.raises(ReadingError):
        date_order(["13/04/2024", "04/13/2024"], 2, None, at)


@given(st.dates(date(2000, 1, 1), date(2068, 1, 1)), st.integers(2, 40), st.sampled_from(["DMY", "MDY"]))
def test_an_order_that_is_found_is_right(first: date, days: int, order: str) -> None:
    pattern = "%d/%m/%Y" if order == "DMY" else "%m/%d/%Y"
    dates = [(first + timedelta(days=day)).strftime(pattern) for day in range(days)]
    try:
        found, _ = date_order(dates, 24 * days, None, At())
    except Question:
        return
    assert found == order


def test_numbers_that_are_times() -> None:
    for kind, unit in (("epoch-s", 1), ("epoch-ms", 10**3), ("epoch-us", 10**6), ("epoch-ns", 10**9)):
        numbers = np.array([1_700_000_000 * unit, 1_700_000_060 * unit])
        assert number_kind(numbers, False) == kind
        assert parse_numbers(numbers, kind).tolist() == [1_700_000_000 * 10**9, 1_700_000_060 * 10**9]
        assert parse_numbers(numbers.astype(float), kind).tolist() == [1_700_000_000 * 10**9, 1_700_000_060 * 10**9]
    assert number_kind(np.array([2024010100, 2024010101]), True) == ""  # a date and an hour
    days = np.array([45_292.0, 45_292.5])  # 1 January 2024 in Excel's 1900 system
    assert number_kind(days, True) == "excel"
    assert number_kind(days, False) == ""
    assert parse_numbers(days, "excel").tolist() == [ns(datetime(2024, 1, 1, tzinfo=UTC)), ns(datetime(2024, 1, 1, 12, tzinfo=UTC))]
    assert parse_numbers(np.array([np.nan, 45_292.0]), "excel")[0] == NO_TIME
