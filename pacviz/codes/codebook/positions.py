"""Positions as bytes: which weights of a layer survive."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pacviz.codes.codebook.columns import Columns
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError
from pacviz.models import LayerSpec

BLOCK = (100, 8)
"""Rows are coded in blocks of at least a hundredth of all and an eighth of those before; what is known of the columns
sharpens after each."""


def code_positions(coder: Coder, mask: np.ndarray | None, spec: LayerSpec, columns: Columns) -> np.ndarray:
    """Codes a mask, bool (rows, columns): the count of each row, then the cells given those.

    Rows and columns multiply: where n weights are left for N columns of a row, column j has the odds n w_j : (N - n) w
    with w the mean of w over these columns.  The rates w_j are learned from the rows before, and so is a factor on the
    odds of cells beside a weight of the same kernel.
    """
    counts = code_counts(coder, None if mask is None else np.count_nonzero(mask, axis=1), spec)
    ordered = None if mask is None else mask[:, columns.order]
    # One column more, always empty, stands for neighbours that do not exist.
    decoded = np.zeros((spec.rows, spec.columns + 1), bool)
    hits, exposure = np.zeros(spec.columns), 0.0
    factor = _Factor()
    stop = 0
    while stop < spec.rows:
        start, stop = stop, min(spec.rows, stop + max(1, spec.rows // BLOCK[0], stop // BLOCK[1]))
        block = slice(start, stop)
        if counts[block].any():
            rates = _rates(columns, hits, exposure)
            _code_block(
                coder,
                None if ordered is None else ordered[block],
                decoded[block],
                counts[block],
                rates,
                columns,
                factor,
            )
            hits += np.count_nonzero(decoded[block, :-1], axis=0)
            exposure += float(counts[block].sum()) / spec.columns
    return columns.restored(decoded[:, :-1])


@dataclass
class _Factor:
    """How much likelier a cell beside a weight is than others: a ratio of hits, shrunk towards 2."""

    hits: float = 8.0
    expected: float = 4.0


def _code_block(
    coder: Coder,
    mask: np.ndarray | None,
    decoded: np.ndarray,
    counts: np.ndarray,
    rates: np.ndarray,
    columns: Columns,
    factor: _Factor,
) -> None:
    """Codes a block of rows (in the order of the code) into `decoded`, a chunk at a time, and learns the factor."""
    left = counts.astype(np.float64)
    remaining = np.cumsum(rates[::-1])[::-1]
    for first, last, beside in columns.chunks:
        room = len(rates) - first
        full = np.multiply.outer(np.maximum(left, 0), rates[first:last] * (room / remaining[first]))
        empty = np.maximum(room - left, 2.0**-20)[:, None]
        near = np.zeros(0, np.int64)
        if beside is not None:
            near = (decoded.take(beside[0], 1) | decoded.take(beside[1], 1)).ravel().nonzero()[0]
        if near.size:
            usual = full.flat[near]
            factor.expected += math.fsum(usual / (usual + empty[near // (last - first), 0]))
            full.flat[near] = usual * (factor.hits / factor.expected)
        hit = coder.bernoulli(None if mask is None else mask[:, first:last], full / (full + empty))
        decoded[:, first:last] = hit
        left -= hit.sum(1)
        if near.size:
            factor.hits += int(hit.flat[near].sum())
    if left.any():
        raise PacvizError(CORRUPT)


def _rates(columns: Columns, hits: np.ndarray, exposure: float) -> np.ndarray:
    """Rate of each column relative to the mean: Gamma posterior means of `hits` where `exposure` were expected.

    Columns shrink towards their unit's rate, units towards that of all units with as many weights, to a factor of two.
    """
    unit_hits, unit_exposure = np.bincount(columns.unit, hits), np.bincount(columns.unit) * exposure
    level_hits, level_exposure = np.bincount(columns.level, unit_hits), np.bincount(columns.level, unit_exposure)
    level_rates = (level_hits + 1) / (level_exposure + 1)
    unit_rates = (unit_hits + 4 * level_rates[columns.level]) / (unit_exposure + 4)
    return (hits + 2 * unit_rates[columns.unit]) / (exposure + 2)


def code_counts(coder: Coder, counts: np.ndarray | None, spec: LayerSpec) -> np.ndarray:
    """Codes the number of weights in each row, as they are or, where they never rise, by their drops."""
    columns = spec.columns

    def plain(coder: Coder) -> np.ndarray:
        return coder.integers(counts, spec.rows, columns)

    def by_drops(coder: Coder) -> np.ndarray:
        drops = None if counts is None else -np.diff(counts, prepend=columns)
        return columns - np.cumsum(coder.integers(drops, spec.rows, columns))

    never_rise = counts is None or bool((np.diff(counts) <= 0).all())
    decoded = coder.cheapest([plain, by_drops if never_rise else None])
    if decoded.min() < 0 or decoded.max() > columns:
        raise PacvizError(CORRUPT)
    return decoded
