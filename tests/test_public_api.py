"""The Python door: read, audit, fit, score, save, load; and contract 1 at the level of the monitor."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import andon
from andon.plant.arrays import BoolArray, Float64Array, IntArray
from andon.plant.budget import parse_budget
from andon.plant.errors import PreparationError, ReadingError
from andon.plant.file.schema import BudgetGroup, PlantFile
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.scoring.monitor import Monitor, Scored
from tests.small_plant import ASSET, NEW_ROWS, TAGS, TRAIN_ROWS, Line, values

STEP_NS = 300_000_000_000
START_NS = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()) * 1_000_000_000
ANY_TIME = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def recording(rows: int = NEW_ROWS, seed: int = 2, *, fault: bool = True, gaps: bool = True) -> Recording:
    """The small line in arrays, with a fault, and where asked for lost samples, a lost hour and a bad sensor."""
    table = values(rows, seed)
    if fault:
        table[rows // 2 : rows // 2 + 72, 1] += 1.0
    time = START_NS + np.arange(rows, dtype=np.int64) * STEP_NS
    if gaps:
        table[np.random.default_rng(seed).random(table.shape) < 0.02] = np.nan
        table[rows // 3 : rows // 3 + 40, 2] = np.nan
        keep = np.ones(rows, dtype=bool)
        keep[rows // 4 : rows // 4 + 13] = False
        keep[-30:-28] = False
        time, table = time[keep], table[keep]
    return Recording.from_arrays(ASSET, TAGS, time, table)


@dataclass(frozen=True)
class Pieces:
    """What a recording cut into pieces gave, side by side."""

    tick: IntArray
    why: IntArray
    active: BoolArray
    evidence: Float64Array
    events: list[tuple[int, int | None]]


def in_pieces(monitor: Monitor, whole: Recording, cuts: list[int]) -> Pieces:
    """Judge the pieces of a recording one after the other."""
    state, steps = monitor.start(), []
    edges = [0, *sorted(set(cuts)), whole.rows]
    for low, high in itertools.pairwise(edges):
        part = replace(whole, time=whole.time[low:high], values=whole.values[low:high], status=whole.status[low:high])
        step, state = monitor.run(part, state, until=int(whole.time[-1]) if high == whole.rows else None)
        steps.append(step)
    spans = {span.start: span for step in steps for span in (*step.opened, *step.closed)}
    return Pieces(
        np.concatenate([step.prepared.tick for step in steps]),
        np.concatenate([step.detection.why for step in steps]),
        np.concatenate([step.active for step in steps]),
        np.concatenate([step.detection.views.trace for step in steps]),
        [(span.start, span.end) for span in sorted(spans.values(), key=lambda span: span.start)],
    )


def same(pieces: Pieces, scored: Scored) -> None:
    """Contract 1: identical verdicts and events, accumulated evidence to 1e-4 relative."""
    assert pieces.tick.tobytes() == scored.prepared.tick.tobytes()
    np.testing.assert_array_equal(pieces.why, scored.verdicts.why)
    np.testing.assert_array_equal(pieces.active, scored.verdicts.verdict == andon_anomalous(scored))
    np.testing.assert_allclose(pieces.evidence, scored.trace, rtol=1e-4, atol=1e-6)
    ends = [(event.start, event.end) for event in scored.events]
    assert [(start * STEP_NS, None if end is None else end * STEP_NS) for start, end in pieces.events] == ends


def andon_anomalous(scored: Scored) -> int:
    """The code of an anomalous verdict; ticks that cannot be judged are never in an event here."""
    from andon.plant.verdict import Verdict

    assert not (scored.verdicts.verdict[~scored.judge] == Verdict.ANOMALOUS).any()
    return int(Verdict.ANOMALOUS)


@pytest.fixture(scope="module")
def linear(line: Line) -> Monitor:
    """The monitor of the linear core."""
    return andon.load(line.model)


@pytest.fixture(scope="module")
def deep(deep_line: Line) -> Monitor:
    """A monitor that uses the network."""
    monitor = andon.load(deep_line.model)
    assert monitor.detector.network is not None
    return monitor


@pytest.fixture(scope="module")
def linear_scored(linear: Monitor) -> Scored:
    """The whole recording at once."""
    scored = linear.score(recording())
    assert scored.events, "without events the comparison would say little"
    return scored


@pytest.fixture(scope="module")
def deep_scored(deep: Monitor) -> Scored:
    """The whole recording at once."""
    scored = deep.score(recording())
    assert scored.events
    return scored


cuts = st.lists(st.integers(1, recording().rows - 1), max_size=8)


@settings(ANY_TIME, max_examples=40)
@given(cuts=cuts)
def test_any_cut_gives_the_same_verdicts_and_events(cuts: list[int], linear: Monitor, linear_scored: Scored) -> None:
    same(in_pieces(linear, recording(), cuts), linear_scored)


@settings(ANY_TIME, max_examples=20)
@given(cuts=cuts)
def test_any_cut_gives_the_same_verdicts_and_events_with_the_network(cuts: list[int], deep: Monitor, deep_scored: Scored) -> None:
    same(in_pieces(deep, recording(), cuts), deep_scored)


def test_one_sample_at_a_time_gives_the_same(linear: Monitor, deep: Monitor, linear_scored: Scored, deep_scored: Scored) -> None:
    whole = recording()
    first = list(range(1, 60)) + list(range(whole.rows // 2 - 10, whole.rows // 2 + 90))  # around the start and around the fault
    same(in_pieces(linear, whole, first), linear_scored)
    same(in_pieces(deep, whole, first), deep_scored)


def test_the_same_call_twice_is_identical_to_the_bit(deep: Monitor, deep_scored: Scored) -> None:
    again = deep.score(recording())
    assert again.trace.tobytes() == deep_scored.trace.tobytes()
    assert again.events == deep_scored.events


@pytest.mark.parametrize("name", ["linear", "deep"])
def test_two_threads_give_what_one_gives_to_the_bit(name: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monitor, scored = request.getfixturevalue(name), request.getfixturevalue(f"{name}_scored")
    monkeypatch.setattr("andon.scoring.monitor.ahead", iter)
    alone: Scored = monitor.score(recording())
    np.testing.assert_array_equal(alone.trace, scored.trace)
    np.testing.assert_array_equal(alone.verdicts.top_shares, scored.verdicts.top_shares)
    assert [event.id for event in alone.events] == [event.id for event in scored.events]


@pytest.mark.parametrize("name", ["linear", "deep"])
def test_a_model_saved_and_loaded_scores_identically_to_the_bit(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    monitor: Monitor = request.getfixturevalue(name)
    once = replace(monitor, version="unsaved")
    path = once.save(tmp_path / "copy.andon")
    loaded = andon.load(path)
    before, after = once.score(recording()), loaded.score(recording())
    assert before.trace.tobytes() == after.trace.tobytes()
    assert before.verdicts.p.tobytes() == after.verdicts.p.tobytes()
    assert before.verdicts.verdict.tobytes() == after.verdicts.verdict.tobytes()
    assert [(event.onset, event.start, event.end, event.shares, event.severity) for event in before.events] == [
        (event.onset, event.start, event.end, event.shares, event.severity) for event in after.events
    ]
    second = andon.load(loaded.save(tmp_path / "second.andon"))
    assert second.score(recording()).trace.tobytes() == before.trace.tobytes()


def test_scoring_leaves_the_recording_as_it_was(linear: Monitor) -> None:
    given_, kept = recording(), recording()
    linear.score(given_)
    assert given_.values.tobytes() == kept.values.tobytes()
    assert given_.status.tobytes() == kept.status.tobytes()


def test_the_order_of_tags_and_extra_tags_change_nothing(linear: Monitor, linear_scored: Scored) -> None:
    whole = recording()
    extra = replace(
        whole,
        tags=(*whole.tags, "EXTRA"),
        values=np.column_stack([whole.values, np.arange(whole.rows, dtype=np.float32)]),
        status=np.column_stack([whole.status, np.zeros(whole.rows, dtype=np.uint8)]),
    )
    shuffled = extra.select(("EXTRA", *TAGS[::-1]))
    assert linear.score(shuffled).trace.tobytes() == linear_scored.trace.tobytes()


def test_a_lost_tag_counts_as_missing_and_the_rest_is_judged(linear: Monitor) -> None:
    less = recording().select(TAGS[:3])
    scored = linear.score(less)
    assert scored.judged_h > 60
    marked = recording()
    status = marked.status.copy()
    status[:, 3] = Status.MISSING
    assert linear.score(replace(marked, status=status)).trace.tobytes() == scored.trace.tobytes()


def test_read_audit_fit_score_save_load(line: Line, tmp_path: Path) -> None:
    found = andon.read([str(line.folder / "train.csv")], asset=ASSET)
    assert list(found.recordings) == [ASSET]
    one = andon.read_one(str(line.folder / "train.csv"), asset=ASSET)
    assert one.values.tobytes() == found.recordings[ASSET].values.tobytes()
    audit = andon.audit(one)
    assert audit.interval_ns == STEP_NS
    monitor = andon.fit(one, PlantFile(budgets=(BudgetGroup(rate=parse_budget("2/day")),)), network=False, seed=1)
    assert monitor.tag_ids == TAGS
    scored = monitor.score(recording(gaps=False))
    fault = scored.verdicts.time[NEW_ROWS // 2]
    assert any(fault <= event.start < fault + 72 * STEP_NS for event in scored.events)
    loaded = andon.load(monitor.save(tmp_path / "line.andon"))
    assert loaded.score(recording(gaps=False)).trace.tobytes() == scored.trace.tobytes()
    assert loaded.version != "unsaved"


def test_fit_refuses_what_cannot_be_learnt() -> None:
    time = START_NS + np.arange(500, dtype=np.int64) * STEP_NS
    with pytest.raises(ReadingError, match="no tag ever changes"):
        andon.fit(Recording.from_arrays(ASSET, TAGS, time, np.ones((500, 4))))
    with pytest.raises(ReadingError, match="none of the 4 tags has a valid value"):
        andon.fit(Recording.from_arrays(ASSET, TAGS, time, np.full((500, 4), np.inf)))


def test_score_refuses_another_asset_s_tags(linear: Monitor) -> None:
    other = replace(recording(), tags=("a", "b", "c", "d"))
    with pytest.raises(PreparationError, match="none of the model's 4 tags"):
        linear.score(other)


def test_everything_promised_is_there() -> None:
    for name in andon.__all__:
        assert getattr(andon, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        andon.fitt  # noqa: B018
    assert TRAIN_ROWS > NEW_ROWS
