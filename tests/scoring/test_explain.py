"""An event explained from the kept samples around it is the event that scoring the whole history gives."""

from __future__ import annotations

import numpy as np
import pytest

from andon.plant.recording import Recording
from andon.scoring.explain import explain, memory_ticks, stretch
from andon.scoring.fleet import AssetByAsset
from andon.scoring.model_file import load
from andon.scoring.monitor import Monitor, Scored
from tests.scoring.test_fleet import START, STEP_NS, rows_of
from tests.small_plant import ASSET, TAGS, Line, values

ROWS = 3000


@pytest.fixture(scope="module")
def monitor(line: Line) -> Monitor:
    return load(line.model)


@pytest.fixture(scope="module")
def recording() -> Recording:
    table = values(ROWS, 33).astype(np.float32)
    table[2000:2060, 1] += 1.0
    table[2500:2540, 2] -= 6.0
    return Recording.from_arrays(ASSET, TAGS, START + np.arange(ROWS, dtype=np.int64) * STEP_NS, table)


@pytest.fixture(scope="module")
def scored(monitor: Monitor, recording: Recording) -> Scored:
    return monitor.score(recording)


def test_what_is_explained_later_is_what_history_says(monitor: Monitor, recording: Recording, scored: Scored) -> None:
    fleet = AssetByAsset(monitor, (ASSET,))
    end = START + (ROWS - 1) * STEP_NS
    judged, _ = fleet.step(rows_of(fleet, (recording,)), end, fleet.start())
    closed = [span for _, span in judged.closed]
    assert len(closed) >= 2
    for span in closed:
        until = span.end * STEP_NS if span.end else end
        kept = recording.between(stretch(monitor, [span]), until + 1)
        assert kept.rows < recording.rows
        (event,) = explain(monitor, kept, [span], until=until)
        wanted = next(item for item in scored.events if item.start == event.start)
        assert (event.id, event.onset, event.peak, event.end) == (wanted.id, wanted.onset, wanted.peak, wanted.end)
        assert (event.view, event.severity, event.onset_order) == (wanted.view, wanted.severity, wanted.onset_order)
        assert event.shares == pytest.approx(wanted.shares, abs=2e-3)
        assert event.sentence.key == wanted.sentence.key


def test_memory_is_longer_than_what_the_views_smooth_over(monitor: Monitor) -> None:
    longest = max(float(max(line.spans)) for line in monitor.detector.views.lines)
    assert memory_ticks(monitor) >= 5 * longest
