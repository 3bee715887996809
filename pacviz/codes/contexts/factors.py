"""Odds that learn from contexts: a logistic mixture in arithmetic that every machine rounds alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pacviz.codes.rangecoder import Coder

UNIT = 256
"""Logarithms are whole numbers of 1/256 octave."""
COUNT = 2**16
"""Hits and expected hits are whole numbers of 2^-16."""
DOUBT = 3 * COUNT // 2
"""Hits that every context is taken to have had before its first, of as many expected."""
MEMORY = 100 * COUNT
"""From so many hits, expected and seen, on a context forgets half of them."""
SLOWNESS = 50
"""How many nats of curvature a batch must have to move the weights of a mixture by half of Newton's step."""
FIRST_WEIGHT = 0.3
"""Of every context, before a mixture has learned."""
NAT = UNIT / math.log(2)
"""A natural logarithm's unit in 1/UNIT."""
FURTHEST = 24 * UNIT
"""No factor on odds is beyond 2^24."""


def _octave() -> np.ndarray:
    """2^(i / UNIT) for i in 0..UNIT-1, by square roots and products, which every machine rounds alike."""
    powers = np.ones(UNIT)
    root = 2.0
    for bit in reversed(range(UNIT.bit_length() - 1)):
        root = math.sqrt(root)
        powers[(np.arange(UNIT) >> bit) % 2 == 1] *= root
    return powers


OCTAVE = _octave()
_MANTISSAS = np.searchsorted(OCTAVE, 1 + (np.arange(4096) + 0.5) / 4096, side="right") - 1


def logarithm(values: np.ndarray) -> np.ndarray:
    """Binary logarithms of positive numbers in 1/UNIT, int64, rounded down to within one."""
    mantissas, exponents = np.frexp(values)
    return UNIT * (exponents.astype(np.int64) - 1) + _MANTISSAS[((2 * mantissas - 1) * 4096).astype(np.int64)]


def power(exponents: np.ndarray) -> np.ndarray:
    """2^(exponents / UNIT) for exponents within FURTHEST, which are rounded to whole numbers: float64."""
    whole = np.rint(np.clip(exponents, -FURTHEST, FURTHEST)).astype(np.int64)
    return np.ldexp(OCTAVE[whole % UNIT], whole // UNIT)


class Factors:
    """Odds of binary decisions, corrected by what each of several contexts has seen (logistic mixing, Mahoney 2005).

    A context compares the odds among its decisions with those that had been given to them.  The logarithms of these ratios
    are added with weights, which a batch moves along the gradient of its code length.  Counts, gradients and curvatures are
    sums of integers, so that their order does not matter.

    sizes: how many values each context can take.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._starts = np.cumsum([0, *sizes[:-1]])[:, None]
        # Hits and misses that were seen, then those that were expected: whole numbers in float64.
        self._counts = np.full((4, sum(sizes)), float(DOUBT))
        self._evidence = np.zeros(sum(sizes), np.int64)
        self._weights = np.full(len(sizes), FIRST_WEIGHT)

    def code(self, coder: Coder, flags: np.ndarray | None, odds: np.ndarray, contexts: np.ndarray) -> np.ndarray:
        """Codes a 0 or 1 for each of the odds that it is 1: int (m,).  odds: float64 (m,), m > 0.  contexts: int (sizes, m)."""
        at = contexts + self._starts
        evidence = self._evidence[at]
        shift = self._weights[0] * evidence[0]
        for weight, row in zip(self._weights[1:], evidence[1:], strict=True):
            shift += weight * row
        mixed = odds * power(shift)
        probabilities = mixed / (1 + mixed)
        found = coder.bernoulli(flags, probabilities)
        self._learn(at, found, np.rint(COUNT * odds / (1 + odds)))
        errors = np.rint(COUNT * (found - probabilities)).astype(np.int64)
        spreads = np.rint(COUNT * probabilities * (1 - probabilities)).astype(np.int64)
        curvature = int((evidence * evidence) @ spreads @ np.ones(len(evidence), np.int64)) / (COUNT * NAT * NAT)
        self._weights = self._weights + (evidence @ errors) / (COUNT * NAT) / (SLOWNESS + curvature)
        return found

    def _learn(self, at: np.ndarray, found: np.ndarray, expected: np.ndarray) -> None:
        """Counts decisions in their contexts.  found, expected: hits and 2^16 times their probability, (m,)."""
        places, size = at.ravel(), self._counts.shape[1]
        hits, likely = (np.broadcast_to(COUNT * found, at.shape).ravel(), np.broadcast_to(expected, at.shape).ravel())
        amounts = (hits, COUNT - hits, likely, COUNT - likely)
        # Few decisions leave most of a table as it is: two ways to the same numbers.
        few = len(places) < size
        for row, amount in zip(self._counts, amounts, strict=True):
            if few:
                np.add.at(row, places, amount)
            else:
                row += np.bincount(places, amount, size)
        touched = places if few else slice(None)
        counts = self._counts[:, touched]
        if (old := counts[0] + counts[2] > 2 * MEMORY).any():
            counts = np.where(old, np.ceil(counts / 2), counts)
            self._counts[:, touched] = counts
        hits_, misses, likely_, unlikely = logarithm(counts)
        self._evidence[touched] = hits_ - misses - likely_ + unlikely
