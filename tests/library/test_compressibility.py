"""How much of a matrix may go, against what is known of Gaussian and stable numbers, and how dependent entries are."""

import numpy as np
import pytest
from scipy.stats import kstest, levy_stable

from pacviz.library.tails.compressibility import (
    MAGNITUDE,
    NODES,
    SINGULAR_VALUES,
    Compressibility,
    gaussian_error,
    stable,
    stable_errors,
)
from pacviz.library.tails.dependence import dependence, distance_correlation


def normal(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def test_of_gaussian_numbers_a_quarter_may_go_at_an_error_of_a_tenth():
    found = Compressibility.of(normal((500, 400)))
    assert found.prunable(MAGNITUDE) == pytest.approx(0.26529, abs=0.003)
    for kept in (0.01, 0.1, 0.5, 0.9):
        assert found.error(MAGNITUDE, kept) == pytest.approx(gaussian_error(kept), abs=0.01)


def test_the_gaussian_limit_has_its_own_limits_and_falls():
    assert (gaussian_error(0), gaussian_error(1)) == (1, 0)
    errors = [gaussian_error(kept) for kept in np.linspace(0.001, 0.999, 200)]
    assert np.all(np.diff(errors) < 0)
    assert gaussian_error(1 - 0.26529) == pytest.approx(0.1, abs=1e-4)


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.8, 1.0])
def test_every_error_is_that_of_the_matrix_that_is_left(kept):
    matrix = normal((30, 20), 1)
    found = Compressibility.of(matrix)
    sizes = np.sort(np.abs(matrix).ravel())
    magnitude = np.where(np.abs(matrix) >= sizes[round((1 - kept) * 600)], matrix, 0)
    rank = int(kept * 600 / 50)
    left, values, right = np.linalg.svd(matrix)
    low = (left[:, :rank] * values[:rank]) @ right[:rank]
    rows = np.argsort(-np.linalg.norm(matrix, axis=1))[: int(kept * 30)]
    nodes = np.zeros_like(matrix)
    nodes[rows] = matrix[rows]
    for name, pruned in ((MAGNITUDE, magnitude), (SINGULAR_VALUES, low), (NODES, nodes)):
        expected = np.linalg.norm(matrix - pruned) / np.linalg.norm(matrix) if kept < 1 else 0.0
        assert found.error(name, kept) == pytest.approx(expected, abs=1e-9)


def test_of_a_matrix_of_low_rank_most_may_go_by_singular_values_and_of_dead_units_by_nodes():
    low = normal((60, 1), 2) @ normal((1, 80), 3)
    assert Compressibility.of(low).prunable(SINGULAR_VALUES) == pytest.approx(1 - 140 / 4800)
    dead = normal((60, 80), 4) * (np.arange(60) < 15)[:, None]
    assert Compressibility.of(dead).prunable(NODES, error=1e-6) == pytest.approx(0.75)


def test_scale_changes_no_error_however_small_the_numbers_are():
    matrix = normal((20, 30), 5)
    for scale in (1e-160, 1e150):
        assert Compressibility.of(scale * matrix).prunable(MAGNITUDE) == Compressibility.of(matrix).prunable(MAGNITUDE)


@pytest.mark.parametrize("alpha", [0.8, 1.0, 1.5, 2.0])
def test_stable_numbers_have_the_law_that_scipy_has(alpha):
    drawn = stable(alpha, 3000, np.random.default_rng(1))
    assert kstest(drawn, levy_stable(alpha, 0).cdf).pvalue > 0.01


def test_stable_numbers_are_compressed_better_the_more_there_are_and_gaussian_ones_are_not():
    heavy = [stable_errors(1.2, count, [0.1])[0] for count in (300, 3_000, 30_000)]
    assert heavy[0] > heavy[1] > heavy[2]
    assert stable_errors(2.0, 30_000, [0.1, 0.5]) == pytest.approx([gaussian_error(0.1), gaussian_error(0.5)], abs=0.01)


def test_independent_entries_are_as_dependent_as_shuffled_ones_and_shared_ones_more():
    rng = np.random.default_rng(0)
    alone = dependence(normal((200, 50), 6), rng)
    assert alone.correlation == pytest.approx(alone.correlation_independent, abs=0.04)
    assert alone.distance == pytest.approx(alone.distance_independent, abs=0.04)
    shared = dependence(normal((200, 50), 7) + normal((1, 50), 8), rng)
    assert shared.correlation > shared.correlation_independent + 0.2
    assert shared.distance > shared.distance_independent + 0.2


def test_distance_correlation_sees_what_correlation_does_not():
    x = np.linspace(-1, 1, 201)
    assert np.corrcoef(x, x**2)[0, 1] == pytest.approx(0, abs=1e-9)
    assert distance_correlation(x, x**2) > 0.4
    assert distance_correlation(x, 3 * x - 2) == pytest.approx(1)
    assert distance_correlation(x, np.ones_like(x)) == 0


def test_vectors_that_do_not_vary_say_nothing():
    assert dependence(np.ones((5, 9)), np.random.default_rng(0)) is None
    assert dependence(normal((1, 9)), np.random.default_rng(0)) is None
