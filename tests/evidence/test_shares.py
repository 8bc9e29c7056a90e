"""Shares sum to the statistic they explain."""

from __future__ import annotations

import numpy as np
import pytest

from andon.evidence.lines import Lines, Statistic
from andon.evidence.shares import by_tag, event_shares, line_shares, normalised


def lines(statistic: Statistic, width: int = 5) -> Lines:
    random = np.random.default_rng(1)
    a = random.normal(size=(width, width))
    precision = np.linalg.inv(a @ a.T + np.eye(width))[None].astype(np.float32)
    ones = np.ones((1, width), dtype=np.float32)
    return Lines(
        "level", (5.0,), (statistic,), np.zeros(width, dtype=np.float32), ones[0], precision, ones, ones / np.float32(width),
        np.zeros((1, 1, width), dtype=np.float32), np.full((1, 1), 2.0, dtype=np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("statistic", list(Statistic))
def test_parts_sum_to_the_view(statistic: Statistic) -> None:
    line = lines(statistic)
    y = np.random.default_rng(2).normal(size=(1, 20, 5)).astype(np.float32)
    pulled, squared = line.entries(y, None)
    view = line.statistic(y, pulled, squared, None)
    np.testing.assert_allclose(line_shares(line, y, pulled, squared).sum(axis=-1), view, rtol=1e-4, atol=1e-5)


def test_quadratic_shares_are_e_times_precision_e() -> None:
    line = lines(Statistic.QUADRATIC)
    y = np.array([[[1.0, 0.0, -2.0, 0.5, 0.0]]], dtype=np.float32)
    pulled, squared = line.entries(y, None)
    expected = y[0, 0] * (line.precision[0] @ y[0, 0]) / 2.0
    np.testing.assert_allclose(line_shares(line, y, pulled, squared)[0, 0, 0], expected, rtol=1e-4, atol=1e-6)


def test_event_shares_weigh_ticks_by_their_evidence() -> None:
    shares = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    np.testing.assert_allclose(event_shares(shares, np.array([3.0, 1.0])), [0.75, 0.25])


def test_nothing_to_share_is_shared_equally() -> None:
    np.testing.assert_allclose(normalised(np.zeros((1, 4))), 0.25)


def test_an_angle_is_one_tag() -> None:
    assert by_tag(np.array([0.2, 0.3, 0.5]), ("angle", "angle", "flow")) == {"angle": 0.5, "flow": 0.5}
