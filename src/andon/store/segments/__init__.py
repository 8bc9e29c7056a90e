"""Samples in Parquet files, with roll-up: a year or a second of an asset is drawn from a few thousand numbers either way.

`Segments` takes batches, writes them with `flush`, packs and rolls them up with `settle`, and gives recordings and traces.
`VerdictTraces`
keeps verdicts in the same way. Sister assets share files (a *family*). Level k holds the least, greatest and mean value of 10^k intervals.
"""

from andon.store.segments.segments import Keep, Segments
from andon.store.segments.trace import Trace
from andon.store.segments.verdict_traces import VerdictTraces

__all__ = ["Keep", "Segments", "Trace", "VerdictTraces"]
