"""What has come and waits for its tick; what came too late. Pure: batches in, whole ticks out, in order of source time.

Blocks of rows are kept as they came; they are sorted once, when their ticks close.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from andon.plant.arrays import IntArray
from andon.plant.batch import Batch
from andon.plant.rows import Rows, join, merged
from andon.plant.status import Status
from andon.streaming.watermark import NOTHING, Patience, Watermark, accepted

Held: TypeAlias = tuple[tuple[str, Rows], ...]
MISSING = int(Status.MISSING)
MOST_HELD = 4_000_000
"""Values that are held while the clock is wrong; what comes beyond them is set aside, as what is ahead of a right clock."""
MOST_REMEMBERED = 10_000
"""Lists of assets of messages whose places are remembered: a gateway sends the same ones each second."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What did not go the usual way, since the beginning."""

    late: int = 0
    ahead: int = 0
    repeated: int = 0
    unknown_asset: int = 0


@dataclass(frozen=True, slots=True)
class Arrived:
    """What one entry of the journal led to.

    Attributes
    ----------
    rows : of ticks that are complete now, by time and then asset, no (asset, time) twice
    upto : ns; ticks up to here are complete. `NOTHING` where none became so
    late : rows of ticks that were closed before
    ahead : rows whose source time lies too far ahead
    """

    rows: Rows
    upto: int
    late: Rows
    ahead: Rows


