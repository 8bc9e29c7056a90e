"""A fleet answers what `Monitor.score` answers, asset by asset, whatever the cuts and restarts."""

from __future__ import annotations

import numpy as np
import pytest

from andon.plant.arrays import Int64Array
from andon.plant.errors import StoreError
from andon.plant.recording import Recording
from andon.plant.rows import Rows, join
from andon.plant.verdict import Verdict, Why
from andon.scoring.fleet import AssetByAsset, Judged
from andon.scoring.monitor import Monitor, Scored
from tests.small_plant import NEW_ROWS, TAGS, Line, of_assets, values

ASSETS = ("line", "second", "泵<3>")
STEP_NS = 300 * 10**9
START = 1_780_000_000 // 300 * STEP_NS
CUT = 512


@pytest.fixture(scope="module")
def monitor(line: Line) -> Monitor:
    return of_assets(line.model, ASSETS)


@pytest.fixture(scope="module")
def recordings() -> tuple[Recording, ...]:
    """Three assets: a fault, none, and one that begins late, with holes."""
    out = []
    for at, name in enumerate(ASSETS):
        table = values(NEW_ROWS, 20 + at).astype(np.float32)
        if at == 0:
            table[500:560, 1] += 1.0
        time = START + np.arange(NEW_ROWS, dtype=np.int64) * STEP_NS
        keep = np.ones(NEW_ROWS, dtype=bool)
        if at == 2:
            keep[:40] = False
            keep[300:420] = False
        out.append(Recording.from_arrays(name, TAGS, time[keep], table[keep]))
    return tuple(out)


@pytest.fixture(scope="module")
def whole(monitor: Monitor, recordings: tuple[Recording, ...]) -> tuple[Scored, ...]:
    return tuple(monitor.score(recording) for recording in recordings)


def rows_of(fleet: AssetByAsset, recordings: tuple[Recording, ...]) -> Rows:
    """All samples as the arrivals give them out: by time, then asset."""
    blocks = []
    for at, recording in enumerate(recordings):
        own = recording.select(fleet.tags)
        blocks.append(Rows(np.full(own.rows, at, dtype=np.int32), own.time, own.values.astype(np.float32), own.status))
    rows = join(blocks)
    return rows.take(np.lexsort((rows.asset, rows.time)))


def in_pieces(fleet: AssetByAsset, rows: Rows, edges: Int64Array, *, restart: bool = False) -> list[Judged]:
    """Judge up to each edge (ns) in turn; `restart`: the state goes through its kept form each time."""
    state, out, low = fleet.start(), [], 0
    for edge in edges:
        high = int(np.searchsorted(rows.time, edge, side="right"))
        judged, state = fleet.step(rows.take(np.arange(low, high)), int(edge), state)
        if restart:
            arrays, shape = fleet.to_kept(state)
            state = fleet.from_kept({name: array.copy() for name, array in arrays.items()}, shape)
        out.append(judged)
        low = high
    return out


def joined(parts: list[Judged], name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return np.concatenate([getattr(part, name) for part in parts])


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("pieces", [1, 7, 60])
def test_any_cut_and_restart_gives_what_score_gives(
    monitor: Monitor, recordings: tuple[Recording, ...], whole: tuple[Scored, ...], pieces: int, restart: bool
) -> None:
    fleet = AssetByAsset(monitor, ASSETS)
    rows = rows_of(fleet, recordings)
    last = START + (NEW_ROWS - 1) * STEP_NS
    inner = np.sort(np.random.default_rng(pieces).choice(np.arange(1, NEW_ROWS - 1), pieces - 1, replace=False))
    parts = in_pieces(fleet, rows, np.append(START + inner * STEP_NS, last), restart=restart)
    tick = joined(parts, "tick")
    assert tick.tolist() == list(range(START // STEP_NS, last // STEP_NS + 1))
    verdict, evidence, why, p = (joined(parts, name) for name in ("verdict", "evidence", "why", "p"))
    for at, scored in enumerate(whole):
        here = (scored.verdicts.time // STEP_NS - tick[0]).astype(np.int64)
        assert verdict[here, at].tolist() == scored.verdicts.verdict.tolist()
        judge = scored.judge
        np.testing.assert_allclose(evidence[here, at][judge], scored.trace[judge], rtol=1e-4)
        np.testing.assert_allclose(p[here, at][judge], scored.verdicts.p[judge], rtol=1e-3, atol=1e-9)
        before = np.setdiff1d(np.arange(len(tick)), here)
        assert set(why[before, at].tolist()) <= {Why.NO_DATA}
        opened = [span.start for part in parts for asset, span in part.opened if asset == at]
        ended = {span.start: span.end for part in parts for asset, span in part.closed if asset == at}
        assert opened == [event.start // STEP_NS for event in scored.events]
        assert ended == {event.start // STEP_NS: event.end // STEP_NS for event in scored.events if event.end}


def test_the_fault_is_found_and_its_tag_named_live(monitor: Monitor, recordings: tuple[Recording, ...]) -> None:
    fleet = AssetByAsset(monitor, ASSETS)
    rows = rows_of(fleet, recordings)
    parts = in_pieces(fleet, rows, START + np.arange(10, NEW_ROWS, 10) * STEP_NS)
    anomalous = joined(parts, "verdict")[500:560, 0] == Verdict.ANOMALOUS
    assert anomalous.mean() > 0.8
    leading = [
        monitor.tag_ids[tags[0]]
        for part in parts
        for row, asset, tags in zip(part.named.row, part.named.asset, part.named.tags, strict=True)
        if asset == 0 and 502 <= part.tick[row] - START // STEP_NS < 560
    ]
    assert leading.count("PIC-101") > 0.8 * len(leading)


def test_thresholds_are_per_asset(monitor: Monitor, recordings: tuple[Recording, ...]) -> None:
    fleet = AssetByAsset(monitor, ASSETS)
    rows = rows_of(fleet, recordings)
    high = monitor.calibration.threshold * np.array([1e6, 1.0, 1.0])
    judged, _ = fleet.step(rows, START + (NEW_ROWS - 1) * STEP_NS, fleet.start(), thresholds=high)
    assert not [span for asset, span in judged.opened if asset == 0]
    assert judged.threshold.tolist() == high.tolist()


def test_a_state_of_other_assets_or_of_another_model_is_refused(monitor: Monitor) -> None:
    fleet = AssetByAsset(monitor, ASSETS)
    arrays, shape = fleet.to_kept(fleet.start())
    with pytest.raises(StoreError, match="3 assets, not 2"):
        AssetByAsset(monitor, ASSETS[:2]).from_kept(arrays, shape)
    for forged in ({"class": "Popen", "parts": {}}, {"class": "MonitorState", "parts": {}}, ["?"], {"array": "gone"}):
        with pytest.raises(StoreError, match="does not fit"):
            fleet.from_kept(arrays, forged)
