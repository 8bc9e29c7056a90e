"""Words for no value, and quality columns."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from andon.plant.errors import At
from andon.plant.status import Status
from andon.reading import Question
from andon.reading.quality import from_numbers, from_words, hard_word, looks_like_quality, number_scheme, quality_word, soft_word


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("No Data", Status.MISSING), ("Pt Created", Status.MISSING), ("#N/A", Status.MISSING), ("null", Status.MISSING),
        ("(null)", Status.MISSING),
        ("", Status.MISSING), ("无数据", Status.MISSING), ("I/O Timeout", Status.BAD),
        ("Calc Failed", Status.BAD), ("Bad Input", Status.BAD),
        ("[-11059] No Good Data", Status.MISSING), ("#VALUE!", Status.BAD),
        ("Running", None), ("Shutdown", None), ("Bad", None), ("12", None),
    ],
)  # fmt: skip
def test_words_that_never_are_a_state(text: str, status: Status | None) -> None:
    assert hard_word(text) == status
    if status is not None:
        assert hard_word(f" {text.upper()} ") == status


def test_words_that_may_be_a_state() -> None:
    assert soft_word("Shutdown") == Status.BAD
    assert soft_word("Bad") == Status.BAD
    assert soft_word("Unknown") == Status.MISSING
    assert soft_word("Running") is None


def test_quality_words() -> None:
    state, unknown = from_words(pl.Series(["Good", "bad", "Uncertain", "No Data", None, "", "so-so", "Good, clamped", "Bad - comm"]))
    assert state.tolist() == [
        Status.GOOD, Status.BAD, Status.UNCERTAIN, Status.MISSING, Status.GOOD, Status.GOOD, Status.UNCERTAIN, Status.GOOD, Status.BAD,
    ]  # fmt: skip
    assert unknown == ["so-so"]
    assert quality_word("Interpolated") == Status.INTERPOLATED
    assert looks_like_quality(["Good", "Bad"])
    assert not looks_like_quality(["Running", "Stopped"])
    assert not looks_like_quality(["Bad"])
    assert not looks_like_quality(["192"])


@pytest.mark.parametrize(
    ("column", "numbers", "aveva", "scheme"),
    [
        ("Quality", [192, 0], False, "opc-classic"), ("OPCQuality", [0], False, "opc-classic"), ("StatusCode", [0], False, "opc-ua"),
        ("Quality", [0, 0x80000000], False, "opc-ua"), ("Quality", [0, 1], True, "aveva"), ("Quality", [0, 192], True, "opc-classic"),
        ("Quality", [0, 1, 16], False, "aveva"),
    ],
)  # fmt: skip
def test_schemes(column: str, numbers: list[float], aveva: bool, scheme: str) -> None:
    assert number_scheme(column, np.array(numbers, dtype=float), aveva, At()) == scheme


def test_zeros_alone_are_a_question() -> None:
    with pytest.raises(Question):
        number_scheme("Quality", np.zeros(3), False, At())


def test_numbers_to_status() -> None:
    assert from_numbers(np.array([192.0, 216, 64, 0, 8, np.nan]), "opc-classic").tolist() == [0, 0, 1, 2, 2, 0]
    assert from_numbers(np.array([0.0, 0x40000000, 0x80340000, np.nan]), "opc-ua").tolist() == [0, 1, 2, 0]
    assert from_numbers(np.array([0.0, 1, 16, 133, 999]), "aveva").tolist() == [0, 2, 1, 0, 2]
