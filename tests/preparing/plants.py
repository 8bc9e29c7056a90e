"""Small recordings for the tests of preparing: irregular times, holes, every status, every role."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from andon.plant.recording import Recording
from andon.plant.status import Status
from andon.plant.time import NS
from andon.preparing import Channel, ModeModel, Preparation, Source
from andon.preparing.preparation import Category

TAGS = ("a", "b", "count", "angle", "stop", "product", "grade")
PRODUCTS = ("x", "y", "never seen")


@dataclass(frozen=True)
class Case:
    """A recording and a preparation of it."""

    recording: Recording
    preparation: Preparation


def some_preparation(
    interval: int,
    *,
    hold: int,
    gap: int,
    settle: int,
    stuck: int | None,
    min_valid: float = 0.5,
    modes: bool = True,
    usual_step: float | None = None,
    usual_travel: float | None = None,
) -> Preparation:
    """A preparation with one channel of each kind, fitted by hand."""
    return Preparation(
        assets=("press",),
        interval_ns=interval,
        channels=(
            Channel("a", "a", Source.VALUE, 1.0, 2.0, "robust", hold, stuck, low=-4.0, high=4.0),
            Channel(
                "b",
                "b",
                Source.VALUE,
                0.0,
                0.5,
                "robust",
                3 * hold,
                None,
                usual_step=usual_step,
                usual_travel=None if usual_step is None else usual_travel,
            ),
            Channel("count:rate", "count", Source.RATE, 0.1, 0.2, "robust", hold, None),
            Channel("angle:sin", "angle", Source.SIN, 0.0, 1.0, "robust", hold, None),
            Channel("angle:cos", "angle", Source.COS, 0.0, 1.0, "robust", hold, stuck),
        ),
        others=(Channel("stop", "stop", Source.VALUE, hold_ns=hold),),
        categories=(Category("grade", ("x", "y"), hold),),
        modes=ModeModel("tag", tag="product", levels=("x", "y"), hold_ns=2 * hold) if modes else ModeModel(),
        off=(("press", "stop > 0"),),
        settle_ns=settle,
        gap_ns=gap,
        min_valid=min_valid,
    )


def some_recording(seed: int, rows: int, step_ns: int, grid_share: float, *, whole: bool = False) -> Recording:
    """Irregular times (some exactly on borders of ticks of one second), holes, bad samples, repeated values."""
    random = np.random.default_rng(seed)
    steps = random.integers(1, step_ns, size=rows)
    steps[random.random(rows) < 0.05] *= 8
    time = 1_700_000_000 * NS + np.cumsum(steps)
    on_grid = random.random(rows) < grid_share
    time[on_grid] = (time[on_grid] // NS) * NS
    time = np.unique(time)
    rows = len(time)
    values = np.round(random.normal(size=(rows, len(TAGS))) * 2, 1)
    calm = random.random(rows) < 0.6
    for row in range(1, rows):
        if calm[row]:
            values[row, 0] = values[row - 1, 0]
    values[:, 2] = 1e9 + np.cumsum(random.integers(0, 3, size=rows)) * (random.random(rows) < 0.95)
    values[:, 3] = random.uniform(-400, 800, size=rows)
    values[:, 4] = (np.cumsum(random.random(rows) < 0.1) % 4) == 3
    values[:, 5] = np.minimum(np.cumsum(random.random(rows) < 0.05) % 4, 2)
    values[:, 6] = random.integers(0, 3, size=rows)
    status = random.choice(
        [Status.GOOD, Status.UNCERTAIN, Status.BAD, Status.MISSING, Status.INTERPOLATED], p=[0.55, 0.1, 0.1, 0.15, 0.1], size=values.shape
    ).astype(np.uint8)
    if whole:
        values[:, 0] = np.clip(values[:, 0], -4, 4)
        status[random.random(rows) < 0.8] = Status.GOOD
    values[status == Status.MISSING] = np.nan
    texts: dict[str, tuple[str, ...]] = {"product": PRODUCTS, "grade": PRODUCTS}
    return Recording("press", TAGS, time, values.astype(np.float64), status, texts=texts)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A recording with a preparation that may or may not hold, settle, reset, or check for stuck tags."""
    recording = some_recording(
        draw(st.integers(0, 2**31)),
        draw(st.integers(1, 60)),
        draw(st.sampled_from([NS // 3, NS, 3 * NS])),
        draw(st.sampled_from([0.0, 0.5, 1.0])),
        whole=draw(st.booleans()),
    )
    preparation = some_preparation(
        NS,
        hold=draw(st.sampled_from([0, NS, 5 * NS])),
        gap=draw(st.sampled_from([3 * NS, 10 * NS])),
        settle=draw(st.sampled_from([0, 2 * NS])),
        stuck=draw(st.sampled_from([None, 2 * NS])),
        min_valid=draw(st.sampled_from([0.0, 0.5, 0.9])),
        modes=draw(st.booleans()),
        usual_step=draw(st.sampled_from([None, 0.5, 3.0])),
        usual_travel=draw(st.sampled_from([None, 0.5, 4.0])),
    )
    return Case(recording, preparation)


@st.composite
def cuts(draw: st.DrawFn, rows: int) -> list[int]:
    """Where to cut a recording: row numbers, with both ends."""
    inside = draw(st.lists(st.integers(0, rows), max_size=6))
    return [0, *sorted(inside), rows]
