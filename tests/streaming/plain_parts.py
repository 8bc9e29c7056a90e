"""Plain parts for tests of the loop: a link over a list, a keeper in SQLite, a history over recordings."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from andon.plant.alarm_json import event_to_plain
from andon.plant.batch import Batch
from andon.plant.clock import Clock
from andon.plant.errors import StoreError
from andon.plant.recording import Recording
from andon.reading.link import Connection, Health, Receipt
from andon.streaming.served import Said, Served


@dataclass
class ListLink:
    """Gives batches of a list; its position is how many were given. It forgets nothing that was not acknowledged."""

    name: str
    batches: Sequence[Batch]
    clock: Clock
    pause_s: float = 0.0
    acknowledged: int = 0
    given: int = 0
    connection: Connection = Connection.CONNECTED
    _closed: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, position: str = "") -> AsyncIterator[tuple[Batch, Receipt]]:
        for number in range(int(position or 0), len(self.batches)):
            if self._closed.is_set():
                return
            if self.pause_s:
                await asyncio.sleep(self.pause_s)
            self.given = number + 1
            yield replace(self.batches[number], received=self.clock.now()), Receipt(self.name, number + 1, str(number + 1))
        self.connection = Connection.ENDED
        await self._closed.wait()

    async def acknowledge(self, receipt: Receipt) -> None:
        self.acknowledged = max(self.acknowledged, receipt.number)

    def health(self) -> Health:
        return Health(self.name, self.connection, 0)

    async def close(self) -> None:
        self._closed.set()


class Later:
    """The clock of the machine, moved so that it began at `start` (ns)."""

    def __init__(self, start: int) -> None:
        self._shift = start - time.time_ns()

    def now(self) -> int:
        return time.time_ns() + self._shift

    async def sleep(self, duration_ns: int) -> None:
        await asyncio.sleep(max(duration_ns, 0) / 1e9)


@dataclass
class Recordings:
    """A history of what was sent."""

    recordings: dict[str, Recording]

    def read(self, asset: str, tags: Sequence[str], start: int, end: int) -> Recording:
        return self.recordings[asset].between(start, end + 1).select(tags)


class Notebook:
    """Keeps verdicts and events in SQLite; what is told again must be the same, bit for bit."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.fail_next = 0
        with sqlite3.connect(file) as connection:
            connection.execute("create table if not exists verdict (asset text, tick integer, said text, primary key (asset, tick))")
            connection.execute(
                "create table if not exists event (id text, what text, peak integer, said text, primary key (id, what, peak))"
            )

    def receive(self, entry: Batch) -> None:
        pass

    def keep(self, entry: Batch, said: Sequence[tuple[Served, Said]]) -> None:
        if self.fail_next:
            self.fail_next -= 1
            raise StoreError("the disk is full", do="free some space")
        with sqlite3.connect(self.file, timeout=30) as connection:
            for served, words in said:
                judged = words.judged
                if judged is not None:
                    for at, asset in enumerate(served.fleet.assets):
                        for row, tick in enumerate(judged.tick):
                            number = float(judged.evidence[row, at]).hex()
                            text = f"{judged.verdict[row, at]} {judged.why[row, at]} {number} {judged.threshold[at]}"
                            self._once(connection, "verdict", (asset, int(tick)), text)
                for what in ("opened", "revised", "closed"):
                    for event in getattr(words, what):
                        text = json.dumps(event_to_plain(event), sort_keys=True)
                        self._once(connection, "event", (event.id, what, event.peak), text)

    def _once(self, connection: sqlite3.Connection, table: str, key: tuple[object, ...], text: str) -> None:
        marks = ",".join("?" * len(key))
        connection.execute(f"insert or ignore into {table} values ({marks}, ?)", (*key, text))
        names = "asset = ? and tick = ?" if table == "verdict" else "id = ? and what = ? and peak = ?"
        (found,) = connection.execute(f"select said from {table} where {names}", key).fetchone()
        assert found == text, (table, key, found, text)

    def flush(self) -> None:
        pass

    def everything(self, last_tick: int) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
        """Verdicts up to a tick (how far the clock went on alone is chance), and events."""
        with sqlite3.connect(self.file) as connection:
            return (
                connection.execute("select * from verdict where tick <= ? order by asset, tick", (last_tick,)).fetchall(),
                connection.execute("select * from event order by id, what, peak").fetchall(),
            )
