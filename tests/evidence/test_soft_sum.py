"""One voice per source."""

from __future__ import annotations

import numpy as np

from andon.evidence.soft_sum import leading, parts, soft_sum, voices

NAMES = ("level:20:spread", "level:20:strongest", "linear.fast:1:spread", "novelty:32")


def test_lines_of_a_source_share_its_voice() -> None:
    weights = voices(NAMES)
    np.testing.assert_allclose(weights, [0.5, 0.5, 1.0, 1.0])
    view = np.array([[1.0, 3.0, 0.0, 1.0]])
    # (log 2 + log 4) / 2 + log 1 + log 2
    np.testing.assert_allclose(soft_sum(view, weights), [np.log(2) * 2.5])
    np.testing.assert_allclose(parts(view, weights).sum(axis=1), soft_sum(view, weights))


def test_the_leading_kind_speaks_loudest() -> None:
    assert leading(np.array([[9.0, 9.0, 1.0, 1.0]]), NAMES) == "level"
    assert leading(np.array([[0.0, 0.0, 9.0, 1.0]]), NAMES) == "fast"
    assert leading(np.array([[8.0]]), ("network.discord:5:extent",)) == "relation"
