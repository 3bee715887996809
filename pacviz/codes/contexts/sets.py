"""Hidden units are a set (docs/mathematics.md section 5): rows of equal count are sent without their order."""

from __future__ import annotations

import itertools

import numpy as np

from pacviz.codes.rangecoder import Coder

_LEAST = 2.0**-40
"""Least probability, as a share of that of the likeliest symbol: nothing is impossible."""


class Sets:
    """Groups of rows of equal count whose first columns never rise, which `codebook.units.canonical_order` sees to.

    Only where counts never rise; a bit says whether the rows of all such groups are in that order.
    counts: weights of each row, int (rows,).
    """

    def __init__(self, coder: Coder, mask: np.ndarray | None, counts: np.ndarray) -> None:
        self._first = np.full(len(counts), -1)
        self._given = None if mask is None else mask.argmax(axis=1)
        self._counts = counts
        self._groups: dict[int, int] = {}
        edges = np.flatnonzero(np.diff(counts, prepend=-1, append=-1)).tolist()
        groups = {start: stop for start, stop in itertools.pairwise(edges) if stop - start > 1 and counts[start]}
        if groups and not (np.diff(counts) > 0).any():
            sorted_ = None
            if self._given is not None:
                sorted_ = int(all((np.diff(self._given[start:stop]) <= 0).all() for start, stop in groups.items()))
            self._groups = groups if coder.uniform(sorted_, 2) else {}

    def first_columns(self, coder: Coder, block: slice, rates: np.ndarray) -> np.ndarray:
        """Codes the first columns of all groups that begin in the block; those of its rows as far as known, else -1: int.

        rates: of each column, relative to the mean, as they stand before the block.
        """
        for start in range(block.start, block.stop):
            if start in self._groups:
                rows = slice(start, self._groups[start])
                given = None if self._given is None else self._given[rows][::-1]
                sent = _code_multiset(coder, given, rows.stop - start, _beginnings(rates, int(self._counts[start])))
                self._first[rows] = sent[::-1]
        return self._first[block]


def _beginnings(rates: np.ndarray, count: int) -> np.ndarray:
    """The probability that a row of `count` weights begins with a column, given that it does with none before it."""
    columns = np.arange(len(rates) - count + 1)
    room = (len(rates) - columns).astype(np.float64)
    full = count * rates[columns] * room / np.cumsum(rates[::-1])[::-1][columns]
    return full / (full + (room - count))


def _code_multiset(coder: Coder, columns: np.ndarray | None, rows: int, begins: np.ndarray) -> np.ndarray:
    """Codes the first columns of so many rows, ascending: independent draws, sent without their order.

    The next column that any row begins with, then how many do: the binomial law, given that there is one.
    """
    found: list[int] = []
    at = 0
    while (left := rows - len(found)) > 0:
        none = _power(1 - begins[at:], left)
        law = np.cumprod(np.append(1.0, none[:-1])) * (1 - none)
        at += _categorical(coder, None if columns is None else int(columns[len(found)]) - at, law)
        others = left - 1
        if left > 1 and begins[at] < 1:
            odds = begins[at] / (1 - begins[at])
            many = np.arange(1, left)
            law = np.cumprod(np.append(1.0, (left - many) / (many + 1) * odds))
            given = None if columns is None else int(np.count_nonzero(columns == at)) - 1
            others = _categorical(coder, given, law)
        found += [at] * (others + 1)
        at += 1
    return np.array(found)


def _categorical(coder: Coder, symbol: int | None, law: np.ndarray) -> int:
    """One symbol in 0..r-1; law: probabilities of any sum, float64 (r,)."""
    law = np.maximum(law, law.max() * _LEAST) if law.max() > 0 else np.ones(len(law))
    return int(coder.categorical(None if symbol is None else np.array([symbol]), law, 1)[0])


def _power(values: np.ndarray, exponent: int) -> np.ndarray:
    """values^exponent by products, which every machine rounds alike."""
    found = np.ones_like(values)
    while exponent:
        if exponent % 2:
            found = found * values
        values, exponent = values * values, exponent // 2
    return found
