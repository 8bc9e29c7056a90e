"""The chain finds what was changed, removed, added, moved or cut off."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from andon.plant.errors import StoreError
from andon.store import ledger as ledger_module
from andon.store.ledger import START, Break, Entry, Ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    for number in range(6):
        ledger.append("promoted", {"model": f"泵 {number}", "share": 0.1 * number}, at=100 + number, by="ana")
    return ledger


def lines(ledger: Ledger) -> list[str]:
    return ledger.path.read_text(encoding="utf-8").splitlines(keepends=True)


def test_entries_come_back(ledger: Ledger) -> None:
    got = list(ledger.entries())
    assert [e.number for e in got] == [1, 2, 3, 4, 5, 6]
    assert (got[2].at, got[2].by, got[2].what, dict(got[2].data)) == (102, "ana", "promoted", {"model": "泵 2", "share": 0.2})
    assert got[0].before == START
    assert ledger.head() == (6, got[-1].hash)
    assert [e.number for e in ledger.entries(after=4)] == [5, 6]
    assert list(ledger.entries("other")) == []
    assert ledger.verify() == ()


def test_the_end_is_read_quickly_and_rightly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = Ledger(tmp_path / "long.jsonl")
    long.append("note", {}, at=1)
    first = lines(long)[0]
    # 3,000 entries, written at once: the chain does not matter to reading the end.
    many = [json.loads(first) | {"number": number} for number in range(1, 3_001)]
    long.path.write_text("".join(json.dumps(row) + "\n" for row in many), encoding="utf-8")
    read: list[bytes] = []
    parse = ledger_module.parse_line

    def counted(text: bytes) -> Entry | None:
        read.append(text)
        return parse(text)

    monkeypatch.setattr(ledger_module, "parse_line", counted)
    assert [e.number for e in long.since(2_999)] == [2_999, 3_000]
    assert long.head()[0] == 3_000
    assert len(read) < 200
    for number in (1, 2, 2_500, 3_000, 3_001):
        assert [e.number for e in long.since(number)] == list(range(number, 3_001))


def test_an_empty_ledger(tmp_path: Path) -> None:
    empty = Ledger(tmp_path / "none.jsonl")
    assert (list(empty.entries()), empty.head(), empty.verify()) == ([], (0, START), ())


def test_a_changed_entry(ledger: Ledger) -> None:
    text = lines(ledger)
    text[2] = text[2].replace('"ana"', '"bob"')
    ledger.path.write_text("".join(text), encoding="utf-8")
    assert ledger.verify() == (Break(3, "changed"),)


def test_an_entry_forged_with_a_fresh_hash_breaks_the_next(ledger: Ledger, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other" / "ledger.jsonl")
    for number in range(3):
        other.append("promoted", {"model": f"泵 {number}", "share": 0.1 * number}, at=100 + number, by="eve" if number == 2 else "ana")
    text = lines(ledger)
    text[2] = lines(other)[2]
    ledger.path.write_text("".join(text), encoding="utf-8")
    assert ledger.verify() == (Break(4, "moved"),)


def test_a_removed_entry(ledger: Ledger) -> None:
    text = lines(ledger)
    ledger.path.write_text("".join(text[:2] + text[3:]), encoding="utf-8")
    assert ledger.verify() == (Break(3, "moved"),)


def test_reordered_and_repeated_entries(ledger: Ledger) -> None:
    text = lines(ledger)
    ledger.path.write_text("".join([*text[:2], text[3], text[2], *text[4:]]), encoding="utf-8")
    assert Break(3, "moved") in ledger.verify()
    ledger.path.write_text("".join([*text[:3], text[2], *text[3:]]), encoding="utf-8")
    assert Break(4, "moved") in ledger.verify()


def test_a_cut_off_end(ledger: Ledger) -> None:
    head = ledger.head()
    text = lines(ledger)
    ledger.path.write_text("".join(text[:4]), encoding="utf-8")
    assert ledger.verify() == (Break(0, "cut-off"),)
    # Whoever removes the head as well is found by a head kept elsewhere.
    ledger.path.with_name("ledger.jsonl.head").unlink()
    assert ledger.verify() == ()
    assert ledger.verify(head) == (Break(0, "cut-off"),)


def test_an_unreadable_line_and_head(ledger: Ledger) -> None:
    text = lines(ledger)
    ledger.path.write_text("".join([*text[:2], "garbage\n", *text[3:]]), encoding="utf-8")
    assert ledger.verify() == (Break(3, "unreadable"), Break(4, "moved"))
    ledger.path.write_text("".join(text), encoding="utf-8")
    ledger.path.with_name("ledger.jsonl.head").write_text("{", encoding="utf-8")
    assert ledger.verify() == (Break(0, "cut-off"),)


def test_a_torn_line_is_put_aside_by_the_next_append(ledger: Ledger) -> None:
    whole = ledger.path.read_bytes()
    torn = json.dumps({"number": 7, "at": 1})[:9]
    ledger.path.write_bytes(whole + torn.encode())
    assert ledger.verify() == (Break(7, "torn"),)
    assert [e.number for e in ledger.entries()] == [1, 2, 3, 4, 5, 6]
    assert ledger.head()[0] == 6
    entry = ledger.append("budget-set", {}, at=200)
    assert entry.number == 8
    assert [(e.what, dict(e.data)) for e in ledger.entries(after=6)] == [("torn-line", {"text": torn}), ("budget-set", {})]
    assert ledger.verify() == ()
    assert ledger.path.read_bytes().startswith(whole)


def test_a_full_disk_adds_nothing(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ledger.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="cannot write the ledger: No space left on device"):
        ledger.append("promoted", {}, at=1)
    assert ledger.path.read_bytes() == whole
    monkeypatch.undo()
    assert ledger.append("promoted", {}, at=1).number == 7
    assert ledger.verify() == ()


def test_a_head_that_lags_is_no_break(ledger: Ledger) -> None:
    head = ledger.path.with_name("ledger.jsonl.head")
    old = head.read_bytes()
    ledger.append("promoted", {}, at=1)
    head.write_bytes(old)
    assert ledger.verify() == ()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_edit_of_the_file_is_found(ledger: Ledger, data: st.DataObject) -> None:
    raw = ledger.path.read_bytes()
    try:
        at = data.draw(st.integers(0, len(raw) - 1))
        edited = bytearray(raw)
        edited[at] ^= data.draw(st.integers(1, 255))
        ledger.path.write_bytes(bytes(edited))
        assert ledger.verify() or [e.hash for e in Ledger(ledger.path).entries()] == original_hashes(raw)
    finally:
        ledger.path.write_bytes(raw)


def original_hashes(raw: bytes) -> list[str]:
    """Hashes of the untouched entries: an edit that leaves them all means the same (a space within JSON)."""
    return [json.loads(line)["hash"] for line in raw.splitlines()]
