"""The feed: nothing twice, nothing lost without a word, a slow listener holds up nobody."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from andon.service.live import RELOAD, Feed


async def _take(feed: Feed, after: int | None, count: int) -> list[int | str]:
    out: list[int | str] = []
    listening = feed.listen(after)
    async for message in listening:
        out.append(message.what if message.what == RELOAD else message.id)
        if len(out) == count:
            break
    await listening.aclose()  # type: ignore[attr-defined]
    return out


@given(before=st.integers(0, 30), seen=st.integers(0, 30), after=st.integers(1, 10))
def test_a_listener_that_comes_back_gets_exactly_what_it_missed_or_is_told_to_reload(before: int, seen: int, after: int) -> None:
    async def run() -> None:
        feed = Feed(kept=12)
        for at in range(before):
            feed.publish("tile", {"at": at})
        missed = feed.since(seen)
        whole = seen <= before and before - seen <= 12
        if whole:
            assert [message.id for message in missed] == list(range(seen + 1, before + 1))
        else:
            assert [message.what for message in missed] == [RELOAD]

        task = asyncio.create_task(_take(feed, seen, len(missed) + after))
        await asyncio.sleep(0)
        while feed.listeners == 0:
            await asyncio.sleep(0)
        for at in range(after):
            feed.publish("alarm", {"at": at})
        got = await asyncio.wait_for(task, 5)
        assert got[len(missed) :] == list(range(before + 1, before + after + 1))
        assert feed.listeners == 0

    asyncio.run(run())


def test_a_listener_that_does_not_read_is_told_to_reload_and_memory_stays() -> None:
    async def run() -> None:
        feed = Feed(kept=10, queue=5)
        slow = feed.listen(None)
        first = asyncio.create_task(slow.__anext__())  # type: ignore[arg-type, var-annotated]
        await asyncio.sleep(0)
        feed.publish("tile", {})
        assert (await first).id == 1
        for _ in range(50):
            feed.publish("tile", {})
        message = await anext(slow)
        assert message.what == RELOAD
        assert message.id >= 7
        await slow.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


def test_a_closed_feed_ends_every_listener_after_what_it_has_not_read() -> None:
    async def run() -> None:
        feed = Feed(queue=3)
        waiting, behind = (asyncio.create_task(_take(feed, None, 9)) for _ in range(2))
        await asyncio.sleep(0)
        for at in range(2):
            feed.publish("tile", {"at": at})
        feed.close()
        feed.publish("tile", {"at": 2})
        assert await asyncio.wait_for(waiting, 1) == [1, 2]
        assert await asyncio.wait_for(behind, 1) == [1, 2]
        assert await asyncio.wait_for(_take(feed, 1, 9), 1) == [2, 3], "one that comes now gets what it missed"
        assert feed.listeners == 0

    asyncio.run(run())
