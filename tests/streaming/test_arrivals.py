"""Arrivals: whatever the order, the cuts and the repetitions within `late_by`, the same ticks come out; nothing is lost silently."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from andon.plant.batch import Batch
from andon.plant.rows import Rows
from andon.plant.status import Status
from andon.plant.time import NS
from andon.streaming.arrivals import Arrivals
from andon.streaming.watermark import NOTHING, Patience, Watermark, clock_mark, links_of_mark

ASSETS, TAGS = ("P-1", "P-2", '<b>&"温度'), ("a", "b")
PATIENCE = Patience(late_by=2 * NS)
START = 1_000_000 * NS


def batch(rows: list[tuple[int, int, float]], source: str = "line", received: int | None = None, tags: tuple[str, ...] = TAGS) -> Batch:
    """Rows of (asset, tenths of a second after START, value)."""
    time = np.array([START + tenth * NS // 10 for _, tenth, _ in rows], dtype=np.int64)
    values = np.array([[value + at for at in range(len(tags))] for *_, value in rows], dtype=np.float32).reshape(len(rows), len(tags))
    newest = int(time.max()) if len(time) else START
    return Batch(
        source,
        newest if received is None else received,
        ASSETS,
        tags,
        np.array([asset for asset, *_ in rows], dtype=np.int32),
        time,
        values,
        np.zeros(values.shape, dtype=np.uint8),
    )


def fed(batches: list[Batch]) -> tuple[list[tuple[int, int, float]], list[tuple[int, int, float]], Arrivals]:
    """Complete rows in order, late rows, and the state after a long silence."""
    arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
    out: list[tuple[int, int, float]] = []
    late: list[tuple[int, int, float]] = []

    def note(rows: Rows, into: list[tuple[int, int, float]]) -> None:
        into += [(int(t), int(a), float(v)) for t, a, v in zip(rows.time, rows.asset, rows.values[:, 0], strict=True)]

    for item in batches:
        arrived, arrivals = arrivals.take(item)
        note(arrived.rows, out)
        note(arrived.late, late)
    for second in (9_990, 9_995, 10_000):
        arrived, arrivals = arrivals.tick(START + second * NS, {"line": True})
        note(arrived.rows, out)
    return out, late, arrivals


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[tuple[int, int, float]], list[list[tuple[int, int, float]]]]:
    """Rows in order of time, and the same rows shuffled by less than `late_by`, cut into batches, some sent twice."""
    tenths = sorted(draw(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 2)), min_size=1, max_size=60, unique=True)))
    rows = [(asset, tenth, float(at)) for at, (tenth, asset) in enumerate(tenths)]
    jitter = [draw(st.integers(0, 9)) for _ in rows]
    shuffled = [row for _, row in sorted(zip(jitter, rows, strict=True), key=lambda pair: pair[0] + pair[1][1])]
    cuts = sorted(draw(st.lists(st.integers(0, len(rows)), max_size=8)))
    pieces = [shuffled[low:high] for low, high in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
    again = [piece for piece in pieces for _ in range(1 + draw(st.booleans()))]
    return rows, again


@given(journeys())
def test_order_cuts_and_repetition_within_late_by_change_nothing(
    journey: tuple[list[tuple[int, int, float]], list[list[tuple[int, int, float]]]],
) -> None:
    rows, pieces = journey
    out, late, arrivals = fed([batch(piece) for piece in pieces])
    wanted = sorted((START + tenth * NS // 10, asset, value) for asset, tenth, value in rows)
    assert sorted(set(out)) == wanted
    assert out == sorted(out)
    assert {row[:2] for row in late} <= {row[:2] for row in out}, "only what was sent twice may be late"
    assert arrivals.waiting == ()


@given(journeys(), st.randoms(use_true_random=False))
def test_nothing_vanishes_whatever_the_disorder(
    journey: tuple[list[tuple[int, int, float]], list[list[tuple[int, int, float]]]], random: object
) -> None:
    _, pieces = journey
    random.shuffle(pieces)  # type: ignore[attr-defined]
    out, late, arrivals = fed([batch(piece, received=START + 250 * NS) for piece in pieces])
    sent = sum(len(piece) for piece in pieces)
    assert len(out) + len(late) + arrivals.counts.repeated == sent


def test_a_tick_is_given_out_once_it_is_complete_and_never_before() -> None:
    arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
    arrived, arrivals = arrivals.take(batch([(0, 0, 1), (1, 5, 2)]))
    # newest 0.5 s, late by 2 s: closed up to -1.5 s, whose last tick is -2 s
    assert arrived.upto == START - 2 * NS
    assert len(arrived.rows.time) == 0
    arrived, arrivals = arrivals.take(batch([(0, 29, 3)]))
    assert arrived.upto == START
    assert arrived.rows.time.tolist() == [START]
    arrived, arrivals = arrivals.take(batch([(0, 30, 3)]))
    assert arrived.upto == START + NS
    assert arrived.rows.asset.tolist() == [1]


def test_what_is_too_late_is_told_apart_and_the_state_stays() -> None:
    arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
    _, arrivals = arrivals.take(batch([(0, 100, 1)]))
    arrived, after = arrivals.take(batch([(1, 10, 7)]))
    assert arrived.late.asset.tolist() == [1]
    assert (after.waiting, after.closed, after.counts.late) == (arrivals.waiting, arrivals.closed, 1)


def test_tomorrow_is_set_aside_and_closes_nothing() -> None:
    arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
    _, arrivals = arrivals.take(batch([(0, 0, 1)]))
    arrived, after = arrivals.take(batch([(0, 10, 2), (1, 864_000, 3)], received=START + NS))
    assert arrived.ahead.asset.tolist() == [1]
    assert after.closed == START - NS
    assert after.counts.ahead == 1


def test_tags_in_another_order_unknown_tags_and_unknown_assets() -> None:
    arrivals = Arrivals(("P-2",), ("b", "missing"), NS, PATIENCE)
    _, arrivals = arrivals.take(batch([(0, 0, 1), (1, 0, 5)], tags=("x", "b")))
    arrived, arrivals = arrivals.take(batch([(1, 50, 6)]))
    assert arrived.rows.values[:, 0].tolist() == [6.0]
    assert arrived.rows.status.tolist() == [[0, int(Status.MISSING)]]
    assert arrivals.counts.unknown_asset == 1


def test_of_two_words_on_one_sample_the_later_counts_tag_by_tag() -> None:
    first, second = batch([(0, 0, 1)]), batch([(0, 0, 9)], tags=("b",))
    arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
    _, arrivals = arrivals.take(first)
    _, arrivals = arrivals.take(second)
    arrived, arrivals = arrivals.take(batch([(0, 30, 1)]))
    assert arrived.rows.values.tolist() == [[1.0, 9.0]]
    assert arrivals.counts.repeated == 1


def test_a_silent_link_counts_by_the_clock_and_one_that_is_down_waits() -> None:
    for up, closes in ((True, True), (False, False)):
        arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
        _, arrivals = arrivals.take(batch([(0, 0, 1)]))
        before = arrivals.closed
        for second in range(1, 300, 5):
            _, arrivals = arrivals.tick(START + second * NS, {"line": up})
        assert (arrivals.closed > before) is closes


def test_a_backlog_after_an_outage_comes_in_order_and_nothing_of_it_is_late() -> None:
    arrivals = Arrivals(ASSETS, TAGS, NS, PATIENCE)
    _, arrivals = arrivals.take(batch([(0, 0, 0)]))
    for second in range(1, 600, 5):
        _, arrivals = arrivals.tick(START + second * NS, {"line": False})
    _, arrivals = arrivals.tick(START + 600 * NS, {"line": True})
    taken = 0
    for tenth in range(10, 6000, 10):
        arrived, arrivals = arrivals.take(batch([(0, tenth, 1)], received=START + 601 * NS))
        taken += len(arrived.rows.time)
    assert arrivals.counts.late == 0
    assert taken == 600 - 3 + 1


def test_a_link_that_is_down_holds_back_another_only_so_long() -> None:
    mark = Watermark()
    mark = mark.after_batch("one", START, START, PATIENCE)
    mark = mark.after_batch("two", START, START, PATIENCE)
    closed: dict[int, int] = {}
    for second in range(1, 200):
        now = START + second * NS
        mark = mark.after_mark(now, {"one": True, "two": False}, PATIENCE)
        mark = mark.after_batch("one", now, now, PATIENCE)
        closed[second] = mark.closed
    assert closed[100] == START - PATIENCE.late_by
    assert closed[199] == START + 197 * NS


def test_a_link_that_has_brought_nothing_yet_holds_back_the_others_until_it_is_known_to_be_silent() -> None:
    mark = Watermark().after_mark(START, {"one": True, "two": True}, PATIENCE)
    mark = mark.after_batch("one", START, START, PATIENCE)
    assert mark.closed == NOTHING
    for second in (3, 6):
        mark = mark.after_mark(START + second * NS, {"one": True, "two": True}, PATIENCE)
    assert mark.closed == START + 4 * NS


def test_a_clock_that_is_set_forward_makes_no_link_silent_and_nothing_late() -> None:
    mark = Watermark().after_batch("line", START, START, PATIENCE)
    hour = 3_600 * NS
    for second in range(1, 20):
        off = 0 if second < 10 else hour
        mark = mark.after_mark(START + second * NS + off, {"line": True}, PATIENCE)
        assert mark.closed <= START + second * NS - PATIENCE.late_by
        mark = mark.after_batch("line", START + second * NS, START + second * NS + off, PATIENCE)
        assert mark.closed == START + second * NS - PATIENCE.late_by


def test_a_clock_that_is_set_forward_makes_no_other_link_silent_where_a_batch_comes_before_the_clock_tells() -> None:
    off = 3_600 * NS
    mark = Watermark().after_mark(START, {"one": True, "two": True}, PATIENCE)
    for link in ("one", "two"):
        mark = mark.after_batch(link, START, START, PATIENCE)
    mark = mark.after_batch("one", START + 5 * NS, START + off, PATIENCE)  # the first that is stamped by the new clock
    mark = mark.after_mark(START + NS + off, {"one": True, "two": True}, PATIENCE)
    assert mark.closed == START - PATIENCE.late_by, "two is on its way"
    mark = mark.after_batch("two", START + 5 * NS, START + 2 * NS + off, PATIENCE)
    assert mark.closed == START + 5 * NS - PATIENCE.late_by


def test_a_clock_that_is_set_back_closes_ticks_by_what_comes() -> None:
    mark = Watermark().after_batch("line", START, START, PATIENCE)
    for second in range(1, 20):
        off = 0 if second < 10 else -3_600 * NS
        mark = mark.after_mark(START + second * NS + off, {"line": True}, PATIENCE)
        mark = mark.after_batch("line", START + second * NS, START + second * NS + off, PATIENCE)
        assert mark.closed == START + second * NS - PATIENCE.late_by


def lived(clock: dict[int, int], seconds: int, down: tuple[int, int] = (0, 0)) -> tuple[list[tuple[int, list[int]]], Arrivals]:
    """A sample and a mark a second, by a clock that is wrong by so many seconds from some second on; nobody runs while `down`.

    Returns: at which second which ticks (seconds) came out, and what is left.
    """
    arrivals, off, out = Arrivals(ASSETS, TAGS, NS, PATIENCE), 0, []
    for second in range(seconds):
        off = clock.get(second, off)
        if down[0] <= second < down[1]:
            continue
        told = START + (second + off) * NS
        marked, arrivals = arrivals.tick(told, {"line": True})
        came, arrivals = arrivals.take(batch([(0, 10 * second, float(second))], received=told))
        assert not len(came.late)
        assert not len(came.ahead), second
        times = [int(time - START) // NS for rows in (marked.rows, came.rows) for time in rows.time]
        out += [(second, times)] if times else []
    return out, arrivals


HOUR = 3_600


@pytest.mark.parametrize("clock", [{20: -HOUR}, {20: -HOUR, 40: 0}, {20: -HOUR, 30: -2 * HOUR, 40: 0}, {20: -24 * HOUR, 40: -HOUR, 45: 0}])
def test_a_clock_that_is_set_back_holds_up_nothing_and_sets_nothing_aside(clock: dict[int, int]) -> None:
    out, arrivals = lived(clock, 60)
    assert out == lived({}, 60)[0]
    assert arrivals.mark.back == pytest.approx(0 if 0 in clock.values() else HOUR * NS, abs=NS), "a mark sees the step to a second"
    assert arrivals.mark.now >= START + 58 * NS


def test_a_clock_that_was_ahead_and_is_put_right_is_believed_at_once() -> None:
    out, arrivals = lived({0: HOUR, 20: 0}, 60)
    assert out == lived({}, 60)[0]
    assert arrivals.mark.back == 0


def test_after_a_restart_with_a_clock_that_is_behind_samples_wait_until_it_is_right_and_none_is_set_aside() -> None:
    out, arrivals = lived({20: -HOUR, 200: 0}, 260, down=(20, 120))
    seen = [tick for _, ticks in out for tick in ticks]
    assert seen == [*range(20), *range(120, 258)], "in order, each once"
    waited = {tick: second - tick for second, ticks in out for tick in ticks}
    assert max(waited[tick] for tick in range(120, 200)) > 50
    assert waited[220] == waited[10]
    assert (arrivals.mark.back, arrivals.held, arrivals.counts.ahead) == (0, (), 0)


def test_what_lies_ahead_of_a_clock_that_is_right_again_is_set_aside() -> None:
    arrivals = lived({20: -HOUR}, 40)[1]
    now = START + 40 * NS
    _, arrivals = arrivals.take(batch([(0, 10 * 86_400, 1.0)], received=now - HOUR * NS))
    assert len(arrivals.held) == 1, "the clock is wrong: perhaps by more than it seems"
    came, arrivals = arrivals.tick(now + NS, {"line": True})
    assert (len(came.ahead), arrivals.held, arrivals.counts.ahead) == (1, (), 1)


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.booleans(), max_size=5), st.integers(0, 2**62))
def test_a_clock_mark_says_what_it_was_told(connected: dict[str, bool], now: int) -> None:
    mark = clock_mark(now, connected)
    assert (links_of_mark(mark), mark.received, mark.rows) == (connected, now, 0)


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(0, 1000), st.booleans()), max_size=40))
def test_the_watermark_never_goes_back(events: list[tuple[str, int, bool]]) -> None:
    mark = Watermark()
    for source, second, is_batch in events:
        now = START + second * NS
        after = (
            mark.after_batch(source, now, now, PATIENCE)
            if is_batch
            else mark.after_mark(now, {"a": second % 2 == 0, "b": second % 3 == 0}, PATIENCE)
        )
        assert after.closed >= mark.closed
        mark = after


def test_arrays_keep_their_shapes() -> None:
    assert Rows.none(3).values.shape == (0, 3)
    with pytest.raises(IndexError):
        Rows.none(3).take(np.array([1]))
