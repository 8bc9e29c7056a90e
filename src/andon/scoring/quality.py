"""A soft sensor: the value of a quality target at every tick, with an interval, before the laboratory answers.

Value = response to the inputs + correction by the results known at that tick (mode "lab"), or the response alone
(mode "inputs"). With a mix of experts the value of mode "lab" leans on the last results where those have been closer, within the
interval. The interval always uses the results known at that tick: adaptive conformal quantiles around the
corrected value, in units of a local scale that grows with abnormality. A result acts from its result time on, at the
tick its sample was drawn; nothing earlier changes. A second result of the same tick corrects the first: predictions follow
the newer one, the interval has learnt from the first and does not learn twice. A result whose sample is no
longer remembered is counted, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from andon.evidence.conformal import ConformalSettings, start_conformal
from andon.plant.arrays import BoolArray, Float64Array, FloatArray, IntArray, StatusArray
from andon.plant.errors import BundleError, EvidenceError
from andon.plant.label import LabResults
from andon.plant.verdict import QualityPredictions, Why
from andon.plant.window import Expectation, Prepared
from andon.scoring.correction import Correction
from andon.scoring.expert_mix import ExpertMix
from andon.scoring.input_history import History, HistoryPlan, HistoryState, follow, start_history
from andon.scoring.local_scale import LocalScale, describe_scale
from andon.scoring.quality_walk import QualityState, waiting_results, walk
from andon.scoring.region import Region
from andon.scoring.responses import Inputs, Response, build_response, response_kind
from andon.scoring.within_spec import SpecModel

QUALITY_MODEL_VERSION = 2
"""1: the correction alone. 2: with a mix of experts; a model without one is still written as 1, which older readers know."""

Responded = tuple[Float64Array, Float64Array, HistoryState, StatusArray]
"""What the inputs tell of a chunk, see `QualityModel.heard`."""
_PIECE = 16_384  # ticks answered at once, which bounds memory


@dataclass(frozen=True, slots=True)
class QualityModel:
    """A fitted soft sensor for one target of one asset.

    Attributes
    ----------
    target, unit : what is predicted
    channels : C' names of the prepared channels it reads
    interval_ns : sampling interval it was trained at
    plan : which past it looks at; `plan.channels` are replaced by where `channels` stand in a recording
    response : from inputs to scaled target
    centre, spread : target = centre + spread x scaled target
    mode : "lab" (value corrected by known results) or "inputs"
    low, high : range of the training results, target's unit
    results : (N,) scores that seed the interval
    head : index of the target among the network's quality heads
    remember : H, ticks whose predictions are remembered for late results
    candidate : name of the candidate that was chosen
    spec : for a target of kind classification: predictions then are probabilities of being within specification
    mix : how mode "lab" weighs the corrected response against the last results; None: it takes the corrected response
    """

    target: str
    unit: str
    channels: tuple[str, ...]
    interval_ns: int
    plan: HistoryPlan
    response: Response
    centre: float
    spread: float
    mode: str
    low: float
    high: float
    correction: Correction
    scale: LocalScale
    region: Region
    settings: ConformalSettings
    results: Float64Array
    head: int
    remember: int
    candidate: str
    spec: SpecModel | None = None
    mix: ExpertMix | None = None

    def start(self) -> QualityState:
        """State before the first tick."""
        width = 5 + 2 * self.settings.experts + (0 if self.mix is None else len(self.mix.weight))
        return QualityState(
            start_history(self.plan), -1, np.full(self.remember, -1, dtype=np.int64), np.full((self.remember, width), np.nan),
            np.full((2, 2), np.nan), float("nan"), (), start_conformal(self.settings, self.results), np.zeros((0, 3)), 0,
            None if self.mix is None else self.mix.start(),
        )  # fmt: skip

    def respond(
        self, prepared: Prepared, network: Expectation | None, state: HistoryState
    ) -> tuple[Float64Array, History, HistoryState, StatusArray]:
        """The response to the inputs alone, and why a tick is refused.

        Returns
        -------
        (T,) response in scaled units; the inputs' history; its state; (T,) `Why`
        """
        history, after = follow(bind(self.plan, self.channels, prepared), state, prepared)
        features = network.features if network is not None and network.features.size else None
        quality = None
        if network is not None and network.quality.size and 0 <= self.head < network.quality.shape[1]:
            quality = network.quality[:, self.head, network.quality.shape[2] // 2]
        response = self.response.value(Inputs(self.plan, history, features, quality))
        why = np.zeros(prepared.rows, dtype=np.uint8)
        why[self.region.distance(history) > self.region.limit] = Why.OUTSIDE_TRAINED_REGION
        why[history.age < self.plan.memory] = Why.WARMING_UP
        why[history.valid_share < 0.5] = Why.TOO_FEW_VALID
        why[history.valid_share <= 0.0] = Why.NO_DATA
        why[prepared.why != 0] = prepared.why[prepared.why != 0]
        return response, history, after, why

    def heard(self, prepared: Prepared, abnormality: FloatArray | None, network: Expectation | None, state: HistoryState) -> Responded:
        """All that the inputs tell: the response, NaN where refused; the local scale of the interval; the inputs' state; (T,) `Why`."""
        response, history, after, why = self.respond(prepared, network, state)
        return np.where(why == 0, response, np.nan), self.scale.at(describe_scale(history, response, abnormality)), after, why

    def predict(
        self,
        prepared: Prepared,
        lab: LabResults | Sequence[LabResults] | None,
        abnormality: FloatArray | None,
        network: Expectation | None,
        state: QualityState,
        responded: Responded | None = None,
    ) -> tuple[QualityPredictions, QualityState]:
        """Predictions of a chunk. Any cut of a recording gives the same predictions.

        Parameters
        ----------
        prepared : T ticks that follow those answered before
        lab : results of this target to hand over with this chunk, each once; a result later than the chunk waits
        abnormality : (T,) evidence trace, or None
        network : expectation of the network for these ticks, or None
        responded : what `heard` says of these ticks where that is known already; for chunks of at most 16,384 ticks

        Returns
        -------
        one row per tick (NaN and `why` where refused); the next state

        Raises
        ------
        EvidenceError : channels are missing, or the chunk does not follow the state
        """
        if prepared.interval_ns != self.interval_ns:
            raise EvidenceError(
                f"the quality model of {self.target} was trained at another sampling interval", do="prepare at its interval"
            )
        if state.tick >= 0 and prepared.rows and int(prepared.tick[0]) <= state.tick:
            raise EvidenceError("these ticks were answered before", do="hand over each tick once, in time order")
        if prepared.rows > _PIECE:
            return self._in_pieces(prepared, lab, abnormality, network, state)
        response, scale, after, why = responded or self.heard(prepared, abnormality, network, state.history)
        out, state = walk(self, prepared, waiting_results(self, state, lab), response, scale, replace(state, history=after))
        value, low, high = (self.centre + self.spread * column for column in (out[:, 0], out[:, 1], out[:, 2]))
        middle, half = (low + high) / 2.0, np.minimum((high - low) / 2.0, (self.high - self.low) / 2.0)
        level = np.full(prepared.rows, self.settings.level)
        time = prepared.time
        predictions = QualityPredictions(
            prepared.asset, time, time.copy(), (self.target,) * prepared.rows, value, middle - half, middle + half, level, why
        )
        return predictions if self.spec is None else self.spec.answer(predictions), state

    def wait(self, state: QualityState, lab: Sequence[LabResults]) -> QualityState:
        """The state with results that wait for the next tick."""
        return replace(state, pending=tuple(waiting_results(self, state, lab)), checks=np.zeros((0, 3)))

    def _in_pieces(
        self,
        prepared: Prepared,
        lab: LabResults | Sequence[LabResults] | None,
        abnormality: FloatArray | None,
        network: Expectation | None,
        state: QualityState,
    ) -> tuple[QualityPredictions, QualityState]:
        parts, checks = [], []
        for low in range(0, prepared.rows, _PIECE):
            high = min(low + _PIECE, prepared.rows)
            trace = None if abnormality is None else abnormality[low:high]
            part, state = self.predict(prepared.part(low, high), lab, trace, expectation_part(network, low, high), state)
            parts.append(part)
            checks.append(state.checks)
            lab = None
        return join_predictions(parts), replace(state, checks=np.concatenate(checks))

    def meta(self) -> dict[str, object]:
        """The JSON part of the stored form."""
        plan, correction, settings = self.plan, self.correction, self.settings
        spec: dict[str, object] = {} if self.spec is None else {"spec": self.spec.meta()}
        mix: dict[str, object] = {} if self.mix is None else {"mix": self.mix.meta()}
        return spec | mix | {
            "schema_version": 1 if self.mix is None else QUALITY_MODEL_VERSION, "target": self.target, "unit": self.unit,
            "channels": list(self.channels), "interval_ns": self.interval_ns, "response": response_kind(self.response),
            "mode": self.mode, "candidate": self.candidate,
            "head": self.head, "remember": self.remember,
            "plan": {"dead": plan.dead, "lags": plan.lags, "step": plan.step, "spans": list(plan.spans), "limit": plan.limit},
            "numbers": {"centre": self.centre, "spread": self.spread, "low": self.low, "high": self.high, "region": self.region.limit},
            "correction": {name: getattr(correction, name) for name in ("span", "usual_age", "decay", "response_error", "corrected_error")},
            "interval": {
                "level": settings.level, "windows": list(settings.windows), "steps": list(settings.steps), "sharpness": settings.sharpness,
                "share": settings.share, "correction": settings.correction, "bound": settings.bound,
            },
        }  # fmt: skip

    def to_arrays(self) -> dict[str, FloatArray | IntArray]:
        """The array part of the stored form."""
        arrays: dict[str, FloatArray | IntArray] = {
            "results": self.results, "correction.weight": self.correction.weight,
            "scale.weight": self.scale.weight, "scale.centre": self.scale.centre, "scale.spread": self.scale.spread,
            "region.span": self.region.span, "region.centre": self.region.centre, "region.whiten": self.region.whiten,
        }  # fmt: skip
        spec = {} if self.spec is None else self.spec.to_arrays()
        return (
            arrays
            | {f"response.{name}": array for name, array in self.response.arrays().items()}
            | {f"spec.{name}": array for name, array in spec.items()}
        )

    @staticmethod
    def from_arrays(meta: Mapping[str, object], arrays: Mapping[str, FloatArray | IntArray]) -> QualityModel:
        """The model of a stored form.

        Raises
        ------
        BundleError : a part is absent, or of an unknown version
        """
        try:
            return _restore(meta, arrays)
        except (KeyError, TypeError, ValueError, EvidenceError) as error:
            raise BundleError(f"the stored quality model is not whole: {error}", do="train the model again") from error


