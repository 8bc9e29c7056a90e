"""What stands is told once when it begins and once when it is over, however it comes and goes in between."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.sentences import speak
from andon.plant.time import MINUTE_NS, NS
from andon.plant.verdict import Sentence
from andon.project.live.standing import Standing
from andon.project.live.troubles import Trouble, quiet_of, space_of
from andon.reading.link import Connection, Health

DATABASE, LINK = Trouble("database", "down"), Trouble("link", "refused", "gateway")


def lived(seen: list[list[Trouble]], step_s: int) -> list[str]:
    """What is told at each look: "+part" and "-part"."""
    standing, out = Standing(), []
    for at, found in enumerate(seen):
        standing, begun, over = standing.after(found, 1_000 + at, at * step_s * NS)
        out.append(" ".join([*(f"+{one.trouble.part}" for one in begun), *(f"-{one.trouble.part}" for one in over)]))
    return out


def test_it_is_told_after_its_patience_and_over_after_as_long() -> None:
    assert lived([[DATABASE]] * 4 + [[]] * 4, 5) == ["", "", "+database", "", "", "-database", "", ""]
    assert lived([[LINK]] * 7 + [[]] * 7, 60) == ["", "", "", "", "", "+link", "", "", "", "", "", "-link", "", ""]


def test_a_moment_is_told_nobody() -> None:
    assert lived([[], [DATABASE], [], [], [], []], 5) == [""] * 6


def test_a_link_that_comes_and_goes_every_minute_is_one_trouble() -> None:
    told = lived([[LINK] if at % 2 else [] for at in range(60)] + [[]] * 10, 60)
    assert [word for word in told if word] == ["+link", "-link"]


@settings(max_examples=40)
@given(st.lists(st.sets(st.sampled_from([DATABASE, LINK, Trouble("space", "x")])), max_size=80), st.sampled_from([2, 30, 400]))
def test_beginnings_and_ends_alternate(seen: list[set[Trouble]], step_s: int) -> None:
    told = " ".join(lived([sorted(found, key=lambda one: one.key) for found in seen], step_s)).split()
    for part in ("database", "link", "space"):
        words = [word[0] for word in told if word[1:] == part]
        assert words == ["+-"[at % 2] for at in range(len(words))]


def test_a_link_that_brings_nothing_is_told_by_its_topic() -> None:
    health = Health("gateway", Connection.CONNECTED, 10 * MINUTE_NS, last_message_at=20 * MINUTE_NS)
    assert quiet_of(health, 24 * MINUTE_NS, 5 * MINUTE_NS) is None
    assert quiet_of(health, 26 * MINUTE_NS, 5 * MINUTE_NS) == Sentence("project.trouble.quiet.why", {"topic": "", "time": "6min"})
    topics = Health("gateway", Connection.CONNECTED, 10 * MINUTE_NS, heard=(("a/{asset}", 25 * MINUTE_NS), ("b/#", None)))
    (found,) = [one for one in [quiet_of(topics, 26 * MINUTE_NS, 5 * MINUTE_NS)] if one is not None]
    assert Trouble("quiet", found, "gateway").told("en") == "gateway: nothing has come on b/# for 16min"
    assert "b/#" in Trouble("quiet", found, "gateway").told("zh-CN")
    assert quiet_of(Health("gateway", Connection.WAITING, 10 * MINUTE_NS), 90 * MINUTE_NS, 5 * MINUTE_NS) is None


@pytest.mark.parametrize(
    ("free", "total", "full"), [(2 << 30, 100 << 30, False), (900 << 20, 100 << 30, True), (900 << 20, 10 << 30, False)]
)
def test_a_disk_is_almost_full_by_its_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, total: int, full: bool) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free, total=total))
    found = list(space_of(tmp_path))
    assert [one.part for one in found] == ["space"] * full
    assert all(isinstance(one.why, Sentence) and speak(one.why) == "0.9 GiB are free" for one in found)
