"""Integers as bytes: weights that are small whole numbers, written by a mixture of laws that learns as it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from pacviz.codes.code import Charging
from pacviz.codes.codebook.codebooks import grid
from pacviz.codes.rangecoder import CORRUPT, Coder
from pacviz.errors import PacvizError
from pacviz.models import LayerSpec

LARGEST = 127
"""Largest magnitude of an integer."""
EXPONENTS = range(-149, 128)
"""Exponents of the power of two that biases count in: all that float32 values can need."""

NEIGHBOURS = ((0, 0), (2, 0), (0, 2), (1, 1), (2, 2))
"""What may be expected of a weight, in quarters of the one to its left and of the one above it in the same kernel."""

_SCALES = {"laplace": (*range(-12, -4, 2), *range(-4, 15)), "gauss": tuple(range(24))}
"""Half octaves above 1/2 of the mean of |k|, or of half the mean of k^2: from nearly all zero to where LARGEST ends."""
_FLOOR = 2.0**-60
"""Least probability, as a share of that of the likeliest integer, and least belief: nothing is impossible."""
_FORGETTING = 0.5
"""The share of its belief that a mixture gives back to all laws where another tensor begins."""
_EXPECTED_EXPONENT = -3
"""Of the biases' unit, beside the gain of the weights before them: measured on tiny nets."""


@lru_cache(maxsize=1)
def _laws() -> np.ndarray:
    """The laws p(k) ~ g^|k - c| and p(k) ~ g^((k - c)^2) with centres c = 0, 1/4, 1/2 and 3/4.

    float64 (4, laws, 4 LARGEST + 1), for k from -2 LARGEST: a law is moved by whole numbers where it is read.
    """
    laws = []
    for kind, half_octaves in _SCALES.items():
        for half_octave in half_octaves:
            # By integer roots, and products one after the other, so that every machine has the same.
            scale = math.isqrt(1 << (12 + half_octave)) / 128 * (16 if kind == "gauss" else 4)
            factor = scale / (1 + scale)
            growth = factor * factor if kind == "gauss" else 1.0
            by_quarters = [1.0]
            for _ in range(4 * (2 * LARGEST + 1)):
                by_quarters.append(max(_FLOOR, by_quarters[-1] * factor))
                factor *= growth
            shape = np.array(by_quarters)
            for quarter in range(4):
                values = shape[np.abs(4 * np.arange(-2 * LARGEST, 2 * LARGEST + 1) - quarter)]
                laws.append(values / math.fsum(values))
    return np.array(laws).reshape(-1, 4, 4 * LARGEST + 1).swapaxes(0, 1).copy()


