"""A fleet in service: the journal gives what history gives, whatever the restarts; what people say takes effect, and is replayed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from andon.plant.batch import Batch
from andon.plant.recording import Recording
from andon.plant.verdict import Event, Verdict, Why
from andon.scoring.lockstep import fleet_of
from andon.scoring.monitor import Monitor, Scored
from andon.streaming.control import Control, EndPlanned, Marked, Planned, Promised, PutBack, TakeOut, of_entry, to_entry
from andon.streaming.served import Said, Served
from andon.streaming.watermark import Patience
from tests.small_plant import TAGS, Line, of_assets, values

ASSETS = ("line", "泵<2>")
STEP_NS = 300 * 10**9
START = 1_780_000_000 // 300 * STEP_NS
ROWS = 700


@dataclass
class Kept:
    """A history of what was sent."""

    recordings: dict[str, Recording]

    def read(self, asset: str, tags: Sequence[str], start: int, end: int) -> Recording:
        return self.recordings[asset].between(start, end + 1).select(tags)


@pytest.fixture(scope="module")
def monitor(line: Line) -> Monitor:
    return of_assets(line.model, ASSETS)


@pytest.fixture(scope="module")
def kept() -> Kept:
    out = {}
    for at, name in enumerate(ASSETS):
        table = values(ROWS, 50 + at).astype(np.float32)
        table[400 + 50 * at : 460 + 50 * at, 1] += 1.0
        out[name] = Recording.from_arrays(name, TAGS, START + np.arange(ROWS, dtype=np.int64) * STEP_NS, table)
    return Kept(out)


@pytest.fixture(scope="module")
def whole(monitor: Monitor, kept: Kept) -> dict[str, Scored]:
    return {name: monitor.score(recording) for name, recording in kept.recordings.items()}


def begin(monitor: Monitor, kept: Kept, since: int = START) -> Served:
    return Served.begin("m", fleet_of(monitor, ASSETS), kept, Patience(late_by=2 * STEP_NS), since)


def batches(kept: Kept, rng: np.random.Generator, per: int = 6) -> list[Batch]:
    """All samples, an hour or so a message, slightly out of order."""
    out = []
    for low in range(0, ROWS, per):
        rows = [(at, row) for row in range(low, min(low + per, ROWS)) for at in range(len(ASSETS))]
        rng.shuffle(rows)
        recordings = list(kept.recordings.values())
        table = np.stack([recordings[at].values[row] for at, row in rows])
        time = np.array([recordings[at].time[row] for at, row in rows], dtype=np.int64)
        out.append(
            Batch("gateway", int(time.max()), ASSETS, TAGS, np.array([at for at, _ in rows], dtype=np.int32), time, table,
                  np.zeros(table.shape, dtype=np.uint8))
        )  # fmt: skip
    return out


def last_words(served: Served) -> list[Said]:
    """A long silence of a link that is there."""
    end = START + (ROWS + 1) * STEP_NS
    return [said for seconds in (10, 5, 0) for said in served.tick(end - seconds * 10**9, {"gateway": True})]


def restarted(served: Served, monitor: Monitor, kept: Kept) -> Served:
    arrays, about = served.to_kept()
    fresh = begin(monitor, kept)
    fresh.restore({name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(about)))
    return fresh


def run(
    monitor: Monitor, kept: Kept, entries: Sequence[Batch | Control], *, restarts: Sequence[int] = (), since: int = START
) -> list[Said]:
    """`since` later than everything: the controller has not begun, so thresholds stay."""
    served, out = begin(monitor, kept, since), []
    for number, entry in enumerate(entries):
        if number in restarts:
            served = restarted(served, monitor, kept)
        if isinstance(entry, Batch):
            out += served.take(entry)
        else:
            served.tell(of_entry(to_entry(entry, 0)))
    out += last_words(served)
    return out


def verdicts(said: list[Said], asset: int) -> list[int]:
    return [int(verdict) for item in said if item.judged is not None for verdict in item.judged.verdict[:, asset]]


def events(said: list[Said], what: str, asset: str) -> list[Event]:
    return [event for item in said for event in getattr(item, what) if event.asset == asset]


@pytest.mark.parametrize("restarts", [(), (3, 50, 70, 71, 100)])
def test_live_is_history(monitor: Monitor, kept: Kept, whole: dict[str, Scored], restarts: tuple[int, ...]) -> None:
    said = run(monitor, kept, batches(kept, np.random.default_rng(1)), restarts=restarts, since=2 * START)
    for at, name in enumerate(ASSETS):
        told = verdicts(said, at)
        assert told == whole[name].verdicts.verdict[: len(told)].tolist()
        assert len(told) >= ROWS - 2
        history = [event for event in whole[name].events if event.end is not None]
        closed = events(said, "closed", name)
        assert [event.id for event in closed] == [event.id for event in history]
        for one, other in zip(closed, history, strict=True):
            assert (one.start, one.peak, one.end, one.view) == (other.start, other.peak, other.end, other.view)
            assert one.shares == pytest.approx(other.shares, abs=2e-3)
        opened = events(said, "opened", name)
        assert [event.id for event in opened[: len(closed)]] == [event.id for event in closed]
    assert events(said, "closed", ASSETS[0])
    assert events(said, "revised", ASSETS[0])


def test_how_many_ticks_become_complete_together_changes_nothing(monitor: Monitor, kept: Kept) -> None:
    one, other = (run(monitor, kept, batches(kept, np.random.default_rng(8), size)) for size in (2, ROWS))
    for what in ("opened", "revised", "closed"):
        left, right = ([event for item in said for event in getattr(item, what)] for said in (one, other))
        assert len(left) == len(right)
        for a, b in zip(left, right, strict=True):
            assert (a.severity, a.peak_evidence, a.shares) == (
                pytest.approx(b.severity, rel=1e-5), pytest.approx(b.peak_evidence, rel=1e-5), pytest.approx(b.shares, abs=1e-4)
            )  # fmt: skip
            assert replace(a, severity=0.0, peak_evidence=0.0, shares={}) == replace(b, severity=0.0, peak_evidence=0.0, shares={})
    for name in ("why", "active", "mode"):
        np.testing.assert_array_equal(_in_rows(one, name), _in_rows(other, name), err_msg=name)
    for name in ("evidence", "threshold"):
        np.testing.assert_allclose(_in_rows(one, name), _in_rows(other, name), rtol=1e-5, err_msg=name)
    assert len({*_in_rows(one, "threshold")[:, 0]}) > 1, "the controller moves it"


def _in_rows(said: list[Said], name: str) -> np.ndarray[Any, Any]:
    """(T, A) of the last ticks; before the first sample there may be one without data."""
    parts = [item.judged for item in said if item.judged is not None]
    shapes = [(len(part.tick), len(ASSETS)) for part in parts]
    return np.concatenate([np.broadcast_to(getattr(part, name), shape) for part, shape in zip(parts, shapes, strict=True)])[1 - ROWS :]


def test_a_restart_changes_nothing_bit_for_bit(monitor: Monitor, kept: Kept) -> None:
    entries = batches(kept, np.random.default_rng(2))
    one, other = run(monitor, kept, entries), run(monitor, kept, entries, restarts=range(1, len(entries), 9))
    assert [event for item in one for event in (*item.opened, *item.revised, *item.closed)] == [
        event for item in other for event in (*item.opened, *item.revised, *item.closed)
    ]
    for left, right in zip(one, other, strict=True):
        assert (left.judged is None) == (right.judged is None)
        if left.judged is not None and right.judged is not None:
            assert left.judged.evidence.tobytes() == right.judged.evidence.tobytes()
            assert left.judged.threshold.tobytes() == right.judged.threshold.tobytes()


def test_planned_work_is_not_judged_and_can_end_early(monitor: Monitor, kept: Kept) -> None:
    entries: list[Batch | Control] = list(batches(kept, np.random.default_rng(3)))
    until = START + 500 * STEP_NS
    entries.insert(60, Planned("w1", START + 380 * STEP_NS, until, (ASSETS[0],), "filter"))
    said = run(monitor, kept, entries)
    why = [int(row) for item in said if item.judged is not None for row in item.judged.why[:, 0]]
    assert set(why[381:499]) == {Why.MAINTENANCE}
    assert not [event for event in events(said, "opened", ASSETS[0]) if START + 380 * STEP_NS < event.start < until]
    entries.insert(66, EndPlanned("w1", START + 390 * STEP_NS))
    said = run(monitor, kept, entries)
    assert any(START + 400 * STEP_NS <= event.start < until for event in events(said, "opened", ASSETS[0]))


def test_a_tag_out_of_service_is_not_used_until_it_is_put_back(monitor: Monitor, kept: Kept) -> None:
    entries: list[Batch | Control] = list(batches(kept, np.random.default_rng(4)))
    entries.insert(60, TakeOut("PIC-101", ASSETS[0], None, "calibration"))
    said = run(monitor, kept, entries)
    later = [event for event in events(said, "opened", ASSETS[0]) if event.onset > START + 365 * STEP_NS]
    assert all(event.shares.get("PIC-101", 0.0) == 0.0 for event in later)
    other = events(run(monitor, kept, entries), "opened", ASSETS[1])
    assert any(event.shares["PIC-101"] > 0.2 for event in other), "the sister's is used"
    entries.insert(62, PutBack("PIC-101", ASSETS[0]))
    said = run(monitor, kept, entries)
    assert any(event.shares["PIC-101"] > 0.2 for event in events(said, "opened", ASSETS[0]))


def test_marks_move_the_threshold_and_another_promise_sets_it(monitor: Monitor, kept: Kept) -> None:
    entries: list[Batch | Control] = list(batches(kept, np.random.default_rng(5)))
    base = monitor.calibration.threshold
    (event, *_) = events(run(monitor, kept, entries), "closed", ASSETS[0])
    assert event.end is not None
    mark = entries_at(entries, event.end) + 1
    entries.insert(mark, Marked(ASSETS[0], event.id, True, event.end + STEP_NS))
    said = run(monitor, kept, entries)
    levels = _in_rows(said, "threshold")
    assert levels[:, 0].max() > base
    without = _in_rows(run(monitor, kept, entries[:mark] + entries[mark + 1 :]), "threshold")
    assert levels[:, 0].max() > without[:, 0].max()
    assert levels[:, 1].tolist() == without[:, 1].tolist()
    entries.append(Promised(ASSETS[0], 1e9, 1.0, 0.01, 1.0, START + ROWS * STEP_NS))
    last = [item.judged for item in run(monitor, kept, entries) if item.judged is not None][-1]
    assert last.threshold[0] == 1e9


def entries_at(entries: Sequence[Batch | Control], time: int) -> int:
    """Number of the first message that reaches a time."""
    return next(number for number, entry in enumerate(entries) if isinstance(entry, Batch) and entry.time.max() >= time + 3 * STEP_NS)


def test_the_fault_is_seen_while_it_lasts(monitor: Monitor, kept: Kept) -> None:
    said = run(monitor, kept, batches(kept, np.random.default_rng(6)))
    assert np.mean(np.array(verdicts(said, 0))[402:460] == Verdict.ANOMALOUS) > 0.8
