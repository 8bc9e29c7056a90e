"""The hand-over note of a shift, and the words of cases, states and records."""

from __future__ import annotations

import pytest

from andon.alarms.handover import Handover, handover
from andon.alarms.history import histories
from andon.alarms.life import replay
from andon.alarms.sentences import case_sentence, duration, handover_sentences, record_sentence, refused_sentence, state_sentence
from andon.alarms.shifts import ShiftSpan
from andon.plant.alarm import (
    Acknowledge,
    Act,
    Clear,
    Comment,
    Mark,
    Raise,
    Record,
    Reset,
    Shelve,
    State,
    Suppress,
    SuppressedBy,
    TakeOut,
)
from andon.plant.file.alarm_settings import AlarmSettings
from andon.plant.messages import LANGUAGES
from andon.plant.sentences import speak
from andon.plant.time import DAY_NS, HOUR_NS
from tests.alarms.events import MIN, T0, Writer, event, raise_alarm
from tests.alarms.test_alarm_json import samples

SHIFT = ShiftSpan("early", T0 + HOUR_NS, T0 + 9 * HOUR_NS)


def shift_records() -> list[Record]:
    """One alarm from before the shift that ends in it; one that stands; one shelved; one suppressed; one out; one notification."""
    before, stands = Writer("before", T0), Writer("stands", SHIFT.start)
    records = before(raise_alarm())
    before(Acknowledge(), Comment("valve V-3 was stuck"), by="ann", after=HOUR_NS)
    before.clear()
    before(Mark(False), by="ann")
    records += stands(raise_alarm(event(SHIFT.start, "pump 2"), priority=1))
    hiding: tuple[Act, ...] = (
        Shelve(SHIFT.end + HOUR_NS, "known"),
        Suppress("p", SuppressedBy.SETTLING, SHIFT.end + HOUR_NS),
        TakeOut("pump is out"),
    )
    for number, act in enumerate(hiding):
        write = Writer(f"hidden {number}", SHIFT.start)
        records += write(raise_alarm(event(SHIFT.start + number + 1, "pump 3")), act, by="bo")
    note = Writer("note", SHIFT.start)
    records += note(Raise(event(SHIFT.start + 9, "pump 4"), cause=("LIC-1",)), Mark(True))
    after = Writer("after", SHIFT.end)
    return records + after(raise_alarm(event(SHIFT.end + 1, "pump 5")))


def note() -> Handover:
    return handover(histories(shift_records(), SHIFT.end - 1), SHIFT, AlarmSettings())


def test_the_note_counts_what_happened_in_the_shift() -> None:
    found = note()
    assert (found.came, found.notifications, found.acknowledged, found.over) == (4, 1, 1, 1)
    assert (found.marked_true, found.marked_false) == (1, 1)
    assert [alarm.id for alarm in found.standing] == ["stands", "note"]
    assert found.unacknowledged == ("stands",)
    assert [[alarm.id for alarm in part] for part in (found.shelved, found.suppressed, found.out)] == [
        ["hidden 0"], ["hidden 1"], ["hidden 2"],
    ]  # fmt: skip
    assert [(record.by, alarm.id) for record, alarm in found.remarks] == [("ann", "before")]
    assert found.acts == {"bo": 6, "ann": 3}
    assert found.floods == ()


def test_the_note_in_words() -> None:
    assert [speak(sentence) for sentence in handover_sentences(note())] == [
        "Shift early, 2025-10-09 09:53 to 17:53",
        "Alarms that came: 4; acknowledged: 1; returned to normal: 1. Notifications: 1.",
        "Marked true: 1; marked false: 1.",
        "■1 pump 2: TIC-1 4.1 σ above its usual level, since 03:12 – not acknowledged",
        "●4 pump 4: TIC-1 4.1 σ above its usual level, since 03:12 – not acknowledged",
        "Shelved until 18:53: pump 3: TIC-1 4.1 σ above its usual level, since 03:12 (known)",
        "Suppressed: pump 3: TIC-1 4.1 σ above its usual level, since 03:12 (settling after a changeover or a start)",
        "Out of service: pump 3: TIC-1 4.1 σ above its usual level, since 03:12 (pump is out)",
        "10:54 ann on pump 1: “valve V-3 was stuck”",
    ]
    chinese = [speak(sentence, "zh-CN") for sentence in handover_sentences(note(), zone="Asia/Shanghai")]
    assert chinese[0] == "early 班，2025-10-09 17:53 至 2025-10-10 01:53"
    assert len(chinese) == 9


