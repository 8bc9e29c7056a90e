"""Numbers in any writing."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.errors import At
from andon.reading import Question
from andon.reading.numerals import decimal_mark, looks_like_number, parse


def written(value: float, decimal: str, thousands: str) -> str:
    text = f"{value:,.3f}"
    return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)


@given(
    st.lists(st.integers(-(10**12), 10**12).map(lambda whole: whole / 1000), min_size=1, max_size=10),
    st.sampled_from([(".", ","), (",", "."), (".", ""), (",", ""), (".", "'"), (",", " "), (",", "\u202f"), (".", "’")]),
)
def test_what_is_written_is_read(values: list[float], marks: tuple[str, str]) -> None:
    texts = [written(value, *marks) for value in values]
    assert parse(pl.Series(texts), marks[0]).to_list() == pytest.approx(values, rel=1e-15, abs=0)
    assert all(looks_like_number(text) for text in texts)


@pytest.mark.parametrize(
    ("texts", "mark"),
    [
        (["1,5"], ","), (["1.5"], "."), (["1.234,5"], ","), (["1,234.5"], "."), (["1.234.567"], ","), (["1,234,567"], "."),
        (["0,123"], ","), (["1234,567"], ","), (["1,234", "2,5"], ","), (["1,234", "2.5"], "."), (["1.234"], "."),
        (["12"], None), ([], None),
        (["-0,5"], ","), (["1,5e-3"], ","),
    ],
)  # fmt: skip
def test_the_decimal_mark_follows_from_all_numbers(texts: list[str], mark: str | None) -> None:
    assert decimal_mark(texts, At()) == mark


def test_three_digits_behind_every_comma_are_a_question() -> None:
    with pytest.raises(Question) as met:
        decimal_mark(["1,234", "12,345"], At(file="x.csv"))
    assert met.value.option == "decimal"


def test_what_is_no_number() -> None:
    assert parse(pl.Series(["abc", "1.2.3", "12a", "", "1,2,3"]), ".").to_list() == [None] * 5
    assert parse(pl.Series(["1.5"]), ",").to_list() == [None]  # a point is no decimal mark beside decimal commas
    assert parse(pl.Series(["−5", " 7 ", "+3"]), ".").to_list() == [-5.0, 7.0, 3.0]
    assert not looks_like_number("01.02.2024 00:00")
