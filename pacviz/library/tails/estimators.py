"""Tail indices of vectors and numbers (docs/mathematics.md section 8): Mohammadi et al. 2015 as Barsbey et al. 2021 apply it,
and Hill 1975."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

BLOCKS = (2, 5, 10, 20, 50, 100, 500, 1000)
"""How many vectors go into a sum, and the square root of their number; the median over all is the estimate."""
PERMUTATIONS = 5
HALVES = 60
"""Half-samples that an interval is from."""
LEVEL = 0.95
"""Of the intervals."""
FEWEST = 8
"""Vectors that an estimate takes."""


@dataclass(frozen=True)
class TailIndex:
    """An estimate of alpha: 2 for finite variance, less the heavier the tail.

    interval: that holds alpha with a probability of about LEVEL.  n: how many vectors or numbers it is from.
    """

    alpha: float
    interval: tuple[float, float]
    n: int


@dataclass(frozen=True)
class Hill:
    """Hill's estimate of the exponent of a power law from the k largest of n magnitudes; it may exceed 2.

    distance: Kolmogorov–Smirnov distance of these magnitudes from that law, of which k is the minimum.
    """

    alpha: float
    k: int
    distance: float


def tail_index(vectors: np.ndarray, rng: np.random.Generator) -> TailIndex | None:
    """Tail index of independent symmetric vectors (n, d): how the norm of a sum grows with the number of its terms.

    A sum of m alpha-stable vectors is m^(1/alpha) times one of them.  Columns are centred at their medians first; vectors
    that are exactly 0 are left out, for their logarithm would outweigh all others.  None for less than FEWEST vectors.
    The interval is from HALVES half-samples without replacement, whose estimates scatter about that of the whole sample as
    that one does about alpha (a bootstrap would put the same vector twice into a sum), with Student's quantile for half as
    many degrees of freedom as there are blocks of length sqrt(n).
    It measures unequal norms, too: Gaussian vectors whose scales differ are taken for heavy tails.
    """
    vectors = vectors[vectors.any(axis=1)]
    if len(vectors) < FEWEST:
        return None
    vectors = vectors - np.median(vectors, axis=0)
    norms = np.linalg.norm(vectors, axis=1)
    vectors, logs = vectors[norms > 0], np.log(norms[norms > 0])
    n = len(vectors)
    if n < FEWEST:
        return None
    orders = [rng.permutation(n) for _ in range(PERMUTATIONS)]
    inverse = float(np.median([_inverse(vectors[order], logs[order]) for order in orders]))
    halves = [rng.permutation(n)[: n // 2] for _ in range(HALVES)]
    errors = np.array([_inverse(vectors[half], logs[half]) for half in halves]) - inverse
    margin = float(stdtrit(math.sqrt(n) / 2, (1 + LEVEL) / 2) * np.sqrt(np.mean(errors**2)))
    return TailIndex(_index(inverse), (_index(inverse + margin), _index(inverse - margin)), n)


def _inverse(vectors: np.ndarray, logs: np.ndarray) -> float:
    """1/alpha, of which the median over lengths of blocks is taken.  logs: of the norms, (n,)."""
    n = len(vectors)
    lengths = {length for length in (*BLOCKS, math.isqrt(n)) if 2 <= length <= n // 2}
    inverses = []
    for length in sorted(lengths):
        count = n // length
        sums = np.linalg.norm(vectors[: count * length].reshape(count, length, -1).sum(axis=1), axis=1)
        positive = sums > 0
        if positive.any():
            # Vectors that no block has room for say what one of them is, all the same.
            inverses.append(float(np.mean(np.log(sums[positive])) - np.mean(logs)) / math.log(length))
    return float(np.median(inverses)) if inverses else 0.5


def _index(inverse: float) -> float:
    """Alpha, which is at most 2 for every law that sums keep."""
    return 2.0 if inverse <= 0.5 else 1 / inverse


def hill(numbers: np.ndarray, fewest: int = 20) -> Hill | None:
    """Hill's estimate from the k largest magnitudes, for that k that fits a power law best (Clauset et al. 2009).

    numbers: any shape; zeros are left out.  fewest: the least k.  At most a tenth of the numbers counts as tail; None where
    that is fewer than the least k, or where the largest magnitudes are all the same.
    """
    magnitudes = np.sort(np.abs(numbers[numbers != 0]).ravel())[::-1].astype(np.float64)
    most = len(magnitudes) // 10
    if most < fewest:
        return None
    logs = np.log(magnitudes[: most + 1])
    means = np.cumsum(logs)
    best: Hill | None = None
    for k in np.unique(np.geomspace(fewest, most, 50).astype(int)).tolist():
        inverse = means[k - 1] / k - logs[k]
        if inverse <= 0:
            continue
        # The share of the k that is larger than each: what the law says, and what was found.
        law = np.exp(-(logs[:k] - logs[k]) / inverse)
        ranks = np.arange(k)
        distance = float(np.maximum(np.abs(law - ranks / k), np.abs(law - (ranks + 1) / k)).max())
        if best is None or distance < best.distance:
            best = Hill(float(1 / inverse), k, distance)
    return best
