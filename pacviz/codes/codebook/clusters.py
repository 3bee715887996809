"""Cluster weights as bytes: how often each codebook entry is used, the static table that codes the assignments."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pacviz.codes.network import CompressedLayer
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError

OCTAVES = 20
"""How far a table reaches: to 2^-20 of the most frequent entry, less than one weight in any network here."""

EIGHTHS = np.array([math.isqrt(math.isqrt(math.isqrt(1 << level))) for level in range(8 * OCTAVES, -1, -1)])
"""floor(2^(20 - level/8)), by integer roots so that every machine has the same."""

STEPS = (8, 4, 2)
"""Eighths of an octave to which a table may round: a menu, beside the uniform table."""


def cluster_weights(layer: CompressedLayer) -> np.ndarray:
    """The probabilities that the code gives to the layer's codebook entries: float64 (r,), all > 0, sum 1."""
    frequencies = code_frequencies(Coder(), layer.counts, len(layer.codebook))
    return frequencies / frequencies.sum()


def code_frequencies(coder: Coder, counts: np.ndarray | None, entries: int) -> np.ndarray:
    """Codes frequencies for `entries` >= 0 codebook entries: int64 (r,), all > 0.

    They are all equal, or powers of 2^(-step/8) close to each count over the largest: a menu from which the writer
    takes what costs least together with the assignments that the table will code.
    """
    if entries < 2:
        return np.ones(entries, np.int64)

    def equal(coder: Coder) -> np.ndarray:
        return np.ones(entries, np.int64)

    def assignment_bits(frequencies: np.ndarray) -> float:
        return 0.0 if counts is None else float(counts @ np.log2(frequencies.sum() / frequencies))

    tables = [partial(_code_table, counts=counts, entries=entries, step=step) for step in STEPS]
    return coder.cheapest([equal, *tables], assignment_bits)


def _code_table(coder: Coder, counts: np.ndarray | None, entries: int, step: int) -> np.ndarray:
    rises = None
    if counts is not None:
        # Halfway between two levels of this step lies a level of the finer list.
        boundaries = EIGHTHS[step // 2 :: step][::-1]
        levels = len(boundaries) - np.searchsorted(boundaries, (counts << OCTAVES) // counts.max(), side="right")
        rises = np.diff(levels, prepend=0)
        rises = np.where(rises > 0, 2 * rises - 1, -2 * rises)
    rises = coder.integers(rises, entries, 16 * OCTAVES // step)
    levels = step * np.cumsum(np.where(rises % 2, rises + 1, -rises) // 2)
    if levels.min() < 0 or levels.max() > 8 * OCTAVES:
        raise PacvizError(CORRUPT)
    return EIGHTHS[levels]
