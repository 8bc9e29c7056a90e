"""Nothing that was durable is lost, nothing comes twice, whatever happens to the process and the disk."""

from __future__ import annotations

import errno
import itertools
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.errors import StoreError
from andon.store.journal import Damage, Fsync, Journal, Position
from andon.store.journal.frames import segment_numbers, segment_path
from tests.store.batches import batch, same

BATCH, NEVER = Fsync(0), Fsync(None)


def numbers(journal: Journal, start: Position | None = None) -> list[int]:
    """Which batches are kept; each must be whole."""
    found = []
    for kept in journal.read(start):
        number = int(kept.batch.position.split(":")[1])
        assert same(kept.batch, batch(number))
        found.append(number)
    return found


@pytest.mark.parametrize("policy", [BATCH, NEVER, Fsync(5_000_000)])
def test_batches_come_back_in_order_and_from_any_position(tmp_path: Path, policy: Fsync) -> None:
    with Journal(tmp_path, fsync=policy, segment_bytes=2_000) as journal:
        ends = [journal.append(batch(number)) for number in range(40)]
        assert len(segment_numbers(tmp_path)) > 3
        assert ends == sorted(set(ends))
        assert numbers(journal) == list(range(40))
        for number, end in enumerate(ends):
            assert numbers(journal, end) == list(range(number + 1, 40))
        assert journal.wait(journal.end, 5)
        assert journal.durable == journal.end
    with Journal(tmp_path, fsync=policy, segment_bytes=2_000) as again:
        assert (again.end, again.cut, again.damage) == (ends[-1], 0, [])
        assert numbers(again) == list(range(40))
        again.append(batch(40))
        assert numbers(again, ends[37]) == [38, 39, 40]


def test_several_batches_at_once_and_none(tmp_path: Path) -> None:
    with Journal(tmp_path, fsync=BATCH) as journal:
        start = journal.end
        assert journal.append_all([]) == start
        end = journal.append_all([batch(1), batch(2), batch(3)])
        assert journal.durable == end
        kept = list(journal.read(start))
        assert [one.after for one in kept[:2]] == [one.position for one in kept[1:]]
        assert numbers(journal) == [1, 2, 3]


def test_what_is_durable_waits_for_the_disk(tmp_path: Path) -> None:
    told: list[Position] = []
    with Journal(tmp_path, fsync=Fsync(3_600_000_000_000), on_durable=told.append) as journal:
        start = journal.durable
        end = journal.append(batch(1))
        assert (journal.durable, journal.end) == (start, end)
        assert not journal.wait(end, 0.01)
        assert journal.sync() == end
        assert journal.wait(end, 0)
        assert told == [end]
    with Journal(tmp_path, fsync=NEVER, on_durable=told.append) as journal:
        assert journal.append(batch(2)) == journal.durable == told[-1]


def test_the_interval_is_kept(tmp_path: Path) -> None:
    reached = threading.Event()
    with Journal(tmp_path, fsync=Fsync(1_000_000), on_durable=lambda _: reached.set()) as journal:
        end = journal.append(batch(1))
        assert reached.wait(10)
        assert journal.wait(end, 10)


def test_reading_goes_on_while_another_thread_appends(tmp_path: Path) -> None:
    with Journal(tmp_path, fsync=NEVER, segment_bytes=3_000) as journal:
        writer = threading.Thread(target=lambda: [journal.append(batch(number)) for number in range(300)])
        writer.start()
        at = journal.first
        found: list[int] = []
        while len(found) < 300:
            for kept in journal.read(at):
                at = kept.after
                found.append(int(kept.batch.position.split(":")[1]))
        writer.join()
        assert found == list(range(300))


def test_a_segment_that_ends_while_it_is_read_is_read_to_its_end(tmp_path: Path) -> None:
    with Journal(tmp_path, fsync=Fsync(None), segment_bytes=600) as journal:
        journal.append(batch(0))
        reading, got = journal.read(), []
        for number in range(1, 40):
            if number % 8 == 1:
                got.append(int(next(reading).batch.position.split(":")[1]))
            journal.append(batch(number))
        got += [int(kept.batch.position.split(":")[1]) for kept in reading]
        assert len(segment_numbers(tmp_path)) > 3
        assert got == list(range(40))


