"""Codebooks as bytes: which few values the weights of a layer take."""

from __future__ import annotations

import numpy as np

from pacviz.compression.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError

GRID_BITS = 16
"""The finest integer grid of the code; a codebook that needs a finer one is sent as floats."""

EXPONENTS = 278
"""Exponents -149 to 128 of the grid's step: all that float32 values can need."""


def snap(codebook: np.ndarray, bits: int) -> np.ndarray:
    """The codebook rounded to an integer grid of `bits` bits: float32, ascending, distinct, without zero.

    The grid holds k * 2^e with |k| <= 2^(bits-1) and the smallest e that covers the largest |entry|.  Entries that meet
    on the grid become one and entries that round to zero are dropped, so fewer may come back; never none.
    codebook: (r,), finite, not all zero.  bits: 2 to 16.
    """
    if not len(codebook):
        return np.zeros(0, np.float32)
    values = codebook.astype(np.float64)
    step = np.ldexp(1.0, max(-149, int(np.frexp(np.abs(values).max())[1]) - (bits - 1)))
    multiples = np.unique(np.rint(values / step))
    return (multiples[multiples != 0] * step).astype(np.float32)


def code_codebook(coder: Coder, codebook: np.ndarray | None, nonzeros: int) -> np.ndarray:
    """Codes a codebook of 1 to `nonzeros` entries, exactly, in the cheapest of three ways; nothing where nonzeros = 0.

    On a grid k * 2^e the entries are a subset of the nonzero integers, sent by the gaps between them: bits of k, e,
    and r adaptive integers.  float16 and float32 entries are sent as they are.
    """
    if not nonzeros:
        return np.zeros(0, np.float32)
    largest = min(nonzeros, 2**16 - 1)
    length = coder.uniform(None if codebook is None else len(codebook).bit_length() - 1, largest.bit_length())
    size = min(2**length, largest - 2**length + 1)
    entries = 2**length + coder.uniform(None if codebook is None else len(codebook) - 2**length, size)
    exact_half = codebook is None or bool((_half(codebook) == codebook).all())
    found = coder.cheapest(
        [
            (lambda coder: _code_on_grid(coder, codebook, entries))
            if codebook is None or _grid(codebook)[1] <= GRID_BITS
            else None,
            (lambda coder: _code_halves(coder, codebook, entries)) if exact_half else None,
            lambda coder: _code_singles(coder, codebook, entries),
        ]
    )
    if not (np.isfinite(found).all() and (np.diff(found) > 0).all() and found.all()):
        raise PacvizError(CORRUPT)
    return found


def _half(codebook: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return codebook.astype(np.float16)


def _grid(codebook: np.ndarray) -> tuple[int, int]:
    """The largest e such that all entries are k * 2^e, and the bits of the largest |k|."""
    mantissas, exponents = np.frexp(codebook.astype(np.float64))
    integers = np.abs(mantissas * 2**24).astype(np.int64)
    zeros = np.frexp((integers & -integers).astype(np.float64))[1] - 1
    step = int((exponents - 24 + zeros).min())
    return step, int(exponents.max()) - step


def _code_on_grid(coder: Coder, codebook: np.ndarray | None, entries: int) -> np.ndarray:
    step, bits, gaps = None, None, None
    if codebook is not None:
        step, bits = _grid(codebook)
        multiples = np.ldexp(codebook.astype(np.float64), -step).astype(np.int64)
        ranks = np.where(multiples < 0, multiples, multiples - 1) + 2**bits
        gaps = np.diff(ranks, prepend=-1) - 1
    step = coder.uniform(None if step is None else step + 149, EXPONENTS) - 149
    bits = 1 + coder.uniform(None if bits is None else bits - 1, GRID_BITS)
    ranks = np.cumsum(coder.integers(gaps, entries, 2 ** (bits + 1)) + 1) - 1 - 2**bits
    with np.errstate(over="ignore"):
        return np.ldexp(np.where(ranks < 0, ranks, ranks + 1).astype(np.float64), step).astype(np.float32)


def _code_halves(coder: Coder, codebook: np.ndarray | None, entries: int) -> np.ndarray:
    patterns = None if codebook is None else _half(codebook).view(np.uint16)
    return coder.words(patterns, entries, 16).astype(np.uint16).view(np.float16).astype(np.float32)


def _code_singles(coder: Coder, codebook: np.ndarray | None, entries: int) -> np.ndarray:
    patterns = None if codebook is None else codebook.astype("<f4").view("<u2")
    return coder.words(patterns, 2 * entries, 16).astype("<u2").view("<f4").astype(np.float32)
