"""Laboratory results live: by a link or said by people, they act when they are known, as in history; the same after a restart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from andon.plant.batch import Batch
from andon.plant.label import LabResults
from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.verdict import QualityPredictions
from andon.scoring.fleet import AssetByAsset
from andon.scoring.model_file import load
from andon.scoring.monitor import Monitor
from andon.streaming.control import Marked, Result, to_entry
from andon.streaming.heart import Heart
from andon.streaming.laboratory import results_of
from andon.streaming.served import Served
from andon.streaming.watermark import Patience, clock_mark
from tests.scoring.soft_sensor import sensor
from tests.small_plant import ASSET, TAGS, Line, values
from tests.streaming.plain_parts import Recordings

STEP_NS = 300 * 10**9
START = 1_790_000_000 // 300 * STEP_NS
ROWS = 260
LAB = "laboratory"


@pytest.fixture(scope="module")
def monitor(line: Line) -> Monitor:
    plain = load(line.model)
    channels = tuple(channel.name for channel in plain.preparation.channels[:3])
    one = replace(sensor(), channels=channels, interval_ns=STEP_NS, region=replace(sensor().region, limit=1e6))
    return replace(plain, quality=(one,))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording.from_arrays(ASSET, TAGS, START + np.arange(ROWS, dtype=np.int64) * STEP_NS, values(ROWS, 4))


def samples(recording: Recording, row: int) -> Batch:
    cut = slice(row, row + 1)
    return Batch("gateway", int(recording.time[row]), (ASSET,), TAGS, np.zeros(1, np.int32), recording.time[cut],
                 recording.values[cut].astype(np.float32), recording.status[cut])  # fmt: skip


def results(drawn: Sequence[int], value: Sequence[float], received: int, target: str = "purity", status: int = 0) -> Batch:
    """A message of a laboratory: rows are samples."""
    time = np.array([START + row * STEP_NS for row in drawn], dtype=np.int64)
    table = np.array(value, dtype=np.float32).reshape(-1, 1)
    return Batch(LAB, received, (ASSET,), (target,), np.zeros(len(time), np.int32), time, table, np.full(table.shape, status, np.uint8))


def entries(recording: Recording, by_link: bool) -> list[Batch]:
    """Samples, with a result every 10 rows that is known 6 rows later; one is corrected, one comes twice."""
    rng, out = np.random.default_rng(1), list[Batch]()
    for row in range(ROWS):
        out.append(samples(recording, row))
        drawn = row - 6
        if drawn >= 0 and drawn % 10 == 0:
            value = float(np.float32(50 + 3 * rng.normal()))
            now = int(recording.time[row])
            for again in (value + 9, value, value) if drawn == 150 else (value,):
                told = Result(ASSET, "purity", START + drawn * STEP_NS, now, float(np.float32(again)))
                out.append(results([drawn], [again], now) if by_link else to_entry(told, now))
    return out


def heart(monitor: Monitor, recording: Recording) -> Heart:
    patience = Patience(late_by=2 * STEP_NS)
    return Heart([Served.begin("m", AssetByAsset(monitor, (ASSET,)), Recordings({ASSET: recording}), patience, 2 * START)], [LAB])


def predictions(monitor: Monitor, recording: Recording, given: Sequence[Batch], restarts: Sequence[int] = ()) -> list[QualityPredictions]:
    made, out = heart(monitor, recording), []
    for number, entry in enumerate([*given, clock_mark(START + (ROWS + 3) * STEP_NS, {"gateway": True, LAB: False})]):
        if number in restarts:
            arrays, about = made.to_kept()
            made = heart(monitor, recording)
            assert made.restore({name: array.copy() for name, array in arrays.items()}, json.loads(json.dumps(about))) == ()
        for _, said in made.take(entry):
            if said.judged is not None:
                out += [table for _, tables in said.judged.quality for table in tables]
    return out


def column(tables: Sequence[QualityPredictions], name: str) -> np.ndarray:
    return np.concatenate([getattr(table, name) for table in tables])


@pytest.mark.parametrize("by_link", [True, False])
def test_live_results_give_what_history_gives(monitor: Monitor, recording: Recording, by_link: bool) -> None:
    given = entries(recording, by_link)
    told = [result for entry in given for result in results_of(entry, [LAB])]
    # Live a result acts at the first tick that closes after it has come, which is two intervals behind.
    lab = LabResults(
        ASSET, "purity", np.array([item.sample_time for item in told]), np.array([item.result_time for item in told]),
        np.array([item.value for item in told]),
    )  # fmt: skip
    live = predictions(monitor, recording, given)
    history = monitor.score(recording, lab=[lab]).quality
    assert history is not None
    rows = min(len(history.value), len(column(live, "value")))
    assert rows >= ROWS - 3, "all but the ticks that may still come"
    for name in ("value", "low", "high"):
        np.testing.assert_allclose(column(live, name)[:rows], getattr(history, name)[:rows], rtol=0, atol=1e-5)
    silent = predictions(monitor, recording, [entry for entry in given if entry.source == "gateway"])
    assert np.nanmax(np.abs(column(silent, "value") - column(live, "value"))) > 1


@pytest.mark.parametrize("by_link", [True, False])
def test_a_restart_changes_nothing_bit_for_bit(monitor: Monitor, recording: Recording, by_link: bool) -> None:
    given = entries(recording, by_link)
    once, again = predictions(monitor, recording, given), predictions(monitor, recording, given, range(3, len(given), 7))
    for name in ("value", "low", "high", "why"):
        assert column(once, name).tobytes() == column(again, name).tobytes()


def test_a_laboratory_that_is_silent_or_down_holds_up_no_sample(monitor: Monitor, recording: Recording) -> None:
    made = heart(monitor, recording)
    for row in range(5):
        made.take(samples(recording, row))
    closed = made.served[0].arrivals.closed
    made.take(results([0], [50.0], START + 4 * STEP_NS))
    made.take(clock_mark(START + 4 * STEP_NS, {"gateway": True, LAB: False}))
    made.take(samples(recording, 5))
    assert made.served[0].arrivals.closed == closed + STEP_NS
    assert LAB not in made.served[0].arrivals.mark.links


def test_what_is_no_result_says_nothing(recording: Recording) -> None:
    assert results_of(samples(recording, 0), [LAB]) == ()
    assert results_of(to_entry(Marked(ASSET, "e", True, 0), 0), [LAB]) == ()
    assert results_of(results([1, 2], [np.nan, 50.0], 0, status=int(Status.BAD)), [LAB]) == ()
    (only,) = results_of(results([1, 2], [np.nan, 50.0], 0), [LAB])
    assert (only.sample_time, only.result_time) == (START + 2 * STEP_NS, START + 2 * STEP_NS), "never known before it was drawn"
