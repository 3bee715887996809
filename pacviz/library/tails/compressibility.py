"""How much of a matrix may go: by magnitude, by singular values, by nodes (docs/mathematics.md section 8)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

MAGNITUDE, SINGULAR_VALUES, NODES = "magnitude", "singular_values", "nodes"
PRUNINGS = {
    MAGNITUDE: "magnitude",
    SINGULAR_VALUES: "singular values",
    NODES: "nodes",
}
"""The ways to make a matrix small, each with its title."""
LARGEST_SVD = 1024
"""Of a matrix whose shorter side is longer, singular values are not worked out: it would take a minute and more."""
ERROR = 0.1
"""The relative error at which prunability is told, as Barsbey et al. 2021 do."""


@dataclass(frozen=True, eq=False)
class Compressibility:
    """Relative errors of the best approximations of one matrix, for everything that could be kept.

    errors: by pruning, float64 descending: errors[i] is ||w - w_i|| / ||w|| where i things are kept, from none to all.
    costs: by pruning, the share of the matrix's numbers that i things take; a singular value takes rows + columns of them.
    """

    errors: dict[str, np.ndarray]
    costs: dict[str, np.ndarray]

    @classmethod
    def of(cls, matrix: np.ndarray) -> Compressibility:
        """matrix: (rows, columns) of finite numbers, not all 0; its nodes are its rows."""
        rows, columns = matrix.shape
        numbers = np.asarray(matrix, np.float64) / np.abs(matrix).max()
        sizes = {MAGNITUDE: np.abs(numbers).ravel(), NODES: np.linalg.norm(numbers, axis=1)}
        if min(rows, columns) <= LARGEST_SVD:
            sizes[SINGULAR_VALUES] = np.linalg.svd(numbers, compute_uv=False)
        each = {MAGNITUDE: 1, SINGULAR_VALUES: rows + columns, NODES: columns}
        return cls(
            {name: _errors(found) for name, found in sizes.items()},
            {name: np.arange(len(found) + 1) * (each[name] / numbers.size) for name, found in sizes.items()},
        )

    def error(self, pruning: str, kept: float) -> float:
        """The least relative error where at most that share of the numbers is kept: 0 where all may be."""
        if kept >= 1:
            return 0.0
        count = int(np.searchsorted(self.costs[pruning], kept * (1 + 1e-12), "right")) - 1
        return float(self.errors[pruning][min(count, len(self.errors[pruning]) - 1)])

    def prunable(self, pruning: str, error: float = ERROR) -> float:
        """The largest share of the numbers that may go at that relative error; 0 where a low rank would take more than all."""
        enough = int(np.argmax(self.errors[pruning] <= error))
        return max(0.0, 1 - float(self.costs[pruning][enough]))


def _errors(sizes: np.ndarray) -> np.ndarray:
    """Relative errors where the largest 0, 1, … of these are kept."""
    squares = np.sort(sizes**2)
    tails = np.concatenate([[0.0], np.cumsum(squares)])[::-1]
    return np.sqrt(tails / tails[0])


def gaussian_error(kept: float) -> float:
    """The limit of the relative error of independent Gaussian numbers of which the largest are kept (Gribonval et al. 2012).

    With t such that P(|z| > t) = kept:  error^2 = P(|z| < t) - 2 t phi(t).
    """
    if kept <= 0:
        return 1.0
    if kept >= 1:
        return 0.0
    threshold = -float(ndtri(kept / 2))
    density = math.exp(-(threshold**2) / 2) / math.sqrt(2 * math.pi)
    return math.sqrt(max(0.0, 1 - kept - 2 * threshold * density))


def stable_errors(alpha: float, count: int, kept: Sequence[float], seed: int = 0, draws: int = 15) -> list[float]:
    """Median relative errors of `count` independent symmetric alpha-stable numbers (Chambers, Mallows and Stuck 1976).

    They fall to 0 with the count for alpha < 2, and to `gaussian_error` for alpha = 2.
    """
    rng = np.random.default_rng(seed)
    found = np.empty((draws, len(kept)))
    for draw in range(draws):
        errors = _errors(np.abs(stable(alpha, count, rng)))
        found[draw] = [errors[round(share * count)] for share in kept]
    return np.median(found, axis=0).tolist()


def stable(alpha: float, count: int, rng: np.random.Generator) -> np.ndarray:
    """Independent symmetric alpha-stable numbers of scale 1, 0 < alpha <= 2; at 2 they are Gaussian with variance 2."""
    angle = rng.uniform(-math.pi / 2, math.pi / 2, count)
    waiting = rng.exponential(size=count)
    return (
        np.sin(alpha * angle)
        / np.cos(angle) ** (1 / alpha)
        * (np.cos((1 - alpha) * angle) / waiting) ** ((1 - alpha) / alpha)
    )
