"""Weights as whole numbers: where a chain of layers is positively homogeneous, the scale of each layer's weights is free."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from pacviz.codes.integers.mixture import LARGEST
from pacviz.errors import PacvizError
from pacviz.models import architecture

_ROUNDING = 1e-4
"""How far from an integer a weight over its tensor's step may lie: float32 weights are surer than that."""
_STEPS = 32
"""How many steps are tried where weights have to be rounded."""


def whole(model: str, matrices: Mapping[str, np.ndarray], bits: int) -> dict[str, np.ndarray]:
    """The network with integers k as weights, |k| <= LARGEST, and integers times a power of two as biases.

    Weights that are integers times one step a tensor become those integers; others are rounded, by least squares, to
    2^bits - 1 of them (1 bit: to -1, 0 and 1).  What leaving out the steps does to the scale of the activations is done
    to the biases, too, so that it only changes the scale of the logits.  Biases that are integers times a power of two
    beside that scale are exact; others are rounded, to integers of at most 2^bits.
    matrices: float32 (rows, columns) by layer.  Raises PacvizError for an architecture with sums of layers.
    """
    rounded, scale = {}, 1.0
    chain = architecture(model)
    if any(operation.body for operation in chain.operations):
        raise PacvizError(
            f"{chain.title} adds what its layers compute, so that their scales cannot be chosen one by one."
        )
    for spec in chain.layers:
        weights, biases = np.split(matrices[spec.name].astype(np.float64), [spec.widths[0]], axis=1)
        integers, step = _on_grid(weights) or _rounded(weights, max(1, min(LARGEST, 2 ** (bits - 1) - 1)))
        scale *= step
        biases = _binary(biases / scale, min(LARGEST, 2**bits))
        rounded[spec.name] = np.concatenate([integers, biases], axis=1).astype(np.float32) + np.float32(0)
    return rounded


def _on_grid(values: np.ndarray) -> tuple[np.ndarray, float] | None:
    """The integers and the step that values are, None where they are not; integers keep all but a power of two."""
    largest = float(np.abs(values).max(initial=0.0))
    if largest <= LARGEST and (values == np.rint(values)).all():
        divisor = int(np.gcd.reduce(values.astype(np.int64), axis=None))
        step = float(max(1, divisor & -divisor))
        return values / step, step
    for multiple in range(1, LARGEST + 1):
        exact = values * (multiple / largest)
        if (np.abs(exact - np.rint(exact)) < _ROUNDING).all():
            return np.rint(exact), largest / multiple
    return None


def _rounded(values: np.ndarray, most: int) -> tuple[np.ndarray, float]:
    """The integers of magnitude at most `most`, and the step, that times each other come closest to the values."""
    largest = float(np.abs(values).max())
    candidates = []
    for part in range(1, _STEPS + 1):
        step = largest / most * part / _STEPS
        integers = np.clip(np.rint(values / step), -most, most)
        candidates.append((float(((integers * step - values) ** 2).sum()), part, integers, step))
    _, _, integers, step = min(candidates, key=lambda candidate: candidate[:2])
    return integers, step


def _binary(values: np.ndarray, most: int) -> np.ndarray:
    """The values as integers times a power of two: as they are where they have that form, else rounded to |k| <= `most`."""
    largest = float(np.abs(values).max(initial=0.0))
    if not largest:
        return values
    coarsest = math.frexp(largest)[1]
    for bits in range(LARGEST.bit_length() + 1):
        integers = np.ldexp(values, bits - coarsest)
        if (np.abs(integers - np.rint(integers)) < _ROUNDING).all() and np.abs(integers).max() < LARGEST + _ROUNDING:
            return np.ldexp(np.rint(integers), coarsest - bits)
    exponent = math.frexp(largest / most)[1]
    return np.ldexp(np.rint(np.ldexp(values, -exponent)), exponent)
