"""The evidence of injected standard faults, carried by the model so that another budget can be priced without data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.events import Opening, first_exceedances, ground
from andon.evidence.normal_trace import NormalTrace, pack, unpack


@dataclass(frozen=True, slots=True)
class FaultTrace:
    """What one injected fault did to the evidence.

    Attributes
    ----------
    kind : "step", "drift", "noise", "stuck", "oscillation"
    size : in standard deviations of the tag's normal residual (noise: factor)
    over_ns : how long a drift takes to reach its size; 0 for the others
    tag : the tag that it was injected on
    at : tick of the injection
    piece : the evidence, from some time before the injection to the end of the fault
    """

    kind: str
    size: float
    over_ns: int
    tag: str
    at: int
    piece: NormalTrace


def detect(fault: FaultTrace, opening: Opening, threshold: float) -> float:
    """Ticks from the injection to the first event that opens after it; infinite where none does.

    An event that stood open when the fault came is no detection of it.
    """
    piece = fault.piece
    start, _ = first_exceedances(ground(piece.trace, piece.judge, piece.tick, opening), threshold, opening)
    late = piece.tick[start] - fault.at
    late = late[late >= 0]
    return float(late[0]) if len(late) else float("inf")


def pack_faults(faults: Sequence[FaultTrace]) -> tuple[list[dict[str, object]], dict[str, np.ndarray]]:
    """Descriptions for JSON, and the arrays."""
    meta: list[dict[str, object]] = [
        {"kind": fault.kind, "size": fault.size, "over_ns": fault.over_ns, "tag": fault.tag, "at": fault.at} for fault in faults
    ]
    return meta, pack([fault.piece for fault in faults], "fault") if faults else {}


def unpack_faults(meta: Sequence[dict[str, object]], arrays: dict[str, np.ndarray]) -> tuple[FaultTrace, ...]:
    """What `pack_faults` wrote."""
    if not meta:
        return ()
    return tuple(
        FaultTrace(str(row["kind"]), float(str(row["size"])), int(str(row["over_ns"])), str(row["tag"]), int(str(row["at"])), piece)
        for row, piece in zip(meta, unpack(arrays, "fault"), strict=True)
    )
