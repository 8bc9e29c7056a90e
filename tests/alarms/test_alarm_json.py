"""Records as JSON: a golden file of every act, written once a schema version; what is wrong is refused.

`python -m tests.alarms.test_alarm_json` writes the golden file anew: only with a new schema version, for every released
version must be read for ever.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from andon.plant.alarm import (
    ACTS,
    Acknowledge,
    Act,
    AlarmKind,
    Assign,
    Clear,
    Comment,
    Consequence,
    Mark,
    Pause,
    PutBack,
    Raise,
    Record,
    Reset,
    Revise,
    Shelve,
    Suppress,
    SuppressedBy,
    TakeOut,
    Unshelve,
    Unsuppress,
)
from andon.plant.alarm_json import pause_from_dict, pause_to_dict, record_from_dict, record_to_dict
from andon.plant.errors import AlarmError
from andon.plant.sentences import speak
from andon.plant.verdict import Sentence
from tests.alarms.events import MIN, T0, event

GOLDEN = Path(__file__).parent / "golden" / "records-1.json"
NESTED = Sentence(
    "evidence.event.with",
    {"first": Sentence("evidence.event.novelty", {"tag": "温度 °C", "since": "03:12"}), "others": ["<b>&\"'", "FIC-1"]},
)


def samples() -> list[Record]:
    """One record of each act, the first and the fullest of each kind."""
    first = replace(event(), sentence=NESTED, quality_relevant=True)
    acts: tuple[Act, ...] = (
        Raise(first, AlarmKind.ALARM, 1, ("TIC-1", "FIC-1"), "close V-3", ("V-3", "pump"), Consequence.SEVERE, 10 * MIN, True, MIN),
        Raise(event(T0 + MIN)),
        Revise(replace(first, end=T0 + 5 * MIN, severity=0.9), 2),
        Clear(first.id, 2 * MIN),
        Acknowledge(),
        Reset(),
        Shelve(T0 + 60 * MIN, "known"),
        Unshelve(),
        Suppress("p1", SuppressedBy.SETPOINT, T0 + 60 * MIN, "new recipe"),
        Suppress("p2", SuppressedBy.PARENT),
        Unsuppress("p1"),
        TakeOut("away", T0 + 60 * MIN),
        TakeOut("away"),
        PutBack(),
        Mark(True),
        Comment("阀门卡住"),
        Assign("bo"),
    )
    return [Record("a1", number, T0 + number, "ann", act) for number, act in enumerate(acts, start=1)]


def test_every_act_has_a_sample() -> None:
    assert {type(record.act) for record in samples()} == set(ACTS)


@pytest.mark.parametrize("record", samples(), ids=lambda record: f"{record.number}-{record.act.name}")
def test_what_is_written_is_read_back_the_same(record: Record) -> None:
    assert record_from_dict(json.loads(json.dumps(record_to_dict(record)))) == record


def test_the_golden_file_is_read_and_written_the_same() -> None:
    rows = json.loads(GOLDEN.read_text("utf-8"))
    assert [record_from_dict(row) for row in rows] == samples()
    assert [record_to_dict(record) for record in samples()] == rows


def test_sentences_inside_sentences_still_speak() -> None:
    act = record_from_dict(record_to_dict(samples()[0])).act
    assert isinstance(act, Raise)
    said = "温度 °C moves in a pattern never seen in normal time, since 03:12; also <b>&\"' and FIC-1"
    assert speak(act.event.sentence) == said


GOOD = record_to_dict(samples()[4])
BAD: dict[str, tuple[dict[str, Any], str]] = {
    "newer": (GOOD | {"schema_version": 2}, "a record of alarms with schema version 2, this Andon knows 1 to 1"),
    "no version": ({}, "a record of alarms with schema version None, this Andon knows 1 to 1"),
    "no such act": (GOOD | {"act": "ring"}, "not a record of alarms: KeyError('ring')"),
    "no author": ({key: value for key, value in GOOD.items() if key != "by"}, "not a record of alarms: KeyError('by')"),
    "a field too many": (GOOD | {"data": {"x": 1}}, "not a record of alarms: ValueError(\"'acknowledge' has no 'x'\")"),
    "no time": (GOOD | {"at": "noon"}, "not a record of alarms: ValueError(\"invalid literal for int() with base 10: 'noon'\")"),
    "no such kind": (
        record_to_dict(samples()[9]) | {"data": {"cause": "p", "by": "weather"}},
        "not a record of alarms: ValueError(\"'weather' is not a valid SuppressedBy\")",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_record_is_refused(name: str) -> None:
    row, message = BAD[name]
    with pytest.raises(AlarmError) as caught:
        record_from_dict(row)
    assert caught.value.what == message


def test_pauses_are_read_back_and_keep_their_id() -> None:
    pause = Pause(SuppressedBy.CALIBRATION, T0, T0 + 60 * MIN, "pump 1", ("TIC-1",), "yearly", "ann", T0)
    again = pause_from_dict(json.loads(json.dumps(pause_to_dict(pause))))
    assert again == pause
    assert again.id == pause.id == replace(pause, end=T0 + MIN).id
    assert pause.id != replace(pause, tags=()).id
    with pytest.raises(AlarmError, match="not a pause of alarms"):
        pause_from_dict({"kind": "holiday"})


if __name__ == "__main__":
    GOLDEN.parent.mkdir(exist_ok=True)
    rows = [record_to_dict(record) for record in samples()]
    GOLDEN.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", "utf-8")
