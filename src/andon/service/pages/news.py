"""What changed, as the live stream tells it to one reader: the feed names it, here it gets its shape and the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from andon.project.live.running import Running
from andon.service.callers import Caller
from andon.service.pages.alarm_list import row
from andon.service.pages.now import sources, tile


def told(running: Running, caller: Caller, what: str, data: Mapping[str, Any]) -> Mapping[str, Any]:
    """See `Desk.told`. A name that is gone meanwhile says nothing: empty."""
    now = running.clock.now()
    if what == "tile":
        asset = str(data["asset"])
        if asset not in running.monitors:
            return {}
        alarms = [alarm for alarm in running.alarms.open(now) if alarm.asset == asset]
        return _plain(tile(running, asset, alarms, now, caller.language))
    if what == "alarm":
        alarm = running.alarms.alarm(str(data["id"]), now)
        return {} if alarm is None else _plain(row(running, caller, alarm))
    if what == "source":
        found = next((item for item in sources(running, caller.language) if item.name == data["name"]), None)
        return {} if found is None else _plain(found)
    if what == "trouble":
        return {"parts": running.watchman.wrong(caller.language)}
    return data


def _plain(shape: msgspec.Struct) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(shape)
    return plain
