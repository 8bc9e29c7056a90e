"""Many threads, few waits for the disk, and nothing twice."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from andon.plant.errors import StoreError
from andon.store.ledger import Draft, Ledger
from andon.store.ledger_writer import LedgerWriter


def test_several_entries_at_once_are_the_same_as_one_by_one(tmp_path: Path) -> None:
    one, many = Ledger(tmp_path / "one.jsonl"), Ledger(tmp_path / "many.jsonl")
    drafts = [Draft("promoted", {"n": number}, number, "ana") for number in range(5)]
    entries = [one.append(draft.what, draft.data, at=draft.at, by=draft.by) for draft in drafts]
    assert many.append_all(drafts) == entries
    assert many.append_all([]) == []
    assert many.path.read_bytes() == one.path.read_bytes()
    assert many.verify() == ()


def test_threads_share_a_chain(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with LedgerWriter(ledger) as writer:
        threads = [
            threading.Thread(target=lambda name=name: [writer.append("act", {"n": n}, at=n, by=name) for n in range(30)]) for name in "abcd"
        ]
        for thread in threads:
            thread.start()
        ledger.append("other", {}, at=1)  # another process may write too
        for thread in threads:
            thread.join()
    assert ledger.verify() == ()
    entries = list(ledger.entries())
    assert len(entries) == 121
    for name in "abcd":
        assert [entry.data["n"] for entry in entries if entry.by == name] == list(range(30))
    with pytest.raises(StoreError, match="the ledger is closed"):
        writer.append("act", {}, at=1)


def test_those_who_wait_together_share_an_fsync(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    whole = os.fsync

    def counted(descriptor: int) -> None:
        syncs.append(descriptor)
        whole(descriptor)

    monkeypatch.setattr(os, "fsync", counted)
    with LedgerWriter(Ledger(tmp_path / "ledger.jsonl")) as writer:
        futures = [writer.submit("act", {"n": number}, at=number) for number in range(500)]
        assert [future.result(30).number for future in futures] == list(range(1, 501))
    assert len(syncs) < 250


def test_once_is_once_after_a_restart_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with LedgerWriter(ledger) as writer:
        first = writer.append("event-opened", {"event": "e1"}, at=1, once="event:e1")
        assert writer.append("event-opened", {"event": "e1"}, at=2, once="event:e1") == first
        both = [writer.submit("event-opened", {"event": "e2"}, at=3, once="event:e2") for _ in range(2)]
        assert both[0].result(10) == both[1].result(10)
        writer.append("act", {}, at=4)
        writer.append("act", {}, at=4)
    with LedgerWriter(ledger, remember_from=first.number) as writer:
        assert writer.append("event-opened", {"event": "e1"}, at=9, once="event:e1") == first
        writer.forget_before(2)
        assert writer.append("event-opened", {"event": "e1"}, at=9, once="event:e1").number == 5
    assert [entry.what for entry in ledger.entries()] == ["event-opened", "event-opened", "act", "act", "event-opened"]
    assert ledger.verify() == ()


def test_a_full_disk_adds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")

    def full(_: int) -> None:
        raise OSError(28, os.strerror(28))

    with LedgerWriter(ledger) as writer:
        writer.append("act", {"n": 0}, at=1)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            for _ in range(2):
                with pytest.raises(StoreError, match="No space left on device"):
                    writer.append("act", {"n": 1}, at=1, once="k")
        writer.append("act", {"n": 1}, at=1, once="k")
    assert [entry.data["n"] for entry in ledger.entries()] == [0, 1]
    assert ledger.verify() == ()
