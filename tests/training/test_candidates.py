"""The candidates of contract 4: every one is tried, travels as a rival or as the champion, and is the same in any cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.budget import found_share
from andon.plant.budget import parse_budget
from andon.plant.errors import BundleError
from andon.plant.file.schema import BudgetGroup, PlantFile
from andon.plant.label import Label, LabelKind
from andon.plant.recording import Recording
from andon.project.compare import compare
from andon.scoring.detector import LAST, LINEAR, Detector, with_last_value
from andon.scoring.model_file import load, save
from andon.scoring.monitor import Monitor
from andon.training.candidates import CANDIDATES, Tried, choose
from andon.training.fit_monitor import FitOptions, Fitted, fit_monitor
from andon.training.linear import fit_linear_core
from tests.evidence.wandering import plant, without
from tests.training.test_sisters import INTERVAL, line

TRAIN = 1000


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    whole = PlantFile(budgets=(BudgetGroup(name="line", rate=parse_budget("1/day")),))
    return fit_monitor(line("north", 1), whole, interval_ns=INTERVAL, options=FitOptions(network=False))


def test_contract_4_names_them() -> None:
    names = [candidate.name for candidate in CANDIDATES]
    assert {"last value", "limits", "EWMA-T²", "PCA T²/SPE", "CVA"} <= set(names)
    assert len(set(names)) == len(names)


def test_all_but_the_network_are_tried_and_priced(fitted: Fitted) -> None:
    assert [item.candidate.name for item in fitted.tried] == [item.name for item in CANDIDATES if item.name != "network"]
    assert all(0.0 <= item.found <= 1.0 for item in fitted.tried)
    assert {rival.name for rival in fitted.monitor.rivals} == {item.candidate.name for item in fitted.tried} - {fitted.chosen}
    by = {item.candidate.name: item.found for item in fitted.tried}
    assert by["last value"] > 0.0  # noise and gross steps show in the change from tick to tick
    assert by["PCA T²/SPE"] > 0.0


@settings(max_examples=20, deadline=None)
@given(st.lists(st.one_of(st.just(1), st.integers(1, 60)), min_size=1, max_size=10), st.integers(0, 20))
def test_the_last_value_is_the_row_before_in_any_cut(cuts: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    core = fit_linear_core(plant(TRAIN), np.ones(TRAIN, dtype=bool))
    rows = sum(cuts)
    ticks = without(plant(rows, seed=seed), random.random((rows, 6)) < 0.1)
    ticks = replace(ticks, reset=ticks.reset | (random.random(rows) < 0.05))
    whole = with_last_value(core, ticks, {LINEAR: core.run(ticks, core.start())[0]})[LAST].forecast
    state, low, parts = core.start(), 0, []
    for cut in cuts:
        told, after = core.run(ticks.part(low, low + cut), state)
        parts.append(core.last_value(ticks.part(low, low + cut), told, state).forecast)
        state, low = after, low + cut
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)
    assert np.isnan(whole[ticks.reset]).all()
    for row in np.flatnonzero(~ticks.reset):
        seen = ticks.valid[row - 1]
        np.testing.assert_allclose(whole[row, seen], ticks.x[row - 1, seen], atol=1e-5)


def _champion(fitted: Fitted, name: str) -> Monitor:
    item = next(one for one in fitted.tried if one.candidate.name == name)
    return replace(fitted.monitor, detector=item.detector, calibration=item.calibrations["north"], rivals=fitted.monitor.rivals)


@pytest.mark.parametrize("name", ["last value", "PCA T²/SPE"])
def test_each_serves_as_champion_from_its_model_file(fitted: Fitted, name: str, tmp_path: Path) -> None:
    monitor = _champion(fitted, name)
    again = load(save(monitor, tmp_path / "one.andon"))
    recording = line("north", 7, 700)
    recording.values[300:360, 1] += 3.0
    whole = again.score(recording)
    np.testing.assert_array_equal(whole.trace, monitor.score(recording).trace)
    assert any(recording.time[299] <= event.start <= recording.time[305] for event in whole.events)
    state, pieces = again.start(), []
    for low, high in ((0, 290), (290, 301), *((at, at + 1) for at in range(301, 310)), (310, 700)):
        part = Recording("north", recording.tags, recording.time[low:high], recording.values[low:high], recording.status[low:high])
        step, state = again.run(part, state, until=int(recording.time[high - 1]))
        pieces.append(step.detection.views.trace)
    np.testing.assert_allclose(np.concatenate(pieces), whole.trace, rtol=1e-4, atol=1e-5)


def test_history_is_judged_beside_all_of_them(fitted: Fitted) -> None:
    recording = line("north", 7, 900)
    recording.values[400:472, 1] += 3.0
    fault = Label("north", int(recording.time[400]), int(recording.time[472]), LabelKind.FAULT)
    for monitor in (fitted.monitor, _champion(fitted, "last value")):
        scored = monitor.score(recording, keep_expectations=True)
        rows = compare(monitor, scored, [fault]).measures
        assert [row.name for row in rows[1:]] == [rival.name for rival in monitor.rivals]
        assert next(row for row in rows if row.name in ("PCA T²/SPE", "andon")).caught == 1


def test_the_choice_is_by_standard_faults_and_the_simpler_wins_a_tie(fitted: Fitted) -> None:
    def with_found(shares: dict[str, float]) -> list[Tried]:
        return [replace(item, found=shares.get(item.candidate.name, 0.2)) for item in fitted.tried]

    assert choose(with_found({"PCA T²/SPE": 0.5, "linear": 0.5})).candidate.name == "PCA T²/SPE"
    assert choose(with_found({"last value": 0.4, "linear": 0.5})).candidate.name == "linear"
    chosen = next(item for item in fitted.tried if item.candidate.name == fitted.chosen)
    assert chosen.found == found_share(chosen.costs)


def test_a_core_without_memory_cannot_give_the_last_value(fitted: Fitted) -> None:
    detector = next(one for one in fitted.tried if one.candidate.name == "last value").detector
    linear = detector.linear
    with pytest.raises(BundleError, match="the views read the last value, but the linear core remembers none"):
        Detector(replace(linear, weights=linear.weights[:1]), None, detector.views, 1)
