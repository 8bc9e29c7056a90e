"""The laws of a link. A test module of a link gives a `Rig`, a source under its control, and inherits `LinkLaws`.

    class TestMyLink(LinkLaws):
        @pytest.fixture
        def rig(self, tmp_path): return MyRig(tmp_path)

Batch number n of a rig has one row: asset "p1", time `T0` + n seconds, tag a = n GOOD, tag b = -n, BAD where n % 5 == 4.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Iterable
from types import TracebackType
from typing import Any, ClassVar, Protocol

import numpy as np
import pytest

from andon.plant.batch import Batch
from andon.plant.status import Status
from andon.plant.time import NS
from andon.reading.link import SAMPLE_BYTES, Connection, DeadLetter, Link, Receipt
from andon.reading.payload import REASONS

T0 = 1_772_344_800 * NS  # 2026-03-01T06:00:00Z
LONG_S = 20.0  # a wait that ends in failure


class Rig(Protocol):
    """A source of a link, and links on it."""

    window: int  # batches given and not acknowledged, at most
    repeats: bool  # what was acknowledged may come again with the same content, where a link is opened anew

    def link(self, dead: list[DeadLetter]) -> Link:
        """A new link on the source, as a new process would make it."""
        ...

    async def start(self) -> None:
        """Make the source ready; a link that was opened before must still find what is fed now."""
        ...

    async def stop(self) -> None:
        """Take the source away."""
        ...

    async def feed(self, numbers: Iterable[int]) -> None:
        """The source has these batches."""
        ...

    async def spoil(self) -> None:
        """The source has one thing that cannot be read."""
        ...

    async def cut(self) -> None:
        """Break the connection."""
        ...

    async def mend(self) -> None:
        """The connection can be made again."""
        ...


def content(batch: Batch) -> tuple[Any, ...]:
    """What must be the same when a batch comes again; the time of arrival may differ."""
    return (
        batch.source, batch.assets, batch.tags, batch.asset.tobytes(), batch.time.tobytes(), batch.values.tobytes(),
        batch.status.tobytes(), batch.history,
    )  # fmt: skip


def readings(batches: Iterable[Batch]) -> list[tuple[str, int, str, float, Status]]:
    """(asset, n, tag, value, status) of everything that is not MISSING, sorted; a BAD value as 0."""
    found = []
    for batch in batches:
        for row in range(batch.rows):
            for column, tag in enumerate(batch.tags):
                status = Status(int(batch.status[row, column]))
                if status is not Status.MISSING:
                    value = float(batch.values[row, column]) if status is Status.GOOD else 0.0
                    found.append((batch.assets[batch.asset[row]], (int(batch.time[row]) - T0) // NS, tag, value, status))
    return sorted(found)


def expected(numbers: Iterable[int]) -> list[tuple[str, int, str, float, Status]]:
    """`readings` of the batches with these numbers."""
    found: list[tuple[str, int, str, float, Status]] = []
    for n in numbers:
        found.append(("p1", n, "a", float(n), Status.GOOD))
        found.append(("p1", n, "b", 0.0, Status.BAD) if n % 5 == 4 else ("p1", n, "b", float(-n), Status.GOOD))
    return sorted(found)


def same(found: list[Any], must: list[Any], may: list[Any] | bool) -> None:
    """Exactly what must be, or where more may be, all of it and nothing else."""
    if isinstance(may, list):
        assert set(must) <= set(found) <= set(may)
    else:
        assert found == must


class Tap:
    """Takes what a link gives as soon as it gives it."""

    def __init__(self, link: Link, position: str = "") -> None:
        self.link, self.position = link, position
        self.taken: list[tuple[Batch, Receipt]] = []
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Tap:
        self._task = asyncio.create_task(self._run())
        return self

    async def _run(self) -> None:
        async for item in self.link.open(self.position):
            self.taken.append(item)

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.link.close()
        assert self._task is not None
        await asyncio.wait_for(self._task, LONG_S)

    async def until(self, count: int) -> list[tuple[Batch, Receipt]]:
        """Wait for `count` rows in all."""
        await eventually(lambda: sum(batch.rows for batch, _ in self.taken) >= count, lambda: f"{self.taken} {self.link.health()}")
        return self.taken

    async def has(self, numbers: Iterable[int]) -> None:
        """Wait until everything of these batches was given."""
        must = set(expected(numbers))
        await eventually(lambda: must <= set(readings(self.batches())), lambda: f"{self.taken} {self.link.health()}")

    def batches(self) -> list[Batch]:
        """The batches taken so far."""
        return [batch for batch, _ in self.taken]

    async def acknowledge(self, count: int | None = None) -> str:
        """Acknowledge the first `count` batches (default all); the position to go on from."""
        position = self.position
        for _, receipt in self.taken[:count]:
            await self.link.acknowledge(receipt)
            position = receipt.position or position
        return position


async def eventually(true: Any, about: Any = lambda: "", longest_s: float = LONG_S) -> None:
    """Wait until it is true."""
    end = time.monotonic() + longest_s
    while not true():
        assert time.monotonic() < end, f"this did not come: {about()}"
        await asyncio.sleep(0.01)


class LinkLaws:
    """What every link must do. `skip` names laws that do not apply, with the reason."""

    skip: ClassVar[dict[str, str]] = {}

    @pytest.fixture
    def rig(self) -> Rig:
        """Give the rig of the link."""
        raise NotImplementedError

    def run(self, rig: Rig, law: Coroutine[Any, Any, None], name: str) -> None:
        """Run one law with the source ready."""
        if name in self.skip:
            law.close()
            pytest.skip(self.skip[name])

        async def whole() -> None:
            await rig.start()
            try:
                await asyncio.wait_for(law, 3 * LONG_S)
            finally:
                await rig.stop()

        asyncio.run(whole())

    def test_everything_comes_once_and_in_order(self, rig: Rig) -> None:
        async def law() -> None:
            dead: list[DeadLetter] = []
            async with Tap(rig.link(dead)) as tap:
                await rig.feed(range(10))
                await tap.has(range(10))
                await rig.feed(range(10, 15))
                await tap.has(range(15))
                await asyncio.sleep(0.1)
                assert readings(tap.batches()) == expected(range(15))
                times = np.concatenate([batch.time for batch in tap.batches()])
                assert (np.diff(times) >= 0).all()
                assert [receipt.number for _, receipt in tap.taken] == list(range(1, len(tap.taken) + 1))
                assert {receipt.link for _, receipt in tap.taken} == {batch.source for batch in tap.batches()} == {tap.link.name}
                assert all(batch.received > T0 for batch in tap.batches())
                await tap.acknowledge()
            assert dead == []

        self.run(rig, law(), "once")

    def test_what_was_not_acknowledged_comes_again_and_nothing_else(self, rig: Rig) -> None:
        async def law() -> None:
            async with Tap(rig.link([])) as tap:
                for n in range(6):
                    await rig.feed([n])
                    await tap.has(range(n + 1))
                first = tap.batches()
                half = len(first) // 2
                position = await tap.acknowledge(half)
            done = len({int(time) for batch in first[:half] for time in batch.time})
            async with Tap(rig.link([]), position) as again:
                await again.has(range(done, 6))
                await asyncio.sleep(0.1)
                same(readings(again.batches()), expected(range(done, 6)), rig.repeats and expected(range(6)))
                if not rig.repeats and len(again.batches()) == len(first) - half:
                    assert list(map(content, again.batches())) == list(map(content, first[half:]))
                await rig.feed([6])
                await again.has([6])
                await asyncio.sleep(0.1)
                position = await again.acknowledge()
            async with Tap(rig.link([]), position) as last:
                await rig.feed([7])
                await last.has([7])
                await asyncio.sleep(0.1)
                same(readings(last.batches()), expected([7]), rig.repeats and expected([6, 7]))

        self.run(rig, law(), "again")

    def test_a_malformed_message_is_told_and_stops_nothing(self, rig: Rig) -> None:
        async def law() -> None:
            dead: list[DeadLetter] = []
            async with Tap(rig.link(dead)) as tap:
                await rig.feed([0])
                await tap.has([0])
                await rig.spoil()
                await eventually(lambda: dead, lambda: tap.link.health())
                await rig.feed([1])
                await tap.has([0, 1])
                assert readings(tap.batches()) == expected([0, 1])
                letter = dead[0]
                assert letter.reason in REASONS
                assert letter.link == tap.link.name
                assert letter.place
                assert letter.detail
                assert len(letter.sample) <= SAMPLE_BYTES
                assert tap.link.health().dead == sum(one.count for one in dead)
                position = await tap.acknowledge()
            dead.clear()
            async with Tap(rig.link(dead), position) as tap:
                await rig.feed([2])
                await tap.has([2])
                await asyncio.sleep(0.1)
                same(readings(tap.batches()), expected([2]), rig.repeats and expected([0, 1, 2]))
                assert dead == []

        self.run(rig, law(), "malformed")

    def test_after_a_cut_the_rest_comes_and_nothing_twice(self, rig: Rig) -> None:
        async def law() -> None:
            async with Tap(rig.link([])) as tap:
                await rig.feed([0, 1])
                await tap.has([0, 1])
                await rig.cut()
                await eventually(lambda: tap.link.health().connection is Connection.WAITING, lambda: tap.link.health())
                health = tap.link.health()
                assert health.last_error
                assert health.last_error_at is not None
                await tap.acknowledge()
                await rig.mend()
                await rig.feed([2, 3])
                await tap.has(range(4))
                await asyncio.sleep(0.1)
                assert readings(tap.batches()) == expected(range(4))
                assert tap.link.health().connection is Connection.CONNECTED
                assert tap.link.health().reconnects >= 1
                await tap.acknowledge()

        self.run(rig, law(), "cut")

    def test_no_more_than_the_window_is_held(self, rig: Rig) -> None:
        async def law() -> None:
            async with Tap(rig.link([])) as tap:
                total = 3 * rig.window
                for start in range(0, total, 10):
                    await rig.feed(range(start, min(start + 10, total)))
                await tap.until(1)
                for _ in range(40):
                    await asyncio.sleep(0.01)
                    most = rig.window * (1 + tap.link.health().reconnects)  # what a lost connection gave comes again on the next
                    assert tap.link.health().waiting <= most
                    assert len(tap.taken) <= most
                seen = 0
                while not set(expected(range(total))) <= set(readings(tap.batches())):
                    seen = len(tap.taken)
                    await tap.acknowledge()
                    await eventually(lambda seen=seen: len(tap.taken) > seen, lambda: tap.link.health())
                assert readings(tap.batches()) == expected(range(total))
                await tap.acknowledge()
                assert tap.link.health().waiting == 0

        self.run(rig, law(), "window")

    def test_health_counts_and_strange_receipts_do_nothing(self, rig: Rig) -> None:
        async def law() -> None:
            link = rig.link([])
            async with Tap(link) as tap:
                await rig.feed([0, 1, 2])
                await tap.has([0, 1, 2])
                health = link.health()
                assert health.connection in (Connection.CONNECTED, Connection.ENDED)
                assert health.rows == sum(batch.rows for batch in tap.batches())
                assert health.messages >= 1
                assert health.waiting == len(tap.taken)
                assert health.since > T0
                assert health.lag_ns is not None
                assert health.last_message_at is not None
                assert health.lost == 0
                await link.acknowledge(Receipt(link.name, 10_000))
                assert link.health().waiting == len(tap.taken)
                await tap.acknowledge()
                await tap.acknowledge()
                assert link.health().waiting == 0
            assert link.health().connection is Connection.CLOSED
            await link.close()

        self.run(rig, law(), "health")
