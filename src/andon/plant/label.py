"""Labels of periods, and laboratory results."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from andon.plant.arrays import Float64Array, TimeArray


class LabelKind(StrEnum):
    """What a labelled period was."""

    FAULT = "fault"
    PLANNED = "planned"
    FALSE = "false"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Label:
    """One row of labels.csv: start <= time < end, ns UTC."""

    asset: str
    start: int
    end: int
    kind: LabelKind
    note: str = ""
    by: str = ""
    at: int | None = None


@dataclass(frozen=True, slots=True)
class LabResults:
    """Results of one quality target of one asset, ordered by sample time.

    Attributes
    ----------
    sample_time : (N,) int64 ns, when the sample was drawn
    result_time : (N,) int64 ns, when the result was known; >= sample_time
    value : (N,) float64
    """

    asset: str
    target: str
    sample_time: TimeArray
    result_time: TimeArray
    value: Float64Array
    unit: str = ""
