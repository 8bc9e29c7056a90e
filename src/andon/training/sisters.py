"""Sister assets in one training: their stretches laid end to end, so that cores and views learn from all of them.

The first parts of all sisters' training time come first, then the later parts of all: whatever is learnt on the beginning and
judged on the end is judged on later time of every sister. Each stretch begins with a reset; no state runs from one into the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np

from andon.plant.arrays import BoolArray, Int64Array
from andon.plant.label import LabResults
from andon.plant.window import Expectation, Prepared
from andon.preparing import Preparation, Split, join
from andon.scoring.detector import LINEAR, NETWORK
from andon.scoring.linear_core import LinearCore
from andon.scoring.network_core import NetworkCore
from andon.training.linear import fit_linear_core

if TYPE_CHECKING:
    from andon.training.fit_network import QualityTargets

VALIDATE_SHARE = 0.15
_CLIP = 5.0


@dataclass(frozen=True, slots=True)
class Sister:
    """One asset of a model, prepared.

    Attributes
    ----------
    preparation, split : its own
    whole : its ticks from training to evaluation
    prepared : those up to the end of calibration; the evaluation period is for quality's last look
    train, held_back : (T,) of `prepared`: normal time to learn from, and to calibrate on
    lab : its laboratory results
    """

    asset: str
    preparation: Preparation
    split: Split
    whole: Prepared
    prepared: Prepared
    train: BoolArray
    held_back: BoolArray
    lab: tuple[LabResults, ...] = ()


@dataclass(frozen=True, slots=True)
class Laid:
    """Sisters end to end.

    Attributes
    ----------
    prepared : T ticks
    train, early, later : (T,) training time of all; its first part, and the last, which judges
    places : (sister, its first row, past its last row, first row here) of each stretch
    """

    prepared: Prepared
    train: BoolArray
    early: BoolArray
    later: BoolArray
    places: tuple[tuple[int, int, int, int], ...]

    def rows_of(self, sister: int, rows: Int64Array) -> Int64Array:
        """(N,) rows here of rows of one sister, -1 for those that are not here."""
        found = np.full(len(rows), -1, dtype=np.int64)
        for which, first, past, here in self.places:
            inside = (which == sister) & (rows >= first) & (rows < past)
            found[inside] = rows[inside] - first + here
        return found


def lay(sisters: Sequence[Sister]) -> Laid:
    """Lay the training time of sisters end to end; one asset alone stays as it is, calibration and all."""
    borders = [_border(sister.train) for sister in sisters]
    if len(sisters) == 1:
        only = sisters[0]
        early, later = only.train.copy(), only.train.copy()
        early[borders[0] :] = False
        later[: borders[0]] = False
        return Laid(only.prepared, only.train, early, later, ((0, 0, only.prepared.rows, 0),))
    stretches = [(at, 0, border) for at, border in enumerate(borders)]
    stretches += [
        (at, border, int(np.flatnonzero(sister.train)[-1]) + 1) for at, (border, sister) in enumerate(zip(borders, sisters, strict=True))
    ]
    pieces: list[Prepared] = []
    train: list[BoolArray] = []
    after: list[BoolArray] = []
    places: list[tuple[int, int, int, int]] = []
    here = 0
    for number, (at, first, past) in enumerate(stretches):
        piece = sisters[at].prepared.part(first, past)
        reset = piece.reset.copy()
        reset[:1] = True
        tick = np.arange(here, here + piece.rows, dtype=np.int64)
        pieces.append(_with(piece, asset=sisters[0].asset, reset=reset, tick=tick))
        train.append(sisters[at].train[first:past])
        after.append(np.full(piece.rows, number >= len(sisters)))
        places.append((at, first, past, here))
        here += piece.rows
    rows, judging = np.concatenate(train), np.concatenate(after)
    return Laid(join(pieces), rows, rows & ~judging, rows & judging, tuple(places))


def _border(train: BoolArray) -> int:
    at = np.flatnonzero(train)
    return int(at[min(int(len(at) * (1 - VALIDATE_SHARE)), len(at) - 1)])


def _with(piece: Prepared, **changes: object) -> Prepared:
    return Prepared(**{item.name: changes.get(item.name, getattr(piece, item.name)) for item in fields(Prepared)})  # type: ignore[arg-type]


def later_error(laid: Laid) -> float:
    """What a linear core that learnt from the early time leaves of the later time: mean square over ticks and channels, scaled units.

    Each residual counts at most five scales, so that a few wild ticks decide nothing.
    """
    core = fit_linear_core(laid.prepared, laid.early)
    told, _ = core.run(laid.prepared, core.start())
    return float(np.mean([_mean_square(laid, told, name) for name in ("forecast", "relation")]))


def _mean_square(laid: Laid, told: Expectation, name: str) -> float:
    expected = getattr(told, name)[laid.later]
    rest = np.clip(laid.prepared.x[laid.later] - expected, -_CLIP, _CLIP).astype(np.float64)
    known = laid.prepared.valid[laid.later] & np.isfinite(rest)
    return float((np.where(known, rest, 0.0) ** 2).sum() / max(int(known.sum()), 1))


def expect(linear: LinearCore, network: NetworkCore | None, prepared: Prepared) -> dict[str, Expectation]:
    """What the cores expect of one asset's ticks, from a fresh state."""
    first, _ = linear.run(prepared, linear.start())
    found = {LINEAR: first}
    if network is not None:
        found[NETWORK], _ = network.run(prepared, first, network.start())
    return found


def lab_on_grid(sisters: Sequence[Sister], laid: Laid) -> QualityTargets | None:
    """Laboratory results of all sisters as ticks of the laid-out time; None where there are none."""
    from andon.training.fit_network import QualityTargets

    names = tuple(dict.fromkeys(item.target for sister in sisters for item in sister.lab))
    if not names:
        return None
    tick, known, target, value = [], [], [], []
    for at, sister in enumerate(sisters):
        for item in sister.lab:
            sampled = -(-item.sample_time // sister.prepared.interval_ns)
            told = -(-item.result_time // sister.prepared.interval_ns)
            if len(sisters) > 1:
                rows = laid.rows_of(at, sampled - int(sister.prepared.tick[0]))
                kept = (rows >= 0) & (item.result_time <= sister.split.train.end)
                sampled = told = rows + int(laid.prepared.tick[0])  # its sister's result was known in its own training time
            else:
                kept = np.ones(len(item.value), dtype=bool)
            tick.append(sampled[kept])
            known.append(told[kept])
            target.append(np.full(int(kept.sum()), names.index(item.target)))
            value.append(np.asarray(item.value, dtype=np.float64)[kept])
    return QualityTargets(names, _all(tick), _all(target), np.concatenate(value).astype(np.float64), _all(known))


def _all(parts: Sequence[Int64Array]) -> Int64Array:
    return np.concatenate(parts).astype(np.int64)
