"""What is told at set hours: the digest of a day in the first fortnight, what the fortnight comes to, and the hand-over of a shift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from andon.alarms.fortnight import Outcome, digest, outcome
from andon.alarms.handover import handover
from andon.alarms.promise import kept
from andon.alarms.sentences import digest_sentences, handover_sentences, outcome_sentences
from andon.alarms.shifts import digest_day, last_shift
from andon.plant.messages import LANGUAGES
from andon.plant.sentences import plain, speak
from andon.plant.time import DAY_NS, HOUR_NS, format_instant
from andon.plant.verdict import Sentence
from andon.project.live.past import past, promises_of
from andon.sending import Message, Text

if TYPE_CHECKING:
    from andon.project.live.running import Running

LATE_NS = 12 * HOUR_NS
"""What was due longer ago, because no process ran, is not told any more."""


class Reports:
    """Says what is due. Asked again it says nothing twice: the post knows what was said. From one thread."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._done: set[str] = set()

    def look(self, now: int) -> None:
        """Say what is due at `now` (ns UTC).

        Raises
        ------
        StoreError : the database refuses; look again later
        """
        for message in (*self._digest(now), *self._outcomes(now), *self._handover(now)):
            self._running.post.say([message])
            self._done.add(message.id)

    def _digest(self, now: int) -> list[Message]:
        running, day = self._running, digest_day(self._running.plant, now)
        name = f"digest.{day.end}"
        if not running.post.wants("digest") or name in self._done or now - day.end > LATE_NS:
            return []
        if not any(running.alarms.book.notify_only(asset, day.start) for asset in running.monitors):
            return []
        made = digest(past(running, day.start, now), day)
        data = {
            "start": format_instant(day.start), "end": format_instant(day.end), "true": made.true, "false": made.false,
            "unmarked": made.unmarked,
            "entries": [
                {"alarm": item.alarm_id, "asset": item.asset, "at": format_instant(item.at), "mark": item.false,
                 "sentence": plain(item.sentence),
                 "true": running.announcer.link(f"cases/{item.alarm_id}?mark=true"),
                 "false": running.announcer.link(f"cases/{item.alarm_id}?mark=false")}
                for item in made.entries
            ],
        }  # fmt: skip
        links = ["", *(running.announcer.link(f"cases/{item.alarm_id}") for item in made.entries)]
        return [_message(name, "digest", day.end, digest_sentences(made, zone=running.plant.site.zone), data, links)]

    def _outcomes(self, now: int) -> list[Message]:
        """Once for each group: what its first fortnight comes to."""
        running, settings = self._running, self._running.plant.alarms
        if not running.post.wants("digest") or not settings.first_fortnight:
            return []
        ends = {asset: since + settings.fortnight_ns for asset, since in running.in_service().items()}
        due = {asset: end for asset, end in ends.items() if end <= now < end + DAY_NS}
        out = []
        for group in running.plant.budgets if due else ():
            mine = {asset: end for asset, end in due.items() if not group.assets or asset in group.assets}
            name = f"fortnight.{group.name}.{max(mine.values(), default=0)}"
            if not mine or name in self._done:
                continue
            end = max(mine.values())
            for found in outcomes(running, end - settings.fortnight_ns, end):
                if found.kept.promise.group == group.name:
                    data = {
                        "group": group.name,
                        "proposal": found.proposal.value,
                        "budget": str(found.budget),
                        "counted": found.kept.counted,
                    }
                    out.append(_message(name, "digest", end, outcome_sentences(found), data))
        return out

    def _handover(self, now: int) -> list[Message]:
        running = self._running
        shift = last_shift(running.plant, now) if running.plant.shifts and running.post.wants("handover") else None
        name = f"handover.{shift.name}.{shift.end}" if shift is not None else ""
        if shift is None or name in self._done or now - shift.end > LATE_NS:
            return []
        note = handover(past(running, shift.start, shift.end), shift, running.plant.alarms)
        data = {"shift": shift.name, "start": format_instant(shift.start), "end": format_instant(shift.end), "came": note.came,
                "standing": [alarm.id for alarm in note.standing]}  # fmt: skip
        return [_message(name, "handover", shift.end, handover_sentences(note, zone=running.plant.site.zone), data)]


def outcomes(running: Running, start: int, end: int) -> list[Outcome]:
    """What a stretch says about each promise."""
    histories = past(running, start, end)
    return [outcome(kept(histories, promise, start, end), histories) for promise in promises_of(running, start, end)]


def _message(name: str, what: str, at: int, lines: Sequence[Sentence], data: Mapping[str, object], links: Sequence[str] = ()) -> Message:
    texts = {}
    for language in LANGUAGES:
        said = [speak(line, language) for line in lines]
        body = [f"{text}\n{link}" if link else text for text, link in zip(said, [*links, *[""] * len(said)], strict=False)]
        texts[language] = Text(said[0], "\n".join(body))
    return Message(name, what, at, "", texts, None, data)
