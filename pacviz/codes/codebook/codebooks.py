"""Codebooks as bytes: which few values the weights of a layer take."""

from __future__ import annotations

import numpy as np

from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError

GRID_BITS = 16
"""The finest integer grid of the code; a codebook that needs a finer one is sent as floats."""

EXPONENTS = range(-149, 128)
"""Exponents of the grid's step: all that float32 values can need."""


def snap(codebook: np.ndarray, bits: int) -> np.ndarray:
    """The codebook rounded to an integer grid of `bits` bits: float32, ascending, distinct, without zero.

    The grid holds k * 2^e with |k| <= 2^(bits-1) and the smallest e that covers the largest |entry|.  Entries that would
    round to zero go one step to their own side of it; entries that meet on the grid become one, so fewer may come back.
    codebook: (r,), finite, without zero.  bits: 2 to 16.
    """
    if not len(codebook):
        return np.zeros(0, np.float32)
    values = codebook.astype(np.float64)
    step = np.ldexp(1.0, max(-149, int(np.frexp(np.abs(values).max())[1]) - (bits - 1)))
    multiples = np.rint(values / step)
    return (np.unique(np.where(multiples == 0, np.sign(values), multiples)) * step).astype(np.float32)


def code_codebook(coder: Coder, codebook: np.ndarray | None, nonzeros: int) -> np.ndarray:
    """Codes a codebook of 1 to `nonzeros` entries, float32 and exact; nothing where nonzeros = 0.

    The size log-uniformly, then the entries in the cheapest of three ways: on an integer grid k * 2^e by the gaps
    between them, as float16 or as float32.
    """
    if not nonzeros:
        return np.zeros(0, np.float32)
    largest = min(nonzeros, 2**16 - 1)
    length = coder.uniform(None if codebook is None else len(codebook).bit_length() - 1, largest.bit_length())
    base = 1 << length
    entries = base + coder.uniform(None if codebook is None else len(codebook) - base, min(base, largest - base + 1))

    def on_grid(coder: Coder) -> np.ndarray:
        return _code_on_grid(coder, codebook, entries)

    def as_halves(coder: Coder) -> np.ndarray:
        bits = None if codebook is None else codebook.astype(np.float16).view(np.uint16)
        return coder.halfwords(bits, entries).view(np.float16).astype(np.float32)

    def as_singles(coder: Coder) -> np.ndarray:
        bits = None if codebook is None else codebook.astype("<f4").view("<u2")
        return coder.halfwords(bits, 2 * entries).astype("<u2").view("<f4").astype(np.float32)

    with np.errstate(over="ignore", invalid="ignore"):
        has_grid = codebook is None or grid(codebook)[1] <= GRID_BITS
        has_halves = codebook is None or bool((codebook.astype(np.float16) == codebook).all())
        decoded = coder.cheapest([on_grid if has_grid else None, as_halves if has_halves else None, as_singles])
    if not (np.isfinite(decoded).all() and decoded.all() and (np.diff(decoded) > 0).all()):
        raise PacvizError(CORRUPT)
    return decoded


def grid(codebook: np.ndarray) -> tuple[int, int]:
    """The largest e such that all entries are k * 2^e, and the bit length of the largest |k|.  codebook: no zero among them."""
    mantissas, exponents = np.frexp(codebook.astype(np.float64))
    integers = np.abs(np.ldexp(mantissas, 24)).astype(np.int64)
    trailing_zeros = np.frexp((integers & -integers).astype(np.float64))[1] - 1
    step = int((exponents - 24 + trailing_zeros).min())
    return step, int(exponents.max()) - step


def _code_on_grid(coder: Coder, codebook: np.ndarray | None, entries: int) -> np.ndarray:
    """The step's exponent e, the bit length b of the largest |k|, and the gaps between the k (of which 0 is none)."""
    step, bits = (None, None) if codebook is None else grid(codebook)
    step = EXPONENTS[coder.uniform(None if step is None else EXPONENTS.index(step), len(EXPONENTS))]
    bits = 1 + coder.uniform(None if bits is None else bits - 1, GRID_BITS)
    gaps = None
    if codebook is not None:
        multiples = np.ldexp(codebook.astype(np.float64), -step).astype(np.int64)
        gaps = np.diff(multiples - (multiples > 0), prepend=-(2**bits) - 1) - 1
    ranks = np.cumsum(coder.integers(gaps, entries, 2 ** (bits + 1) - 1) + 1) - 2**bits - 1
    return np.ldexp((ranks + (ranks >= 0)).astype(np.float64), step).astype(np.float32)