class Mixture:
    """The law of integers, as far as those that were coded tell: Bayes' mixture of laws of every scale and centre.

    Which law it is, nothing says: to have believed in many costs a few bits, less than to name one.  What one tensor
    has taught serves the next, which may differ (fixed share, Herbster and Warmuth 1998).
    """

    def __init__(self) -> None:
        # Half of it goes to no neighbour at all.
        shares = np.array([0.5] + [0.5 / (len(NEIGHBOURS) - 1)] * (len(NEIGHBOURS) - 1))
        laws = _laws().shape[1]
        self._prior = np.repeat(shares[:, None] / laws, laws, axis=1)
        self._belief = self._prior

    def code(self, coder: Coder, values: np.ndarray | None, count: int, side: int = 1) -> np.ndarray:
        """Codes `count` integers of magnitude at most LARGEST, int64 (count,), both ways like all of a Coder's methods.

        side: of the square kernels that they are, row by row; 1 where they are none.
        """
        decoded, laws = np.zeros(count, np.int64), _laws()
        belief = (1 - _FORGETTING) * self._belief + _FORGETTING * self._prior
        for place in range(count):
            left = int(decoded[place - 1]) if place % side else 0
            above = int(decoded[place - side]) if place // side % side else 0
            centres = [left * beside + above * over for beside, over in NEIGHBOURS]
            moved = {
                centre: laws[centre % 4, :, LARGEST - centre // 4 :][:, : 2 * LARGEST + 1] for centre in set(centres)
            }
            law = np.zeros(2 * LARGEST + 1)
            for centre in sorted(moved):
                believed = sum(share for share, other in zip(belief, centres, strict=True) if other == centre)
                # Term by term: a sum whose order is free may be rounded differently on another machine.
                law += np.cumsum(believed[:, None] * moved[centre], axis=0)[-1]
            symbol = None if values is None else values[place : place + 1] + LARGEST
            chosen = int(coder.categorical(symbol, law, 1)[0])
            decoded[place] = chosen - LARGEST
            evidence = np.array([moved[centre][:, chosen] for centre in centres])
            belief = np.maximum(belief * evidence / law[chosen], _FLOOR)
        self._belief = belief
        return decoded


def code_matrices(
    coder: Coder,
    layers: Sequence[LayerSpec],
    matrices: Mapping[str, np.ndarray] | None,
    charge: Charging,
) -> dict[str, np.ndarray]:
    """Codes the weights of each layer as integers, its biases as integers times a power of two: float32 (rows, columns).

    The exponent of that power is written beside what the gain of all weights so far leads to expect.
    charge: told after each tensor.
    Raises PacvizError for values of another form.
    """
    weights, biases, gain = Mixture(), Mixture(), _Gain()
    decoded = {}
    for spec in layers:
        width = spec.widths[0]
        given = None if matrices is None else _integers(f"weights of {spec.name}", matrices[spec.name][:, :width])
        side = spec.shapes[0][-1] if len(spec.shapes[0]) == 4 else 1
        kernel = weights.code(coder, given, spec.rows * width, side).reshape(spec.rows, width)
        charge("weights", "small whole numbers, by a law that is learned on the way", spec.name)
        gain = gain.after(kernel)
        parts = [kernel.astype(np.float32)]
        if spec.columns > width:
            bias = None if matrices is None else matrices[spec.name][:, width]
            parts.append(_code_biases(coder, biases, spec, bias, gain.exponent)[:, None])
            charge("biases", "whole numbers, and the power of two that they count in", spec.name)
        decoded[spec.name] = np.concatenate(parts, axis=1)
    return decoded


class _Gain:
    """By how much the weights of some layers enlarge what they read, squared: the mean squares of their units' weights."""

    def __init__(self, numerator: int = 1, denominator: int = 1) -> None:
        self.numerator, self.denominator = numerator, denominator

    def after(self, kernel: np.ndarray) -> _Gain:
        # A ReLU lets half of the squares pass.
        return _Gain(self.numerator * max(1, int((kernel**2).sum())), self.denominator * 2 * len(kernel))

    @property
    def exponent(self) -> int:
        """Half the binary logarithm, rounded."""
        return (self.numerator.bit_length() - self.denominator.bit_length()) // 2


def _code_biases(coder: Coder, mixture: Mixture, spec: LayerSpec, biases: np.ndarray | None, gain: int) -> np.ndarray:
    exponent, given = 0, None
    if biases is not None:
        if biases.any():
            exponent = grid(biases[biases != 0])[0]
        given = _integers(f"biases of {spec.name}", np.ldexp(biases.astype(np.float64), -exponent))
    integers = mixture.code(coder, given, spec.rows)
    if not integers.any():
        return np.zeros(spec.rows, np.float32)
    expected = min(max(gain + _EXPECTED_EXPONENT, EXPONENTS[0]), EXPONENTS[-1])
    surprise = np.abs(np.array(EXPONENTS) - expected)
    # (2/3)^surprise from integers, to where the coder's own least probability takes over.
    frequencies = np.array([2**power * 3 ** (24 - power) for power in range(25)])[np.minimum(surprise, 24)]
    symbol = None if biases is None else np.array([EXPONENTS.index(exponent)])
    exponent = EXPONENTS[int(coder.categorical(symbol, frequencies, 1)[0])]
    with np.errstate(over="ignore"):
        decoded = np.ldexp(integers.astype(np.float64), exponent).astype(np.float32)
    if not np.isfinite(decoded).all():
        raise PacvizError(CORRUPT)
    return decoded


def _integers(name: str, values: np.ndarray) -> np.ndarray:
    """The values, flat, as integers; raises PacvizError unless they are."""
    wrong = values[(values != np.rint(values)) | (np.abs(values) > LARGEST)]
    if wrong.size:
        raise PacvizError(
            f"The {name} hold {wrong[0]:g}, but this network is coded as whole numbers from -{LARGEST} to {LARGEST} "
            "(biases times a power of two); train it with --method integers, or leave out --as-is to have it rounded."
        )
    return values.ravel().astype(np.int64)
