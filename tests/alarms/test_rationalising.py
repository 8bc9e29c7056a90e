"""What an event is to an operator, by the plant file."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.alarms.rationalising import MOST_SHARES, PRIORITIES, SEVERITY_BANDS, from_event, kept, priority, responses, responsible
from andon.plant.alarm import LOWEST_PRIORITY, AlarmKind, Consequence
from andon.plant.file.schema import PlantFile, Response
from andon.plant.time import MINUTE_NS
from tests.alarms.events import T0, event
from tests.alarms.plants import plant


def test_an_action_makes_an_alarm() -> None:
    act = from_event(event(), plant())
    assert (act.kind, act.action, act.consequence, act.priority) == (AlarmKind.ALARM, "close V-3", Consequence.MAJOR, 2)
    assert act.cause == ("TIC-1", "FIC-1")
    # Checks come from the most particular response to the most general one, each once.
    assert act.check == ("valve V-3", "heater", "anything")


def test_without_an_action_it_is_a_notification() -> None:
    act = from_event(event(shares={"TIC-2": 1.0}, severity=0.99), plant(latch=True))
    assert (act.kind, act.action, act.priority, act.latch) == (AlarmKind.NOTIFICATION, "", LOWEST_PRIORITY, False)
    assert act.check == ("heater", "valve V-3", "anything")


def test_the_first_fortnight_keeps_the_advice_but_rings_nothing() -> None:
    act = from_event(event(), plant(), notify_only=True)
    assert (act.kind, act.action, act.priority) == (AlarmKind.NOTIFICATION, "close V-3", LOWEST_PRIORITY)


def test_a_response_of_an_asset_holds_for_that_asset() -> None:
    feed = event(asset="pump 2", shares={"FIC-1": 1.0})
    act = from_event(feed, plant())
    assert (act.action, act.priority, act.latch) == ("start the spare pump", 1, True)
    assert from_event(replace(feed, asset="pump 1"), plant()).kind is AlarmKind.NOTIFICATION


def test_settings_hold_where_the_response_says_nothing() -> None:
    act = from_event(event(), plant(latch=True, on_delay_ns=MINUTE_NS))
    assert (act.latch, act.on_delay_ns, act.respond_within_ns) == (True, MINUTE_NS, None)
    plain = PlantFile(responses=(Response((), action="stop", respond_within_ns=10 * MINUTE_NS),))
    act = from_event(event(severity=0.6), replace(plain, alarms=plant(consequence="severe").alarms))
    assert (act.consequence, act.priority, act.respond_within_ns) == (Consequence.SEVERE, 1, 10 * MINUTE_NS)


def test_the_order_of_responses() -> None:
    rows = (
        Response(("any",)),
        Response(("asset",), asset="a"),
        Response(("group",), group="g"),
        Response(("group of asset",), group="g", asset="a"),
        Response(("second tag",), tag="y"),
        Response(("tag",), tag="x"),
        Response(("tag of asset",), tag="x", asset="a"),
        Response(("other asset",), tag="x", asset="b"),
        Response(("other tag",), tag="z"),
    )
    from andon.plant.tag import Tag

    found = responses(PlantFile(tags=(Tag("x", group="g"),), responses=rows), "a", ("x", "y"))
    assert [response.check[0] for response in found] == ["tag of asset", "tag", "second tag", "group of asset", "group", "asset", "any"]


@pytest.mark.parametrize(
    ("shares", "tags"),
    [
        ({"a": 0.6, "b": 0.15, "c": 0.149}, ("a", "b")),
        ({"a": 0.1, "b": 0.12}, ("b",)),
        ({"b": 0.5, "a": 0.5}, ("a", "b")),
        ({"a": -0.2, "b": 0.0}, ()),
        ({}, ()),
    ],
)
def test_responsible_tags(shares: dict[str, float], tags: tuple[str, ...]) -> None:
    assert responsible(shares) == tags


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from(Consequence))
def test_what_is_more_severe_is_never_less_urgent(first: float, second: float, consequence: Consequence) -> None:
    low, high = sorted((first, second))
    assert 1 <= priority(high, consequence) <= priority(low, consequence) <= 3


@settings(deadline=None)
@given(st.floats(0, 1))
def test_what_costs_more_is_never_less_urgent(severity: float) -> None:
    ranks = [priority(severity, consequence) for consequence in (Consequence.MINOR, Consequence.MAJOR, Consequence.SEVERE)]
    assert ranks == sorted(ranks, reverse=True)


def test_the_matrix_cell_by_cell() -> None:
    edges = (0.0, SEVERITY_BANDS[0], 0.51, SEVERITY_BANDS[1], 0.76, 1.0)
    for consequence, row in PRIORITIES.items():
        assert [priority(severity, consequence) for severity in edges] == [row[0], row[0], row[1], row[1], row[2], row[2]]
    assert priority(0.1, Consequence.MINOR, fixed=1) == 1
    assert priority(0.1, Consequence.MINOR, fixed=1, kind=AlarmKind.NOTIFICATION) == LOWEST_PRIORITY


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=4), st.floats(-1, 1), max_size=80))
def test_what_is_kept_are_the_largest_shares(shares: dict[str, float]) -> None:
    left = kept(event(T0, shares=shares)).shares
    assert len(left) == min(len(shares), MOST_SHARES)
    assert left.items() <= shares.items()
    dropped = [abs(share) for tag, share in shares.items() if tag not in left]
    assert not dropped or max(dropped) <= min(abs(share) for share in left.values())
