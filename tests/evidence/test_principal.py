"""T² and SPE of principal components, by hand and beside scikit-learn; the index sees what leaves the usual directions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2

from andon.evidence.principal import LIMIT, chi_squared, combined_index, components, spe_limit
from andon.plant.arrays import Float64Array


def material(rows: int = 4000, seed: int = 0) -> Float64Array:
    """Six tags moved by two causes."""
    random = np.random.default_rng(seed)
    causes = random.normal(size=(rows, 2)) @ random.normal(size=(2, 6))
    return causes + 0.2 * random.normal(size=(rows, 6))


def test_it_is_the_sum_of_both_statistics_over_their_limits() -> None:
    from sklearn.decomposition import PCA

    x = material()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    model = PCA(svd_solver="full").fit(x)
    values = model.explained_variance_ * (len(x) - 1) / len(x)
    count = components(values)
    assert count == 2
    scores = x @ model.components_.T
    t2 = (scores[:, :count] ** 2 / values[:count]).sum(axis=1)
    spe = (scores[:, count:] ** 2).sum(axis=1)
    naive = t2 / chi2.ppf(LIMIT, count) + spe / spe_limit(values[count:])
    inner = combined_index(x.T @ x / len(x), len(x), 1e12, np.zeros(6))
    # Correlations are shrunk by about 1 / rows, and the quantile is within 1 %.
    np.testing.assert_allclose(np.einsum("td,de,te->t", x, inner, x), naive, rtol=0.03)


def test_the_limits_are_the_99_percent_of_normal_time() -> None:
    x = material(20_000)
    values, vectors = np.linalg.eigh(np.cov(x.T))
    rest = values[:4][::-1]
    spe = ((x - x.mean(axis=0)) @ vectors[:, :4]) ** 2
    assert np.mean(spe.sum(axis=1) > spe_limit(rest)) == pytest.approx(0.01, abs=0.003)


@pytest.mark.parametrize("freedom", [2.0, 3.5, 10.0, 60.0])
def test_the_quantile_follows_scipy(freedom: float) -> None:
    assert chi_squared(LIMIT, freedom) == pytest.approx(float(chi2.ppf(LIMIT, freedom)), rel=0.01)


@pytest.mark.parametrize(("values", "count"), [([9.0, 0.5, 0.5], 1), ([6.0, 3.0, 1.0], 2), ([1.0, 1.0, 1.0], 3), ([5.0], 1)])
def test_the_fewest_components_that_hold_nine_tenths(values: list[float], count: int) -> None:
    assert components(np.array(values)) == count


def test_one_tag_copies_and_constants_give_a_positive_definite_index() -> None:
    x = material(500)
    floor = np.full(3, 0.1)
    for odd in (x[:, :1], np.column_stack([x[:, 0], x[:, 0], np.zeros(500)])):
        inner = combined_index(np.cov(odd.T, bias=True).reshape(odd.shape[1], -1), 500, 100, floor[: odd.shape[1]])
        np.testing.assert_array_equal(inner, inner.T)
        assert np.linalg.eigvalsh(inner).min() > 0.0


def test_a_deviation_against_the_usual_directions_counts_more() -> None:
    x = material()
    inner = combined_index(np.cov(x.T), len(x), len(x), np.zeros(6))
    _, vectors = np.linalg.eigh(np.cov(x.T))
    along, against = vectors[:, -1], vectors[:, 0]
    assert against @ inner @ against > 20.0 * (along @ inner @ along)
