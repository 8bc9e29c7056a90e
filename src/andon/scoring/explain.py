"""Explain live events from the samples that are kept: judge the stretch around an event again and say which tags, since when.

The live loop remembers no past but the state; a fleet of ten thousand assets has no memory for it. An event is rare, the samples
are in the store, and judging a stretch again takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from andon.evidence.blame import BEFORE
from andon.evidence.events import Span
from andon.plant.file.schema import OutOfService
from andon.plant.label import Label, LabResults
from andon.plant.progress import silent
from andon.plant.recording import Recording
from andon.plant.verdict import Event
from andon.scoring.events_of import LOOK_BACK, Explained, describe_events
from andon.scoring.monitor import Monitor

MEMORIES = 5.0


def memory_ticks(monitor: Monitor) -> int:
    """Ticks after which a state that was started anew is that of one that saw everything, to a part in ten thousand."""
    longest = max((float(max(line.spans)) for line in monitor.detector.views.lines if len(line.spans)), default=0.0)
    return int(max(monitor.detector.warm_up, MEMORIES * longest, BEFORE + monitor.detector.linear.depth))


def stretch(monitor: Monitor, spans: Sequence[Span]) -> int:
    """ns from which `explain` needs samples."""
    first = min(min(span.onset, span.start) for span in spans)
    earliest = min(span.start for span in spans) - LOOK_BACK
    return (max(first, earliest) - memory_ticks(monitor)) * monitor.preparation.interval_ns


def explain(
    monitor: Monitor,
    recording: Recording,
    spans: Sequence[Span],
    *,
    until: int,
    threshold: float | None = None,
    labels: Sequence[Label] = (),
    lab: Sequence[LabResults] = (),
    out_of_service: Sequence[OutOfService] = (),
) -> tuple[Event, ...]:
    """Events of one asset with their tags, order and sentence, as `Monitor.score` gives them.

    Parameters
    ----------
    recording : samples from `stretch` on
    spans : what the fleet opened or closed
    until : ns, the last tick to look at
    lab : results of that time; with them the event says whether it mattered for the product, and results are among its evidence. A soft
        sensor then starts anew at `stretch`, so its intervals are those of its training

    Raises
    ------
    PreparationError : none of the model's tags is there
    """
    monitor = monitor.of(recording.asset)
    own = monitor if lab else replace(monitor, quality=(), coupling=None)
    step, _ = own.run(recording, own.start(), labels=labels, lab=lab, out_of_service=out_of_service, until=until, threshold=threshold)
    explained = Explained(own, step.prepared, [step], step.evidence, step.detection.best.relation)
    return describe_events(own, explained, spans, silent)
