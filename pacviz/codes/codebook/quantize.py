"""Codebook quantization: the surviving weights of a layer share a few values (Han et al. 2016)."""

from __future__ import annotations

import numpy as np

from pacviz.codes.codebook.codebooks import snap
from pacviz.codes.network import CompressedLayer

EXTRA_GRID_BITS = 4
"""Codebooks lie on an integer grid of bits + 4 bits: its step is a sixteenth of the mean spacing of the entries, so
rounding to it adds about 1/256 of the quantization error, and the grid is fixed before the data."""


OPTIMAL_WORK = 2**14
"""Points times clusters up to which a start is computed by an optimal algorithm: some 7 ms."""


def kmeans(values: np.ndarray, clusters: int) -> np.ndarray:
    """Centres of a 1-D k-means, ascending float64 (at most `clusters`, fewer where values repeat); deterministic.

    values: any order, finite.  Lloyd's iteration on prefix sums of the sorted values, from the better of two starts: the
    optimal clusters of evenly spaced order statistics (Wu 1991; where that is quick), and quantiles of the cube root of
    the density, where the centres of a fine quantizer lie (Panter and Dite 1951).
    """
    ordered = np.sort(values).astype(np.float64)
    distinct = ordered[np.flatnonzero(np.diff(ordered, prepend=-np.inf))]
    if len(distinct) <= clusters:
        return distinct
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    starts = [_compander(ordered, clusters)]
    if (points := min(len(ordered), OPTIMAL_WORK // clusters)) >= min(len(ordered), 32 * clusters):
        sample = ordered[((np.arange(points) + 0.5) * len(ordered) / points).astype(int)]
        import kmeans1d

        starts.append(np.sort(kmeans1d.cluster(sample, clusters).centroids))
    return max((_lloyd(ordered, sums, start) for start in starts), key=lambda result: result[1])[0]


def _compander(ordered: np.ndarray, clusters: int) -> np.ndarray:
    """Quantiles of density^(1/3): a gap between two of many quantiles of the values has the width^(2/3) as its mass."""
    gaps = min(512, max(clusters, len(ordered) // 4))
    knots = ordered[np.linspace(0, len(ordered) - 1, gaps + 1).round().astype(int)]
    mass = np.concatenate([[0.0], np.cumsum(np.diff(knots) ** (2 / 3))])
    return np.interp((np.arange(clusters) + 0.5) / clusters * mass[-1], mass, knots)


def _lloyd(ordered: np.ndarray, sums: np.ndarray, centres: np.ndarray) -> tuple[np.ndarray, float]:
    """The fixed point of Lloyd's iteration and its explained sum of squares (the larger, the better)."""
    cuts = np.empty(0, np.int64)
    for _ in range(500):
        previous, cuts = cuts, np.searchsorted(ordered, (centres[1:] + centres[:-1]) / 2)
        if np.array_equal(previous, cuts):
            break
        edges = np.unique(np.concatenate([[0], cuts, [len(ordered)]]))
        sizes = np.diff(edges)
        centres = np.diff(sums[edges]) / sizes
    return centres, float(sizes @ centres**2)


def quantize(name: str, weights: np.ndarray, mask: np.ndarray, bits: int) -> CompressedLayer:
    """The layer with each surviving weight replaced by the nearest of at most 2^bits codebook values.

    weights: float32 (rows, columns).  mask: bool, same shape.  Pruned weights are exact zeros; a weight
    that is zero already counts as pruned.
    """
    mask = mask & (weights != 0)
    kept = weights[mask]
    codebook = snap(kmeans(kept, 2**bits), bits + EXTRA_GRID_BITS)
    nearest = np.searchsorted((codebook[1:] + codebook[:-1]) / 2, kept)
    used = np.bincount(nearest, minlength=len(codebook)) > 0
    symbols = np.zeros(weights.shape, np.uint16)
    symbols[mask] = np.cumsum(used)[nearest]
    return CompressedLayer(name, symbols, codebook[used])
