"""Small results with every awkward case: what the golden files hold.

    python -m tests.store.result_samples

rewrites golden/, only to be done together with a new schema version.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from andon.plant.verdict import Event, QualityPredictions, Sentence, Verdicts, View, Why
from andon.store.results import write_events, write_quality, write_verdicts

GOLDEN = Path(__file__).parent / "golden"
NOON = 1_790_000_000_000_000_000
MINUTE = 60_000_000_000
ASSET = "pump 1/北"


def verdicts() -> Verdicts:
    """Four ticks: normal, anomalous with three responsible tags, cannot judge, a revision."""
    top_tags = np.full((4, 5), -1, dtype=np.int32)
    top_shares = np.zeros((4, 5), dtype=np.float32)
    top_tags[1, :3], top_shares[1, :3] = [2, 0, 1], [0.75, 0.5, -0.25]
    return Verdicts(
        asset=ASSET,
        time=np.arange(4, dtype=np.int64) * MINUTE + NOON,
        verdict=np.array([0, 1, 2, 0], dtype=np.uint8),
        why=np.array([0, 0, Why.MACHINE_OFF, 0], dtype=np.uint8),
        p=np.array([0.5, 1e-7, np.nan, 0.25]),
        evidence=np.array([0.1, 12.5, np.nan, 0.2]),
        threshold=np.array([3.5, 3.5, 3.5, 3.6]),
        mode=np.array([0, 1, -1, 0], dtype=np.int16),
        revision=np.array([0, 0, 0, 1], dtype=np.int32),
        model="20260921T141320Z-0123abcd",
        tags=("T/1", "流量", 'quote " ; , tag'),
        top_tags=top_tags,
        top_shares=top_shares,
    )


def events() -> tuple[Event, ...]:
    """One that ended, one that lasts, with texts that CSV must quote."""
    shares = {'quote " ; , tag': 0.75, "流量": 0.5, "T/1": -0.25}
    ended = Event(
        asset=ASSET, model="20260921T141320Z-0123abcd", onset=NOON, start=NOON + 1, peak=NOON + MINUTE, end=NOON + 2 * MINUTE,
        severity=0.5, view=View.LEVEL, shares=shares, onset_order=(("流量", NOON), ("T/1", NOON + 5)),
        sentence=Sentence("evidence.shift", {"tag": "流量", "sigma": 4.1}), peak_evidence=12.5, quality_relevant=True,
    )  # fmt: skip
    lasting = Event(
        asset=ASSET, model="20260921T141320Z-0123abcd", onset=NOON + 3 * MINUTE, start=NOON + 3 * MINUTE, peak=NOON + 3 * MINUTE, end=None,
        severity=0.0, view=View.NOVELTY, shares={}, onset_order=(), sentence=Sentence("evidence.unknown"),
    )  # fmt: skip
    return ended, lasting


def quality() -> tuple[QualityPredictions, ...]:
    """Two assets, one refusal."""
    time = np.array([NOON, NOON + MINUTE], dtype=np.int64)
    first = QualityPredictions(
        ASSET, time, time + 1, ("purity", "水分"), np.array([1.5, np.nan]), np.array([1.0, np.nan]), np.array([2.0, np.nan]),
        np.array([0.9, 0.9]), np.array([0, Why.OUTSIDE_TRAINED_REGION], dtype=np.uint8),
    )  # fmt: skip
    value, low, high, level = (np.array([number]) for number in (2.0, 1.0, 3.0, 0.5))
    return first, QualityPredictions("fan", time[:1], time[:1], ("purity",), value, low, high, level, np.zeros(1, np.uint8))


if __name__ == "__main__":
    write_verdicts(GOLDEN, verdicts())
    write_events(GOLDEN, events(), render=lambda sentence: f"<{sentence.key}>")
    write_quality(GOLDEN, quality())