def _restore(meta: Mapping[str, object], arrays: Mapping[str, FloatArray | IntArray]) -> QualityModel:
    part: dict[str, Any] = dict(meta)
    if part["schema_version"] not in range(1, QUALITY_MODEL_VERSION + 1):
        raise ValueError(f"schema version {part['schema_version']}")
    number, plan, interval = part["numbers"], part["plan"], part["interval"]
    channels = tuple(str(name) for name in part["channels"])
    exact = {name: np.asarray(array, dtype=np.float64) for name, array in arrays.items() if "span" not in name}
    responses = {key[len("response.") :]: array for key, array in arrays.items() if key.startswith("response.")}
    specs = {key[len("spec.") :]: array for key, array in arrays.items() if key.startswith("spec.")}
    return QualityModel(
        target=part["target"], unit=part["unit"], channels=channels, interval_ns=int(part["interval_ns"]),
        plan=HistoryPlan(tuple(range(len(channels))), plan["dead"], plan["lags"], plan["step"], tuple(plan["spans"]), plan["limit"]),
        response=build_response(part["response"], responses),
        centre=number["centre"], spread=number["spread"], mode=part["mode"], low=number["low"], high=number["high"],
        correction=Correction(exact["correction.weight"], **part["correction"]),
        scale=LocalScale(exact["scale.weight"], exact["scale.centre"], exact["scale.spread"]),
        region=Region(np.asarray(arrays["region.span"], dtype=np.int64), exact["region.centre"], exact["region.whiten"], number["region"]),
        settings=ConformalSettings(**(interval | {"windows": tuple(interval["windows"]), "steps": tuple(interval["steps"])})),
        results=exact["results"], head=int(part["head"]), remember=int(part["remember"]), candidate=part["candidate"],
        spec=SpecModel.from_arrays(part["spec"], specs) if "spec" in part else None,
        mix=ExpertMix.from_meta(part["mix"]) if "mix" in part else None,
    )  # fmt: skip


