"""What is wrong with the tags of an asset in the last day: the audit of history, on what was kept."""

from __future__ import annotations

from andon.plant.time import DAY_NS, HOUR_NS
from andon.project.live.running import Running
from andon.service.pages.worked_out import WorkedOut
from andon.service.schema import Finding

MOST_VALUES = 4_000_000
"""Of more than so many values only the newest are looked at: the page waits for it."""
KEPT = 20


class Audits:
    """Audits by asset, each worked out at most once an hour of the plant's clock; any thread may ask."""

    def __init__(self) -> None:
        self._known = WorkedOut[tuple[str, int, str], list[Finding]](KEPT)

    def of(self, running: Running, asset: str, language: str) -> list[Finding]:
        """The findings of an asset, the weightiest first; none without an asset or samples."""
        if asset not in running.monitors:
            return []
        now = running.clock.now()
        return self._known.get((asset, now // HOUR_NS, language), lambda: _findings(running, asset, now, language))


def _findings(running: Running, asset: str, now: int, language: str) -> list[Finding]:
    from andon.auditing import audit

    monitor = running.monitors[asset]
    tags, interval = list(monitor.tag_ids), monitor.preparation.interval_ns
    span = min(DAY_NS, MOST_VALUES // max(len(tags), 1) * interval)
    recording = running.keeping.samples.segments.recording(asset, tags, now - span, now)
    if recording.rows < 2:
        return []
    found = []
    for item in audit(recording, interval_ns=interval, zone=running.plant.site.zone).findings:
        evidence, consequence, suggestion = item.texts(language)
        found.append(
            Finding(
                tag=item.tag or "", kind=item.kind, weight=item.weight, evidence=evidence, consequence=consequence, suggestion=suggestion
            )
        )
    return sorted(found, key=lambda item: -item.weight)
