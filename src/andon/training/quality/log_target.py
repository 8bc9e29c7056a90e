"""A family fitted to the target and to its logarithm: many qualities move by factors, not by amounts.

A concentration near zero spends its time low and bursts high; an impurity of 0.1 that doubles matters as much as one of 1
that does. Fitted to the value itself, a linear response is drawn by the few bursts. Which of the two a target is, forward
folds tell; nothing is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from andon.plant.arrays import Float64Array
from andon.scoring.responses import LogResponse, Response
from andon.training.quality.family import Family, Fitted
from andon.training.quality.labelled import Labelled, Tables

_ROOM = 0.25  # of a standard deviation between the end of the training results and where the logarithm ends
_BEYOND = 0.25  # of the range of the logarithm: how far a prediction may leave what was trained


@dataclass(frozen=True, slots=True)
class LogScale:
    """u = (log(sign x (y - end)) - centre) / spread.

    Attributes
    ----------
    end : the value that is never reached: below the results where they are skewed upward, above them otherwise
    sign : 1 where the tail points up, -1 where it points down (a purity near 100 %)
    centre, spread : of the logarithm
    low, high : bounds of u that a prediction keeps
    """

    end: float
    sign: float
    centre: float
    spread: float
    low: float
    high: float

    def to(self, y: Float64Array) -> Float64Array:
        """(N,) u of values y that `of` was made from."""
        out: Float64Array = (np.log(self.sign * (y - self.end)) - self.centre) / self.spread
        return out

    def response(self, part: Response) -> LogResponse:
        """A response on this scale as one of the target."""
        end, sign, centre, spread = (np.asarray(number) for number in (self.end, self.sign, self.centre, self.spread))
        return LogResponse(part, end, sign, centre, spread, np.asarray(self.low), np.asarray(self.high))


def log_scale(y: Float64Array) -> LogScale:
    """The logarithmic scale of training results.

    Parameters
    ----------
    y : (N,) with some spread
    """
    spread = max(float(y.std()), 1e-12)
    sign = 1.0 if float(np.mean((y - y.mean()) ** 3)) >= 0.0 else -1.0
    end = sign * (float((sign * y).min()) - _ROOM * spread)
    log = np.log(sign * (y - end))
    centre, scale = float(log.mean()), max(float(log.std()), 1e-12)
    u = (log - centre) / scale
    room = _BEYOND * float(np.ptp(u))
    return LogScale(end, sign, centre, scale, float(u.min()) - room, float(u.max()) + room)


@dataclass(frozen=True, slots=True)
class EitherScale:
    """A family on the target as it is, and on its logarithm; the scale is one of its settings."""

    family: Family

    @property
    def name(self) -> str:
        """The family's own name."""
        return self.family.name

    def groups(self, mode: str) -> Sequence[Any]:
        """(on the logarithm, the family's group)."""
        return [(log, group) for log in (False, True) for group in self.family.groups(mode)]

    def path(
        self, tables: Tables, y: Float64Array, labels: Labelled, group: Any, only: int | None = None
    ) -> Iterator[tuple[int, str, Fitted]]:
        """Every setting of a group."""
        on_log, inner = group
        if not on_log:
            yield from self.family.path(tables, y, labels, inner, only)
            return
        scale = log_scale(y)
        for number, words, fitted in self.family.path(tables, scale.to(y), labels, inner, only):
            response = scale.response(fitted.response)
            yield number, f"{words}, logarithm of the target".removeprefix(", "), Fitted(response, _back(response, fitted.of))


def _back(response: LogResponse, of: Callable[[Tables], Float64Array]) -> Callable[[Tables], Float64Array]:
    return lambda tables: response.back(of(tables))
