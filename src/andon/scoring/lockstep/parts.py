"""The parts of a model, each for all assets of a fleet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.lockstep import ViewsTogether
from andon.evidence.lockstep_events import OpenTogether
from andon.plant.arrays import Float64Array
from andon.plant.errors import EvidenceError, PreparationError
from andon.preparing.lockstep import PrepareTogether
from andon.preparing.plan import make_plan
from andon.scoring.lockstep.cores import LinearTogether
from andon.scoring.lockstep.network import NetworkTogether
from andon.scoring.lockstep.p_maps import PMapsTogether
from andon.scoring.monitor import Monitor


@dataclass(frozen=True, slots=True)
class Parts:
    """What a fleet of A assets runs.

    Attributes
    ----------
    members : the monitor of each asset
    tags : M inputs, in the order of the rows
    thresholds : (A,) of the calibrations
    sensors : some asset has soft sensors
    """

    members: tuple[Monitor, ...]
    tags: tuple[str, ...]
    prepare: PrepareTogether
    linear: LinearTogether
    network: NetworkTogether | None
    views: ViewsTogether
    opener: OpenTogether
    p_maps: PMapsTogether
    thresholds: Float64Array
    sensors: bool


def check_assets(monitor: Monitor, assets: Sequence[str]) -> None:
    """Refuse assets that the model is not for.

    Raises
    ------
    PreparationError : there is one
    """
    for name in assets:
        if monitor.preparation.assets and name not in monitor.preparation.assets:
            raise PreparationError(f"this model is for {', '.join(monitor.assets)}, not for {name}", do="choose the model of that asset")


def make_parts(monitor: Monitor, assets: Sequence[str]) -> Parts:
    """The parts for some assets of a model.

    Raises
    ------
    PreparationError : the model is not for an asset, or prepares them in different ways
    EvidenceError : its assets have different detectors
    """
    check_assets(monitor, assets)
    members = tuple(monitor.of(name) for name in assets)
    detector = members[0].detector
    if any(one.detector is not detector for one in members):
        raise EvidenceError("assets of one fleet have different detectors", do="judge them one by one")
    tags = tuple(dict.fromkeys(make_plan(monitor.preparation).tags))
    count = len(members)
    return Parts(
        members,
        tags,
        PrepareTogether([one.preparation for one in members], assets, tags),
        LinearTogether(detector.linear, count),
        None if detector.network is None else NetworkTogether(detector.network, count),
        ViewsTogether(detector.views, count),
        OpenTogether([one.calibration.opening for one in members]),
        PMapsTogether([one.calibration.p_map for one in members]),
        np.array([one.calibration.threshold for one in members]),
        any(one.quality for one in members),
    )
