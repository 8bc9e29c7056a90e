"""Replay: the laws; the same batches at any speed; pace by the given clock."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.clock import SystemClock
from andon.plant.errors import AskUserError, ReadingError
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import NS
from andon.reading.link import Connection, DeadLetter
from andon.reading.replay import ReplayLink, ReplaySettings
from andon.reading.replay.parse import slices
from tests.reading.links.laws import T0, LinkLaws, Rig, Tap, content, eventually


def recording(numbers: Iterable[int], asset: str = "p1", tags: tuple[str, ...] = ("a", "b")) -> Recording:
    """The batches of the laws as one recording."""
    n = np.array(sorted(numbers), dtype=np.int64)
    values = np.column_stack([n, -n]).astype(np.float32)
    status = np.zeros(values.shape, dtype=np.uint8)
    status[n % 5 == 4, 1] = Status.BAD
    return Recording(asset, tags, T0 + n * NS, values, status)


class ReplayRig:
    """A recording that grows between openings; a replay reads it when it is opened."""

    window = 20
    repeats = False

    def __init__(self) -> None:
        self.numbers: list[int] = []

    def link(self, dead: list[DeadLetter]) -> ReplayLink:
        def read() -> list[Recording]:
            return [recording(self.numbers)]

        return ReplayLink(ReplaySettings("line", 0.0, 0, self.window), read, SystemClock(), on_dead_letter=dead.append)

    async def start(self) -> None:
        self.numbers = list(range(60))

    async def stop(self) -> None:
        pass

    async def feed(self, numbers: Iterable[int]) -> None:
        self.numbers += [n for n in numbers if n not in self.numbers]

    async def spoil(self) -> None:
        pass

    async def cut(self) -> None:
        pass

    async def mend(self) -> None:
        pass


class TestReplay(LinkLaws):
    skip: ClassVar[dict[str, str]] = dict.fromkeys(
        ("once", "again", "malformed", "cut", "health"),
        "a replay has all its data from the beginning; the tests below say the same of it",
    )

    @pytest.fixture
    def rig(self) -> Rig:
        return ReplayRig()


def three() -> list[Recording]:
    """Assets with and without the same tags, at times that interleave."""
    return [recording(range(0, 30, 2)), recording(range(0, 30, 3), "p2"), recording(range(1, 30, 4), "q", ("x", "y"))]


def run(link: ReplayLink, position: str = "", *, most: int = 10_000) -> tuple[list[tuple[object, ...]], str]:
    """Contents and the last position; acknowledges as it goes."""

    async def whole() -> tuple[list[tuple[object, ...]], str]:
        found, last = [], position
        stream = link.open(position)
        async for batch, receipt in stream:
            found.append(content(batch))
            last = receipt.position
            await link.acknowledge(receipt)
            if len(found) == most:
                await link.close()
        return found, last

    return asyncio.run(whole())


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60), st.sampled_from([0, None, 5 * NS, 7 * NS, 3600 * NS]))
def test_stopped_anywhere_it_goes_on_with_the_same_batches(stop: int, step: int | None) -> None:
    def link() -> ReplayLink:
        return ReplayLink(ReplaySettings("line", 0.0, step), three(), SystemClock())

    whole, _ = run(link())
    first, position = run(link(), most=max(stop, 1))
    rest, _ = run(link(), position)
    assert first + rest == whole


def test_every_row_once_in_order_of_time() -> None:
    for step in (0, None, 5 * NS):
        seen = [
            (piece.batch.assets[code], int(time))
            for piece in slices(three(), "line", step)
            for code, time in zip(piece.batch.asset, piece.batch.time, strict=True)
        ]
        assert sorted(seen) == sorted((one.asset, int(time)) for one in three() for time in one.time)
        if step == 0:
            assert [time for _, time in seen] == sorted(time for _, time in seen)


class Fake:
    """A clock that jumps where it is told to wait."""

    def __init__(self) -> None:
        self.time = 10 * T0
        self.waits: list[int] = []

    def now(self) -> int:
        return self.time

    async def sleep(self, duration_ns: int) -> None:
        self.waits.append(duration_ns)
        self.time += duration_ns


def test_it_is_paced_by_the_clock() -> None:
    clock = Fake()
    link = ReplayLink(ReplaySettings("line", 4.0), [recording([0, 1, 2, 10])], clock)
    run(link)
    assert clock.waits == [NS // 4, NS // 4, 2 * NS]
    slow, _ = run(ReplayLink(ReplaySettings("line", 0.5, 0), [recording(range(5))], Fake()))
    fast, _ = run(ReplayLink(ReplaySettings("line", 0.0, 0), [recording(range(5))], Fake()))
    assert slow == fast


def test_the_end_and_health() -> None:
    async def whole() -> None:
        link = ReplayLink(ReplaySettings("line", 0.0), three(), SystemClock())
        async with Tap(link) as tap:
            await eventually(lambda: link.health().connection is Connection.ENDED)
            health = link.health()
            assert health.rows == sum(one.rows for one in three())
            assert health.waiting == len(tap.taken)
            assert health.lag_ns is not None
            await tap.acknowledge()
            assert link.health().waiting == 0
        assert link.health().connection is Connection.CLOSED

    asyncio.run(whole())


def test_a_recording_that_cannot_be_read_is_told() -> None:
    dead: list[DeadLetter] = []

    def broken() -> list[Recording]:
        raise ReadingError("it is damaged")

    async def whole() -> None:
        link = ReplayLink(ReplaySettings("line"), broken, SystemClock(), on_dead_letter=dead.append)
        async with Tap(link):
            await eventually(lambda: link.health().connection is Connection.ENDED)
            assert link.health().last_error == "it is damaged"

    asyncio.run(whole())
    assert [letter.reason for letter in dead] == ["not-file"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (ReplaySettings("a", -1.0), "key link.speed: -1 is no speed\n  do: say how much faster than it was, like 60; 0: no wait"),
        (ReplaySettings("a", step_ns=-1), 'key link.step: a step must not be negative\n  do: use something like "1min"'),
        (ReplaySettings("a", window=0), "key link.window: window is at least 1\n  do: leave it out: 256 batches"),
    ],
)
def test_wrong_settings(wrong: ReplaySettings, text: str) -> None:
    with pytest.raises(AskUserError) as caught:
        ReplayLink(wrong, [], SystemClock())
    assert str(caught.value) == text


def test_a_position_of_something_else_is_refused() -> None:
    with pytest.raises(ReadingError, match="'abc' is no position of a replay"):
        list(slices(three(), "line", 0, "abc"))
