"""The soft sum of views: each view counts by the logarithm of how far it is beyond its own normal time.

Every source has one voice: its lines and statistics share it, so that looking at a source over more spans does not drown the
others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from andon.evidence.lines import LONG_MEMORY
from andon.plant.arrays import Float32Array, Float64Array, FloatArray


def voices(names: Sequence[str]) -> Float32Array:
    """(V,) weight of each view: one over the number of views that share its voice.

    A voice is that of a source ("linear.fast" of "linear.fast:5:spread"); the long memory of a source speaks with the voice of the source.
    """
    sources = [_voice(name.partition(":")[0]) for name in names]
    return np.array([1.0 / sources.count(source) for source in sources], dtype=np.float32)


def _voice(source: str) -> str:
    core, dot, kind = source.rpartition(".")
    return f"{core}{dot}{LONG_MEMORY.get(kind, kind)}"


def soft_sum(view: FloatArray, weights: FloatArray) -> Float64Array:
    """Weighted sum over views of log(1 + view).

    Parameters
    ----------
    view : (T, V) >= 0, each divided by its own quantile on normal time
    weights : (V,) from `voices`

    Returns
    -------
    (T,) float64, >= 0
    """
    kind = np.float64 if view.dtype == np.float64 else np.float32  # logarithms of float32 are ten times faster
    logs = np.add(view, kind(1.0), dtype=kind)
    np.log(logs, out=logs)
    out: Float64Array = (logs @ np.asarray(weights, dtype=kind)).astype(np.float64)
    return out


def parts(view: FloatArray, weights: FloatArray) -> Float64Array:
    """(T, V) the part of each view in the soft sum; rows sum to `soft_sum`."""
    out: Float64Array = np.log1p(np.asarray(view, dtype=np.float64)) * np.asarray(weights, dtype=np.float64)
    return out


def leading(view: FloatArray, names: Sequence[str], quality: float = 0.0) -> str:
    """Kind with the largest part over the rows of `view` (T, V): "fast", "agitation", "relation", "level", "state", "novelty".

    Parameters
    ----------
    quality : what laboratory results add over these rows; "quality" where that is the largest part
    """
    whole = parts(view, voices(names)).sum(axis=0)
    kinds: dict[str, float] = {"quality": quality} if quality > 0.0 else {}
    for name, part in zip(names, whole.tolist(), strict=True):
        kind = name.partition(":")[0].rpartition(".")[2]
        kind = {"extent": "agitation", "discord": "relation", **LONG_MEMORY}.get(kind, kind)
        kinds[kind] = kinds.get(kind, 0.0) + part
    return max(kinds, key=lambda kind: kinds[kind]) if kinds else "fast"
