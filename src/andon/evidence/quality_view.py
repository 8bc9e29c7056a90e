"""Quality as evidence: laboratory results that the soft sensor did not expect, since they became known.

A result leaves a check: its distance from what was predicted for its sample, in standard deviations of the interval issued for it.
A product that has moved while every sensor looks normal shows here alone. The view adds one voice to the soft sum, so the
budget is calibrated on both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from andon.plant.arrays import Float64Array, Int64Array
from andon.plant.errors import EvidenceError

SPAN = 4.0  # results; one wild result says little, four of five on one side say much
SCALE_FLOOR = 6.63  # the 99 % quantile of a squared standard normal: a short time must not state less
LIMIT = 8.0  # standard deviations at which a single result stops counting for more


@dataclass(frozen=True, slots=True)
class QualityEvidence:
    """What turns checks into evidence.

    Attributes
    ----------
    targets : K names, in the order of the soft sensors
    scale : 99 % quantile of each target's statistic on held-back normal time
    hold : ticks for which a target's newest result speaks
    reference : evidence of the other views that counts as abnormality one, for the soft sensors; fixed at training, so that
        neither this view nor another budget changes what they predict
    """

    targets: tuple[str, ...]
    scale: tuple[float, ...]
    hold: tuple[int, ...]
    reference: float

    def start(self) -> QualityEvidenceState:
        """State before the first result."""
        return QualityEvidenceState(np.zeros(len(self.targets)), np.full(len(self.targets), -(1 << 62), dtype=np.int64))

    def run(
        self, checks: Sequence[Float64Array], tick: Int64Array, state: QualityEvidenceState
    ) -> tuple[Float64Array, QualityEvidenceState]:
        """The view's part in the soft sum at each tick. Any cut gives the same.

        Parameters
        ----------
        checks : for each target (N, 3): sample tick, tick from which it is known (increasing, of this chunk), distance in
            standard deviations
        tick : (T,) increasing

        Returns
        -------
        (T,) >= 0, log(statistic / scale) of the target that speaks loudest, 0 below its scale; the next state

        Notes
        -----
        Other views count by log(1 + view). A result speaks for hours, so what it murmurs in normal time would raise the threshold of
        all views; below the scale it is silent.
        """
        part = np.zeros(len(tick))
        mean, since = state.mean.copy(), state.since.copy()
        for number, rows in enumerate(checks):
            own = _statistic(rows, mean[number], SPAN)
            edges = np.append(np.searchsorted(tick, rows[:, 1]), len(tick))
            spans = [(0, int(edges[0]), mean[number], int(since[number]))]
            spans += [(low, high, m, int(known)) for (low, high), m, known in zip(pairwise(edges.tolist()), own, rows[:, 1], strict=True)]
            for low, high, m, known in spans:
                value = max(float(np.log(max(_strength(m), 1e-12) / self.scale[number])), 0.0)
                speaks = tick[low:high] < known + self.hold[number]
                part[low:high] = np.maximum(part[low:high], np.where(speaks, value, 0.0))
            if len(rows):
                mean[number], since[number] = own[-1], int(rows[-1, 1])
        return part, QualityEvidenceState(mean, since)

    def to_dict(self) -> dict[str, object]:
        """The stored form."""
        return {"targets": list(self.targets), "scale": list(self.scale), "hold": list(self.hold), "reference": self.reference}

    @staticmethod
    def from_dict(plain: Mapping[str, object]) -> QualityEvidence:
        """Of the stored form.

        Raises
        ------
        EvidenceError : a part is absent or of another length
        """
        try:
            targets = tuple(str(name) for name in plain["targets"])  # type: ignore[attr-defined]
            scale = tuple(float(value) for value in plain["scale"])  # type: ignore[attr-defined]
            hold = tuple(int(value) for value in plain["hold"])  # type: ignore[attr-defined]
            out = QualityEvidence(targets, scale, hold, float(str(plain["reference"])))
        except (KeyError, TypeError, ValueError) as error:
            raise EvidenceError(f"the stored quality evidence is not whole: {error}", do="train the model again") from error
        if not len(targets) == len(scale) == len(hold) or not min((*scale, out.reference)) > 0.0:
            raise EvidenceError("the stored quality evidence does not fit its targets", do="train the model again")
        return out


@dataclass(frozen=True, slots=True)
class QualityEvidenceState:
    """What is carried.

    Attributes
    ----------
    mean : (K,) exponential mean of the checks
    since : (K,) tick from which each target's newest result is known
    """

    mean: Float64Array
    since: Int64Array


def _statistic(rows: Float64Array, mean: float, span: float) -> list[float]:
    """The exponential mean after each check."""
    alpha, out = 2.0 / (span + 1.0), []
    for z in np.clip(rows[:, 2], -LIMIT, LIMIT).tolist():
        mean += alpha * (z - mean)
        out.append(mean)
    return out


def _strength(mean: float) -> float:
    """Squared mean in units of its variance where checks are independent: 1 on average in normal time."""
    alpha = 2.0 / (SPAN + 1.0)
    return mean * mean * (2.0 - alpha) / alpha


def fit_quality_evidence(targets: Sequence[str], checks: Sequence[Float64Array], reference: float) -> QualityEvidence:
    """Scales from honest checks of held-back normal time.

    Parameters
    ----------
    targets : K names
    checks : for each target (N, 3), N >= 30, from predictions by a model that did not learn from these results
    reference : as in `QualityEvidence`

    Raises
    ------
    EvidenceError : a target has fewer than 30 checks
    """
    scale, hold = [], []
    for name, rows in zip(targets, checks, strict=True):
        if len(rows) < 30:
            raise EvidenceError(f"only {len(rows)} held-back results of {name} to calibrate its evidence with", do="give at least 30")
        strength = np.array([_strength(m) for m in _statistic(rows, 0.0, SPAN)])
        scale.append(max(float(np.quantile(strength, 0.99)), SCALE_FLOOR))
        hold.append(max(2, int(2.0 * np.median(np.diff(np.sort(rows[:, 0]))))))
    return QualityEvidence(tuple(targets), tuple(scale), tuple(hold), reference)
