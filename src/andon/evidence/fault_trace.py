"""The evidence of injected standard faults, carried by the model so that another budget can be priced without data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from andon.evidence.events import Opening, ground
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
    """Ticks from the injection to the first tick at which the evidence newly exceeds the threshold; infinite where none does.

    Newly: it is also higher than anything within the merge gap before the injection. Where no event stands this is the
    event that opens; a standing event finds a fault that makes it worse than it was, and no other. The level asked for never
    falls when the threshold rises, so a looser budget never finds less.
    """
    piece = fault.piece
    g = ground(piece.trace, piece.judge, piece.tick, opening)
    after = piece.tick >= fault.at
    recent = g.held[(piece.tick >= fault.at - opening.gap_ticks) & ~after]
    worse = (g.held >= threshold) & (g.held > recent.max(initial=-np.inf))
    late = piece.tick[after & worse] - fault.at
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
