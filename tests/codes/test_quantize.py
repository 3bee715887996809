"""Codebooks are near-optimal, deterministic, and never turn a weight into zero."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz.codes.codebook.quantize import kmeans, quantize


def optimal_distortion(values: np.ndarray, clusters: int) -> float:
    """Least sum of squares of a 1-D k-means, by dynamic programming over the sorted values."""
    ordered = np.sort(values.astype(np.float64))
    sums, squares = (np.concatenate([[0], np.cumsum(power)]) for power in (ordered, ordered**2))
    best = np.concatenate([[0.0], np.full(len(ordered), np.inf)])
    for _ in range(clusters):
        following = np.full(len(ordered) + 1, np.inf)
        for end in range(1, len(ordered) + 1):
            starts = np.arange(end)
            spread = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / (end - starts)
            following[end] = min(best[end], (best[starts] + spread).min())
        best = following
    return float(best[-1])


def distortion(values: np.ndarray, centres: np.ndarray) -> float:
    return float(((values[:, None] - centres[None, :]) ** 2).min(axis=1).sum())


@pytest.mark.parametrize("shape", ["pruned", "normal", "uniform"])
@pytest.mark.parametrize("clusters", [2, 4, 16])
def test_kmeans_is_within_five_percent_of_the_optimum(shape, clusters):
    generator = np.random.default_rng(clusters)
    values = {
        "pruned": (lambda normal: normal[np.abs(normal) > 1.5][:400])(generator.normal(size=10_000)),
        "normal": generator.normal(size=400),
        "uniform": generator.uniform(-1, 1, size=400),
    }[shape].astype(np.float32)
    assert distortion(values, kmeans(values, clusters)) <= 1.05 * optimal_distortion(values, clusters)


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=200), st.integers(1, 8))
@settings(max_examples=60)
def test_a_codebook_is_ascending_nonzero_fully_used_and_small_enough(values, bits):
    weights = np.array(values, np.float32).reshape(1, -1)
    mask = weights != 0
    if not mask.any():
        return
    layer = quantize("layer", weights, mask, bits)
    assert 1 <= len(layer.codebook) <= 2**bits
    assert (np.diff(layer.codebook) > 0).all()
    assert (layer.codebook != 0).all()
    assert np.isfinite(layer.codebook).all()
    assert (layer.counts > 0).all()
    assert np.array_equal(layer.weights != 0, mask)


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_snapping_to_the_grid_costs_little(bits):
    weights = np.random.default_rng(0).normal(size=(100, 100)).astype(np.float32)
    mask = np.abs(weights) > 1
    layer = quantize("layer", weights, mask, bits)
    free = distortion(weights[mask], kmeans(weights[mask], 2**bits))
    assert ((layer.weights - weights)[mask].astype(np.float64) ** 2).sum() <= 1.05 * free


def test_the_same_weights_give_the_same_codebook_in_any_order():
    values = np.random.default_rng(3).normal(size=5000).astype(np.float32)
    assert np.array_equal(kmeans(values, 16), kmeans(values[::-1], 16))
