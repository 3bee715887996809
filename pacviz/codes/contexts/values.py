"""Assignments as bytes: which codebook entry each surviving weight takes, by contexts that learn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pacviz.codes.contexts.factors import Factors
from pacviz.codes.contexts.faster import BATCH, kernels
from pacviz.codes.contexts.waves import FEW, Waves
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError

CLASSES = 4
"""The entries of a sign, by magnitude, fall into at most 2^4 classes of equal size; contexts tell the class."""
_SIGN_CONTEXTS = (9, 27, 81, 9, 27, 81)
"""Patterns of signs: beside it, around it, farther away, in the rows before, these and beside, in the units beside."""
_CLASS_CONTEXTS = (16, 32, 64, 64)
"""Sums of classes beside it and around it; those of the rows before, and of the units beside it."""


def code_assignments(
    coder: Coder, symbols: np.ndarray | None, mask: np.ndarray, codebook: np.ndarray, waves: Waves
) -> np.ndarray:
    """Codes symbols, uint16 (rows, columns): of each weight the sign, then its rank among the entries of that sign.

    Signs and the bits of the class, from the top down, are binary decisions.  Their odds are those among all weights
    before, corrected by factors that are learned from weights beside it in the kernel, in the rows before and in the units
    beside it, from its row, its column and the unit that it reads.  Where in its class a rank lies is sent as it is.
    """
    height, width = mask.shape
    units = len(waves.level)
    negatives = int(np.count_nonzero(codebook < 0))
    sizes = np.array([negatives, len(codebook) - negatives])
    shift = max(0, int(sizes.max(initial=1) - 1).bit_length() - CLASSES)
    planes = int((sizes.max(initial=1) - 1) >> shift).bit_length()
    sign_sizes = (*_SIGN_CONTEXTS, width, units, height)
    class_sizes = [[size << plane for size in (*_CLASS_CONTEXTS, width, height)] for plane in range(planes)]
    cells = mask[:, waves.order]
    ordered = None if symbols is None else symbols[:, waves.order]
    weights = int(np.count_nonzero(mask))
    batches = min(weights // FEW, height + len(waves.spans))
    compiled = kernels((1 + planes) * (weights + BATCH * batches), coder.patience)
    code = _code if compiled is None else compiled.assignments
    found = code(coder, ordered, cells, sizes, shift, planes, waves, sign_sizes, class_sizes)
    if np.count_nonzero(np.bincount(found[cells], minlength=1)) != len(codebook):
        raise PacvizError(CORRUPT)
    return waves.restored(found)


def _code(
    coder: Coder,
    ordered: np.ndarray | None,
    cells: np.ndarray,
    sizes: np.ndarray,
    shift: int,
    planes: int,
    waves: Waves,
    sign_sizes: Sequence[int],
    class_sizes: Sequence[Sequence[int]],
) -> np.ndarray:
    """Codes the symbols of cells, a batch at a time: uint16 (rows, columns) in the order of the code.

    sizes: entries of each sign.  shift, planes: bits of a rank below its class, and of the class.  sign_sizes, class_sizes:
    how many values each context can take, of signs and of the bits of classes.
    """
    height, width = cells.shape
    negatives = int(sizes[0])
    sign_factors, class_factors = Factors(sign_sizes), list(map(Factors, class_sizes))
    sign_counts = np.ones(2, np.int64)
    # Of each sign and node of the tree of classes, how often the bit below was 0 and 1.
    bit_counts = np.ones(4 << planes, np.int64)

    # One column more and two rows before, always empty, stand for neighbours that do not exist.
    known = np.zeros((height + 2) * (width + 1), np.int64)
    found = np.zeros(cells.shape, np.uint16)
    for rows, columns in waves.diagonals(cells):
        coder.spend(BATCH)
        at = rows * (width + 1)
        above, above2 = known.take(at + columns + width + 1), known.take(at + columns)
        at += 2 * (width + 1)
        around = known.take(waves.neighbours.take(columns, 1) + at)
        given = None if ordered is None else ordered[rows, columns].astype(np.int64)

        positive = np.full(len(rows), int(sizes[1] > 0))
        if sizes.all():
            contexts = (*_sign_patterns(around, above, above2), columns, waves.unit.take(columns), rows)
            odds = np.full(len(rows), sign_counts[1] / sign_counts[0])
            positive = sign_factors.code(coder, None if given is None else given > negatives, odds, contexts)
            sign_counts += np.bincount(positive, minlength=2)

        top = (sizes[positive] - 1) >> shift
        rank = None if given is None else np.where(positive, given - negatives - 1, negatives - given)
        class_contexts = (*_class_patterns(around, above, above2), columns, rows)
        # A node of the tree of classes: 1, then the bits so far.
        node = np.ones(len(rows), np.int64)
        for plane, factors in enumerate(class_factors):
            bit = planes - 1 - plane
            open_ = ((2 * node + 1 << bit) - (1 << planes) <= top).nonzero()[0]
            node *= 2
            if len(open_):
                place = (positive.take(open_) << planes + 1) + node.take(open_)
                inner = node.take(open_) // 2 - (1 << plane)
                one = factors.code(
                    coder,
                    None if rank is None else (rank.take(open_) >> shift + bit) % 2,
                    bit_counts.take(place + 1) / bit_counts.take(place),
                    [(each.take(open_) << plane) + inner for each in class_contexts],
                )
                bit_counts += np.bincount(place + one, minlength=len(bit_counts))
                node[open_] += one
        chosen = node - (1 << planes)
        known[at + columns] = (2 * positive - 1) * (chosen + 1)

        ranks = chosen << shift
        room = np.minimum(sizes[positive] - ranks, 1 << shift)
        if len(several := np.flatnonzero(room > 1)):
            ranks[several] += coder.below(None if rank is None else (rank - ranks)[several], room[several])
        found[rows, columns] = np.where(positive, negatives + 1 + ranks, negatives - ranks)
    return found


def _sign_patterns(around: np.ndarray, above: np.ndarray, above2: np.ndarray) -> tuple[np.ndarray, ...]:
    """Contexts of signs in the order of _SIGN_CONTEXTS.  around: int (8, m) in the order of Waves.neighbours."""
    left, upper, corner, other, left2, upper2, previous, following = np.sign(around) + 1
    row, row2 = np.sign(above) + 1, np.sign(above2) + 1
    beside = 3 * left + upper
    return (
        beside,
        9 * corner + 3 * other + left,
        27 * left2 + 9 * upper2 + beside,
        3 * row + row2,
        9 * row + beside,
        27 * previous + 9 * following + beside,
    )


def _class_patterns(around: np.ndarray, above: np.ndarray, above2: np.ndarray) -> tuple[np.ndarray, ...]:
    """Contexts of classes in the order of _CLASS_CONTEXTS; known weights count as their class + 1."""
    near, (row, row2) = np.abs(around), np.minimum(np.abs(np.stack([above, above2])), 7)
    previous, following = np.minimum(near[6:], 7)
    return (
        np.minimum(near[:2].sum(0), 15),
        np.minimum(near[:4].sum(0), 31),
        8 * row + row2,
        8 * previous + following,
    )
