"""Codebook quantization: the surviving weights of a layer share a few values (Han et al. 2016)."""

from __future__ import annotations

import numpy as np

from pacviz.compression.codebooks import snap
from pacviz.compression.network import CompressedLayer

EXTRA_GRID_BITS = 4
"""Codebooks lie on an integer grid of bits + 4 bits: its step is a sixteenth of the mean spacing of the entries, so
rounding to it adds about 1/256 of the quantization error, and the grid is fixed before the data."""


def kmeans(values: np.ndarray, clusters: int) -> np.ndarray:
    """Centres of a 1-D k-means, ascending float64 (at most `clusters`, fewer where values repeat).

    values: any order, finite.  Lloyd's iteration on prefix sums of the sorted values, started at quantiles of the cube
    root of the density, where the centres of an optimal fine quantizer lie (Panter and Dite 1951); deterministic.
    """
    ordered = np.sort(values.astype(np.float64))
    distinct = ordered[np.flatnonzero(np.diff(ordered, prepend=-np.inf))]
    if len(distinct) <= clusters:
        return distinct
    density, edges = np.histogram(ordered, bins=min(1024, len(ordered)))
    mass = np.concatenate([[0.0], np.cumsum(np.cbrt(density))])
    centres = np.interp((np.arange(clusters) + 0.5) / clusters * mass[-1], mass, edges)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    bounds = np.empty(0, np.int64)
    for _ in range(500):
        previous, bounds = bounds, np.searchsorted(ordered, (centres[1:] + centres[:-1]) / 2)
        if np.array_equal(previous, bounds):
            break
        starts = np.concatenate([[0], bounds])
        ends = np.concatenate([bounds, [len(ordered)]])
        occupied = ends > starts
        centres = (sums[ends] - sums[starts])[occupied] / (ends - starts)[occupied]
        bounds = bounds if occupied.all() else np.empty(0, np.int64)
    return centres


def quantize(name: str, weights: np.ndarray, mask: np.ndarray, bits: int) -> CompressedLayer:
    """The layer with each surviving weight replaced by the nearest of at most 2^bits codebook values.

    weights: float32 (rows, columns).  mask: bool, same shape.  Pruned weights are exact zeros.
    """
    kept = weights[mask]
    codebook = snap(kmeans(kept, 2**bits), bits + EXTRA_GRID_BITS)
    nearest = np.searchsorted((codebook[1:] + codebook[:-1]) / 2, kept)
    used = np.bincount(nearest, minlength=len(codebook)) > 0
    symbols = np.zeros(weights.shape, np.uint16)
    symbols[mask] = np.cumsum(used)[nearest]
    return CompressedLayer(name, symbols, codebook[used])
