"""Opened events in the ledger: each once, whatever a replay says again, and none is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from andon.store.ledger import Ledger
from andon.streaming.openings import REMEMBERED, Openings
from tests.alarms.events import MIN, T0, closed, event


@contextmanager
def opened(folder: Path) -> Iterator[Openings]:
    openings = Openings(Ledger(folder / "ledger.jsonl"), folder / "opened.json")
    yield openings
    openings.close()


def entries(folder: Path) -> list[str]:
    ledger = Ledger(folder / "ledger.jsonl")
    assert not ledger.verify()
    return [str(entry.data["event"]) for entry in ledger.entries("event-opened")]


def test_an_event_that_is_told_again_after_a_crash_stands_once(tmp_path: Path) -> None:
    told = [event(T0 + number * MIN, asset=f"pump {number}") for number in range(12)]
    for life in range(4):  # each life begins at the checkpoint before the last one's end, as after a crash
        with opened(tmp_path) as openings:
            for number, one in enumerate(told[max(0, 3 * life - 2) : 3 * life + 3]):
                openings.opened(one if number else closed(one, one.start + MIN))  # known better by now, the same event
                if number == 1:
                    openings.flush()
    assert entries(tmp_path) == [one.id for one in told]


def test_without_its_marks_or_with_those_of_another_ledger_it_looks_through_the_whole(tmp_path: Path) -> None:
    told = [event(T0 + number * MIN, asset=f"pump {number}") for number in range(4)]
    with opened(tmp_path) as openings:
        for one in told:
            openings.opened(one)
            openings.flush()
    for text in ("", "[900, 901, 902]", "nonsense"):
        (tmp_path / "opened.json").write_text(text)
        with opened(tmp_path) as openings:
            for one in told:
                openings.opened(one)
    assert entries(tmp_path) == [one.id for one in told]


def test_what_no_checkpoint_can_repeat_is_forgotten(tmp_path: Path) -> None:
    with opened(tmp_path) as openings:
        for number in range(REMEMBERED + 2):
            openings.opened(event(T0 + number * MIN, asset=f"pump {number}"))
            openings.flush()
        assert len(openings._writer._known) == REMEMBERED - 1
