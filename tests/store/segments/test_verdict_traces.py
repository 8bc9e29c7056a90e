"""Verdicts come back to the last bit."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np

from andon.plant.verdict import Verdicts
from andon.store.segments import VerdictTraces
from tests.store.result_samples import verdicts

FAR = 2**62


def same(one: Verdicts, other: Verdicts) -> bool:
    return all(
        np.array_equal(getattr(one, field.name), getattr(other, field.name), equal_nan=field.name in ("p", "evidence", "threshold"))
        for field in fields(Verdicts)
    )


def test_there_and_back(tmp_path: Path) -> None:
    given = verdicts()
    traces = VerdictTraces(tmp_path)
    traces.write_verdicts(given, interval=1_000_000_000)
    assert same(traces.read(given.asset, 0, FAR)[0], given)
    traces.segments.flush()
    again = VerdictTraces(tmp_path)
    assert same(again.read(given.asset, 0, FAR)[0], given)
    assert again.read("nobody", 0, FAR) == ()
    half = int(given.time[len(given.time) // 2])
    assert again.read(given.asset, half, FAR)[0].time.tolist() == [time for time in given.time.tolist() if time >= half]


def test_a_revision_takes_the_place_and_another_model_has_its_own_part(tmp_path: Path) -> None:
    given = verdicts()
    traces = VerdictTraces(tmp_path)
    traces.write_verdicts(given, interval=1_000_000_000)
    revised = replace(given, revision=np.ones_like(given.revision), evidence=given.evidence + 1)
    traces.write_verdicts(revised, interval=1_000_000_000)
    other = replace(given, model="another", time=given.time + 3_600 * 10**9)
    traces.write_verdicts(other, interval=1_000_000_000)
    first, second = traces.read(given.asset, 0, FAR)
    assert same(first, revised)
    assert same(second, other)
    trace = traces.trace(given.asset, int(given.time[0]), int(other.time[-1]) + 1)
    assert len(trace.time) == 2 * len(given.time)