def test_a_quiet_shift_and_a_flood() -> None:
    quiet = handover((), ShiftSpan("", T0, T0 + DAY_NS), AlarmSettings())
    assert [speak(sentence) for sentence in handover_sentences(quiet)] == [
        "2025-10-09 08:53 to 2025-10-10 08:53",
        "Alarms that came: 0; acknowledged: 0; returned to normal: 0. Notifications: 0.",
        "Nothing stands open.",
    ]
    records = []
    for number in range(12):
        records += Writer(f"a{number}", T0)(raise_alarm(event(T0 + number)))
    flooded = handover(histories(records, T0 + HOUR_NS), ShiftSpan("", T0, T0 + HOUR_NS), AlarmSettings())
    assert [flood.alarms for flood in flooded.floods] == [12]
    assert "Flood of alarms from 08:54 to 09:04, 12 alarms." in [speak(sentence) for sentence in handover_sentences(flooded)]
    lasting = handover(histories(records, T0 + 2 * MIN), ShiftSpan("", T0, T0 + 2 * MIN), AlarmSettings())
    assert "Flood of alarms from 08:54 to now, 12 alarms." in [speak(sentence) for sentence in handover_sentences(lasting)]


STATES: dict[str, tuple[tuple[Act, ...], str]] = {
    "unacknowledged": ((), "not acknowledged"),
    "acknowledged": ((Acknowledge(),), "acknowledged by ann at 08:55"),
    "returned": ((Clear(event().id),), "over, not acknowledged"),
    "shelved": ((Shelve(T0 + DAY_NS, "known"),), "shelved until 2025-10-10 08:53"),
    "suppressed": ((Suppress("p", SuppressedBy.SETPOINT),), "suppressed: a set-point was moved on purpose"),
    "out": ((TakeOut("away"),), "out of service"),
    "out until": ((TakeOut("away", T0 + HOUR_NS),), "out of service until 09:53"),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_in_words(name: str) -> None:
    acts, said = STATES[name]
    write = Writer()
    write(raise_alarm())
    assert speak(state_sentence(replay(write(*acts, by="ann")))) == said


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_record_is_said_in_every_language(language: str) -> None:
    for record in samples():
        assert speak(record_sentence(record), language)
    for latch in (True, False):
        write = Writer()
        write(raise_alarm(latch=latch))
        write.clear()
        write(Acknowledge())
        alarm = replay(write.records)
        assert alarm.state is (State.LATCHED_ACKNOWLEDGED if latch else State.NORMAL)
        assert speak(state_sentence(alarm), language)
        assert speak(refused_sentence(alarm), language)


def test_records_in_words() -> None:
    said = {record.number: speak(record_sentence(record)) for record in samples()}
    assert said[2] == "raised: TIC-1 4.1 σ above its usual level, since 03:12"
    assert said[7] == "shelved until 09:53: known"
    assert said[9] == "suppressed by design until 09:53: a set-point was moved on purpose"
    assert said[10] == "suppressed by design: its parent is in alarm"
    assert said[15] == "marked as a false alarm"
    assert said[16] == "“阀门卡住”"


def test_a_case_says_how_often_it_came() -> None:
    write = Writer()
    write(raise_alarm())
    alarm = replay(write.records)
    assert speak(case_sentence(alarm, name="Pump <b>")) == "Pump <b>: TIC-1 4.1 σ above its usual level, since 03:12"
    write.clear()
    again = replay(write(raise_alarm(event(T0 + HOUR_NS)), after=DAY_NS))
    assert speak(case_sentence(again)) == "pump 1: TIC-1 4.1 σ above its usual level, since 03:12; 2 times since 2025-10-09 08:54"


def test_a_tag_with_braces_is_only_text() -> None:
    found = event(shares={"{tag} {0} {x.__class__}": 1.0})
    assert speak(case_sentence(replay([Record("a", 1, T0, "andon", raise_alarm(found))]))).startswith(
        "pump 1: {tag} {0} {x.__class__} 4.1 σ"
    )


def test_what_is_refused_is_explained() -> None:
    write = Writer()
    write(raise_alarm(latch=True))
    write.clear()
    write(Acknowledge())
    said = speak(refused_sentence(replay(write.records)))
    assert said.startswith(
        "This is not possible while the alarm is “latched, to be reset”. Possible now: reset, shelve, take out of service, "
    )
    assert speak(refused_sentence(replay(write(Reset()))), "zh-CN").startswith("报警处于“正常”状态时不能这样做。")


@pytest.mark.parametrize(
    ("ns", "said"), [(30 * MIN, "30 min"), (90 * MIN, "90 min"), (5 * HOUR_NS, "5 h"), (47 * HOUR_NS, "47 h"), (400 * DAY_NS, "400 d")]
)
def test_durations(ns: int, said: str) -> None:
    assert speak(duration(ns)) == said
