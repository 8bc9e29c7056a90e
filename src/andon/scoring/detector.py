"""The detector: from a prepared chunk to its evidence. Cores and views run here in one order, for training, history and live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from andon.evidence.views import Views, ViewState, ViewTrace
from andon.plant.arrays import BoolArray, Float32Array, StatusArray
from andon.plant.errors import BundleError
from andon.plant.verdict import Why
from andon.plant.window import Expectation, Prepared
from andon.scoring.linear_core import LinearCore, LinearState
from andon.scoring.network_core import NetworkCore

LINEAR = "linear"
NETWORK = "network"
LAST = "last"
"""The forecast that everything stays as it is; a view of the linear core's memory, no core of its own."""
_JUDGED, _WARMING_UP = int(Why.JUDGED), int(Why.WARMING_UP)  # an Enum is slow to ask


@dataclass(frozen=True, slots=True)
class Detection:
    """What the detector says of a chunk.

    Attributes
    ----------
    expectations : core -> what it expected of each tick
    views : evidence by view, and the trace
    why : (T,) uint8, the preparation's reason, or WARMING_UP
    """

    expectations: dict[str, Expectation]
    views: ViewTrace
    why: StatusArray

    @property
    def judge(self) -> BoolArray:
        """(T,) True where the tick can be judged."""
        out: BoolArray = self.why == _JUDGED
        return out

    @property
    def best(self) -> Expectation:
        """The richest expectation: the network's where there is one."""
        return best_of(self.expectations)


def best_of(expectations: Mapping[str, Expectation]) -> Expectation:
    """The richest of the cores' expectations: the network's where there is one."""
    return expectations.get(NETWORK) or expectations[LINEAR]


@dataclass(frozen=True, slots=True)
class DetectorState:
    """State of cores and views, and ticks since the last reset."""

    linear: LinearState
    network: Any
    views: ViewState
    age: int


@dataclass(frozen=True, slots=True)
class Detector:
    """Cores and views of one model.

    Attributes
    ----------
    linear : closed-form core
    network : the two graphs, or None for a linear model
    views : fitted views
    warm_up : ticks after a reset that cannot be judged
    graphs : the network's two graphs as they stand in the model file, sequence and step; None without a network
    exogenous : channels that people set: they explain the others and are never judged themselves
    """

    linear: LinearCore
    network: NetworkCore | None
    views: Views
    warm_up: int
    graphs: tuple[bytes, bytes] | None = None
    exogenous: tuple[int, ...] = ()
    reads_last: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        reads = any(line.source.startswith(f"{LAST}.") for line in self.views.lines)
        if reads and self.linear.depth < 1:
            raise BundleError("the views read the last value, but the linear core remembers none", do="train the model again")
        object.__setattr__(self, "reads_last", reads)

    def start(self) -> DetectorState:
        """State before the first tick."""
        return DetectorState(self.linear.start(), self.network.start() if self.network else None, self.views.start(), 0)

    def expect(self, prepared: Prepared, state: DetectorState) -> tuple[dict[str, Expectation], DetectorState]:
        """What each core expects of the chunk."""
        linear, after = self.linear.run(prepared, state.linear)
        expectations = {LINEAR: linear}
        network_state = state.network
        if self.network is not None:
            expectations[NETWORK], network_state = self.network.run(prepared, linear, state.network)
        if self.reads_last:
            expectations[LAST] = self.linear.last_value(prepared, linear, state.linear)
        return expectations, DetectorState(after, network_state, state.views, state.age)

    def run(self, prepared: Prepared, state: DetectorState, *, shares_above: float = np.inf) -> tuple[Detection, DetectorState]:
        """Evidence of every tick of the chunk; any cut gives the same answer.

        Parameters
        ----------
        shares_above : shares are given for ticks with evidence above this

        Raises
        ------
        EvidenceError : other channels than at training
        """
        expectations, state = self.expect(prepared, state)
        return self.judge(prepared, expectations, state, shares_above=shares_above)

    def judge(
        self, prepared: Prepared, expectations: dict[str, Expectation], state: DetectorState, *, shares_above: float = np.inf
    ) -> tuple[Detection, DetectorState]:
        """The second half of `run`: evidence from what the cores expected. Of the state it reads and moves the views alone."""
        seen, told = judged_part(prepared, expectations, self.exogenous)
        views, view_state = self.views.run(seen, told, state.views, shares_above=shares_above)
        if prepared.rows == 1:  # one live tick, in fewer calls
            first = 0 if prepared.reset[0] else state.age
            why, last = prepared.why, first + 1
            if first < self.warm_up and why[0] == _JUDGED:
                why = np.array([_WARMING_UP], dtype=np.uint8)
        else:
            age = ages(prepared.reset, state.age)
            warming = (age < self.warm_up) & (prepared.why == _JUDGED)
            why = np.where(warming, np.uint8(_WARMING_UP), prepared.why)
            last = int(age[-1]) + 1 if prepared.rows else state.age
        return Detection(expectations, views, why), DetectorState(state.linear, state.network, view_state, last)


def with_last_value(linear: LinearCore, prepared: Prepared, expectations: Mapping[str, Expectation]) -> dict[str, Expectation]:
    """The expectations of a whole stretch, with that of the last value among them, from a fresh state."""
    if LAST in expectations:
        return dict(expectations)
    return {**expectations, LAST: linear.last_value(prepared, expectations[LINEAR], linear.start())}


def judged_part(
    prepared: Prepared, expectations: Mapping[str, Expectation], exogenous: Sequence[int]
) -> tuple[Prepared, dict[str, Expectation]]:
    """What the views may see: channels that people set stand at zero and are expected there, so a move is no evidence.

    A set-point is no symptom: an operator moved it on purpose, and what it does to the process is in the expectations of the
    other channels.
    """
    if not exogenous:
        return prepared, dict(expectations)
    at = list(exogenous)

    def still(values: Float32Array) -> Float32Array:
        out = values.copy()
        out[:, at] = np.where(np.isnan(out[:, at]), out[:, at], np.float32(0.0))  # after a reset nothing was expected of any channel
        return out

    told = {core: replace(e, forecast=still(e.forecast), relation=still(e.relation)) for core, e in expectations.items()}
    return replace(prepared, x=still(prepared.x)), told


def ages(reset: BoolArray, before: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(T,) ticks since the last reset; `before` is the age that the first row has where it is no reset."""
    rows = np.arange(len(reset))
    starts = np.where(reset, rows, -1)
    last = np.maximum.accumulate(starts) if len(reset) else starts
    out = np.where(last >= 0, rows - last, rows + before)
    return out.astype(np.int64)
