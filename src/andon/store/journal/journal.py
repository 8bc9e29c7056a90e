"""The append-only journal of batches: append, wait for the disk, read again, release."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from andon.plant.batch import Batch
from andon.plant.errors import At, StoreError
from andon.plant.time import NS
from andon.store.durable_write import sync_folder
from andon.store.journal.batch_bytes import pack, unpack
from andon.store.journal.frames import (
    FRAME_SIZE,
    HEADER_SIZE,
    MOST_BYTES,
    Damage,
    Position,
    frame,
    frames,
    header,
    segment_numbers,
    segment_path,
)
from andon.store.journal.fsync import Fsync
from andon.store.locking import only_writer

_MOST_UNSYNCED = 32 << 20
_SPACE = "free some space, or choose another folder; nothing was lost, and the same call may succeed later"


@dataclass(frozen=True, slots=True)
class Kept:
    """A batch in the journal.

    Attributes
    ----------
    position : where it stands
    after : where the next one stands
    """

    position: Position
    after: Position
    batch: Batch


class Journal:
    """The one writer of a folder of segments; any thread may append, read and wait.

    Parameters
    ----------
    folder : made where absent
    fsync : when batches are forced onto the disk
    segment_bytes : a new segment begins where the last one is longer
    wait_s : how long to wait for another writer to end
    on_durable : called with `durable` whenever it grows, from the thread that waited for the disk

    Attributes
    ----------
    damage : what was no frame between frames, as far as it was met
    cut : bytes of a torn end that were cut off when the journal was opened

    Raises
    ------
    StoreError : the folder cannot be written, or another process writes into it
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        fsync: Fsync | None = None,
        segment_bytes: int = 64 << 20,
        wait_s: float = 10.0,
        on_durable: Callable[[Position], None] | None = None,
    ) -> None:
        self.folder = Path(folder)
        self.fsync = Fsync() if fsync is None else fsync
        self.damage: list[Damage] = []
        self.cut = 0
        self._segment_bytes = segment_bytes
        self._on_durable = on_durable
        # Taken in this order: appending, syncing, moment.
        self._appending = threading.Lock()
        self._syncing = threading.Lock()
        self._moment = threading.Condition()
        self._unsynced: deque[tuple[int, bytes]] = deque()
        self._unsynced_bytes = 0
        self._suspect = False  # a failed fsync may have dropped what was written: it is written again
        self._overhang = False  # bytes behind the end that could not be cut off
        self._closing = threading.Event()
        self._failure: StoreError | None = None
        self._thread: threading.Thread | None = None
        self._held = ExitStack()
        self._held.enter_context(only_writer(self.folder, wait_s))
        try:
            self._file, self._end = self._open_last()
        except BaseException:
            self._held.close()
            raise
        self._durable = self._end
        if self.fsync.every:
            self._thread = threading.Thread(target=self._sync_now_and_then, name="journal-fsync", daemon=True)
            self._thread.start()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def end(self) -> Position:
        """Where the next batch will stand."""
        return self._end

    @property
    def durable(self) -> Position:
        """Everything before it is kept as the policy promises, and may be acknowledged."""
        return self._durable

    @property
    def first(self) -> Position:
        """The oldest position that can still be read from."""
        return Position(segment_numbers(self.folder)[0], HEADER_SIZE)

    def append(self, batch: Batch) -> Position:
        """Write one batch.

        Returns
        -------
        the position after it: the batch may be acknowledged when `durable` has reached it

        Raises
        ------
        StoreError : the disk refuses; then the batch is not in the journal, and the same call may succeed later
        """
        return self.append_all((batch,))

    def append_all(self, batches: Iterable[Batch]) -> Position:
        """Write several batches with one call of the system: all of them, or none.

        Raises
        ------
        StoreError : as `append`
        """
        payloads = [pack(batch) for batch in batches]
        if any(len(payload) > MOST_BYTES for payload in payloads):
            raise StoreError(f"a batch of more than {MOST_BYTES >> 20} MiB", do="send smaller batches")
        with self._appending:
            if self._closing.is_set():
                raise StoreError("the journal is closed", at=At(file=str(self.folder)), do="open it again")
            if self._suspect or self._unsynced_bytes > _MOST_UNSYNCED:
                self.sync()
            if self._end.offset > self._segment_bytes and payloads:
                self._roll()
            before = self._end
            with self._moment:
                self._write(payloads)
            end = self._end
            if self.fsync.every == 0:
                try:
                    self.sync()
                except StoreError:
                    self._take_back(before)
                    raise
        if self.fsync.every is None:
            self._tell()
        return end

    def sync(self) -> Position:
        """Force onto the disk what was written; the new `durable`.

        Raises
        ------
        StoreError : the disk refuses; what was written since is written again with the next try
        """
        with self._syncing:
            with self._moment:
                target, suspect, file = self._end, self._suspect, self._file
                if target == self._durable and not suspect and self.fsync.every is not None:
                    return target
                try:
                    if suspect:
                        for offset, data in self._unsynced:
                            _write_at(file, offset, data)
                except OSError as error:
                    raise self._refused(error) from error
            try:
                os.fsync(file.fileno())
            except OSError as error:
                with self._moment:
                    self._suspect = True
                raise self._refused(error) from error
            with self._moment:
                self._suspect, self._failure = False, None
                while self._unsynced and self._unsynced[0][0] < target.offset:
                    self._unsynced_bytes -= len(self._unsynced.popleft()[1])
                self._reached(target)
        self._tell()
        return target

    def wait(self, position: Position, timeout_s: float | None = None) -> bool:
        """Wait until `durable` has reached a position; False where the time is over.

        Raises
        ------
        StoreError : the disk refused while waiting
        """
        with self._moment:
            done = self._moment.wait_for(lambda: self._durable >= position or self._failure is not None, timeout_s)
            if self._durable < position and self._failure is not None:
                raise self._failure
        return done

    def read(self, start: Position | None = None) -> Iterator[Kept]:
        """Batches from a position (the first one kept, where none is named) to the end; appending may go on meanwhile.

        Damaged bytes are passed over and noted in `damage`.

        Raises
        ------
        StoreError : batches from there on were released already, the position is none of this journal, or the disk refuses
        """
        start = self.first if start is None else start
        known = start.segment == self._end.segment  # then nothing of it was released
        if start > self._end or start.offset < HEADER_SIZE or not (known or start >= self.first):
            raise StoreError(
                f"position {start} is not in the journal, which holds {self.first} to {self._end}",
                at=At(file=str(self.folder)),
                do="restore journal and checkpoint from one backup",
            )
        at = start
        while at < self._end:
            number, ahead = at.segment, False
            whole = self._end.segment > number  # asked before reading: a segment that ends meanwhile is read once more
            for kept in self._read_segment(at):
                ahead = True
                at = kept.after
                yield kept
            if whole:
                later = [other for other in segment_numbers(self.folder) if other > number]
                at = Position(later[0], HEADER_SIZE)
            elif not ahead and self._end.segment == number:
                return

    def release(self, before: Position) -> int:
        """Remove the segments that hold nothing from a position on; the number removed.

        Raises
        ------
        StoreError : the disk refuses
        """
        gone = 0
        try:
            for number in segment_numbers(self.folder):
                if number >= min(before.segment, self._end.segment):
                    break
                segment_path(self.folder, number).unlink(missing_ok=True)
                gone += 1
        except OSError as error:
            raise self._refused(error) from error
        return gone

    def bytes_after(self, position: Position) -> int:
        """How many bytes stand between a position and the end."""
        total, end = 0, self._end
        if position.segment == end.segment:
            return max(0, end.offset - position.offset)
        for number in segment_numbers(self.folder):
            if number >= position.segment:
                size = self._end.offset if number == self._end.segment else _size(segment_path(self.folder, number))
                total += size - (position.offset if number == position.segment else HEADER_SIZE)
        return max(0, total)

    def close(self) -> None:
        """Sync and let another process in.

        Raises
        ------
        StoreError : the disk refuses the last sync; the journal is closed all the same
        """
        with self._appending:
            if self._closing.is_set():
                return
            self._closing.set()
        if self._thread is not None:
            self._thread.join()
        try:
            if self.fsync.every is not None:
                self.sync()
        finally:
            self._file.close()
            self._held.close()

    def _open_last(self) -> tuple[BinaryIO, Position]:
        """The last segment with its torn end cut off, or a first one."""
        try:
            numbers = segment_numbers(self.folder)
            if not numbers:
                return self._begin(1)
            path = segment_path(self.folder, numbers[-1])
            size = _size(path)
            file = open(path, "r+b", buffering=0)  # noqa: SIM115
            if file.read(HEADER_SIZE) != header(numbers[-1]):
                file.close()
                if size > HEADER_SIZE:
                    raise StoreError("not a segment of a journal", at=At(file=str(path)), do="restore it from a backup")
                return self._begin(numbers[-1])  # the process died while it began this segment
            end = HEADER_SIZE
            with open(path, "rb") as reading:
                for item in frames(reading, numbers[-1], HEADER_SIZE, size):
                    if isinstance(item, Damage):
                        self.damage.append(item)
                    else:
                        end = item[0].offset + FRAME_SIZE + len(item[1])
            self.cut = size - end
            if self.cut:
                file.truncate(end)
            os.fsync(file.fileno())  # what a dead process wrote may not be on the disk yet
            return file, Position(numbers[-1], end)
        except OSError as error:
            raise self._refused(error) from error

    def _begin(self, number: int) -> tuple[BinaryIO, Position]:
        path = segment_path(self.folder, number)
        file = open(path, "w+b", buffering=0)  # noqa: SIM115
        try:
            _write_at(file, 0, header(number))
            if self.fsync.every is not None:
                os.fsync(file.fileno())
                sync_folder(self.folder)
        except OSError:
            file.close()
            path.unlink(missing_ok=True)
            raise
        return file, Position(number, HEADER_SIZE)

    def _roll(self) -> None:
        """Go on in a new segment; the caller holds `_appending`."""
        if self.fsync.every is not None:
            self.sync()
        with self._syncing, self._moment:
            try:
                file, end = self._begin(self._end.segment + 1)
            except OSError as error:
                raise self._refused(error) from error
            self._file.close()
            self._file, self._end = file, end
            self._unsynced.clear()
            self._unsynced_bytes = 0
            self._reached(end)
        self._tell()

    def _write(self, payloads: list[bytes]) -> None:
        """Add frames; the caller holds `_moment`."""
        at, parts = self._end, []
        for payload in payloads:
            parts.append(frame(payload, at))
            at = Position(at.segment, at.offset + len(parts[-1]))
        data = parts[0] if len(parts) == 1 else b"".join(parts)
        try:
            if self._overhang:
                self._file.truncate(self._end.offset)
                self._overhang = False
            _write_at(self._file, self._end.offset, data)
        except OSError as error:
            self._overhang = True
            try:
                self._file.truncate(self._end.offset)
                self._overhang = False
            except OSError:
                pass  # tried again before the next write; a reader stops at `_end`, and opening cuts what is no frame
            raise self._refused(error) from error
        if self.fsync.every is not None and data:
            self._unsynced.append((self._end.offset, data))
            self._unsynced_bytes += len(data)
        self._end = at
        if self.fsync.every is None:
            self._reached(at)
        else:
            self._moment.notify_all()

    def _take_back(self, end: Position) -> None:
        """Forget what was written behind a position and did not reach the disk: its caller is told that it is not there."""
        with self._moment:
            while self._unsynced and self._unsynced[-1][0] >= end.offset:
                self._unsynced_bytes -= len(self._unsynced.pop()[1])
            self._end = end
            self._overhang = True
            try:
                self._file.truncate(end.offset)
                self._overhang = False
            except OSError:
                pass  # tried again before the next write

    def _reached(self, position: Position) -> None:
        self._durable = position
        self._moment.notify_all()

    def _tell(self) -> None:
        if self._on_durable is not None:
            self._on_durable(self._durable)

    def _sync_now_and_then(self) -> None:
        every = (self.fsync.every or 0) / NS
        while not self._closing.wait(every):
            if self._durable == self._end:
                continue
            try:
                self.sync()
            except StoreError as error:
                with self._moment:
                    self._failure = error
                    self._moment.notify_all()

    def _read_segment(self, start: Position) -> Iterator[Kept]:
        path = segment_path(self.folder, start.segment)
        try:
            with open(path, "rb", buffering=1 << 20) as file:
                size = self._end.offset if start.segment == self._end.segment else _size(path)
                for item in frames(file, start.segment, start.offset, size):
                    if isinstance(item, Damage):
                        self._note(item)
                        continue
                    position, payload = item
                    after = Position(position.segment, position.offset + FRAME_SIZE + len(payload))
                    yield Kept(position, after, unpack(payload))
        except OSError as error:
            raise StoreError(
                f"cannot read the journal: {error.strerror or error}", at=At(file=str(path)), do="check the disk and try again"
            ) from error

    def _note(self, damage: Damage) -> None:
        if damage not in self.damage:
            self.damage.append(damage)

    def _refused(self, error: OSError) -> StoreError:
        return StoreError(f"cannot write the journal: {error.strerror or error}", at=At(file=str(self.folder)), do=_SPACE)


def _write_at(file: BinaryIO, offset: int, data: bytes) -> None:
    file.seek(offset)
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]


def _size(path: Path) -> int:
    return path.stat().st_size
