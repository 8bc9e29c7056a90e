"""Pushed bodies: the laws with a client that comes again; content types, encodings within bounds, answers."""

from __future__ import annotations

import asyncio
import gzip
import json
import zlib
from collections.abc import Iterable
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.clock import SystemClock
from andon.plant.errors import AskUserError
from andon.plant.time import NS
from andon.reading.link import Connection, DeadLetter
from andon.reading.mapping import Mapping
from andon.reading.payload import REASONS, Fault
from andon.reading.push import Answer, BodyReader, BusyError, PushLink, PushSettings
from tests.reading.links.laws import T0, LinkLaws, Rig, Tap, eventually


def body(n: int) -> bytes:
    """The body of batch n."""
    return json.dumps(
        {"time": (T0 + n * NS) // NS, "asset": "p1", "a": n, "b": -n, "quality": {"b": "bad"} if n % 5 == 4 else None}
    ).encode()


class PushRig:
    """A client that pushes in order, and again until it is told that a body is safe."""

    window = 20
    repeats = False

    def __init__(self) -> None:
        self.current: PushLink | None = None
        self.tasks: list[asyncio.Task[None]] = []

    def link(self, dead: list[DeadLetter]) -> PushLink:
        self.current = PushLink(PushSettings("line", window=self.window), SystemClock(), on_dead_letter=dead.append)
        return self.current

    async def start(self) -> None:
        pass

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _deliver(self, data: bytes) -> None:
        while True:
            try:
                assert self.current is not None
                await self.current.push(data)
                return
            except BusyError:
                await asyncio.sleep(0.005)

    async def feed(self, numbers: Iterable[int]) -> None:
        self.tasks += [asyncio.create_task(self._deliver(body(n))) for n in numbers]

    async def spoil(self) -> None:
        self.tasks.append(asyncio.create_task(self._deliver(b'{"time": ')))

    async def cut(self) -> None:
        pass

    async def mend(self) -> None:
        pass


class TestPush(LinkLaws):
    skip: ClassVar[dict[str, str]] = {"cut": "clients connect to us; there is no connection to lose"}

    @pytest.fixture
    def rig(self) -> Rig:
        return PushRig()


def test_the_answer_comes_when_the_batch_is_safe() -> None:
    async def whole() -> None:
        link = PushLink(PushSettings("line", window=2), SystemClock())
        with pytest.raises(BusyError, match="the link is not open"):
            await link.push(body(0))
        async with Tap(link) as tap:
            await eventually(lambda: link.health().connection is Connection.CONNECTED)
            first, second = asyncio.create_task(link.push(body(0))), asyncio.create_task(link.push(body(1)))
            await tap.until(2)
            with pytest.raises(BusyError, match="too many messages wait"):
                await link.push(body(2))
            assert not first.done()
            await link.acknowledge(tap.taken[0][1])
            assert await first == Answer(1)
            assert await link.push(b"{") == Answer(0, (Fault("not-json", "Input data was truncated"),))
        with pytest.raises(BusyError, match="the service stops"):
            await second

    asyncio.run(whole())


def read(data: bytes, **how: Any) -> Any:
    """Read one body."""
    mapping = how.pop("mapping", Mapping())
    return BodyReader(mapping, "line").parse(data, 1, **how)


def test_content_types_and_encodings() -> None:
    line = f"m,asset=p1 a=1 {T0}".encode()
    for data, how in [
        (body(1), {}), (body(1), {"content_type": "Application/JSON; charset=utf-8"}),
        (gzip.compress(body(1), mtime=0), {"encoding": "gzip"}),
        (zlib.compress(body(1)), {"encoding": "deflate"}), (line, {"content_type": "text/plain; charset=utf-8"}),
        (b"time,asset,a\n1772344800,p1,1", {"content_type": "text/csv"}),
    ]:  # fmt: skip
        parsed = read(data, **how)
        assert parsed.faults == ()
        assert parsed.batch.assets == ("p1",)
    assert read(line, mapping=Mapping(payload="influx")).batch is not None


@pytest.mark.parametrize(
    ("data", "how", "fault"),
    [
        (b"x", {"content_type": "application/xml"}, Fault("wrong-shape", "content type 'application/xml'; use one of application/json, "
         "text/csv, text/plain, application/x-influx-line-protocol, application/vnd.apache.arrow.stream, "
         "application/vnd.apache.arrow.file, application/vnd.andon.packed")),
        (b"x", {"encoding": "br"}, Fault("wrong-shape", "content encoding 'br'; use gzip, deflate or none")),
        (b"x" * 9, {"encoding": "gzip"}, Fault("wrong-shape", "the gzip is damaged")),
        (gzip.compress(b"x" * 500, mtime=0)[:-4], {"encoding": "gzip"}, Fault("wrong-shape", "the gzip is cut off")),
        (gzip.compress(b" " * 1_000_000, mtime=0), {"encoding": "gzip", "mapping": Mapping(largest_bytes=1000)},
         Fault("too-large", "more than 1000 bytes when unpacked")),
        (b" " * 1001, {"mapping": Mapping(largest_bytes=1000)}, Fault("too-large", "1001 bytes, at most 1000")),
    ],
)  # fmt: skip
def test_what_cannot_be_read(data: bytes, how: dict[str, Any], fault: Fault) -> None:
    assert read(data, **how).faults == (fault,)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["", "application/json", "text/plain", "application/vnd.andon.packed"]),
       st.sampled_from(["", "gzip", "deflate", "x"]), st.booleans())  # fmt: skip
def test_any_body(data: bytes, content_type: str, encoding: str, packed: bool) -> None:
    parsed = read(gzip.compress(data) if packed else data, content_type=content_type, encoding=encoding)
    assert all(fault.reason in REASONS and fault.reason != "unreadable" for fault in parsed.faults)
    assert parsed.batch is not None or parsed.faults or not data


def test_wrong_settings() -> None:
    with pytest.raises(AskUserError, match="window is at least 1"):
        PushLink(PushSettings("line", window=0), SystemClock())
    with pytest.raises(AskUserError, match="has a brace that names nothing"):
        PushLink(PushSettings("line", Mapping(asset="{")), SystemClock())