def test_released_segments_are_gone_and_their_positions_refused(tmp_path: Path) -> None:
    with Journal(tmp_path, fsync=NEVER, segment_bytes=2_000) as journal:
        ends = [journal.append(batch(number)) for number in range(40)]
        whole = journal.bytes_after(journal.first)
        middle = ends[20]
        assert journal.release(middle) == middle.segment - 1
        assert numbers(journal, middle) == list(range(21, 40))
        assert 0 < journal.bytes_after(middle) < whole
        assert journal.bytes_after(journal.end) == 0
        with pytest.raises(StoreError, match=f"position {ends[0]} is not in the journal, which holds {journal.first} to"):
            next(journal.read(ends[0]))
        journal.release(Position(10**9, 0))
        assert segment_numbers(tmp_path) == [journal.end.segment]
        with pytest.raises(StoreError, match="is not in the journal"):
            next(journal.read(Position(10**9, 16)))
    with Journal(tmp_path, fsync=NEVER) as again:
        assert again.end == ends[-1]


@given(kept=st.integers(1, 12), lost=st.integers(0, 12), cut=st.floats(0, 1), noise=st.binary(max_size=60), small=st.booleans())
@settings(deadline=None, max_examples=60)
def test_a_crash_at_any_byte_loses_only_what_was_not_durable(kept: int, lost: int, cut: float, noise: bytes, small: bool) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        with Journal(folder, fsync=Fsync(3_600_000_000_000), segment_bytes=700 if small else 1 << 20) as journal:
            for number in range(kept):
                journal.append(batch(number))
            durable = journal.sync()
            for number in range(kept, kept + lost):
                journal.append(batch(number))
            durable, end = max(durable, journal.durable), journal.end
            safe = len(numbers(journal)) - len(numbers(journal, durable))
        # The machine died: of what was not synced any part of it stands in the file, with anything behind.
        path = segment_path(folder, end.segment)
        least = durable.offset if durable.segment == end.segment else 0
        size = least + round(cut * (end.offset - least))
        path.write_bytes(path.read_bytes()[:size] + noise)
        with Journal(folder, fsync=BATCH) as journal:
            found = numbers(journal)
            assert found == list(range(len(found)))
            assert safe <= len(found) <= kept + lost
            after = journal.append(batch(99))
            assert numbers(journal) == [*found, 99]
        with Journal(folder, fsync=BATCH) as journal:
            assert (journal.end, journal.cut, journal.damage) == (after, 0, [])
            assert numbers(journal) == [*found, 99]
    finally:
        shutil.rmtree(folder)


def test_a_damaged_piece_costs_its_batch_alone_and_is_noted(tmp_path: Path) -> None:
    for policy, segment in ((BATCH, 1 << 20), (BATCH, 700)):
        folder = tmp_path / str(segment)
        with Journal(folder, fsync=policy, segment_bytes=segment) as journal:
            ends = [journal.append(batch(number)) for number in range(9)]
        before = max(end for end in ends[:3] if end < ends[3]) if segment > 700 else None
        victim = ends[3]
        path = segment_path(folder, victim.segment)
        data = bytearray(path.read_bytes())
        data[victim.offset - 20] ^= 0x40
        path.write_bytes(data)
        with Journal(folder, fsync=policy) as journal:
            assert numbers(journal) == [0, 1, 2, 4, 5, 6, 7, 8]
            if before is not None:
                assert journal.damage == [Damage(victim.segment, before.offset, victim.offset)]


def test_a_frame_in_another_place_is_no_frame(tmp_path: Path) -> None:
    with Journal(tmp_path, fsync=BATCH) as journal:
        first = journal.append(batch(1))
        journal.append(batch(2))
    path = segment_path(tmp_path, 1)
    data = path.read_bytes()
    path.write_bytes(data + data[16 : first.offset])  # the first batch once more, behind the end
    with Journal(tmp_path, fsync=BATCH) as journal:
        assert numbers(journal) == [1, 2]
        assert journal.cut == first.offset - 16


def test_a_segment_that_was_only_begun(tmp_path: Path) -> None:
    with Journal(tmp_path, fsync=BATCH) as journal:
        journal.append(batch(1))
    segment_path(tmp_path, 2).write_bytes(b"ANDON")
    with Journal(tmp_path, fsync=BATCH) as journal:
        journal.append(batch(2))
        assert numbers(journal) == [1, 2]
        assert journal.end.segment == 2
    segment_path(tmp_path, 3).write_bytes(b"something else of some length")
    with pytest.raises(StoreError, match="not a segment of a journal"):
        Journal(tmp_path, fsync=BATCH)


def test_one_writer(tmp_path: Path) -> None:
    with Journal(tmp_path), pytest.raises(StoreError, match="another Andon is writing here"):
        Journal(tmp_path, wait_s=0.05)
    journal = Journal(tmp_path, wait_s=0.05)
    journal.close()
    journal.close()
    with pytest.raises(StoreError, match="the journal is closed"):
        journal.append(batch(1))


