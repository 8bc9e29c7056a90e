"""A fleet in lockstep says what its assets say one by one: verdicts, events and names exactly, evidence to the tolerance of contract 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from andon.evidence import lockstep
from andon.plant.errors import EvidenceError, PreparationError, StoreError
from andon.plant.file.schema import OutOfService
from andon.plant.label import Label, LabelKind, LabResults
from andon.plant.time import MINUTE_NS
from andon.scoring.fleet import AssetByAsset, Judged
from andon.scoring.lockstep import Lockstep, fleet_of, network
from tests.scoring.fleet_material import ASSETS, FIRST, KINDS, TAGS, monitor, recordings, rows_of

ROWS = 70


def same(one: Judged, other: Judged) -> None:
    for name in ("tick", "why", "active", "mode", "verdict"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_allclose(one.evidence, other.evidence, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(np.log(one.p), np.log(other.p), rtol=1e-2, atol=2e-3)
    assert one.threshold.tolist() == other.threshold.tolist()
    for what in ("opened", "closed"):
        left, right = getattr(one, what), getattr(other, what)
        assert [(at, span.onset, span.start, span.peak, span.end) for at, span in left] == [
            (at, span.onset, span.start, span.peak, span.end) for at, span in right
        ]
        for (_, span), (_, twin) in zip(left, right, strict=True):
            assert span.peak_evidence == pytest.approx(twin.peak_evidence, rel=1e-4)
            assert span.threshold == twin.threshold
    assert one.named.row.tolist() == other.named.row.tolist()
    assert one.named.asset.tolist() == other.named.asset.tolist()
    np.testing.assert_allclose(one.named.shares, other.named.shares, atol=2e-3)
    assert [at for at, _ in one.quality] == [at for at, _ in other.quality]
    for (_, tables), (_, twins) in zip(one.quality, other.quality, strict=True):
        for table, twin in zip(tables, twins, strict=True):
            assert (table.asset, table.target, table.sample_time.tolist()) == (twin.asset, twin.target, twin.sample_time.tolist())
            np.testing.assert_array_equal(table.why, twin.why)
            for name in ("value", "low", "high"):
                np.testing.assert_allclose(getattr(table, name), getattr(twin, name), rtol=1e-4, atol=1e-4)


def laboratory(upto: int, before: int) -> list[LabResults]:
    """Results that became known between two moments (ns), for one asset, and for all."""
    out = []
    for name, every, delay in (("one", 7, 3), ("", 11, 9)):
        row = np.arange(0, ROWS, every, dtype=np.int64)
        known = (FIRST + row + delay) * MINUTE_NS
        due = (known > before) & (known <= upto)
        value = 50.0 + 9.0 * np.random.default_rng(every).normal(size=len(row))
        out.append(LabResults(name, "purity", (FIRST + row[due]) * MINUTE_NS, known[due], value[due]))
    return out


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=5, deadline=None, phases=(Phase.generate,), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_lockstep_is_asset_by_asset(kind: str, data: st.DataObject) -> None:
    model = monitor(kind)
    together, alone = Lockstep(model, ASSETS), AssetByAsset(model, ASSETS)
    material = recordings(
        data.draw(st.integers(0, 2**31)),
        ROWS,
        missing=data.draw(st.sampled_from([0.0, 0.02, 0.2])),
        faults=data.draw(st.booleans()),
        begin=[0, data.draw(st.integers(0, 20)), data.draw(st.integers(0, 40)), 0],
        silent=data.draw(st.booleans()),
    )
    rows = rows_of(material)
    first = int(-(-rows.time.min() // MINUTE_NS)) if len(rows) else FIRST
    cuts = sorted(data.draw(st.sets(st.integers(first, FIRST + ROWS), max_size=25))) or [first + 3]
    people = data.draw(st.booleans())
    labels = [Label("one", (FIRST + 30) * MINUTE_NS, (FIRST + 36) * MINUTE_NS, LabelKind.PLANNED)] if people else []
    out = [OutOfService("tag2", "three", (FIRST + 60) * MINUTE_NS), OutOfService("tag3", "", None)] if people else []
    states = together.start(), alone.start()
    spans, low, before = 0, 0, 0
    for upto in [*cuts, FIRST + ROWS + 30]:
        high = int(np.searchsorted(rows.time, upto * MINUTE_NS, side="right"))
        levels = together.parts.thresholds * data.draw(st.sampled_from([1.0, 1.0, 0.9, 1.2]))
        options = {"thresholds": levels, "labels": labels, "out_of_service": out, "lab": laboratory(upto * MINUTE_NS, before)}
        one, mine = together.step(rows.take(slice(low, high)), upto * MINUTE_NS, states[0], **options)  # type: ignore[arg-type]
        other, theirs = alone.step(rows.take(slice(low, high)), upto * MINUTE_NS, states[1], **options)  # type: ignore[arg-type]
        same(one, other)
        for at in range(len(ASSETS)):
            assert (together.open_span(mine, at) is None) == (alone.open_span(theirs, at) is None)
        match data.draw(st.sampled_from(["go on", "go on", "restart", "over", "from"])):
            case "restart":
                mine = together.from_kept(*together.to_kept(mine))
                theirs = alone.from_kept(*alone.to_kept(theirs))
            case "over":  # through the states of single assets
                mine = together.join(*together.split(mine))
            case "from":  # what was kept asset by asset
                mine = together.from_kept(*alone.to_kept(theirs))
        states, low, before = (mine, theirs), high, upto * MINUTE_NS
        spans += len(one.opened)


def test_the_material_has_events_and_reasons() -> None:
    """The law above would say nothing of them else."""
    model = monitor("plain")
    fleet = Lockstep(model, ASSETS)
    rows = rows_of(recordings(5, 300, missing=0.02, faults=True, begin=[0, 5, 9, 0], silent=True))
    judged, state = fleet.step(rows, (FIRST + 300) * MINUTE_NS, fleet.start())
    assert len(judged.opened) >= 5
    assert len(judged.closed) > 3
    assert len(judged.named.row) > 10
    assert len(np.unique(judged.why)) >= 4
    assert state.next_tick == FIRST + 301


def test_a_restart_changes_no_bit() -> None:
    fleet = Lockstep(monitor("network"), ASSETS)
    rows = rows_of(recordings(6, 200, missing=0.05, faults=True, begin=[0, 5, 9, 0], silent=False))
    tick = -(-rows.time // MINUTE_NS)
    states = [fleet.start(), fleet.start()]
    for k in range(int(tick.min()), FIRST + 200):
        said = []
        for number, state in enumerate(states):
            judged, states[number] = fleet.step(rows.take(tick == k), k * MINUTE_NS, state)
            said.append(judged)
        assert said[0].evidence.tobytes() == said[1].evidence.tobytes()
        if k % 7 == 0:
            states[1] = Lockstep(monitor("network"), ASSETS).from_kept(*fleet.to_kept(states[1]))


@pytest.mark.parametrize("kind", ["network", "sisters"])
def test_how_many_assets_are_worked_out_at_once_does_not_matter(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of(recordings(8, 80, missing=0.02, faults=True, begin=[0, 5, 9, 0], silent=False))
    together = Lockstep(monitor(kind), ASSETS)
    whole, _ = together.step(rows, (FIRST + 80) * MINUTE_NS, together.start())
    for module, name in ((lockstep, "CHUNK"), (lockstep, "PATCHES"), (network, "CHUNK")):
        monkeypatch.setattr(module, name, 3)
    in_parts, _ = together.step(rows, (FIRST + 80) * MINUTE_NS, together.start())
    same(in_parts, whole)


def test_a_step_that_fails_half_way_spends_its_state(monkeypatch: pytest.MonkeyPatch) -> None:
    fleet = Lockstep(monitor("plain"), ASSETS)
    rows = rows_of(recordings(7, 20, missing=0.0, faults=False, begin=[0, 0, 0, 0], silent=False))
    state = fleet.start()
    with monkeypatch.context() as patch:
        patch.setattr(fleet.parts.views, "run", None)
        with pytest.raises(TypeError):
            fleet.step(rows, (FIRST + 20) * MINUTE_NS, state)
    with pytest.raises(EvidenceError, match="used up"):
        fleet.step(rows, (FIRST + 20) * MINUTE_NS, state)


def test_a_state_is_used_once() -> None:
    fleet = Lockstep(monitor("plain"), ASSETS)
    rows = rows_of(recordings(7, 20, missing=0.0, faults=False, begin=[0, 0, 0, 0], silent=False))
    state = fleet.start()
    fleet.step(rows, (FIRST + 20) * MINUTE_NS, state)
    with pytest.raises(EvidenceError, match="used up"):
        fleet.step(rows, (FIRST + 20) * MINUTE_NS, state)


def test_rows_of_other_ticks_are_refused() -> None:
    fleet = Lockstep(monitor("plain"), ASSETS)
    rows = rows_of(recordings(7, 20, missing=0.0, faults=False, begin=[0, 0, 0, 0], silent=False))
    with pytest.raises(PreparationError, match="ticks to be judged"):
        fleet.step(rows, (FIRST + 10) * MINUTE_NS, fleet.start())
    _, state = fleet.step(rows, (FIRST + 20) * MINUTE_NS, fleet.start())
    with pytest.raises(PreparationError, match="in order"):
        fleet.step(rows, (FIRST + 30) * MINUTE_NS, state)


def test_a_state_of_other_assets_or_of_another_model_is_refused() -> None:
    fleet = Lockstep(monitor("plain"), ASSETS)
    arrays, shape = fleet.to_kept(fleet.start())
    with pytest.raises(StoreError, match="4 assets, not 2"):
        Lockstep(monitor("plain"), ASSETS[:2]).from_kept(arrays, shape)
    with pytest.raises(StoreError, match="4 assets, not 2"):
        Lockstep(monitor("plain"), ASSETS[:2]).from_kept(
            *AssetByAsset(monitor("plain"), ASSETS).to_kept(AssetByAsset(monitor("plain"), ASSETS).start())
        )
    with pytest.raises(StoreError, match=r"does not fit it: views\.means"):
        Lockstep(monitor("state"), ASSETS).from_kept(arrays, shape)
    with pytest.raises(StoreError, match="version 9"):
        fleet.from_kept(arrays, shape | {"lockstep": 9})
    for forged in ({"class": "Popen", "parts": {}}, {"class": "MonitorState", "parts": {}}, ["?"], {"array": "gone"}, {"plain": 3}):
        with pytest.raises(StoreError, match="does not fit"):
            fleet.from_kept(arrays, forged)


def test_the_quickest_fleet_is_chosen(caplog: pytest.LogCaptureFixture) -> None:
    model = monitor("sisters")
    assert isinstance(fleet_of(model, ASSETS), Lockstep)
    assert isinstance(fleet_of(model, ASSETS[:1]), AssetByAsset)
    other = replace(model.members[1], preparation=replace(model.members[1].preparation, settle_ns=0))
    mixed = replace(model, members=(model.members[0], other, *model.members[2:]))
    with caplog.at_level("INFO", "andon.scoring"):
        assert isinstance(fleet_of(mixed, ASSETS), AssetByAsset)
    assert "asset by asset" in caplog.text
    with pytest.raises(PreparationError, match="not for nobody"):
        fleet_of(monitor("plain"), ("one", "nobody"))


def test_tags_are_those_of_the_preparation() -> None:
    assert set(Lockstep(monitor("plain"), ASSETS).tags) == set(TAGS)
