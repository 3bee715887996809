"""Positions as bytes: which weights of a layer survive, by contexts that learn."""

from __future__ import annotations

import numpy as np

from pacviz.codes.codebook.positions import code_counts
from pacviz.codes.contexts.factors import UNIT, Factors, logarithm
from pacviz.codes.contexts.sets import Sets
from pacviz.codes.contexts.waves import KERNEL, Waves, blocks
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError
from pacviz.models import LayerSpec

_CONTEXTS = (1 << len(KERNEL), 16 * 3, 16 * 16, 16 * 8, 4 * 3)
"""The pattern around it; rate and pattern beside it; rate and hits in its kernel; what is left of the row and hits around
it; the units beside it."""
_BITS = (1 << np.arange(len(KERNEL)))[:, None]


def code_positions(coder: Coder, mask: np.ndarray | None, spec: LayerSpec, waves: Waves) -> np.ndarray:
    """Codes a mask, bool (rows, columns): the count of each row, first columns of rows of equal count, then the cells.

    Rows and columns multiply, as in `codebook.positions`; factors on these odds are learned from what stands around a cell
    in its kernel, from its column, from the unit that it reads and from what is left of its row.
    """
    counts = code_counts(coder, None if mask is None else np.count_nonzero(mask, axis=1), spec)
    sets = Sets(coder, mask, counts)
    ordered = None if mask is None else mask[:, waves.order]
    # One column more, always empty, stands for neighbours that do not exist.
    found = np.zeros((spec.rows, spec.columns + 1), bool)
    place = np.argsort(waves.order)
    hits, exposure = np.zeros(spec.columns), 0.0
    factors = Factors((*_CONTEXTS, spec.columns, 3 * len(waves.level)))
    for block in blocks(spec.rows):
        if counts[block].any():
            rates = _rates(waves, hits, exposure)
            first = sets.first_columns(coder, block, rates[place])
            sent = np.flatnonzero(first >= 0)
            found[block.start + sent, place[first[sent]]] = True
            given = None if ordered is None else ordered[block]
            _code_block(coder, given, found[block], counts[block], first, rates, waves, factors)
            hits += np.count_nonzero(found[block, :-1], axis=0)
            exposure += float(counts[block].sum()) / spec.columns
    if (np.count_nonzero(found, axis=1) != counts).any():
        raise PacvizError(CORRUPT)
    return waves.restored(found[:, :-1])


def _code_block(
    coder: Coder,
    mask: np.ndarray | None,
    found: np.ndarray,
    counts: np.ndarray,
    firsts: np.ndarray,
    rates: np.ndarray,
    waves: Waves,
    factors: Factors,
) -> None:
    """Codes a block of rows (in the order of the code) into `found`, a wave at a time.

    firsts: of each row its first column in the layer's own order where it is known, else -1.
    """
    open_ = waves.order > firsts[:, None]
    left = counts - (firsts >= 0)
    remaining = np.cumsum(np.where(open_, rates, 0.0)[:, ::-1], axis=1)[:, ::-1]
    room = np.cumsum(open_[:, ::-1], axis=1)[:, ::-1]
    in_kernel = np.zeros((len(found), len(waves.level)), np.int64)
    for first, last in waves.spans:
        free = room[:, first]
        coded, full = (left > 0) & (left < free), (left > 0) & (left == free)
        if full.any():
            found[full, first:last] |= open_[full, first:last]
            left[full] -= np.count_nonzero(open_[full, first:last], axis=1)
        rows, columns = np.nonzero(coded[:, None] & open_[:, first:last])
        if not len(rows):
            continue
        columns += first
        rate, free, some = rates[columns], free[rows], left[rows]
        odds = some * (rate * free / remaining[rows, first]) / (free - some)
        around = found[rows, waves.neighbours[:, columns]].astype(np.int64)
        kernel, (previous, following) = around[: len(KERNEL)], around[len(KERNEL) :]
        beside, many, unit = kernel[0] + kernel[1], kernel.sum(0), waves.unit[columns]
        level = _half_octaves(rate * counts[rows] / len(rates))
        contexts = (
            (kernel * _BITS).sum(0),
            3 * level + beside,
            16 * np.minimum(in_kernel[rows, unit], 15) + level,
            8 * _half_octaves(some / free) + many,
            3 * (previous + 2 * following) + beside,
            columns,
            3 * unit + beside,
        )
        hit = factors.code(coder, None if mask is None else mask[rows, columns], odds, np.stack(contexts)) > 0
        found[rows, columns] = hit
        left -= np.bincount(rows[hit], minlength=len(left))
        np.add.at(in_kernel, (rows[hit], unit[hit]), 1)


def _rates(waves: Waves, hits: np.ndarray, exposure: float) -> np.ndarray:
    """Rate of each column relative to the mean: Gamma posterior means of `hits` where `exposure` were expected.

    Columns shrink towards their unit's rate, units towards that of all units with as many weights, to a factor of two.
    """
    unit_hits, unit_exposure = np.bincount(waves.unit, hits), np.bincount(waves.unit) * exposure
    level_hits, level_exposure = np.bincount(waves.level, unit_hits), np.bincount(waves.level, unit_exposure)
    level_rates = (level_hits + 1) / (level_exposure + 1)
    unit_rates = (unit_hits + 4 * level_rates[waves.level]) / (unit_exposure + 4)
    return (hits + 2 * unit_rates[waves.unit]) / (exposure + 2)


def _half_octaves(values: np.ndarray) -> np.ndarray:
    """A number in 0..15 for positive values: half octaves from 2^-7 on."""
    return np.clip((logarithm(np.maximum(values, 2.0**-7)) + 7 * UNIT) // (UNIT // 2), 0, 15)
