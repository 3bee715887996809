"""Positions as bytes: which weights of a layer survive."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pacviz.compression.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError
from pacviz.models import LayerSpec

CHUNK = (16, 32)
"""A row is coded in chunks of at least 16 columns, at most 32 chunks; what is left of its count sharpens after each."""

BLOCK = (100, 8)
"""Rows are coded in blocks of at least a hundredth of all and an eighth of those before; what is known of the columns
sharpens after each."""


def code_positions(coder: Coder, mask: np.ndarray | None, spec: LayerSpec, source_counts: np.ndarray) -> np.ndarray:
    """Codes a mask, bool (rows, columns): the count of each row, then the cells given those, a block and chunk at a time.

    source_counts: weights kept for each of the units that the columns read, int (units,).

    Rows and columns multiply: where n weights are left for N columns of a row, column j has the odds n w_j : (N - n) w
    with w the mean of w over these columns.  The rates w_j are learned from the rows before, and so is a factor on the
    odds of cells beside a weight of the same kernel.
    """
    columns = _Columns.of(spec, source_counts)
    counts = _code_counts(coder, None if mask is None else np.count_nonzero(mask, axis=1), spec)
    written = None if mask is None else mask[:, columns.order]
    width = len(columns.order)
    found = np.zeros((spec.rows, width + 1), bool)
    hits, exposure = np.zeros(width), 0.0
    beside_hits, beside_expected = 4.0, 4.0
    stop = 0
    while stop < spec.rows:
        start, stop = stop, min(spec.rows, stop + max(1, spec.rows // BLOCK[0], stop // BLOCK[1]))
        left = counts[start:stop].astype(np.float64)
        if not left.any():
            continue
        cells = found[start:stop]
        rates = _rates(columns, hits, exposure)
        remaining = np.cumsum(rates[::-1])[::-1]
        for first, last, beside in columns.chunks:
            room = width - first
            full = np.multiply.outer(np.maximum(left, 0), rates[first:last] * (room / remaining[first]))
            empty = np.maximum(room - left, 2.0**-20)[:, None]
            near = (
                np.flatnonzero(cells.take(beside[0], 1) | cells.take(beside[1], 1))
                if beside is not None
                else np.zeros(0, int)
            )
            if near.size:
                usual = full.flat[near]
                beside_expected += math.fsum(usual / (usual + empty[near // (last - first), 0]))
                full.flat[near] = usual * (beside_hits / beside_expected)
            block = None if written is None else written[start:stop, first:last]
            hit = coder.bernoulli(block, full / (full + empty))
            cells[:, first:last] = hit
            left -= hit.sum(1)
            if near.size:
                beside_hits += int(hit.flat[near].sum())
        if left.any():
            raise PacvizError(CORRUPT)
        hits += np.count_nonzero(cells[:, :-1], axis=0)
        exposure += float(counts[start:stop].sum()) / width
    unordered = np.empty((spec.rows, width), bool)
    unordered[:, columns.order] = found[:, :-1]
    return unordered


@dataclass(frozen=True, eq=False)
class _Columns:
    """The columns of a layer in the order of the code: one position of all kernels after the other, then the biases.

    order: column numbers.  unit: the source unit that each reads, or a number of its own for a bias.  level: bit length of
    the source unit's count, by unit.  chunks: (first, last, beside) in this order, where beside (2, last - first)
    points to the columns to the left and above in the same kernel, or to one past the end where that is not yet known; None
    where no column has such neighbours.
    """

    order: np.ndarray
    unit: np.ndarray
    level: np.ndarray
    chunks: tuple[tuple[int, int, np.ndarray | None], ...]

    @staticmethod
    def of(spec: LayerSpec, source_counts: np.ndarray) -> _Columns:
        units, width = len(source_counts), spec.columns
        run = spec.widths[0] // units
        side = math.isqrt(run) if math.isqrt(run) ** 2 == run else 1
        index = np.arange(width)
        position = np.where(index < units * run, index // units, 0)
        in_kernel = index < units * run
        order = np.where(in_kernel, index % units * run + position, index)
        unit = np.where(in_kernel, index % units, index - units * (run - 1))
        level = np.append(np.frexp(source_counts.astype(np.float64))[1], np.full(width - units * run, 63))
        left = np.where(position % side > 0, index - units, width)
        above = np.where(position >= side, index - units * side, width) if side > 1 else np.full(width, width)
        size = max(CHUNK[0], -(-width // CHUNK[1]))
        chunks = []
        for first in range(0, width, size):
            beside = np.stack([left[first : first + size], above[first : first + size]])
            beside[beside >= first] = width
            chunks.append((first, min(width, first + size), beside if (beside < width).any() else None))
        return _Columns(order, unit, level, tuple(chunks))


def _rates(columns: _Columns, hits: np.ndarray, exposure: float) -> np.ndarray:
    """Rate of each column relative to the mean column: Gamma posterior means of hits in rows that expected `exposure` hits.

    Columns shrink towards their unit's rate, units towards that of all units with as many weights (to a factor of two).
    """
    unit_hits, unit_exposure = np.bincount(columns.unit, hits), np.bincount(columns.unit) * exposure
    level_hits, level_exposure = np.bincount(columns.level, unit_hits), np.bincount(columns.level, unit_exposure)
    level_rates = (level_hits + 1) / (level_exposure + 1)
    unit_rates = (unit_hits + 4 * level_rates[columns.level]) / (unit_exposure + 4)
    return (hits + 2 * unit_rates[columns.unit]) / (exposure + 2)


def _code_counts(coder: Coder, counts: np.ndarray | None, spec: LayerSpec) -> np.ndarray:
    """Codes the number of weights in each row, as they are or, where they never rise, by their drops."""
    columns = spec.columns

    def plain(coder: Coder) -> np.ndarray:
        return coder.integers(counts, spec.rows, columns)

    def by_drops(coder: Coder) -> np.ndarray:
        drops = None if counts is None else -np.diff(counts, prepend=columns)
        return columns - np.cumsum(coder.integers(drops, spec.rows, columns))

    never_rise = counts is None or bool((np.diff(counts) <= 0).all())
    found = coder.cheapest([plain, by_drops if never_rise else None])
    if found.min() < 0 or found.max() > columns:
        raise PacvizError(CORRUPT)
    return found
