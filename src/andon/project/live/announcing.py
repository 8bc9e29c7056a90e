"""Announces what happens to alarms: one message a case, few in a flood. What was announced is kept with it, so none comes twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from andon.alarms.floods import Flood, shown
from andon.alarms.sentences import case_sentence, clock, priority_mark
from andon.alarms.telling import Telling, Told, What, tellings
from andon.plant.alarm import Alarm, AlarmKind
from andon.plant.file import PlantFile
from andon.plant.messages import LANGUAGES, say
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS, format_instant
from andon.project.live.post import Post
from andon.sending import Message, Text
from andon.store.database import documents
from andon.store.database.database import Database
from andon.store.results import event_to_dict
from andon.streaming.keeping import AlarmDesk

KEPT = "announced"


class Announcer:
    """Looks at the alarms that have changed. Called from one thread.

    Parameters
    ----------
    plant : the plant file
    desk : the alarms
    post : takes the messages
    name_of : what people call an asset
    """

    def __init__(self, plant: PlantFile, desk: AlarmDesk, post: Post, database: Database, name_of: Callable[[str], str]) -> None:
        self.plant, self._desk, self._post, self._name_of = plant, desk, post, name_of
        kept = database.read(lambda connection: documents.get(connection, KEPT)) or {"alarms": {}, "flood": 0}
        self._told = {key: Told.from_plain(item) for key, item in kept["alarms"].items()}
        self._flood: int = kept["flood"]
        self._due: dict[str, None] = dict.fromkeys(self._told)
        self._day = 0

    def look(self, now: int) -> None:
        """Announce what is new at `now` (ns UTC).

        Raises
        ------
        StoreError : the database refuses; ask again
        """
        if not (self._post.wants("alarms") or self._post.wants("notifications")):
            self._desk.take_changed()
            return
        self._due |= dict.fromkeys(self._desk.take_changed())
        if now // DAY_NS != self._day:  # what the book has forgotten is forgotten here
            self._day = now // DAY_NS
            self._due |= dict.fromkeys(self._told)
        flood = self._desk.flood(now) if self._due or self._flood else None
        if not self._due and (flood.start if flood else 0) == self._flood:
            return
        folded: frozenset[str] = frozenset()
        if flood is not None:
            folded = frozenset(one for ids in shown(self._desk.open(now), self._desk.book.grouping, flood).folded.values() for one in ids)
        told, messages = dict(self._told), self._of_flood(flood, now)
        for key in self._due:
            alarm = self._desk.alarm(key, now)
            if alarm is None:
                told.pop(key, None)
                continue
            found, after = tellings(told.get(key), alarm, now, self.plant.alarms, folded=key in folded)
            messages += [self._of_alarm(telling) for telling in found]
            if after is not None:
                told[key] = after
        start = flood.start if flood is not None else 0
        if told != self._told or start != self._flood or messages:
            self._post.say(messages, lambda connection: _keep(connection, told, start, now))
        self._told, self._flood = told, start
        self._due = {}

    def _of_alarm(self, telling: Telling) -> Message:
        alarm = telling.alarm
        case = case_sentence(alarm, name=self._name_of(alarm.asset), zone=self.plant.site.zone)
        key = f"alarms.message.{telling.what.value}"
        texts = {}
        for language in LANGUAGES:
            title = say(key, language, priority=priority_mark(alarm.priority), case=speak(case, language))
            lines = [say("alarms.message.since", language, since=clock(alarm.event.onset, self.plant.site.zone))]
            if telling.what is not What.OVER:
                lines += [say("alarms.message.action", language, action=alarm.action)] if alarm.action else []
                lines += [say("alarms.message.check", language, check=check) for check in alarm.check]
                lines += [say("alarms.message.chatters", language)] if telling.chatters else []
            lines += [link] if (link := self.link(f"cases/{alarm.id}")) else []
            texts[language] = Text(title, "\n".join(lines))
        data: dict[str, Any] = {
            "alarm": alarm.id, "change": telling.what.value, "kind": alarm.kind.value, "state": alarm.state.value, "count": alarm.count,
            "tags": list(alarm.cause), "action": alarm.action, "check": list(alarm.check), "chatters": telling.chatters,
            "event": event_to_dict(alarm.event),
        }  # fmt: skip
        what = "alarms" if alarm.kind is AlarmKind.ALARM else "notifications"
        return Message(telling.id, what, telling.at, alarm.asset, texts, alarm.priority, data)

    def _of_flood(self, flood: Flood | None, now: int) -> list[Message]:
        """A flood begins or ends."""
        start = flood.start if flood is not None else 0
        if start == self._flood:
            return []
        out = []
        if self._flood:
            standing = sum(_stands(alarm) for alarm in self._desk.open(now))
            out.append(self._plain("flood-over", self._flood, now, standing=standing))
        if flood is not None:
            out.append(self._plain("flood", flood.start, flood.start, count=flood.alarms))
        return out

    def _plain(self, what: str, start: int, at: int, **numbers: int) -> Message:
        zone = self.plant.site.zone
        texts = {}
        for language in LANGUAGES:
            args: dict[str, object] = {"site": self.plant.site.name or "Andon", "since": clock(start, zone), **numbers}
            texts[language] = Text(say(f"alarms.message.{what}", language, **args), say(f"alarms.message.{what}.body", language, **args))
        data = {"change": what, "since": format_instant(start), **numbers}
        return Message(f"{what}.{start}", "alarms", at, "", texts, 1, data)

    def link(self, path: str) -> str:
        """The address of a page of the console; empty where the plant file names none."""
        url = self.plant.service.url.rstrip("/")
        return f"{url}/{path}" if url else ""


def _stands(alarm: Alarm) -> bool:
    return alarm.kind is AlarmKind.ALARM and not alarm.hidden and not alarm.closed


def _keep(connection: Connection, told: dict[str, Told], flood: int, now: int) -> None:
    documents.put(connection, KEPT, {"alarms": {key: one.to_plain() for key, one in told.items()}, "flood": flood}, at=now)
