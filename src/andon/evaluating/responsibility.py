"""Were the right tags blamed? Hit rate of a ranking of tags against the tags named by people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from andon.plant.errors import EvaluationError


def hit_rate(rankings: Sequence[Mapping[str, float]], truth: Sequence[AbstractSet[str]], percent: int = 100) -> float:
    """HitRate@P%: of an event's true tags, the share that stands among its first floor(P% x number of true tags).

    Parameters
    ----------
    rankings : for each event the share of every tag; a larger share blames more, ties go by tag id
    truth : for each event the tags that people named; an event without any is left out
    percent : 100 or 150 are customary

    Returns
    -------
    0-1, the mean over events; NaN where no event has a true tag

    Raises
    ------
    EvaluationError : the lists differ in length

    References
    ----------
    Su et al. 2019, "Robust Anomaly Detection for Multivariate Time Series through Stochastic Recurrent Neural
    Network" (OmniAnomaly), KDD, section 4.
    """
    if len(rankings) != len(truth):
        raise EvaluationError(f"{len(rankings)} rankings, but true tags of {len(truth)} events")
    rates = []
    for shares, named in zip(rankings, truth, strict=True):
        if named:
            ranked = sorted(shares, key=lambda tag: (-shares[tag], tag))
            rates.append(len(set(ranked[: percent * len(named) // 100]) & named) / len(named))
    return float(np.mean(rates)) if rates else float("nan")
