"""How dependent the entries of a layer are: mean-field theory has them independent in the limit of width."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PAIRS = 60
"""Pairs of vectors that are looked at."""
LONGEST = 256
"""Entries of a vector that distance correlation looks at: it takes their square."""


@dataclass(frozen=True)
class Dependence:
    """Mean over pairs of vectors, beside what the same vectors give when the order of one of each pair is random.

    correlation: absolute Pearson correlation.  distance: distance correlation (Székely et al. 2007), which is 0 for
    independence alone.  Both are above 0 for independent vectors of finite length; how much, the second numbers say.
    """

    correlation: float
    correlation_independent: float
    distance: float
    distance_independent: float


def dependence(vectors: np.ndarray, rng: np.random.Generator) -> Dependence | None:
    """Over pairs of the vectors (n, d); None for fewer than two that vary, or of fewer than four entries."""
    varied = np.asarray(vectors, np.float64)
    varied = varied[np.ptp(varied, axis=1) > 0] if varied.size else varied
    if len(varied) < 2 or varied.shape[1] < 4:
        return None
    varied = varied / np.abs(varied).max(axis=1, keepdims=True)
    found = []
    for _ in range(PAIRS):
        one, other = varied[rng.choice(len(varied), 2, replace=False)]
        shuffled = rng.permutation(other)
        part = rng.permutation(len(one))[:LONGEST]
        found.append((
            abs(_correlation(one, other)),
            abs(_correlation(one, shuffled)),
            distance_correlation(one[part], other[part]),
            distance_correlation(one[part], shuffled[part]),
        ))  # fmt: skip
    return Dependence(*(float(value) for value in np.mean(found, axis=0)))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.corrcoef(one, other)[0, 1])


def distance_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Of two samples (m,) in pairs, in [0, 1]: 0 where either does not vary."""
    first, second = _centred(one), _centred(other)
    scale = np.sqrt(np.mean(first * first) * np.mean(second * second))
    return float(np.sqrt(max(0.0, np.mean(first * second)) / scale)) if scale > 0 else 0.0


def _centred(numbers: np.ndarray) -> np.ndarray:
    """Doubly centred distances, (m, m)."""
    distances = np.abs(numbers[:, None] - numbers[None, :])
    means = distances.mean(axis=0)
    return distances - means[:, None] - means[None, :] + means.mean()
