"""Standard faults: what they do to one tag, and nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from andon.evidence.standard_faults import STANDARD_FAULTS, Injection, fault_trace, inject, standard_faults
from andon.plant.errors import EvidenceError
from andon.plant.time import DAY_NS, HOUR_NS
from andon.plant.window import Prepared
from tests.evidence.steady import MINUTE


def normal(rows: int, channels: int = 4, seed: int = 0) -> Prepared:
    rng = np.random.default_rng(seed)
    names = tuple(f"P{number}" for number in range(channels))
    valid = rng.random((rows, channels)) > 0.02
    x = np.where(valid, rng.standard_normal((rows, channels)), 0.0).astype(np.float32)
    reset = np.zeros(rows, dtype=bool)
    reset[0] = True
    return Prepared(
        "kiln", names, names, (), MINUTE, np.arange(1000, 1000 + rows, dtype=np.int64), x, valid,
        np.zeros((rows, 0), dtype=np.float32), np.zeros(rows, dtype=np.int16), np.zeros(rows, dtype=np.uint8), reset,
    )  # fmt: skip


SIGMA = np.array([0.5, 1.0, 0.0, np.nan])


def test_every_kind_as_often_on_moving_tags_only() -> None:
    prepared = normal(6000)
    made = list(standard_faults(prepared, SIGMA, count=108))
    assert len(made) == 108
    kinds = Counter((i.kind, i.size, i.over_ns) for i, _ in made)
    assert set(kinds) == set(STANDARD_FAULTS)
    assert set(kinds.values()) == {12}
    assert {i.channel for i, _ in made} == {0, 1}
    assert {i.tag for i, _ in made} == {"P0", "P1"}


def test_only_the_tag_changes_and_only_from_the_injection_on() -> None:
    prepared = normal(6000)
    before = prepared.x.copy()
    for injection, piece in standard_faults(prepared, SIGMA, count=18, seed=3):
        row = int(piece.tick[0] - prepared.tick[0])
        original = prepared.part(row, row + piece.rows)
        changed = piece.x != original.x
        at = int(injection.at - piece.tick[0])
        assert at == 400
        assert not changed[:at].any()
        assert not np.delete(changed, injection.channel, axis=1).any()
        assert changed[at:, injection.channel].mean() > 0.8
        assert (piece.x[~piece.valid] == 0).all()
        assert piece.reset[0]
    assert np.array_equal(prepared.x, before)


def test_the_seed_repeats() -> None:
    prepared = normal(6000)
    one, two, other = (list(standard_faults(prepared, SIGMA, count=9, seed=seed)) for seed in (5, 5, 6))
    assert [i for i, _ in one] == [i for i, _ in two]
    assert all(np.array_equal(a.x, b.x) for (_, a), (_, b) in zip(one, two, strict=True))
    assert [i for i, _ in one] != [i for i, _ in other]


@pytest.mark.parametrize("standard", STANDARD_FAULTS)
def test_the_size_of_each_fault(standard: tuple[str, float, int]) -> None:
    kind, size, over_ns = standard
    prepared = normal(3000)
    at, sigma = 500, 0.5
    piece = inject(prepared, Injection(kind, size, over_ns, "P1", 1, 1000 + at), sigma, np.random.default_rng(0))
    ok = prepared.valid[at:, 1]
    change = (piece.x - prepared.x)[at:, 1][ok]
    if kind == "step":
        assert np.abs(change) == pytest.approx(size * sigma, rel=1e-5)
    elif kind == "drift":
        over = over_ns // MINUTE
        whole = (piece.x - prepared.x)[at:, 1]
        assert abs(whole[ok & (np.arange(len(whole)) >= over)][0]) == pytest.approx(size * sigma, rel=1e-4)
        early = np.flatnonzero(ok)[0]
        assert abs(whole[early]) == pytest.approx(size * sigma * (early + 1) / over, rel=1e-2)
    elif kind == "noise":
        assert np.sqrt(sigma**2 + np.var(change)) == pytest.approx(size * sigma, rel=0.1)
    elif kind == "stuck":
        assert np.ptp(piece.x[at:, 1][ok]) == 0
    else:
        assert np.std(change) == pytest.approx(size * sigma, rel=0.1)
        assert abs(np.mean(change)) < 0.1


def test_a_day_of_drift_is_left_out_of_a_short_recording() -> None:
    made = [i for i, _ in standard_faults(normal(1200), SIGMA, count=100)]
    assert len(made) == 100
    assert {i.over_ns for i in made} == {0, HOUR_NS}
    assert DAY_NS not in {i.over_ns for i in made}


def test_pieces_keep_clear_of_resets_and_of_time_that_cannot_be_judged() -> None:
    prepared = normal(4000)
    prepared.reset[2000] = True
    prepared.why[3000:] = 3
    for injection, piece in standard_faults(prepared, SIGMA, count=30):
        assert not piece.reset[1:].any()
        assert piece.tick[-1] < 1000 + 3000 + 0.1 * piece.rows
        assert prepared.why[injection.at - 1000] == 0


def test_too_short_or_nothing_moves() -> None:
    with pytest.raises(EvidenceError, match="300 ticks of normal time are too few for a standard fault, 880 in one stretch are needed"):
        list(standard_faults(normal(300), SIGMA))
    with pytest.raises(EvidenceError, match="no tag has a residual that a fault could be injected on"):
        list(standard_faults(normal(2000), np.zeros(4)))


def test_fault_trace_keeps_some_time_before() -> None:
    injection = Injection("step", 4.0, 0, "P1", 1, 1500)
    tick = np.arange(1000, 2000)
    trace = np.where(tick == 1600, np.nan, 1.0)
    fault = fault_trace(injection, trace, np.ones(1000, dtype=bool), tick, before_ticks=60)
    assert fault.piece.tick[0] == 1440
    assert fault.piece.tick[-1] == 1999
    assert not fault.piece.judge[1600 - 1440]
    assert (fault.kind, fault.size, fault.at) == ("step", 4.0, 1500)
