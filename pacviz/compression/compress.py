"""The whole compression of a trained network: prune, quantize, drop what cannot matter, order the units."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.compression.network import CompressedNetwork
from pacviz.compression.prune import prune
from pacviz.compression.quantize import quantize
from pacviz.compression.units import canonical_order, drop_dead_units


def compress(
    model: str, matrices: Mapping[str, np.ndarray], sparsity: float, bits: int, pruning: str
) -> CompressedNetwork:
    """The network that is coded, measured and certified.

    matrices: trained float32 weights (rows, columns) by layer of the named architecture.  Weights that lead from or to
    a dead unit are dropped and hidden units are put into the coder's order: neither changes what the network computes.
    """
    masks = prune(matrices, sparsity, pruning)
    layers = tuple(quantize(name, weights, masks[name], bits) for name, weights in matrices.items())
    return canonical_order(drop_dead_units(CompressedNetwork(model, layers)))
