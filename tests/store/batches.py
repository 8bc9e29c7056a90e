"""Batches for tests of what is kept."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from andon.plant.batch import Batch
from andon.plant.status import Status

SECOND = 1_000_000_000


def batch(number: int, *, rows: int = 3, tags: tuple[str, ...] = ("温度 °C", "p|2"), assets: tuple[str, ...] = ("pump 1", "泵 2")) -> Batch:
    """One whose content says which it is."""
    rng = np.random.default_rng(number)
    values = rng.normal(size=(rows, len(tags))).astype(np.float32)
    status = rng.choice(np.array([0, 0, 1, 2, 4], dtype=np.uint8), size=values.shape) if number % 2 else np.zeros(values.shape, np.uint8)
    return Batch(
        source="line",
        received=1_700_000_000 * SECOND + number,
        assets=assets,
        tags=tags,
        asset=(np.arange(rows) % len(assets)).astype(np.int32),
        time=np.arange(rows, dtype=np.int64) * SECOND + number,
        values=values,
        status=status,
        position=f"line3.csv:{number}",
        history=bool(number % 3 == 0),
    )


def same(one: Batch, other: Batch) -> bool:
    """Equal to the last bit."""
    return (
        (one.source, one.received, one.assets, one.tags, one.position, one.history)
        == (other.source, other.received, other.assets, other.tags, other.position, other.history)
        and all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ("asset", "time", "status"))
        and one.values.tobytes() == other.values.tobytes()
    )


@st.composite
def batches(draw: st.DrawFn) -> Batch:
    """Any batch, also an empty one, with strange names and every value that float32 has."""
    names = st.text(max_size=8)
    tags = tuple(draw(st.lists(names, max_size=4, unique=True)))
    assets = tuple(draw(st.lists(names, min_size=1, max_size=3, unique=True)))
    rows = draw(st.integers(0, 5))
    cells = rows * len(tags)
    ints = st.integers(-(2**63), 2**63 - 1)
    statuses = st.sampled_from([int(status) for status in Status])
    return Batch(
        source=draw(names),
        received=draw(ints),
        assets=assets,
        tags=tags,
        asset=np.array(draw(st.lists(st.integers(0, len(assets) - 1), min_size=rows, max_size=rows)), dtype=np.int32),
        time=np.array(draw(st.lists(ints, min_size=rows, max_size=rows)), dtype=np.int64),
        values=np.array(draw(st.lists(st.floats(width=32), min_size=cells, max_size=cells)), np.float32).reshape(rows, len(tags)),
        status=np.array(draw(st.lists(statuses, min_size=cells, max_size=cells)), dtype=np.uint8).reshape(rows, len(tags)),
        position=draw(names),
        history=draw(st.booleans()),
    )
