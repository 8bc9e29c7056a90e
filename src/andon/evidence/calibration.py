"""A calibration: the threshold of a budget, what it promises, and the evidence it was found on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import numpy as np

from andon.evidence.counts import at_most, prediction_interval
from andon.evidence.events import EventOpener, Opening
from andon.evidence.fault_trace import FaultTrace, pack_faults, unpack_faults
from andon.evidence.normal_trace import NormalTrace, pack, unpack
from andon.plant.arrays import Float64Array, FloatArray
from andon.plant.budget import Budget
from andon.plant.errors import EvidenceError

SCHEMA_VERSION = 1
NO_PROMISE = "none"


@dataclass(frozen=True, slots=True)
class PMap:
    """Evidence to p-value: the share of normal time with at least that much evidence.

    Attributes
    ----------
    level : (K,) evidence, strictly increasing
    p : (K,) share of judged normal time at or above it, decreasing, > 0
    decay : evidence beyond the last level that makes p e times smaller
    """

    level: tuple[float, ...]
    p: tuple[float, ...]
    decay: float
    _table: tuple[Float64Array, Float64Array] | None = field(default=None, init=False, repr=False, compare=False)

    def __call__(self, evidence: FloatArray) -> Float64Array:
        """(T,) evidence -> (T,) p, 1e-300..1; NaN stays NaN."""
        x = np.asarray(evidence, dtype=np.float64)
        if self._table is None:  # a live tick asks for one number: the arrays are made once
            object.__setattr__(self, "_table", (np.array(self.level), np.log(self.p)))
            assert self._table is not None
        level, logs = self._table
        beyond = np.maximum(x - level[-1], 0.0) / self.decay
        return np.asarray(np.maximum(np.exp(np.interp(x, level, logs, left=0.0) - beyond), 1e-300))


@dataclass(frozen=True, slots=True)
class Calibration:
    """The threshold of one budget on one trace; everything that lives, rebudgets and reports from it.

    Attributes
    ----------
    budget : the promise
    interval_ns : sampling interval
    threshold : evidence at which events open
    opening : persistence, hysteresis, merge gap, normal band; calibrated together with the threshold
    p_map : evidence -> p
    rates : sorted replicates of the event rate at the threshold, events per hour of judgeable running time
    dispersion : >= 1, variance over mean of counts whose rate is known
    tail_scale : evidence that makes events e times rarer around the threshold; the controller's unit
    decade : evidence beyond the threshold that makes events ten times rarer; severity's unit
    method : "counting", "tail", or "none" where no promise could be made
    peaks : declustered peaks that the tail was fitted on
    counted : events counted on the held-back normal time at this threshold
    judged_ns : judgeable running time of the held-back normal time
    running_share : judgeable share of its wall time
    confidence : that the rate is at most the promise, as far as the held-back time can tell
    base_level, base_rates : a lower level at which counting resolves, and replicates of the rate there, for `moved`
    normal, faults : the evidence itself
    seed : of the bootstrap, so that another budget without data is the one with it
    own : first and past the last of `normal` that are the asset's own, where sister assets share the threshold; (0, 0): all
    """

    budget: Budget
    interval_ns: int
    threshold: float
    opening: Opening
    p_map: PMap
    rates: tuple[float, ...]
    dispersion: float
    tail_scale: float
    decade: float
    method: str
    peaks: int
    counted: int
    judged_ns: int
    running_share: float
    confidence: float
    base_level: float
    base_rates: tuple[float, ...]
    normal: tuple[NormalTrace, ...]
    faults: tuple[FaultTrace, ...] = ()
    seed: int = 0
    own: tuple[int, int] = (0, 0)

    @property
    def own_normal(self) -> tuple[NormalTrace, ...]:
        """The stretches of `normal` that are of the asset itself."""
        return self.normal[slice(*self.own)] if self.own[1] else self.normal

    @property
    def made_no_promise(self) -> bool:
        """True where there was too little normal time for any promise: the threshold lies above all that was seen."""
        return self.method == NO_PROMISE

    def opener(self) -> EventOpener:
        """The state machine that opens events by this calibration's rule."""
        return EventOpener(self.opening)

    def expected(self, horizon_ns: float) -> float:
        """Mean number of events over `horizon_ns` of judgeable running time."""
        return float(np.mean(self.rates)) * horizon_ns / 3.6e12

    def promised(self, horizon_ns: float) -> float:
        """The number of events that the budget allows over `horizon_ns`."""
        return self.budget.rate_per_hour * horizon_ns / 3.6e12

    def prediction_interval(self, horizon_ns: float, level: float = 0.9) -> tuple[int, int]:
        """The count of events over a later `horizon_ns` of judgeable time lies in low..high with at least `level`."""
        return prediction_interval(np.array(self.rates) * horizon_ns / 3.6e12, self.dispersion, level)

    def at_most(self, horizon_ns: float, level: float = 0.9) -> int:
        """The count that is not exceeded in `level` of all such horizons."""
        return at_most(np.array(self.rates) * horizon_ns / 3.6e12, self.dispersion, level)

    def severity(self, peak_evidence: float) -> float:
        """0 at the threshold, 0.5 where events are ten times rarer than the promise, towards 1 beyond."""
        beyond = max(peak_evidence - self.threshold, 0.0) / self.decade
        return beyond / (1.0 + beyond) if np.isfinite(beyond) else 1.0

    def to_dict(self) -> dict[str, object]:
        """All but the traces, for JSON."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            "schema_version": SCHEMA_VERSION,
            **plain,
            "budget": asdict(self.budget),
            "opening": asdict(self.opening),
            "p_map": {"level": list(self.p_map.level), "p": list(self.p_map.p), "decay": self.p_map.decay},
            "rates": list(self.rates),
            "base_rates": list(self.base_rates),
            "seed": self.seed,
            "own": list(self.own),
            "faults": pack_faults(self.faults)[0],
        }

    def to_arrays(self) -> dict[str, np.ndarray]:
        """The traces, for safetensors."""
        return pack(self.normal, "normal") | pack_faults(self.faults)[1]

    @classmethod
    def from_parts(cls, plain: Mapping[str, object], arrays: Mapping[str, np.ndarray]) -> Calibration:
        """What `to_dict` and `to_arrays` wrote.

        Raises
        ------
        EvidenceError : a schema of a later version, or parts are missing
        """
        version = plain.get("schema_version")
        if version != SCHEMA_VERSION:
            raise EvidenceError(f"calibration of schema version {version!r}, known is {SCHEMA_VERSION}", do="update andon")
        try:
            p_map, budget, opening = plain["p_map"], plain["budget"], plain["opening"]
            assert isinstance(p_map, Mapping)
            assert isinstance(budget, Mapping)
            assert isinstance(opening, Mapping)
            rates, base_rates, faults = plain["rates"], plain["base_rates"], plain["faults"]
            assert isinstance(base_rates, list | tuple)
            assert isinstance(rates, list | tuple)
            assert isinstance(faults, list | tuple)
            rest: dict[str, object] = {name: plain[name] for name in _PLAIN}
            return cls(
                budget=Budget(**budget),
                opening=Opening(**opening),
                p_map=PMap(tuple(p_map["level"]), tuple(p_map["p"]), float(p_map["decay"])),
                rates=tuple(rates),
                base_rates=tuple(base_rates),
                normal=unpack(dict(arrays), "normal"),
                faults=unpack_faults(faults, dict(arrays)),
                seed=int(str(plain.get("seed", 0))),
                own=_pair(plain.get("own", (0, 0))),
                **rest,  # type: ignore[arg-type]
            )
        except (KeyError, TypeError, AssertionError, ValueError) as error:
            raise EvidenceError(f"the calibration is incomplete: {error}", do="train the model again") from error


_PLAIN = (
    "interval_ns", "threshold", "dispersion", "tail_scale", "decade", "method", "peaks", "counted", "judged_ns",
    "running_share", "confidence", "base_level",
)  # fmt: skip


def _pair(value: object) -> tuple[int, int]:
    assert isinstance(value, list | tuple)
    first, past = value
    return int(first), int(past)


def fit_p_map(values: FloatArray) -> PMap:
    """The share of normal time at or above each evidence, kept at up to 400 levels, denser towards the rare end.

    Parameters
    ----------
    values : (N,) evidence of judged normal ticks, N >= 1
    """
    x = np.sort(np.asarray(values, dtype=np.float64))
    n = len(x)
    share = np.unique(np.concatenate([np.linspace(0.0, 1.0, 200), np.geomspace(1.0 / n, 0.5, 200)]))[::-1]
    at = np.unique(np.clip(np.round((1.0 - share) * (n - 1)).astype(int), 0, n - 1))
    level = np.unique(x[at])
    p = (n - np.searchsorted(x, level, side="left")) / (n + 1.0)
    high = x[max(int(0.98 * n) - 1, 0) :]
    decay = max(float(high.mean() - high[0]), 1e-9 * max(abs(float(x[-1])), 1.0))
    return PMap(tuple(float(v) for v in level), tuple(float(v) for v in p), decay)
