"""Pages of the ledger and its verified prefix: the same answers as reading and verifying the whole, at the cost of what is new."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.store import ledger_view
from andon.store.ledger import Break, Draft, Entry, Ledger, parse_line
from andon.store.ledger_view import LedgerView


def filled(path: Path, count: int) -> Ledger:
    made = Ledger(path)
    made.append_all([ledger_draft(number) for number in range(count)])
    return made


def ledger_draft(number: int) -> Draft:
    return Draft("note", {"n": number}, at=number)


@pytest.fixture(scope="module")
def long_view(long: Ledger) -> LedgerView:
    return LedgerView(long)


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    return filled(tmp_path_factory.mktemp("ledger") / "ledger.jsonl", 1_300)


@given(before=st.one_of(st.none(), st.integers(0, 1_400)), limit=st.integers(1, 300))
def test_every_page_is_what_a_reader_of_the_whole_file_finds(long_view: LedgerView, before: int | None, limit: int) -> None:
    everything = [number for number in range(1, 1_301) if before is None or number < before]
    entries, breaks = long_view.look(before, limit)
    assert [entry.number for entry in entries] == everything[::-1][:limit]
    assert breaks == ()


def test_only_what_is_new_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = filled(tmp_path / "ledger.jsonl", 2_000)
    view = LedgerView(ledger)
    view.look()
    read: list[bytes] = []

    def counted(text: bytes) -> Entry | None:
        read.append(text)
        return parse_line(text)

    monkeypatch.setattr(ledger_view, "parse_line", counted)
    ledger.append("note", {}, at=1)
    entries, breaks = view.look(limit=50)
    assert (entries[0].number, breaks, view.head) == (2_001, (), ledger.head())
    assert len(read) < 400, "one new line and the page's stretch, not two thousand"


def test_what_was_changed_shows_at_once_where_the_file_was_replaced_and_within_the_hour_in_place(tmp_path: Path) -> None:
    now = [0.0]
    ledger = filled(tmp_path / "ledger.jsonl", 10)
    view = LedgerView(ledger, lambda: now[0])
    assert view.look()[1] == ()
    text = ledger.path.read_text("utf-8")
    with open(ledger.path, "r+b") as file:  # in place, of the same length
        at = text.encode().index(b'"n": 3')
        file.seek(at)
        file.write(b'"n": 8')
    now[0] = ledger_view.ANEW_S + 1
    assert view.look()[1] == (Break(4, "changed"),)
    other = tmp_path / "other"
    other.write_text(text.replace('"n": 5', '"n": 6'), "utf-8")
    other.replace(ledger.path)
    assert view.look()[1] == (Break(6, "changed"),)


@pytest.mark.parametrize("keep", [0, 4, 9])
def test_a_cut_off_end_shows(tmp_path: Path, keep: int) -> None:
    ledger = filled(tmp_path / "ledger.jsonl", 10)
    view = LedgerView(ledger)
    assert view.look()[1] == ()
    lines = ledger.path.read_text("utf-8").splitlines(keepends=True)
    ledger.path.write_text("".join(lines[:keep]), "utf-8")
    assert view.look()[1] == (Break(0, "cut-off"),)


def test_a_line_that_is_being_written_is_no_break_and_is_read_once_it_is_whole(tmp_path: Path) -> None:
    ledger = filled(tmp_path / "ledger.jsonl", 3)
    other = filled(tmp_path / "other.jsonl", 4)
    last = other.path.read_bytes().splitlines(keepends=True)[3]
    view = LedgerView(ledger)
    with open(ledger.path, "ab") as file:
        file.write(last[:20])
        file.flush()
        assert ([entry.number for entry in view.look()[0]], view.look()[1]) == ([3, 2, 1], ())
        file.write(last[20:])
    assert ([entry.number for entry in view.look()[0]], view.look()[1]) == ([4, 3, 2, 1], ())
    assert json.loads(last)["number"] == 4


def test_an_empty_ledger(tmp_path: Path) -> None:
    assert LedgerView(Ledger(tmp_path / "none.jsonl")).look() == ([], ())
