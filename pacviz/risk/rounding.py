"""What rounding can do to a logit: which answers every machine agrees on, and which depend on the arithmetic."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from pacviz.compression.network import CompressedNetwork
from pacviz.models import architecture
from pacviz.weights import Weights

DRAWN_SLACK = 1e-5
"""How far rounding moves a logit under noise, as a share of the largest |logit| of the example: some ten times what is
seen between processors.  It decides which draws two machines may count differently, not whether a limit is valid."""


def widened(network: CompressedNetwork) -> Weights:
    """The same weights in float64, where products and sums of them are all but exact."""
    return Weights(network.model, {name: matrix.astype(np.float64) for name, matrix in network.matrices.items()})


def magnitudes(network: CompressedNetwork) -> Weights:
    """The absolute values of the weights in float64."""
    return Weights(network.model, {name: np.abs(matrix) for name, matrix in widened(network).matrices.items()})


def growth(network: CompressedNetwork, dtype: torch.dtype) -> float:
    """The share g of its a_L by which rounding can move a logit, in any order of the sums.

    A sum of k products in floating point is off by at most gamma_k = k u / (1 - k u) times the sum of their absolute
    values, u = eps / 2 (Higham 2002, section 3.1).  With a_0 the largest |pixel| and a_l = |W_l| a_(l-1) + |b_l|, by
    induction g = (1 + gamma_4) prod_l (1 + gamma_(k_l + 2)) - 1, where k_l is the largest number of nonzeros in a row and
    pixels take up to 4 roundings; max-pooling and ReLU never widen a gap.
    """
    unit = torch.finfo(dtype).eps / 2
    terms = [4, *(2 + int(np.count_nonzero(layer.symbols, axis=1).max()) for layer in network.layers)]
    return float(np.expm1(sum(np.log1p(k * unit / (1 - k * unit)) for k in terms)))


def constant_image(network: CompressedNetwork, value: float) -> Tensor:
    """One image (channels, height, width, 1) of equal pixels, float64."""
    return torch.full((*architecture(network.model).input_shape, 1), value, dtype=torch.float64)


def is_right(logits: Tensor, labels: Tensor, slack: Tensor) -> Tensor:
    """Whether each answer is right when its own logit is lower by its slack and all others are higher by theirs.

    logits: (classes, batch).  labels: int64 (batch,).  slack: (classes, batch) or (classes, 1); negative where one asks
    for the other extreme.
    """
    moved = logits + slack
    own = labels[None]
    moved.scatter_(0, own, (logits - slack).gather(0, own))
    return moved.argmax(0) == labels
