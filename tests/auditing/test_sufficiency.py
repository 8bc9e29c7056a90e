"""Enough normal time for the budget."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.auditing import audit
from andon.auditing.sufficiency import HELD_BACK, NormalTime, check_sufficiency, needed_ns, normal_time
from andon.plant.budget import parse_budget
from andon.plant.file.schema import Periods
from andon.plant.label import Label, LabelKind
from andon.plant.time import DAY_NS, HOUR_NS, MINUTE_NS
from tests.auditing.signals import START, ar, kinds_of, recording


def naive_normal(start: int, end: int, labels: list[tuple[int, int]]) -> int:
    return sum(all(not low <= at < high for low, high in labels) for at in range(start, end))


@given(st.integers(0, 30), st.integers(30, 60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=5))
def test_normal_time_is_that_of_the_naive_twin(start: int, end: int, cuts: list[tuple[int, int]]) -> None:
    labels = [Label("a", min(cut), max(cut), LabelKind.FAULT) for cut in cuts]
    found = normal_time([(start, end)], 0.0, labels)
    assert found.normal_ns == naive_normal(start, end, [(min(cut), max(cut)) for cut in cuts])


def test_a_false_alarm_is_normal_time() -> None:
    spans = [(0, 100)]
    assert normal_time(spans, 0.0, [Label("a", 10, 20, LabelKind.FALSE)]).normal_ns == 100
    assert normal_time(spans, 0.5, [Label("a", 10, 20, LabelKind.PLANNED)]).normal_ns == 45


def test_what_a_budget_needs() -> None:
    # A week between events needs a week; one an hour needs ticks for thirty peaks.
    assert needed_ns(parse_budget("1/week"), MINUTE_NS) == 7 * DAY_NS
    assert needed_ns(parse_budget("2/day"), MINUTE_NS) == 12 * HOUR_NS
    assert needed_ns(parse_budget("1/hour"), MINUTE_NS) == 5 * HOUR_NS


def test_held_back_is_the_share_that_the_plant_file_gives_to_calibration() -> None:
    assert Periods().calibrate_share == HELD_BACK


@pytest.mark.parametrize(
    ("held_days", "kind"), [(0.2, "budget-none"), (1.0, "budget"), (3.0, "budget"), (6.9, "budget"), (7.0, None), (30.0, None)]
)
def test_a_promise_without_the_time_for_it(held_days: float, kind: str | None) -> None:
    held = round(held_days * DAY_NS)
    found = list(check_sufficiency(NormalTime(4 * held, held), parse_budget("1/week"), MINUTE_NS))
    assert [finding.kind for finding in found] == ([kind] if kind else [])
    if kind == "budget":
        tightest = parse_budget(str(found[0].evidence.args["tightest"]))
        assert not list(check_sufficiency(NormalTime(4 * held, held), tightest, MINUTE_NS))
        more = round(float(str(found[0].evidence.args["days"])) * DAY_NS)
        assert (held * 4 + more) * HELD_BACK >= 6.98 * DAY_NS


def test_the_audit_counts_it() -> None:
    rec = recording(ar(6 * 1440, 0.9, 1))
    assert "budget" in kinds_of(audit(rec, budget=parse_budget("1/week")))
    assert "budget-none" in kinds_of(audit(recording(ar(900, 0.9, 1)), budget=parse_budget("1/week")))
    assert "budget" not in kinds_of(audit(rec))
    label = Label("a", START, START + 3 * DAY_NS, LabelKind.FAULT)
    assert audit(rec, labels=[label]).normal_ns == pytest.approx(3 * DAY_NS, rel=0.01)
    assert audit(rec, labels=[Label("b", START, START + 3 * DAY_NS, LabelKind.FAULT)]).normal_ns > 5 * DAY_NS
