"""Rivals: the candidates that were not chosen, small enough to travel in the model, so that history can be judged beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from andon.evidence.events import EventOpener, Opening, Span
from andon.evidence.views import Views
from andon.plant.arrays import BoolArray, Float64Array, Int64Array
from andon.plant.window import Expectation, Prepared


@dataclass(frozen=True, slots=True)
class Rival:
    """One candidate: its views, and the rule by which it opens events at the promised rate.

    Attributes
    ----------
    name : of the candidate
    cores : whose residuals it looks at
    threshold, opening : calibrated as the champion's; infinite threshold where its promise was refused
    found : share of standard faults it found on the calibration period
    """

    name: str
    cores: tuple[str, ...]
    views: Views
    threshold: float
    opening: Opening
    found: float

    def trace(self, prepared: Prepared, expectations: dict[str, Expectation]) -> Float64Array:
        """(T,) evidence."""
        seen, _ = self.views.run(prepared, {core: expectations[core] for core in self.cores}, self.views.start())
        return seen.trace

    def events(self, trace: Float64Array, judge: BoolArray, tick: Int64Array) -> tuple[Span, ...]:
        """Events, in ticks."""
        opener = EventOpener(self.opening)
        found, state = opener.run(trace, judge, tick, opener.start(), self.threshold)
        spans = {span.start: span for span in (*found.opened, *found.closed)}
        last = opener.finish(state)
        if last is not None:
            spans[last.start] = last
        return tuple(spans[start] for start in sorted(spans))

    def to_dict(self) -> dict[str, Any]:
        """All but the arrays."""
        return {
            "name": self.name,
            "cores": list(self.cores),
            "threshold": self.threshold,
            "opening": asdict(self.opening),
            "found": self.found,
        }


def pack_rivals(rivals: Sequence[Rival]) -> tuple[list[dict[str, Any]], dict[str, NDArray[Any]]]:
    """JSON and arrays."""
    arrays: dict[str, NDArray[Any]] = {}
    for index, rival in enumerate(rivals):
        arrays |= {f"{index}/{name}": value for name, value in rival.views.to_arrays().items()}
    return [rival.to_dict() for rival in rivals], arrays


def unpack_rivals(plain: Sequence[dict[str, Any]], arrays: dict[str, NDArray[Any]]) -> tuple[Rival, ...]:
    """What `pack_rivals` gave."""
    out = []
    for index, item in enumerate(plain):
        prefix = f"{index}/"
        views = Views.from_arrays({name[len(prefix) :]: np.asarray(value) for name, value in arrays.items() if name.startswith(prefix)})
        out.append(
            Rival(item["name"], tuple(item["cores"]), views, float(item["threshold"]), Opening(**item["opening"]), float(item["found"]))
        )
    return tuple(out)
