"""What is told of alarms: once each, in whatever order people and time change them; little of what chatters, nothing of what is hidden."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from andon.alarms.life import replay as alarm_of
from andon.alarms.life import settle, state
from andon.alarms.telling import OLDEST_NS, Telling, Told, What, tellings
from andon.plant.alarm import Acknowledge, Alarm, Clear, Revise, Shelve, State, Suppress, SuppressedBy, Unsuppress
from andon.plant.file.alarm_settings import AlarmSettings
from tests.alarms.events import MIN, T0, Writer, event, raise_alarm

SETTINGS = AlarmSettings()


def alarm(writer: Writer, now: int) -> Alarm:
    return settle(alarm_of(writer.records), now)


class Listener:
    """Looks at an alarm again and again, and forgets nothing over a restart."""

    def __init__(self, writer: Writer) -> None:
        self.writer, self.heard = writer, list[Telling]()
        self.told: Told | None = None

    def look(self, now: int | None = None, **how: Any) -> list[str]:
        now = self.writer.at if now is None else now
        told = None if self.told is None else Told.from_plain(json.loads(json.dumps(self.told.to_plain())))
        found, self.told = tellings(told, alarm(self.writer, now), now, SETTINGS, **how)
        self.heard += found
        again, after = tellings(self.told, alarm(self.writer, now), now, SETTINGS, **how)
        assert (list(again), after) == ([], self.told), "asked again, nothing more comes of it"
        return [one.what.value for one in found]


def test_it_comes_up_becomes_more_urgent_and_is_over() -> None:
    write = Writer()
    write(raise_alarm(event()))
    hears = Listener(write)
    assert hears.look() == ["raised"]
    write(Acknowledge(), by="kim")
    assert hears.look() == []
    write(Revise(event(), 1))
    assert hears.look() == ["more-urgent"]
    write.clear()
    assert hears.look() == ["over"]
    assert len({one.id for one in hears.heard}) == 3


def test_what_came_and_went_between_two_looks_is_told_in_one_go() -> None:
    write = Writer()
    write(raise_alarm(event()))
    write.clear()
    assert Listener(write).look() == ["raised", "over"]


def test_before_its_on_delay_nothing_is_told_and_what_ends_before_never_is() -> None:
    write = Writer()
    write(raise_alarm(event(), on_delay_ns=10 * MIN))
    hears = Listener(write)
    assert hears.look(write.at + 9 * MIN) == []
    short = Writer()
    short(raise_alarm(event(), on_delay_ns=10 * MIN))
    short.clear()
    assert Listener(short).look(short.at + 60 * MIN) == []
    assert hears.look(write.at + 11 * MIN) == ["raised"]


def test_what_is_hidden_is_told_when_it_is_shown_and_still_holds() -> None:
    for ends, wanted in ((False, ["raised"]), (True, [])):
        write = Writer()
        write(raise_alarm(event()), after=0)
        write(Suppress("pause", SuppressedBy.MAINTENANCE), after=0)
        hears = Listener(write)
        assert hears.look() == []
        if ends:
            write.clear()
            assert hears.look() == []
        write(Unsuppress("pause"))
        assert hears.look() == wanted
        if not ends:
            write.clear()
            assert hears.look() == ["over"]


def test_the_end_of_what_was_told_is_told_though_it_was_hidden_meanwhile() -> None:
    write = Writer()
    write(raise_alarm(event()))
    hears = Listener(write)
    hears.look()
    write(Shelve(write.at + 60 * MIN, "known"), by="kim")
    assert state(write.records, write.at) is State.SHELVED
    write(Revise(event(), 1))
    assert hears.look() == []
    write.clear()
    assert hears.look() == ["over"]


def test_chattering_is_said_once_then_silent_until_it_is_quiet() -> None:
    write = Writer()
    hears = Listener(write)
    told = []
    for number in range(6):
        write(raise_alarm(event(T0 + number * MIN * 4)), after=2 * MIN)
        told.append(hears.look())
        write.clear()
        hears.look()
    assert told == [["raised"], ["raised"], ["raised"], [], [], []]
    assert [one.chatters for one in hears.heard if one.what is What.RAISED] == [False, False, True]
    write(raise_alarm(event(write.at)), after=SETTINGS.chatter_within_ns + MIN)
    assert hears.look() == ["raised"]
    assert not hears.heard[-1].chatters


def test_a_flood_folds_what_is_not_urgent_for_good_but_not_what_becomes_urgent() -> None:
    write = Writer()
    write(raise_alarm(event()))
    hears = Listener(write)
    assert hears.look(folded=True) == []
    assert hears.look() == [], "not a second flood of messages when the first is over"
    write(Revise(event(), 1))
    assert hears.look() == ["more-urgent"]
    write.clear()
    assert hears.look() == ["over"]
    quiet = Writer()
    quiet(raise_alarm(event()))
    hears = Listener(quiet)
    hears.look(folded=True)
    quiet.clear()
    assert hears.look() == []


def test_what_is_old_news_is_not_told() -> None:
    write = Writer()
    write(raise_alarm(event()))
    hears = Listener(write)
    assert hears.look(write.at + OLDEST_NS + MIN) == []
    write.clear()
    assert hears.look(write.at + OLDEST_NS + 2 * MIN) == []


acts = st.sampled_from(["raise", "clear", "suppress", "unsuppress", "urgent", "look", "wait"])


@given(st.lists(acts, max_size=40), st.lists(st.booleans(), min_size=40, max_size=40))
def test_nothing_is_told_twice_and_every_end_has_its_beginning(steps: list[str], folded: list[bool]) -> None:
    write, number, hidden = Writer(), 0, False
    hears: Listener | None = None
    opened: list[str] = []
    for step, fold in zip(steps, folded, strict=False):
        if step == "raise":
            number += 1
            came = event(T0 + number * MIN)
            opened.append(came.id)
            write(raise_alarm(came))
        elif not write.records:
            continue
        elif step == "clear" and opened:
            write(Clear(opened.pop()))
        elif step == "urgent" and opened:
            write(Revise(event(T0 + number * MIN), 1))
        elif step == "suppress" and not hidden:
            write(Suppress("p", SuppressedBy.MAINTENANCE))
            hidden = True
        elif step == "unsuppress" and hidden:
            write(Unsuppress("p"))
            hidden = False
        elif step == "wait":
            write.at += 60 * MIN
        hears = hears or Listener(write)
        if step == "look" or write.records:
            before = len(hears.heard)
            hears.look(folded=fold)
            assert all(not one.alarm.hidden or one.what is What.OVER for one in hears.heard[before:])
    if hears is None:
        return
    ids = [one.id for one in hears.heard]
    assert len(ids) == len(set(ids))
    told: set[int | None] = set()
    for one in hears.heard:
        if one.what is What.OVER:
            assert one.alarm.last_raised_at in told
        else:
            told.add(one.alarm.last_raised_at)
