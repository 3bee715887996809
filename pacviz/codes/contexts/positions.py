"""Positions as bytes: which weights of a layer survive, by contexts that learn."""

from __future__ import annotations

import numpy as np

from pacviz.codes.codebook.positions import code_counts
from pacviz.codes.contexts.factors import Factors, half_octaves
from pacviz.codes.contexts.faster import BATCH, kernels
from pacviz.codes.contexts.sets import Sets
from pacviz.codes.contexts.waves import KERNEL, Waves, blocks
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError
from pacviz.models import LayerSpec

_CONTEXTS = (1 << len(KERNEL), 16 * 3, 16 * 16, 16 * 8, 4 * 3)
"""The pattern around it; rate and pattern beside it; rate and hits in its kernel; what is left of the row and hits around
it; the units beside it."""
_THRESHOLDS = half_octaves(-7, 1)
_AROUND = np.arange(1 << len(KERNEL) + 2)
"""Patterns of the neighbours of `Waves`, a bit each."""
_BESIDE = _AROUND % 2 + _AROUND // 2 % 2
_OF_PATTERN = np.stack(
    [
        _AROUND % (1 << len(KERNEL)),
        _BESIDE,
        sum(_AROUND >> bit & 1 for bit in range(len(KERNEL))),
        3 * (_AROUND >> len(KERNEL)) + _BESIDE,
    ]
)
"""The pattern in the kernel, the hits beside, those in the kernel, and 3 times those in the units beside, plus beside."""


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
    sizes = (*_CONTEXTS, spec.columns, 3 * len(waves.level))
    steps = spec.columns + BATCH * len(waves.spans)
    compiled = kernels(sum(steps * bool(counts[block].any()) for block in blocks(spec.rows)), coder.patience)
    factors = Factors(sizes) if compiled is None else compiled.Mixtures.of([sizes])
    for block in blocks(spec.rows):
        if counts[block].any():
            rates = _rates(waves, hits, exposure)
            first = sets.first_columns(coder, block, rates[place])
            sent = np.flatnonzero(first >= 0)
            found[block.start + sent, place[first[sent]]] = True
            given = None if ordered is None else ordered[block]
            code_block = _code_block if compiled is None else compiled.block
            code_block(coder, given, found[block], counts[block], first, rates, waves, factors)
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
    units, width = len(waves.level), found.shape[1]
    in_kernel, flat = np.zeros(len(found) * units, np.int64), found.reshape(-1)
    for first, last in waves.spans:
        free = room[:, first]
        coded = (left > 0) & (left <= free)
        if (full := coded & (left == free)).any():
            found[full, first:last] |= open_[full, first:last]
            left[full] -= np.count_nonzero(open_[full, first:last], axis=1)
            coded ^= full
        if not coded.any():
            continue
        rows, columns = (coded[:, None] & open_[:, first:last]).nonzero()
        if not len(rows):
            continue
        columns += first
        rate, free, some, start = rates.take(columns), free.take(rows), left.take(rows), rows * width
        odds = some * (rate * free / remaining[:, first].take(rows)) / (free - some)
        around = flat.take(waves.neighbours.take(columns, 1) + start)
        pattern, beside, many, units_beside = _OF_PATTERN.take(np.packbits(around, 0, "little")[0], 1)
        unit = waves.unit.take(columns)
        kernel = rows * units + unit
        level = np.searchsorted(_THRESHOLDS, rate * counts.take(rows) / len(rates), "right")
        contexts = (
            pattern,
            3 * level + beside,
            16 * np.minimum(in_kernel.take(kernel), 15) + level,
            8 * np.searchsorted(_THRESHOLDS, some / free, "right") + many,
            units_beside,
            columns,
            3 * unit + beside,
        )
        hits = factors.code(coder, None if mask is None else mask[rows, columns], odds, contexts).nonzero()[0]
        flat[start.take(hits) + columns.take(hits)] = True
        left -= np.bincount(rows.take(hits), minlength=len(left))
        np.add.at(in_kernel, kernel.take(hits), 1)


def _rates(waves: Waves, hits: np.ndarray, exposure: float) -> np.ndarray:
    """Rate of each column relative to the mean: Gamma posterior means of `hits` where `exposure` were expected.

    Columns shrink towards their unit's rate, units towards that of all units with as many weights, to a factor of two.
    """
    unit_hits, unit_exposure = np.bincount(waves.unit, hits), np.bincount(waves.unit) * exposure
    level_hits, level_exposure = np.bincount(waves.level, unit_hits), np.bincount(waves.level, unit_exposure)
    level_rates = (level_hits + 1) / (level_exposure + 1)
    unit_rates = (unit_hits + 4 * level_rates[waves.level]) / (unit_exposure + 4)
    return (hits + 2 * unit_rates[waves.unit]) / (exposure + 2)
