"""Budgets: a rate of events."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.budget import Budget, parse_budget
from andon.plant.errors import AskUserError
from andon.plant.time import DAY_NS, HOUR_NS


@pytest.mark.parametrize(
    ("text", "events", "per"),
    [("1/week", 1, 7 * DAY_NS), ("2 / day", 2, DAY_NS), ("1/14d", 1, 14 * DAY_NS), ("0.5/month", 0.5, 30 * DAY_NS),
     ("3 per shift", 3, 8 * HOUR_NS), ("1/2weeks", 1, 14 * DAY_NS), ("1/h", 1, HOUR_NS), ("4/year", 4, 365 * DAY_NS),
     ("1/90min", 1, HOUR_NS * 3 // 2)],
)  # fmt: skip
def test_texts(text: str, events: float, per: int) -> None:
    budget = parse_budget(text)
    assert (budget.events, budget.per_ns) == (events, per)


@pytest.mark.parametrize("text", ["", "few", "1", "0/week", "-1/week", "1/0d", "1/fortnight", "1//day", "1/week please"])
def test_what_is_no_budget(text: str) -> None:
    with pytest.raises(AskUserError):
        parse_budget(text)


def test_rates() -> None:
    """Two a day: one in twelve hours."""
    budget = Budget(2, DAY_NS)
    assert budget.rate_per_hour == pytest.approx(1 / 12)
    assert budget.return_period_ns == 12 * HOUR_NS
    assert str(budget) == "2/day"


@given(st.integers(1, 50), st.integers(1, 400))
def test_a_budget_is_read_back(events: int, days: int) -> None:
    budget = Budget(events, days * DAY_NS)
    again = parse_budget(str(budget))
    assert again.rate_per_hour == pytest.approx(budget.rate_per_hour)
