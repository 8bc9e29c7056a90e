"""The mix of experts: by hand, and what it must never lose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from andon.plant.arrays import Float64Array
from andon.scoring.expert_mix import EXPERTS, ExpertMix


def test_weights_by_hand() -> None:
    mix = ExpertMix(np.array([0.4, 0.3, 0.2, 0.1]), step=0.5, share=0.0)
    state = mix.weigh(mix.start(), np.array([1.0, 2.0, 1.0, 3.0]))
    # the best erred by 1, which is the unit: losses beyond it are 0, 3, 0, 8
    raw = np.array([0.4, 0.3 * np.exp(-1.5), 0.2, 0.1 * np.exp(-4.0)])
    np.testing.assert_allclose(state[:, 0], raw / raw.sum())
    np.testing.assert_allclose(state[:, 1], [1.0, 4.0, 1.0, 9.0])


def test_a_share_is_drawn_back_to_the_first_weights() -> None:
    mix = ExpertMix(step=0.0, share=0.25)
    state = mix.start()
    state[:, 0] = [0.0, 0.0, 0.0, 1.0]
    np.testing.assert_allclose(mix.weigh(state, np.ones(4))[:, 0], 0.75 * state[:, 0] + 0.25 * mix.weight)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4), max_size=40))
def test_weights_stay_a_mean_and_nobody_is_lost(errors: list[list[float]]) -> None:
    mix = ExpertMix()
    state = mix.start()
    for error in errors:
        state = mix.weigh(state, np.array(error))
        assert state[:, 0].sum() == pytest.approx(1.0)
        assert (state[:, 0] >= 0.999 * mix.share * mix.weight).all()


def test_the_one_that_errs_least_takes_over_and_gives_back() -> None:
    mix = ExpertMix()
    state = mix.start()
    for _ in range(200):
        state = mix.weigh(state, np.array([2.0, 2.0, 0.5, 2.0]))
    assert EXPERTS[int(np.argmax(state[:, 0]))] == "last result"
    for _ in range(400):
        state = mix.weigh(state, np.array([0.5, 2.0, 2.0, 2.0]))
    assert EXPERTS[int(np.argmax(state[:, 0]))] == "corrected response"


def test_an_error_that_is_not_known_teaches_nothing() -> None:
    mix = ExpertMix()
    state = mix.start()
    np.testing.assert_array_equal(mix.weigh(state, np.array([1.0, np.nan, 1.0, 1.0])), state)


def test_without_results_and_when_they_stay_away_all_say_what_the_response_says() -> None:
    mix = ExpertMix()
    response: Float64Array = np.array([1.0, 2.0])
    none = mix.values(response, response, float("nan"), float("nan"), np.zeros(2))
    np.testing.assert_array_equal(none, np.repeat(response[:, None], 4, axis=1))
    said = mix.values(response, response + 0.5, 5.0, 4.0, np.array([1.0, 0.5]))
    np.testing.assert_allclose(said, [[1.5, 1.0, 5.0, 4.0], [2.5, 2.0, 3.5, 3.0]])


def test_the_mean_of_results_starts_at_the_first() -> None:
    mix = ExpertMix(span=3.0)
    assert mix.mean(float("nan"), 4.0) == 4.0
    assert mix.mean(4.0, 6.0) == 5.0


def test_it_comes_back_from_its_stored_form_and_refuses_a_broken_one() -> None:
    mix = ExpertMix(step=0.03)
    again = ExpertMix.from_meta(mix.meta())
    assert again.meta() == mix.meta()
    with pytest.raises(ValueError, match="weights of experts"):
        ExpertMix.from_meta(mix.meta() | {"weight": [0.5, 0.5]})
