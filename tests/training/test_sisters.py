"""Sisters end to end: later parts come last, states do not run over, and one model serves all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from andon.plant.budget import parse_budget
from andon.plant.file.schema import Asset, BudgetGroup, PlantFile
from andon.plant.label import LabResults
from andon.plant.recording import Recording
from andon.plant.time import MINUTE_NS
from andon.preparing import fit_preparation, prepare, split_periods
from andon.scoring.model_file import load, save
from andon.training.fit_monitor import FitOptions, Fitted, fit_monitor
from andon.training.sisters import Sister, lab_on_grid, later_error, lay
from tests.small_plant import values

INTERVAL = 5 * MINUTE_NS
ROWS = 3000
OFFSETS = {"north": (0.0, 0.0), "south": (3.0, 0.4), "west": (-4.0, -0.3)}


def line(asset: str, seed: int, rows: int = ROWS) -> Recording:
    """The small line, with gauges of its own."""
    x = values(rows, seed)
    x[:, :2] += OFFSETS[asset]
    time = (np.arange(rows) + 6_000_000) * INTERVAL
    return Recording(asset, ("flow", "pressure", "temperature", "level"), time, x, np.zeros(x.shape, dtype=np.uint8))


def recordings() -> list[Recording]:
    return [line(asset, seed) for seed, asset in enumerate(OFFSETS)]


def a_sister(recording: Recording, lab: tuple[LabResults, ...] = ()) -> Sister:
    plant = PlantFile()
    split = split_periods(recording, plant, interval_ns=INTERVAL)
    preparation = fit_preparation(recording, plant, split.train_rows(recording.time), interval_ns=INTERVAL)
    whole, _ = prepare(preparation, recording)
    rows = int(np.searchsorted(whole.time, split.calibrate.end))
    part = whole.part(0, rows)
    return Sister(recording.asset, preparation, split, whole, part, split.train_rows(part.time), split.calibrate_rows(part.time), lab)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    plant = PlantFile(budgets=(BudgetGroup(name="lines", rate=parse_budget("1/day")),), assets=tuple(Asset(id=one) for one in OFFSETS))
    return fit_monitor(recordings(), plant, interval_ns=INTERVAL, options=FitOptions(network=False))


def test_later_parts_of_all_come_after_early_parts_of_all() -> None:
    sisters = [a_sister(one) for one in recordings()]
    laid = lay(sisters)
    assert int(laid.train.sum()) == sum(int(one.train.sum()) for one in sisters)
    assert int(np.flatnonzero(laid.early)[-1]) < int(np.flatnonzero(laid.later)[0])
    assert 0.1 < laid.later.sum() / laid.train.sum() < 0.2
    assert laid.prepared.tick.tolist() == list(range(laid.prepared.rows))
    assert int(laid.prepared.reset.sum()) == 6
    for at, sister in enumerate(sisters):
        rows = np.arange(sister.prepared.rows)
        there = laid.rows_of(at, rows)
        kept = there >= 0
        np.testing.assert_array_equal(laid.prepared.x[there[kept]], sister.prepared.x[kept])
        assert kept[sister.train].all()
        assert not kept[sister.held_back].any()  # calibration is never learnt from


def test_one_asset_alone_stays_as_it_is() -> None:
    only = a_sister(line("north", 1))
    laid = lay([only])
    assert laid.prepared is only.prepared
    assert laid.train is only.train
    assert laid.rows_of(0, np.array([5, 10**9])).tolist() == [5, -1]


def test_laboratory_results_find_their_rows_and_none_is_used_too_early() -> None:
    pytest.importorskip("torch")
    found = []
    for recording in recordings()[:2]:
        sample = recording.time[100::200].copy()
        found.append(
            (recording, LabResults(recording.asset, "density", sample, sample + 3 * INTERVAL, np.arange(len(sample), dtype=np.float64)))
        )
    sisters = [a_sister(recording, (lab,)) for recording, lab in found]
    laid = lay(sisters)
    targets = lab_on_grid(sisters, laid)
    assert targets is not None
    assert targets.names == ("density",)
    for at, (sister, (recording, lab)) in enumerate(zip(sisters, found, strict=True)):
        known = lab.result_time <= sister.split.train.end
        rows = laid.rows_of(at, np.searchsorted(recording.time, lab.sample_time[known]))
        mine = np.isin(targets.tick, rows)
        assert targets.value[mine].tolist() == lab.value[known].tolist()
    assert (targets.known_tick == targets.tick).all()
    assert lab_on_grid([a_sister(line("north", 1))], lay([a_sister(line("north", 1))])) is None


def test_own_centres_explain_gauges_that_read_otherwise(fitted: Fitted) -> None:
    assert fitted.training["centers"] == "own"
    same = fit_monitor(
        [line("north", 1), Recording("south", *_parts(line("north", 2)))],
        PlantFile(),
        interval_ns=INTERVAL,
        options=FitOptions(network=False),
    )
    errors = same.training["centers_error"]
    assert isinstance(errors, dict)
    assert errors["own"] == pytest.approx(errors["shared"], rel=0.05)


def _parts(recording: Recording) -> Any:
    return recording.tags, recording.time, recording.values, recording.status


def test_a_group_promise_is_split_and_holds_on_the_pooled_events(fitted: Fitted) -> None:
    (promised,) = fitted.promises
    assert promised.group.name == "lines"
    assert promised.pooled <= max(promised.allowed, 1.0)
    assert set(promised.parts) == set(OFFSETS)
    assert {str(part) for part in promised.parts.values()} == {"1/3d"}


def test_the_model_file_gives_every_sister_back(fitted: Fitted, tmp_path: Path) -> None:
    monitor = fitted.monitor
    again = load(save(monitor, tmp_path / "lines.andon"))
    assert again.assets == tuple(OFFSETS)
    faulty = line("south", 9, 900)
    faulty.values[400:472, 1] += 2.0
    for asset in OFFSETS:
        recording = Recording(asset, *_parts(faulty))
        one, other = monitor.score(recording), again.score(recording)
        np.testing.assert_array_equal(one.trace, other.trace)
        assert [event.start for event in one.events] == [event.start for event in other.events]
        assert one.verdicts.threshold[0] == monitor.of(asset).calibration.threshold
        alone = again.of(asset).score(recording)
        np.testing.assert_array_equal(alone.trace, other.trace)
        assert other.verdicts.model == again.version
    south = again.score(faulty)
    assert any(faulty.time[395] <= event.start <= faulty.time[420] for event in south.events)
    state = again.of("south").start()
    step, state = again.run(Recording("south", *_rows(faulty, 0, 450)), state)
    more, _ = again.run(Recording("south", *_rows(faulty, 450, 900)), state, until=int(faulty.time[-1]))
    pieces = np.concatenate([step.detection.views.trace, more.detection.views.trace])
    np.testing.assert_allclose(pieces, south.trace, rtol=1e-4, atol=1e-5)


def _rows(recording: Recording, low: int, high: int) -> Any:
    return recording.tags, recording.time[low:high], recording.values[low:high], recording.status[low:high]


def test_another_asset_is_refused(fitted: Fitted) -> None:
    from andon.plant.errors import PreparationError

    with pytest.raises(PreparationError, match="this model is for north, south, west, the recording is of east"):
        fitted.monitor.score(Recording("east", *_parts(line("north", 1))))


def test_offsets_cost_error_where_centres_are_shared() -> None:
    own = lay([a_sister(one) for one in recordings()])
    assert later_error(own) > 0.0
