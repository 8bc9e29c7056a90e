"""Many rows with a gap each are filled as one after the other."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.evidence.fill_together import FillTogether
from andon.evidence.impute import ConditionalFill


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**31), width=st.integers(1, 6), share=st.sampled_from([0.0, 0.1, 0.4, 1.0]))
def test_it_fills_what_conditional_fill_fills(seed: int, width: int, share: float) -> None:
    random = np.random.default_rng(seed)
    root = random.normal(size=(3, width, width)) + 2 * np.eye(width)
    plain = ConditionalFill((root @ root.transpose(0, 2, 1)).astype(np.float32))
    together = FillTogether(plain)
    valid = random.random((20, width)) >= share
    y = random.normal(size=(3, 20, width)).astype(np.float32)
    one, other = y.copy(), y.copy()
    plain.fill(one, valid)
    together.fill(other, valid)
    np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-3)
    left, right = np.square(y), np.square(y)
    plain.gain(left, valid)
    together.gain(right, valid)
    np.testing.assert_allclose(right[:, valid], left[:, valid], rtol=2e-3)
