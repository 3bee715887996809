"""The columns of a layer in the order in which they are coded, so that neighbours in a kernel are known in time."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pacviz.models import LayerSpec

CHUNK = (16, 32)
"""A row is coded in chunks of at least 16 columns, at most 32 chunks; what is left of its count sharpens after each."""


@dataclass(frozen=True, eq=False)
class Columns:
    """One position of all kernels after the other, then the biases.

    order: column numbers.  unit: the source unit that each column reads, or a number of its own for a bias.
    level: bit length of the source unit's count, by unit.  chunks: (first, last, beside) in this order; beside, int
    (2, last - first), points to the columns to the left and above in the same kernel, or past the end where there is
    none or it is not known yet; it is None where that holds for all.
    """

    order: np.ndarray
    unit: np.ndarray
    level: np.ndarray
    chunks: tuple[tuple[int, int, np.ndarray | None], ...]

    @staticmethod
    def of(spec: LayerSpec, source_counts: np.ndarray) -> Columns:
        """source_counts: weights kept for each of the units that the columns read, int (units,)."""
        if spec.inputs < len(source_counts):
            # Every row of a depthwise layer reads another unit, and the columns read none of their own.
            source_counts = np.ones(1, np.int64)
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
        return Columns(order, unit, level, tuple(chunks))

    def restored(self, ordered: np.ndarray) -> np.ndarray:
        """A matrix whose columns are in the order of the code, with its columns as the layer has them."""
        restored = np.empty_like(ordered)
        restored[:, self.order] = ordered
        return restored
