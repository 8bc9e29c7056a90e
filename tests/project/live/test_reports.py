"""The digest of the first fortnight, what it comes to, and the hand-over of a shift go out when they are due, once."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from andon.alarms.shifts import digest_day
from andon.plant.time import DAY_NS, HOUR_NS
from andon.project.live.replaying import open_replay, run_replay
from andon.project.live.reports import outcomes
from andon.store.database import outbox
from tests.project.live.test_sending import plant_with
from tests.small_plant import ASSET, NEW_ROWS, NEW_START, STEP, Line

FAULT = int((NEW_START + NEW_ROWS // 2 * STEP).timestamp()) * 10**9
SHIFT = '[[shift]]\nname = "early"\nstart = "06:00"\nend = "14:00"\n'
SEND = '[[send]]\nname = "lines"\nkind = "folder"\naddress = "out"\nwhat = ["digest", "handover"]\n'


def test_what_is_due_is_told_once(line: Line, new_export: Path, tmp_path: Path) -> None:
    plant = plant_with(line, tmp_path / "plant", SHIFT, SEND)
    text = plant.read_text(encoding="utf-8").replace("first_fortnight = false\n", "")
    plant.write_text(text.replace("[service]\n", '[service]\nurl = "https://andon.example"\n', 1), encoding="utf-8")
    with open_replay(str(plant), [str(new_export)], {"asset": ASSET}, speed=0.0, data=str(tmp_path / "data"), send=True) as running:
        asyncio.run(asyncio.wait_for(run_replay(running), 240))
        now = digest_day(running.plant, FAULT + DAY_NS).end + HOUR_NS
        for moment in (now, now, now + 8 * HOUR_NS, now + 9 * HOUR_NS):
            running.reports.look(moment)
        running.reports._done.clear()
        running.reports.look(now)
        told = [row.data["message"] for row in running.database.read(outbox.every_waiting)]
        kinds = [message["what"] for message in told]
        assert kinds.count("digest") == 1
        assert kinds.count("handover") == 1, "that of the morning before is too old"
        (digest,) = [message for message in told if message["what"] == "digest"]
        entry: dict[str, Any] = digest["data"]["entries"][0]
        assert entry["false"] == f"https://andon.example/cases/{entry['alarm']}?mark=false"
        assert f"https://andon.example/cases/{entry['alarm']}" in digest["texts"]["en"][1]
        assert digest["data"]["unmarked"] == len(digest["data"]["entries"])
        (found,) = outcomes(running, FAULT - 2 * DAY_NS, FAULT + 2 * DAY_NS)
        assert found.kept.unmarked >= 1
        assert found.kept.promise.running_ns > DAY_NS
