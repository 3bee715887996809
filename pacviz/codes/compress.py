"""The whole compression of a trained network: prune, quantize, drop what cannot matter, order the units.  Or none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.codebook.quantize import quantize
from pacviz.codes.codebook.units import canonical_order, drop_dead_units
from pacviz.codes.integers.whole import whole
from pacviz.codes.network import CompressedNetwork, by_values
from pacviz.codes.prune import prune
from pacviz.errors import PacvizError
from pacviz.models import architecture


def compress(
    model: str, matrices: Mapping[str, np.ndarray], sparsity: float, bits: int, pruning: str
) -> CompressedNetwork:
    """The network that is coded, measured and certified.  Not for an architecture that is coded in a subspace.

    matrices: trained float32 weights (rows, columns) by layer of the named architecture.  Weights that lead from or to
    a dead unit are dropped and hidden units are put into the coder's order: neither changes what the network computes.
    """
    if architecture(model).code == "subspace":
        raise PacvizError(
            f"{architecture(model).title} is coded by its place there: there is nothing to prune or to quantize; "
            "certify a file of its weights with --as-is."
        )
    return quantized(model, matrices, prune(matrices, sparsity, pruning), bits)


def quantized(
    model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int
) -> CompressedNetwork:
    """The rest of `compress`, where it is known which weights survive.  masks: bool, by layer.

    An architecture that is coded as integers gets integers instead of codebooks, and keeps those that it has.
    """
    if architecture(model).code == "integers":
        return by_values(model, whole(model, {name: matrices[name] * masks[name] for name in matrices}, bits))
    layers = tuple(quantize(name, weights, masks[name], bits) for name, weights in matrices.items())
    return canonical_order(drop_dead_units(CompressedNetwork(model, layers)))
