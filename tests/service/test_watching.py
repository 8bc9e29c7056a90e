"""What nobody announces is told once, and what stands is told again for those who come later."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from andon.plant.errors import StoreError
from andon.plant.time import NS
from andon.service.live import Feed
from andon.service.schema import Source, SourceState
from andon.service.watching import Look, News, watch


def source(state: SourceState = SourceState.LIVE, lost: int = 0) -> Source:
    return Source(
        name="line", kind="mqtt", state=state, text="", lag_s=0.0, values_per_s=1.0, lost=lost, set_aside=0, since="2026-01-01T00:00:00Z"
    )


def whats(news: News, look: Look) -> list[str]:
    return [what for what, _ in news.since(look)]


def test_a_calm_plant_says_nothing() -> None:
    news = News()
    assert [whats(news, Look(float(at), {"line": source()})) for at in range(5)] == [[]] * 5


def test_a_link_that_changes_is_told_by_its_name_once() -> None:
    news = News()
    news.since(Look(0.0, {"line": source()}))
    assert news.since(Look(1.0, {"line": source(SourceState.DOWN)})) == [("source", {"name": "line"})]
    assert news.since(Look(2.0, {"line": source(SourceState.DOWN)})) == []
    assert whats(news, Look(3.0, {"line": source(SourceState.DOWN, lost=7)})) == ["source"]


def test_a_backlog_is_told_again_every_five_seconds_and_its_end_at_once() -> None:
    news = News()
    told = [news.since(Look(float(at), behind_s=840.0 if 2 <= at < 13 else 3.0)) for at in range(16)]
    spoken = {at: data["behind_s"] for at, words in enumerate(told) for what, data in words if what == "behind"}
    assert spoken == {2: 840.0, 7: 840.0, 12: 840.0, 13: 0.0}


def test_what_does_not_work_is_told_with_its_reason_and_that_it_works_again() -> None:
    news = News()
    news.since(Look(0.0))
    assert ("trouble", {"parts": {"database": "read-only"}}) in news.since(Look(1.0, trouble={"database": "read-only"}))
    assert whats(news, Look(2.0, trouble={"database": "read-only"})) == []
    assert ("trouble", {"parts": {"database": "gone"}}) in news.since(Look(3.0, trouble={"database": "gone"}))
    assert news.since(Look(4.0)) == [("trouble", {"parts": {}})]


def test_new_ticks_are_told_every_ten_seconds_at_most() -> None:
    news = News()
    told = [at for at in range(35) if "ticks" in whats(news, Look(float(at), ticks=at))]
    assert told == [1, 11, 21, 31]


def test_a_clock_that_runs_as_clocks_do_is_not_told_one_that_is_set_or_runs_faster_is() -> None:
    calm = News()
    assert [whats(calm, Look(100.0 + at, now=(1 + at) * NS + at % 2 * NS // 10)) for at in range(9)] == [[]] * 9
    news = News()
    told = [news.since(Look(float(at), now=60 * (1 + at) * NS)) for at in range(4)]
    assert told == [[], *([("clock", {"now": f"1970-01-01T00:0{at}:00Z"})] for at in (2, 3, 4))]
    assert news.since(Look(4.0, now=NS)) == [("clock", {"now": "1970-01-01T00:00:01Z"})]
    assert news.since(Look(5.0, now=2 * NS)) == []


def test_a_look_that_fails_ends_nothing() -> None:
    looks: Iterator[Look | BaseException] = iter([Look(0.0), StoreError("down"), Look(2.0, {"line": source()})])

    class Plant:
        def look(self, at_s: float) -> Look:
            look = next(looks, asyncio.CancelledError())
            if isinstance(look, Look):
                return look
            raise look

    async def run() -> list[str]:
        feed = Feed()
        task = asyncio.create_task(watch(Plant(), feed, every_s=0.001))
        await asyncio.wait({task}, timeout=5)
        return [message.what for message in feed.since(0)]

    assert asyncio.run(run()) == ["source"]
