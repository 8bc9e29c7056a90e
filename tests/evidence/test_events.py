"""Events: any cut, any order of chunks, the same spans; and the rule itself on small hand-made traces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.events import EventOpener, OpenerState, Opening, Span, first_exceedances, ground, persisted
from andon.plant.arrays import BoolArray, Float64Array, Int64Array


@st.composite
def openings(draw: st.DrawFn) -> Opening:
    m = draw(st.integers(1, 4))
    return Opening(draw(st.integers(1, m)), m, draw(st.sampled_from([0.3, 0.7, 1.0])), 0.5, 0.8, draw(st.integers(1, 6)), 1.5)


@st.composite
def traces(draw: st.DrawFn) -> tuple[Float64Array, BoolArray, Int64Array]:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 80))
    noise = rng.gamma(1.0, 1.0, count)
    smooth = np.convolve(noise, np.ones(3) / 3)[:count] * draw(st.sampled_from([1.0, 2.0]))
    judge = rng.random(count) > draw(st.sampled_from([0.0, 0.2, 0.7]))
    tick = np.cumsum(1 + rng.integers(0, 12, count) * (rng.random(count) < draw(st.sampled_from([0.0, 0.15]))))
    smooth[rng.random(count) < 0.03] = np.nan
    return smooth, judge, tick.astype(np.int64)


def whole(
    opener: EventOpener, trace: Float64Array, judge: BoolArray, tick: Int64Array, levels: Float64Array, cuts: list[int]
) -> tuple[list[Span], BoolArray, Span | None, list[Span]]:
    state = opener.start()
    closed: list[Span] = []
    active: list[BoolArray] = []
    opened: dict[int, Span] = {}
    for low, high in zip([0, *cuts], [*cuts, len(trace)], strict=True):
        if high > low:
            spans, state = opener.run(trace[low:high], judge[low:high], tick[low:high], state, levels[low:high])
            closed += spans.closed
            opened |= {span.start: span for span in spans.opened}
            active.append(spans.active)
    return closed, np.concatenate(active), opener.finish(state), list(opened.values())


@settings(max_examples=400, deadline=None)
@given(traces(), openings(), st.lists(st.integers(0, 80), max_size=6), st.booleans())
def test_any_cut_gives_the_same_events(
    data: tuple[Float64Array, BoolArray, Int64Array], opening: Opening, cuts: list[int], moving: bool
) -> None:
    trace, judge, tick = data
    levels = np.full(len(trace), 1.6) + (np.sin(np.arange(len(trace)) / 5.0) * 0.4 if moving else 0.0)
    opener = EventOpener(opening)
    state = OpenerState()
    closed: list[Span] = []
    actives: list[BoolArray] = []
    for row in range(len(trace)):  # the rule, tick by tick
        spans, state = opener.run(trace[row : row + 1], judge[row : row + 1], tick[row : row + 1], state, levels[row : row + 1])
        closed += spans.closed
        actives.append(spans.active)
    last = opener.finish(state)
    for pieces in ([], sorted(cut for cut in cuts if cut <= len(trace))):
        got = whole(opener, trace, judge, tick, levels, pieces)
        assert got[0] == closed
        assert np.array_equal(got[1], np.concatenate(actives))
        assert got[2] == last
        starts = [span.start for span in closed] + ([last.start] if last else [])
        assert [span.start for span in got[3]] == starts
    g = ground(trace, judge, tick, opening)
    first, final = first_exceedances(g, levels, opening)
    assert [int(t) for t in tick[first]] == [span.start for span in closed] + ([last.start] if last else [])
    assert [int(t) + 1 for t in tick[final]][: len(closed)] == [span.end for span in closed]


@settings(max_examples=100, deadline=None)
@given(traces(), st.integers(1, 5), st.data())
def test_persisted_equals_counting(data: tuple[Float64Array, BoolArray, Int64Array], m: int, more: st.DataObject) -> None:
    trace, judge, tick = data
    n = more.draw(st.integers(1, m))
    value = np.where(judge & ~np.isnan(trace), trace, -np.inf)
    held = persisted(value, tick, n, m)
    for level in (0.5, 1.0, 2.0):
        for row in range(len(value)):
            recent = [value[i] for i in range(row + 1) if tick[row] - tick[i] < m]
            assert (held[row] >= level) == (sum(v >= level for v in recent) >= n)


def spans_of(values: list[float], opening: Opening, level: float = 3.0, judge: list[bool] | None = None) -> list[Span]:
    x = np.array(values)
    ok = np.ones(len(x), dtype=bool) if judge is None else np.array(judge)
    opener = EventOpener(opening)
    spans, state = opener.run(x, ok, np.arange(100, 100 + len(x)), opener.start(), level)
    last = opener.finish(state)
    return [*spans.closed, *([last] if last else [])]


PLAIN = Opening(1, 1, 0.5, centre=1.0, band=1.5, gap_ticks=3, unit=1.0)


def test_one_event_with_its_onset_peak_and_end() -> None:
    #        100 101 102  103  104  105  106  107  108 109 ... release = 1 + 0.5 x 2 = 2
    values = [1.0, 1.0, 1.7, 2.4, 3.2, 4.0, 2.5, 1.9, 1.0, 1.0, 1.0, 1.0]
    assert spans_of(values, PLAIN) == [Span(onset=102, start=104, peak=105, end=107, peak_evidence=4.0, threshold=3.0)]


def test_a_dip_above_the_release_level_does_not_end_it() -> None:
    assert len(spans_of([1, 4, 2.1, 2.1, 2.1, 2.1, 2.1, 4, 1, 1, 1, 1, 1.0], PLAIN)) == 1


def test_events_closer_than_the_merge_gap_are_one() -> None:
    assert len(spans_of([1, 4, 1, 1, 4, 1, 1, 1, 1.0], PLAIN)) == 1  # on at 101, again at 104: gap of 3 ticks
    assert len(spans_of([1, 4, 1, 1, 1, 4, 1, 1, 1, 1.0], PLAIN)) == 2


def test_two_of_three_needs_two() -> None:
    two = Opening(2, 3, 0.5, 1.0, 1.5, 3, 1.0)
    assert spans_of([1, 4, 1, 1, 4, 1, 1, 1, 1.0], two) == []
    assert [span.start for span in spans_of([1, 4, 1, 4, 1, 1, 1, 1.0], two)] == [103]


def test_an_event_still_on_has_no_end() -> None:
    assert [span.end for span in spans_of([1, 1, 4, 4.0], PLAIN)] == [None]


def test_time_that_cannot_be_judged_opens_nothing_and_a_long_hole_ends_an_event() -> None:
    judge = [True, True] + [False] * 5 + [True] * 5
    spans = spans_of([1, 4] + [9] * 5 + [2.5, 1, 1, 1, 1.0], PLAIN, judge=judge)
    assert [(span.start, span.end, span.peak_evidence) for span in spans] == [(101, 102, 4.0)]


@pytest.mark.parametrize("rows", [0, 20])
def test_an_empty_or_quiet_chunk_changes_nothing(rows: int) -> None:
    opener = EventOpener(PLAIN)
    spans, state = opener.run(np.ones(rows), np.ones(rows, dtype=bool), np.arange(rows), opener.start(), 3.0)
    assert spans.opened == spans.closed == ()
    assert state.span is None


def test_the_state_goes_through_json() -> None:
    """A service that restarts goes on where it was."""
    import msgspec

    opener = EventOpener(Opening(2, 3, 0.5, 1.0, 1.5, 3, 1.0))
    trace, tick = np.array([1.0, 1.7, 4.0, 4.0, 2.5, 1.0, 1.0, 4.0]), np.arange(8)
    judge = np.ones(8, dtype=bool)
    for cut in range(1, 8):
        _, state = opener.run(trace[:cut], judge[:cut], tick[:cut], opener.start(), 3.0)
        back = msgspec.json.decode(msgspec.json.encode(state), type=OpenerState)
        assert back == state
        assert opener.run(trace[cut:], judge[cut:], tick[cut:], back, 3.0)[1] == opener.run(trace, judge, tick, opener.start(), 3.0)[1]
