"""Odds that learn from contexts: a logistic mixture in arithmetic that every machine rounds alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pacviz.codes.contexts.faster import BATCH
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
_OCTAVE_BITS = OCTAVE.view(np.int64)


def logarithm(values: np.ndarray) -> np.ndarray:
    """Binary logarithms of positive numbers in 1/UNIT, int64, rounded down to within one.  values: contiguous float64."""
    # Of a float64, 11 bits of exponent, then the first 12 of the mantissa.
    leading = values.view(np.int64) >> 40
    return UNIT * ((leading >> 12) - 1023) + _MANTISSAS.take(leading & 4095)


def power(exponents: np.ndarray) -> np.ndarray:
    """2^(exponents / UNIT) for exponents within FURTHEST, which are rounded to whole numbers: float64."""
    whole = np.rint(np.minimum(np.maximum(exponents, -FURTHEST), FURTHEST)).astype(np.int64)
    return (_OCTAVE_BITS.take(whole & UNIT - 1) + (whole >> UNIT.bit_length() - 1 << 52)).view(np.float64)


def half_octaves(least: int, most: int) -> np.ndarray:
    """Where `logarithm` passes the half octaves above 2^least and below 2^most, ascending."""
    steps = np.array([1.0, 1 + np.searchsorted(_MANTISSAS, UNIT // 2) / len(_MANTISSAS)])
    return np.ldexp(steps, np.arange(least, most)[:, None]).ravel()[1:]


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

    def code(
        self, coder: Coder, flags: np.ndarray | None, odds: np.ndarray, contexts: Sequence[np.ndarray]
    ) -> np.ndarray:
        """Codes a 0 or 1 for each of the odds that it is 1: int (m,).  odds: float64 (m,), m > 0.  contexts: int (m,) each."""
        coder.spend(BATCH + len(odds))
        at = np.concatenate(contexts).reshape(len(self._starts), -1) + self._starts
        evidence = self._evidence.take(at)
        weighted = self._weights[:, None] * evidence
        shift = weighted[0]
        # Row by row: a sum whose order is free may be rounded differently on another machine.
        for row in weighted[1:]:
            shift += row
        mixed = odds * power(shift)
        probabilities = mixed / (1 + mixed)
        found = coder.bernoulli(flags, probabilities)
        self._learn(at, found, np.rint(COUNT * odds / (1 + odds)))
        errors = np.rint(COUNT * (found - probabilities)).astype(np.int64)
        spreads = np.rint(COUNT * probabilities * (1 - probabilities)).astype(np.int64)
        curvature = int((evidence * evidence @ spreads).sum()) / (COUNT * NAT * NAT)
        self._weights = self._weights + (evidence @ errors) / (COUNT * NAT) / (SLOWNESS + curvature)
        return found

    def _learn(self, at: np.ndarray, found: np.ndarray, expected: np.ndarray) -> None:
        """Counts decisions in their contexts.  found, expected: hits and 2^16 times their probability, (m,)."""
        places, size = at.ravel(), self._counts.shape[1]
        amounts = np.empty((2, *at.shape))
        amounts[0], amounts[1] = found, expected
        decisions = np.bincount(places, None, size)
        # Few decisions leave most of a table as it is.
        touched = decisions.nonzero()[0] if len(places) < size else np.arange(size)
        seen = COUNT * decisions.take(touched)
        hits, likely = (np.bincount(places, each.ravel(), size).take(touched) for each in amounts)
        hits *= COUNT
        counts = self._counts.take(touched, 1)
        counts += (hits, seen - hits, likely, seen - likely)
        if (old := counts[0] + counts[2] > 2 * MEMORY).any():
            counts = np.where(old, np.ceil(counts / 2), counts)
        for row, new in zip(self._counts, counts, strict=True):
            row[touched] = new
        hits_, misses, likely_, unlikely = logarithm(counts)
        self._evidence[touched] = hits_ - misses - likely_ + unlikely