def test_a_full_disk_adds_nothing_and_a_retry_works(tmp_path: Path) -> None:
    """The limit on the size of a file gives what a full disk gives: a write that stops in the middle."""
    journal = Journal(tmp_path, fsync=BATCH)
    for number in range(3):
        journal.append(batch(number))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    end = journal.end
    resource.setrlimit(resource.RLIMIT_FSIZE, (end.offset + 100, before[1]))
    try:
        for _ in range(3):
            with pytest.raises(StoreError, match="cannot write the journal: File too large") as caught:
                journal.append_all([batch(3), batch(4)])
            assert "free some space" in caught.value.do
            assert journal.end == journal.durable == end
            assert segment_path(tmp_path, 1).stat().st_size == end.offset
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    journal.append_all([batch(3), batch(4)])
    assert numbers(journal) == [0, 1, 2, 3, 4]
    journal.close()


def test_a_disk_that_fails_to_sync_keeps_positions_and_writes_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, fsync=Fsync(3_600_000_000_000))
    journal.append(batch(0))
    durable = journal.sync()
    ends = [journal.append(batch(number)) for number in (1, 2)]

    def fails(_: int) -> None:
        # The system dropped the dirty pages, as Linux does after a failed fsync.
        with open(segment_path(tmp_path, 1), "r+b") as file:
            file.seek(durable.offset)
            file.write(bytes(ends[-1].offset - durable.offset))
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StoreError, match="cannot write the journal: Input/output error"):
        journal.sync()
    assert journal.durable == durable
    with pytest.raises(StoreError, match="Input/output error"):  # nothing more is taken while the disk is ill
        journal.append(batch(3))
    monkeypatch.undo()
    journal.append(batch(3))
    assert journal.sync() == journal.end
    assert numbers(journal) == [0, 1, 2, 3]
    assert [kept.after for kept in journal.read(durable)][:2] == ends
    journal.close()


def test_a_batch_whose_fsync_failed_is_not_in_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may find the disk full only when it writes what it was given: a retry must not make two of one."""
    journal = Journal(tmp_path, fsync=BATCH)
    journal.append(batch(0))
    end = journal.end

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        for _ in range(3):
            with pytest.raises(StoreError, match="No space left on device"):
                journal.append(batch(1))
            assert journal.end == journal.durable == end
            assert numbers(journal) == [0]
    journal.append(batch(1))
    assert numbers(journal) == [0, 1]
    journal.close()
    with Journal(tmp_path) as again:
        assert numbers(again) == [0, 1]


def test_the_one_who_waits_hears_of_the_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, fsync=Fsync(1_000_000))

    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    end = journal.append(batch(1))
    with pytest.raises(StoreError, match="Input/output error"):
        journal.wait(end, 10)
    monkeypatch.undo()
    end = journal.append(batch(2))
    journal.sync()
    assert journal.wait(end, 10)
    journal.close()


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot write"):
        Journal(tmp_path / "file" / "journal")


def test_a_new_segment_that_cannot_begin_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path, fsync=BATCH, segment_bytes=10)
    journal.append(batch(0))

    def fails(self: Journal, number: int) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    with monkeypatch.context() as patch:
        patch.setattr(Journal, "_begin", fails)
        with pytest.raises(StoreError, match="Read-only file system"):
            journal.append(batch(1))
    journal.append(batch(1))
    assert numbers(journal) == [0, 1]
    journal.close()


WRITER = """
import sys
from andon.store.journal import Fsync, Journal
from tests.store.batches import batch
with Journal(sys.argv[1], fsync=Fsync.parse(sys.argv[2]), segment_bytes=4_000) as journal:
    number = int(sys.argv[3])
    while True:
        end = journal.append(batch(number))
        if number % 5 == 0:
            journal.wait(end)
            print(number, flush=True)
        number += 1
"""


@pytest.mark.parametrize("policy", ["1ms", "never"])
def test_a_killed_process_loses_nothing_that_it_acknowledged(tmp_path: Path, policy: str) -> None:
    root = Path(__file__).resolve().parents[3]
    environment = os.environ | {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    begin = 0
    for wait in (1, 12):
        command = [sys.executable, "-c", WRITER, str(tmp_path), policy, str(begin)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert process.stdout is not None
        acknowledged = [int(line) for line in itertools.islice(process.stdout, wait)]
        process.send_signal(signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout]
        process.wait()
        process.stdout.close()
        with Journal(tmp_path) as journal:
            found = numbers(journal)
            assert found == list(range(len(found)))
            assert len(found) > acknowledged[-1]
            assert journal.damage == []
        begin = len(found)


def test_positions_as_text() -> None:
    assert Position.parse("3:4096") == Position(3, 4096)
    assert str(Position(3, 4096)) == "3:4096"
    assert Position(2, 10**9) < Position(10, 16)
    for wrong in ("", "3", "a:b", "-1:3", "3:4096 "):
        with pytest.raises(StoreError, match="is not a position in the journal"):
            Position.parse(wrong)
