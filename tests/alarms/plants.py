"""A plant for tests of alarms: a line with two pumps below it, responses with and without an action."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from andon.alarms.book import Book, Decision
from andon.plant.alarm import Record
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.file.schema import Asset, PlantFile, Response
from andon.plant.tag import Tag

PLANT = PlantFile(
    assets=(Asset("line"), Asset("pump 1", parent="line"), Asset("pump 2", parent="line"), Asset("motor", parent="pump 1"), Asset("other")),
    tags=(Tag("TIC-1", group="heater"), Tag("TIC-2", group="heater"), Tag("FIC-1", group="feed"), Tag("LIC-1")),
    responses=(
        Response(("anything",)),
        Response(("heater", "valve V-3"), group="heater"),
        Response(("valve V-3",), tag="TIC-1", action="close V-3", consequence="major"),
        Response(("feed pump",), tag="FIC-1", asset="pump 2", action="start the spare pump", priority=1, latch=True),
        Response(("line speed",), asset="line", action="slow the line down", consequence="severe"),
    ),
)


def plant(**alarms: Any) -> PlantFile:
    """The plant with other settings of [alarms]; without a first fortnight."""
    return replace(PLANT, alarms=AlarmSettings(**({"first_fortnight": False} | alarms)))


def do(book: Book, decision: Decision) -> tuple[Record, ...]:
    """Commit a decision; its records."""
    book.commit(decision)
    return decision.records
