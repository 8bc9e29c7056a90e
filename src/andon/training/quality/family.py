"""What every family of candidates gives: fits along a path of settings, judged in time order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from andon.plant.arrays import Float64Array, Int64Array
from andon.scoring.responses import Response
from andon.training.quality.correction import fit_correction, known_residuals
from andon.training.quality.labelled import Labelled, Tables


@dataclass(frozen=True, slots=True)
class Fitted:
    """A response, and the same on tables of features.

    Attributes
    ----------
    response : plain arrays
    of : from tables of N results to (N,) predictions; equal to `response.value` at their rows
    """

    response: Response
    of: Callable[[Tables], Float64Array]


class Family(Protocol):
    """A family of candidates: a name, groups of settings, and a fit that shares work within a group."""

    @property
    def name(self) -> str:
        """What a report calls it."""

    def groups(self, mode: str) -> Sequence[Any]:
        """Groups of settings to try in that mode."""

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Every setting of a group fitted, or the one with number `only`: (number, description, fit)."""


@dataclass(frozen=True, slots=True)
class Searched:
    """The best setting of a family.

    Attributes
    ----------
    name, setting : family and setting in words
    loss : mean squared error on later results, scaled units; of the corrected prediction in mode "lab"
    later : (N,) out-of-sample predictions, NaN before the first fold
    final : fit on everything
    place : number of the group and of the setting in it
    """

    name: str
    setting: str
    loss: float
    later: Float64Array
    final: Fitted
    place: tuple[int, int] = (0, 0)


def later_loss(y: Float64Array, later: Float64Array, labels: Labelled, folds: Sequence[tuple[Int64Array, Int64Array]], mode: str) -> float:
    """Mean squared error of out-of-sample predictions; of the corrected ones in mode "lab".

    The geometric mean over the folds: each fold counts by its ratio, so that one fold of bursts, or the first one, which
    learns from the least, does not decide alone.
    """
    residual = y - later
    if mode == "lab":
        known = known_residuals(residual, labels)
        residual = residual - np.where(np.isfinite(known), known, 0.0) @ fit_correction(residual, labels).weight
    errors = [float(np.mean(residual[judge] ** 2)) for _, judge in folds]
    return float(np.exp(np.mean(np.log(np.maximum(errors, 1e-12)))))


def search(
    family: Family,
    tables: Tables,
    y: Float64Array,
    labels: Labelled,
    folds: list[tuple[Int64Array, Int64Array]],
    mode: str,
    kept: tuple[int, int] | None = None,
    most: int = 1,
) -> list[Searched]:
    """The best settings of a family by forward folds, each from another group; all settings see the same folds.

    Parameters
    ----------
    kept : a setting that was chosen before (`Searched.place`); no other is fitted
    most : how many settings are returned at most, best first
    """
    found: dict[tuple[int, int], tuple[str, Float64Array]] = {}
    groups = list(family.groups(mode))
    for learn, judge in folds:
        chosen = np.zeros(len(y), dtype=bool)
        chosen[learn] = True
        part, learnt, judged = labels.part(chosen), tables.rows(learn), tables.rows(judge)
        for g in range(len(groups)) if kept is None else (kept[0],):
            for k, setting, fitted in family.path(learnt, y[learn], part, groups[g], None if kept is None else kept[1]):
                if (g, k) not in found:
                    found[g, k] = (setting, np.full(len(y), np.nan))
                found[g, k][1][judge] = fitted.of(judged)
    losses = {key: later_loss(y, later, labels, folds, mode) for key, (_, later) in found.items()}
    ranked = sorted(losses, key=lambda key: (losses[key] if np.isfinite(losses[key]) else np.inf, key))
    places: list[tuple[int, int]] = []
    for place in ranked:
        if len(places) < most and place[0] not in {other[0] for other in places}:
            places.append(place)
    out = []
    for place in places:
        _, _, final = next(iter(family.path(tables, y, labels, groups[place[0]], place[1])))
        out.append(Searched(family.name, found[place][0], losses[place], found[place][1], final, place))
    return out
