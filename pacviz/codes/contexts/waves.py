"""The columns of a layer in waves: what stands around a weight in its kernel is known before its wave begins."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pacviz.models import LayerSpec

WAVE = (32, 16)
"""A wave has at most 32 columns, or a sixteenth of all: what is left of a row's count sharpens after each."""
BLOCK = (30, 4)
"""A block has at least a thirtieth of the rows, and a quarter of those before: what is known of the columns sharpens
after each."""
FEW, MOST = 32, 32
"""Diagonals go together while they hold less than a 32nd of the weights before them, and less than 32."""
KERNEL = ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0))
"""Rows and columns from a weight to those around it in its kernel that are coded before it."""


@dataclass(frozen=True, eq=False)
class Waves:
    """The places with column + 2 row = t of all kernels, first of even units, then of odd ones, for each t; then the biases.

    order: column numbers.  unit: the source unit that each column reads, or a number of its own for a bias.  level: bit
    length of the source unit's count, by unit.  neighbours: int (8, columns) in this order: places in KERNEL, then the same
    place of the units before and after an odd one; past the end where there is none.  spans: (first, last) of each wave.
    wave: its number, by column in this order.
    """

    order: np.ndarray
    unit: np.ndarray
    level: np.ndarray
    neighbours: np.ndarray
    spans: tuple[tuple[int, int], ...]
    wave: np.ndarray

    @staticmethod
    def of(spec: LayerSpec, source_counts: np.ndarray) -> Waves:
        """source_counts: weights kept for each of the units that the columns read, int (units,)."""
        if spec.inputs < len(source_counts):
            # Every row of a depthwise layer reads another unit, and the columns read none of their own.
            source_counts = np.ones(1, np.int64)
        units, width = len(source_counts), spec.columns
        run = spec.widths[0] // units
        side = math.isqrt(run) if math.isqrt(run) ** 2 == run else 1
        position, unit = np.divmod(np.arange(units * run), units)
        time = 2 * (position % side + 2 * (position // side)) + unit % 2
        sort = np.argsort(time, kind="stable")
        position, unit, time = position[sort], unit[sort], time[sort]

        place = np.empty(units * run, np.int64)
        place[unit * run + position] = np.arange(units * run)
        neighbours = np.full((len(KERNEL) + 2, width), width)
        for number, (down, right) in enumerate(KERNEL):
            row, column = position // side + down, position % side + right
            inside = np.flatnonzero((side > 1) & (row >= 0) & (column >= 0) & (column < side))
            neighbours[number, inside] = place[unit[inside] * run + row[inside] * side + column[inside]]
        for number, step in ((-2, -1), (-1, 1)):
            inside = np.flatnonzero((unit % 2 == 1) & (unit + step < units))
            neighbours[number, inside] = place[(unit[inside] + step) * run + position[inside]]

        starts = [*np.flatnonzero(np.diff(time, prepend=-1)).tolist(), units * run, width]
        spans = _cut(starts, max(WAVE[0], -(-width // WAVE[1])))
        return Waves(
            np.append(unit * run + position, np.arange(units * run, width)),
            np.append(unit, np.arange(units, units + width - units * run)),
            np.append(np.frexp(source_counts.astype(np.float64))[1], np.full(width - units * run, 63)),
            neighbours,
            spans,
            np.repeat(np.arange(len(spans)), [last - first for first, last in spans]),
        )

    def restored(self, ordered: np.ndarray) -> np.ndarray:
        """A matrix whose columns are in the order of the code, with its columns as the layer has them."""
        found = np.empty_like(ordered)
        found[:, self.order] = ordered
        return found

    def diagonals(self, cells: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Rows and columns (in this order) of cells that are coded together: wave t of row r, for all of equal r + t.

        So the rows before are known up to the same wave, in no more steps than there are rows and waves.  Diagonals with
        few cells go together.
        cells: bool (rows, columns), in this order.
        """
        rows, columns = np.nonzero(cells)
        diagonal = rows + self.wave[columns]
        sort = np.argsort(diagonal, kind="stable")
        edges = np.searchsorted(diagonal[sort], np.arange(len(cells) + len(self.spans) + 1)).tolist()
        start = 0
        for stop, following in itertools.pairwise([*edges[1:], 2 * edges[-1] + 1]):
            if stop > start and following - start > min(start // FEW, MOST):
                yield rows[sort[start:stop]], columns[sort[start:stop]]
                start = stop


def blocks(rows: int) -> Iterator[slice]:
    """Rows that are coded together, a wave at a time."""
    stop = 0
    while stop < rows:
        start, stop = stop, min(rows, stop + max(1, rows // BLOCK[0], stop // BLOCK[1]))
        yield slice(start, stop)


def _cut(starts: list[int], size: int) -> tuple[tuple[int, int], ...]:
    """Spans between the starts, cut evenly into parts of at most `size`."""
    spans: list[tuple[int, int]] = []
    for start, stop in itertools.pairwise(starts):
        parts = -(-(stop - start) // size)
        edges = [start + (stop - start) * part // parts for part in range(parts)] + [stop]
        spans += itertools.pairwise(edges) if parts else []
    return tuple(spans)
