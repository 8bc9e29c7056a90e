"""Preparations of sister assets: one scale, shared or own centres, modes that stay where they are."""

from __future__ import annotations

import numpy as np
import pytest

from andon.plant.arrays import Float64Array
from andon.plant.errors import PreparationError
from andon.plant.file.schema import Modes, PlantFile
from andon.plant.recording import Recording
from andon.plant.tag import Role, Tag
from andon.plant.time import MINUTE_NS
from andon.preparing import fit_sisters, prepare

ROWS = 1500


def pump(asset: str, offset: float, load: Float64Array, seed: int, factor: float = 1.0) -> Recording:
    """A set-point, a flow that follows it, and a pressure whose gauge reads `offset` too high."""
    noise = np.random.default_rng(seed).normal(size=(len(load), 2))
    flow = load + 0.2 * factor * noise[:, 0]
    values = np.stack([load, flow, 10 + 0.5 * flow + offset + 0.1 * factor * noise[:, 1]], axis=1)
    time = (np.arange(len(load)) + 28_000_000) * MINUTE_NS
    return Recording(asset, ("sp", "flow", "pressure"), time, values, np.zeros(values.shape, dtype=np.uint8))


def load(seed: int, middle: float) -> Float64Array:
    return np.asarray(middle + 2.0 * (np.random.default_rng(seed).random(ROWS // 50).repeat(50) > 0.5), dtype=np.float64)


PLANT = PlantFile(tags=(Tag("sp", role=Role.SETPOINT),))
ALL = [np.ones(ROWS, dtype=bool)] * 3


def three(factor: float = 1.0) -> list[Recording]:
    return [pump("a", 0.0, load(1, 20.0), 1), pump("b", 3.0, load(2, 20.0), 2), pump("c", -2.0, load(3, 20.0), 3, factor)]


def test_one_scale_for_all_and_centres_of_their_own() -> None:
    fitted = fit_sisters(three(), PLANT, ALL, interval_ns=MINUTE_NS)
    assert fitted.shared.assets == ("a", "b", "c")
    assert [one.assets for one in fitted.own.values()] == [("a",), ("b",), ("c",)]
    scales = {tuple(channel.scale for channel in one.channels) for one in (fitted.shared, *fitted.own.values())}
    assert len(scales) == 1
    pressure = [one.channels[2].center for one in fitted.own.values()]
    assert pressure[1] - pressure[0] == pytest.approx(3.0, abs=0.6)
    assert pressure[2] - pressure[0] == pytest.approx(-2.0, abs=0.6)
    assert len({one.channels[0].center for one in fitted.own.values()}) == 1  # people set it: the same for all
    # The gauges' offsets are no part of the scale.
    alone = fit_sisters(three()[:1], PLANT, ALL[:1], interval_ns=MINUTE_NS)
    assert fitted.shared.channels[2].scale == pytest.approx(alone.shared.channels[2].scale, rel=0.2)


def test_the_scale_is_the_median_of_the_sisters() -> None:
    calm, wild = fit_sisters(three(), PLANT, ALL, interval_ns=MINUTE_NS), fit_sisters(three(5.0), PLANT, ALL, interval_ns=MINUTE_NS)
    assert wild.shared.channels[1].scale == pytest.approx(calm.shared.channels[1].scale, rel=0.2)


def test_values_come_back_from_either_preparation() -> None:
    recordings = three()
    fitted = fit_sisters(recordings, PLANT, ALL, interval_ns=MINUTE_NS)
    own = fitted.own["b"]
    prepared, _ = prepare(own, recordings[1])
    back = prepared.x * [channel.scale for channel in own.channels] + [channel.center for channel in own.channels]
    np.testing.assert_allclose(back, recordings[1].values, atol=1e-4)
    with pytest.raises(PreparationError, match="this model is for b, the recording is of a"):
        prepare(own, recordings[0])


def test_discovered_modes_stay_where_they_are() -> None:
    """A sister that runs mostly at full load has another centre, but the same modes."""
    plant = PlantFile(modes=Modes(source="discovered"))
    low, high = np.full(ROWS, 10.0), np.full(ROWS, 10.0)
    low[1000:] = 30.0
    high[300:] = 30.0
    recordings = [pump("a", 0.0, low, 1), pump("b", 0.0, high, 2)]
    fitted = fit_sisters(recordings, plant, ALL[:2], interval_ns=MINUTE_NS)
    assert len(fitted.shared.modes.names) == 2
    for preparation in (fitted.shared, *fitted.own.values()):
        at = next(channel for channel in preparation.channels if channel.name == preparation.modes.channels[0])
        there = sorted(center[0] * at.scale + at.center for center in preparation.modes.centers)
        assert there == pytest.approx(sorted([there[0], there[1]]))
    modes = [prepare(fitted.own[one.asset], one)[0].mode for one in recordings]
    assert (modes[0][100], modes[0][1400]) == (modes[1][100], modes[1][1400])
    assert set(modes[0].tolist()) == set(modes[1].tolist()) == {0, 1}


def test_an_asset_without_normal_time_is_named() -> None:
    with pytest.raises(PreparationError, match="b has no normal training time"):
        fit_sisters(three()[:2], PLANT, [ALL[0], np.zeros(ROWS, dtype=bool)], interval_ns=MINUTE_NS)