@dataclass(frozen=True, slots=True)
class Arrivals:
    """What a fleet waits for. Replaced, never changed.

    Attributes
    ----------
    assets : A names, in the fleet's order
    tags : M inputs of the model, in its order
    interval : ns of the grid
    waiting : blocks that are not closed yet
    mark : the watermark
    held : by source, rows ahead of a clock that is known to be behind: they are taken in when it is right
    """

    assets: tuple[str, ...]
    tags: tuple[str, ...]
    interval: int
    patience: Patience
    waiting: tuple[Rows, ...] = ()
    mark: Watermark = field(default_factory=Watermark)
    counts: Counts = field(default_factory=Counts)
    held: Held = ()
    _at: Mapping[str, int] = field(default_factory=dict)
    _tables: dict[tuple[str, ...], IntArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self._at:
            object.__setattr__(self, "_at", {name: at for at, name in enumerate(self.assets)})

    @property
    def closed(self) -> int:
        """ns of the last closed tick; `NOTHING` before the first."""
        return self._closed_by(self.mark)

    def _closed_by(self, mark: Watermark) -> int:
        return NOTHING if mark.closed == NOTHING else mark.closed // self.interval * self.interval

    def take(self, batch: Batch) -> tuple[Arrived, Arrivals]:
        """A batch of samples."""
        good = accepted(batch, self.patience, self.mark)
        rows = self._rows(batch)
        known = rows.asset >= 0
        late = ahead = Rows.none(len(self.tags))
        unknown = len(known) - int(np.count_nonzero(known))
        if unknown or not good.all():
            ahead = rows.take(known & ~good)
            rows = rows.take(known & good)
        late_mask = rows.time <= self.closed
        fresh = rows
        if late_mask.any():
            late, fresh = rows.take(late_mask), rows.take(~late_mask)
        newest = int(rows.time.max()) if len(rows.time) else NOTHING
        mark = self.mark.after_batch(batch.source, newest, batch.received, self.patience)
        waiting = (*self.waiting, fresh) if len(fresh.time) else self.waiting
        held = self.held
        if self.mark.back and len(ahead.time) and sum(one.values.size for _, one in held) + ahead.values.size <= MOST_HELD:
            held, ahead = (*held, (batch.source, ahead)), Rows.none(len(self.tags))
        counts = self.counts
        if unknown or len(late.time) or len(ahead.time):
            counts = replace(
                counts,
                late=counts.late + len(late.time),
                ahead=counts.ahead + len(ahead.time),
                unknown_asset=counts.unknown_asset + unknown,
            )
        return self._close(mark, waiting, counts, held, late, ahead)

    def tick(self, now: int, connected: Mapping[str, bool]) -> tuple[Arrived, Arrivals]:
        """A moment of the clock."""
        none = Rows.none(len(self.tags))
        return self._close(self.mark.after_mark(now, connected, self.patience), self.waiting, self.counts, self.held, none, none)

    def _after(self, waiting: tuple[Rows, ...], mark: Watermark, counts: Counts, held: Held) -> Arrivals:
        """Not `replace`: that asks each field for its name, for every sample of a small plant."""
        return Arrivals(self.assets, self.tags, self.interval, self.patience, waiting, mark, counts, held, self._at, self._tables)

    def _close(
        self, mark: Watermark, waiting: tuple[Rows, ...], counts: Counts, held: Held, late: Rows, ahead: Rows
    ) -> tuple[Arrived, Arrivals]:  # fmt: skip
        before = self.closed
        if held:
            mark, waiting, counts, held, late, ahead = self._release(mark, waiting, counts, held, late, ahead)
        upto, width = self._closed_by(mark), len(self.tags)
        if upto == before:
            return Arrived(Rows.none(width), NOTHING, late, ahead), self._after(waiting, mark, counts, held)
        complete: list[Rows] = []
        kept: list[Rows] = []
        for block in waiting:
            done = block.time <= upto
            if done.all():
                complete.append(block)
            elif not done.any():
                kept.append(block)
            else:
                complete.append(block.take(done))
                kept.append(block.take(~done))
        came = join(complete) if complete else Rows.none(width)
        rows = merged(came)
        if len(came) != len(rows):
            counts = replace(counts, repeated=counts.repeated + len(came) - len(rows))
        in_order = rows if len(rows) < 2 else rows.take(np.lexsort((rows.asset, rows.time)))
        return Arrived(in_order, upto, late, ahead), self._after(tuple(kept), mark, counts, held)

    def _release(
        self, mark: Watermark, waiting: tuple[Rows, ...], counts: Counts, held: Held, late: Rows, ahead: Rows
    ) -> tuple[Watermark, tuple[Rows, ...], Counts, Held, Rows, Rows]:  # fmt: skip
        """Take in what was held and is no longer ahead; where the clock is believed again, the rest is set aside."""
        limit, closed = mark.now + self.patience.ahead, self._closed_by(mark)
        too_late, too_early = [late], [ahead]
        still: list[tuple[str, Rows]] = []
        for source, rows in held:
            due = rows.time <= limit
            taken, rest = rows.take(due), rows.take(~due)
            if len(taken.time):
                behind = taken.time <= closed
                too_late.append(taken.take(behind))
                waiting = (*waiting, fresh) if len((fresh := taken.take(~behind)).time) else waiting
                mark = mark.after_release(source, int(taken.time.max()), self.patience)
            if mark.back and len(rest.time):
                still.append((source, rest))
            else:
                too_early.append(rest)
        counts = replace(
            counts,
            late=counts.late + sum(len(rows) for rows in too_late[1:]),
            ahead=counts.ahead + sum(len(rows) for rows in too_early[1:]),
        )
        return mark, waiting, counts, tuple(still), join(too_late), join(too_early)

    def _rows(self, batch: Batch) -> Rows:
        """The batch in the fleet's order of assets and inputs; the asset is -1 where it is not of the fleet."""
        table = self._tables.get(batch.assets)
        if table is None:
            if len(self._tables) >= MOST_REMEMBERED:
                self._tables.clear()
            table = self._tables[batch.assets] = np.array([self._at.get(name, -1) for name in batch.assets], dtype=np.int32)
        asset = table[batch.asset] if len(table) else np.zeros(0, dtype=np.int32)
        if batch.tags == self.tags:
            return Rows(asset, batch.time, batch.values, batch.status)
        at = {tag: column for column, tag in enumerate(batch.tags)}
        columns = [at.get(tag, -1) for tag in self.tags]
        have = [to for to, column in enumerate(columns) if column >= 0]
        taken = [column for column in columns if column >= 0]
        values = np.full((batch.rows, len(self.tags)), np.nan, dtype=np.float32)
        status = np.full((batch.rows, len(self.tags)), MISSING, dtype=np.uint8)
        values[:, have], status[:, have] = batch.values[:, taken], batch.status[:, taken]
        return Rows(asset, batch.time, values, status)
