"""The live part of the demonstration: the recorded plant goes on at sixty times its speed, shortly before something happens to it.

What lies before is taken through the same path first, as fast as it goes, then the plant stops and starts again, as a service would:
it takes up its checkpoint and goes on. The plant file of the demonstration gets what a real one has: an action for operators, so that
events are alarms.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

from andon.plant.atomic_write import write_text
from andon.plant.errors import RefusedError
from andon.plant.file.parse import parse_plant_file
from andon.plant.file.value import toml_text
from andon.plant.messages import say
from andon.plant.time import MINUTE_NS
from andon.project.demo import Stage
from andon.project.live.places import places_of
from andon.project.live.replaying import POLL_S, open_replay
from andon.project.live.running import Running
from andon.reading.link import Connection
from andon.store import read_events

LEAD_NS = 25 * MINUTE_NS
"""So long before the event the replay slows down: at sixty times the speed its alarm comes after half a minute."""
SPEED = 60.0


def open_demonstration(
    stage: Stage, *, speed: float = SPEED, host: str | None = None, port: int | None = None, lead: int = LEAD_NS
) -> Running:  # fmt: skip
    """The running plant, shortly before its first event; what came before has been judged.

    Parameters
    ----------
    lead : ns before the first event

    Raises
    ------
    RefusedError : there is no event to wait for
    StoreError : the disk refuses
    """
    starts = sorted(event.start for event in read_events(Path(stage.results) / "events.json"))
    if not starts:
        raise RefusedError("no event was found in this recording, so no alarm would come", do="replay another one: andon replay --help")
    begin = starts[0] - lead
    _with_an_action(Path(stage.plant))
    live = places_of(stage.plant).live.path
    shutil.rmtree(live, ignore_errors=True)  # of an earlier demonstration in the same folder
    with open_replay(stage.plant, stage.exports, stage.how, speed=0, data=str(live), end=begin) as before:
        asyncio.run(_run_up(before))
    return open_replay(stage.plant, stage.exports, stage.how, speed=speed, data=str(live), begin=begin, host=host, port=port)


async def _run_up(running: Running) -> None:
    """Take in all that was recorded. Ticks that samples to come may still belong to stay open."""
    task = asyncio.create_task(running.loop.run())
    try:
        while not task.done() and running.loop.links[0].health().connection is not Connection.ENDED:
            await asyncio.sleep(POLL_S)
    finally:
        running.loop.stop()
        await task
        running.post.close()


def _with_an_action(plant: Path) -> None:
    """Give the plant file a response with an action, and no first fortnight, where it has none."""
    text, found = plant.read_text(encoding="utf-8"), parse_plant_file(plant)
    if found.responses:
        return
    text = re.sub(r"(?m)^# first_fortnight = .*$", "first_fortnight = false", text, count=1)
    language = found.site.language
    checks = ", ".join(toml_text(say(f"project.demo.check.{number}", language)) for number in (1, 2))
    text += f"\n[[response]]\ncheck = [{checks}]\naction = {toml_text(say('project.demo.action', language))}\n"
    write_text(plant, text)
    parse_plant_file(plant)
