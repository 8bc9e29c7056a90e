"""Similar past cases: nearest by shares, with then beside now."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.history import History, histories
from andon.alarms.similar import likeness, similar
from andon.plant.alarm import Raise
from andon.plant.time import HOUR_NS
from tests.alarms.events import MIN, T0, Writer, event

SHARES = st.dictionaries(st.sampled_from("abcdef"), st.floats(-1, 1), max_size=6)


def past(*rows: tuple[str, dict[str, float]]) -> tuple[History, ...]:
    records = []
    for number, (asset, shares) in enumerate(rows):
        write = Writer(f"p{number}", T0 - (10 - number) * HOUR_NS)
        records += write(Raise(event(write.at, asset, shares), cause=tuple(shares)))
    return histories(records, T0)


@settings(deadline=None)
@given(SHARES, SHARES)
def test_likeness_is_a_cosine(first: dict[str, float], second: dict[str, float]) -> None:
    found = likeness(first, second)
    assert -1 - 1e-9 <= found <= 1 + 1e-9
    assert found == pytest.approx(likeness(second, first), abs=1e-12)
    if sum(share * share for share in first.values()) > 1e-100:
        assert likeness(first, first) == pytest.approx(1.0)
        assert likeness(first, {tag: -share for tag, share in first.items()}) == pytest.approx(-1.0)
    assert likeness(first, {}) == 0.0


def test_the_nearest_come_first_and_strangers_do_not() -> None:
    cases = past(
        ("pump 1", {"a": 0.6, "b": 0.4}),
        ("pump 2", {"a": 0.5, "b": 0.5}),
        ("pump 1", {"c": 1.0}),
        ("pump 2", {"a": 0.6, "b": 0.4}),
        ("pump 1", {"a": 0.6, "b": 0.4}),
    )
    now = event(T0, "pump 1", {"a": 0.6, "b": 0.4})
    found = similar(now, cases)
    # Of equals those of the same asset, the newest first; then the sister; then the less alike.
    assert [one.history.alarm.id for one in found] == ["p4", "p0", "p3", "p1"]
    assert [one.likeness for one in found[:3]] == pytest.approx([1.0] * 3)
    assert [one.history.alarm.id for one in similar(now, cases, most=1, except_for="p4")] == ["p0"]
    assert similar(now, cases, at_least=1.01) == ()


def test_an_event_is_not_similar_to_itself() -> None:
    cases = past(("pump 1", {"a": 1.0}))
    assert similar(cases[0].events[0], cases) == ()


def test_then_and_now_tag_by_tag() -> None:
    cases = past(("pump 1", {"a": 0.7, "b": 0.3}))
    now = replace(event(T0, "pump 1", {"a": 0.8, "c": 0.2}), onset_order=(("c", T0 - 2 * MIN), ("a", T0)))
    (found,) = similar(now, cases)
    rows = [(row.tag, row.then_share, row.now_share, row.then_after_ns, row.now_after_ns) for row in found.tags]
    assert rows == [("a", 0.7, 0.8, MIN, 2 * MIN), ("c", 0.0, 0.2, None, 0), ("b", 0.3, 0.0, MIN, None)]
