"""The list of alarms as rows of text."""

from __future__ import annotations

from andon.alarms.floods import Flood, shown
from andon.alarms.grouping import Grouping
from andon.alarms.life import replay
from andon.alarms.table import alarm_table
from andon.plant.alarm import Acknowledge, Alarm
from andon.plant.time import HOUR_NS
from tests.alarms.events import MIN, T0, Writer, event, raise_alarm
from tests.alarms.plants import PLANT


def alarms() -> list[Alarm]:
    first, second, third = Writer("a", T0), Writer("b", T0 + MIN), Writer("c", T0 + 2 * MIN)
    first(raise_alarm(priority=2))
    first.clear()
    first(raise_alarm(event(T0 + 3 * MIN)), Acknowledge(), by="ann")
    second(raise_alarm(event(T0 + MIN, "line"), priority=1))
    third(raise_alarm(event(T0 + MIN, "pump 2"), priority=3))
    return [replay(write.records) for write in (first, second, third)]


def test_rows_in_order_of_urgency() -> None:
    view = shown(alarms(), Grouping(PLANT), None)
    table = alarm_table(view, T0 + HOUR_NS, names={"pump 1": "Feed pump"}, zone="Europe/Berlin")
    what = "TIC-1 4.1 σ above its usual level, since 03:12"
    assert table.head == ("prio", "since", "asset", "state", "what")
    assert table.rows == (
        ("■1", "10:55", "line", "not acknowledged", what),
        ("▲2", "10:56", "Feed pump", "acknowledged by ann at 10:57", f"{what}; 2 times since 10:54"),
        ("◆3", "10:56", "pump 2", "not acknowledged", what),
    )
    assert table.foot == ""


def test_a_flood_is_said_and_an_empty_list_too() -> None:
    flood = Flood(T0, None, 40)
    table = alarm_table(shown(alarms(), Grouping(PLANT), flood), T0 + HOUR_NS, flood=flood)
    assert [row[2] for row in table.rows] == ["line"]
    assert table.foot == (
        "Flood of alarms since 08:53: 40 came. The first of each line and the most urgent are shown, 2 are folded."
    )  # fmt: skip
    empty = alarm_table(shown((), Grouping(PLANT), None), T0, language="zh-CN")
    assert (empty.rows, empty.foot, empty.head[0]) == ((), "没有报警。", "优先级")