def bind(plan: HistoryPlan, channels: tuple[str, ...], prepared: Prepared) -> HistoryPlan:
    """The plan with the columns at which `channels` stand in this recording.

    Raises
    ------
    EvidenceError : a channel is missing
    """
    place = {name: number for number, name in enumerate(prepared.channels)}
    missing = [name for name in channels if name not in place]
    if missing:
        raise EvidenceError(
            f"the quality model reads {', '.join(missing[:3])}, which the recording does not have", do="add the tag, even empty"
        )
    return replace(plan, channels=tuple(place[name] for name in channels))


def expectation_part(network: Expectation | None, low: int, high: int) -> Expectation | None:
    """The rows low..high of an expectation."""
    if network is None:
        return None
    names = ("forecast", "relation", "log_scale", "level", "features", "quality")
    return Expectation(**{name: getattr(network, name)[low:high] for name in names})


def join_predictions(parts: Sequence[QualityPredictions]) -> QualityPredictions:
    """Predictions of several targets, or of chunks that follow each other, as one table in the order given."""
    if not parts:
        raise EvidenceError("there are no predictions to join", do="predict first")

    def column(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    return QualityPredictions(
        parts[0].asset, column("sample_time"), column("known_at"), tuple(name for part in parts for name in part.target),
        column("value"), column("low"), column("high"), column("level"), column("why"),
    )  # fmt: skip


def inside(predictions: QualityPredictions, value: Float64Array) -> BoolArray:
    """(N,) True where the value lies in the interval; False where refused."""
    return (value >= predictions.low) & (value <= predictions.high)
