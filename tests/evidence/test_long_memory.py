"""The long memory of level and relation: a slow shift is seen whole, a surge does not ring."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from andon.evidence.fit_lines import BELIEVED, FLOOR, location
from andon.evidence.lines import LONG_MEMORY
from andon.evidence.soft_sum import voices
from tests.evidence.test_views import fitted
from tests.evidence.wandering import plant

SURGE = (200, 206)


def loudest(kind: str, ticks: object) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    core, views = fitted()
    seen = views.run(ticks, {"linear": core.run(ticks, core.start())[0]}, views.start())[0]  # type: ignore[arg-type]
    columns = [at for at, name in enumerate(seen.names) if name.partition(":")[0].rpartition(".")[2] == kind]
    out: np.ndarray[tuple[int], np.dtype[np.float32]] = seen.view[:, columns].max(axis=1)
    return out


def test_a_surge_is_over_when_it_is_over() -> None:
    normal = plant(1200, seed=21)
    x = normal.x.copy()
    x[slice(*SURGE), :3] += 1000.0
    surged = replace(normal, x=x)
    for kind in LONG_MEMORY:
        ringing = loudest(kind, surged)[SURGE[1] + 60 :]
        quiet = loudest(kind, normal)[SURGE[1] + 60 :]
        # Six ticks at three sigma each: little beside what the spans hold anyway.
        assert ringing.max() < 3.0 * max(float(quiet.max()), 1.0), kind


def test_the_size_of_a_surge_is_with_the_short_spans() -> None:
    normal = plant(300, seed=22)

    def at_the_surge(kind: str, size: float) -> float:
        x = normal.x.copy()
        x[slice(*SURGE), 0] += size
        return float(loudest(kind, replace(normal, x=x))[slice(*SURGE)].max())

    for kind, short in LONG_MEMORY.items():
        assert at_the_surge(short, 400.0) > 10.0 * at_the_surge(short, 40.0)
        assert at_the_surge(kind, 400.0) == pytest.approx(at_the_surge(kind, 40.0), rel=0.05)


def test_a_slow_shift_is_seen_by_the_drift() -> None:
    normal = plant(1000, seed=23)
    spread = plant(3000, seed=5).x.std(axis=0)
    x = normal.x.copy()
    x[:, 1] += (1.5 * spread[1] * np.clip((np.arange(1000) - 200) / 400, 0.0, 1.0)).astype(np.float32)
    assert loudest("drift", replace(normal, x=x))[700:].min() > loudest("drift", normal).max()


def test_limited_deviations_have_mean_zero_and_a_tick_is_believed_to_three_sigma() -> None:
    random = np.random.default_rng(0)
    values = np.stack([random.normal(2.0, 1.0, 4000), random.exponential(1.0, 4000) ** 2, np.zeros(4000)], axis=1).astype(np.float32)
    centre, limit = location(values)
    np.testing.assert_allclose(limit, BELIEVED * np.maximum(values.std(axis=0), FLOOR), rtol=1e-5)
    np.testing.assert_allclose(np.clip(values - centre, -limit, limit).mean(axis=0), 0.0, atol=2e-3)
    assert centre[1] < values[:, 1].mean()  # the tail pulls less


def test_the_long_memory_shares_the_voice_of_its_source() -> None:
    names = (
        "level:5:spread",
        "drift:20:spread",
        "drift:80:spread",
        "linear.relation:1:spread",
        "linear.strain:20:spread",
        "network.strain:20:spread",
    )
    np.testing.assert_allclose(voices(names), [1 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 1.0])
