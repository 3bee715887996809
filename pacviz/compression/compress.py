"""The whole compression of a trained network: prune, quantize, drop what cannot matter, order the units.  Or none."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.compression.network import CompressedLayer, CompressedNetwork
from pacviz.compression.prune import prune
from pacviz.compression.quantize import quantize
from pacviz.compression.units import canonical_order, drop_dead_units
from pacviz.errors import PacvizError

ENTRIES = 2**16 - 1
"""The most values that a layer's weights may take: what the code has symbols for."""


def compress(
    model: str, matrices: Mapping[str, np.ndarray], sparsity: float, bits: int, pruning: str
) -> CompressedNetwork:
    """The network that is coded, measured and certified.

    matrices: trained float32 weights (rows, columns) by layer of the named architecture.  Weights that lead from or to
    a dead unit are dropped and hidden units are put into the coder's order: neither changes what the network computes.
    """
    return quantized(model, matrices, prune(matrices, sparsity, pruning), bits)


def quantized(
    model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int
) -> CompressedNetwork:
    """The rest of `compress`, where it is known which weights survive.  masks: bool, by layer."""
    layers = tuple(quantize(name, weights, masks[name], bits) for name, weights in matrices.items())
    return canonical_order(drop_dead_units(CompressedNetwork(model, layers)))


def as_it_stands(model: str, matrices: Mapping[str, np.ndarray]) -> CompressedNetwork:
    """A network that was pruned and quantized elsewhere: every distinct nonzero weight of a layer is a codebook entry.

    matrices: as for `compress`.  Raises PacvizError for a layer of more than ENTRIES distinct values.
    """
    layers = []
    for name, weights in matrices.items():
        codebook = np.unique(weights[weights != 0])
        if len(codebook) > ENTRIES:
            raise PacvizError(
                f"{name} takes {len(codebook):,} different values, more than the {ENTRIES:,} of a codebook; quantize it, "
                "or leave out --as-is to have pacviz do so."
            )
        symbols = np.where(weights == 0, 0, 1 + np.searchsorted(codebook, weights)).astype(np.uint16)
        layers.append(CompressedLayer(name, symbols, codebook))
    return CompressedNetwork(model, tuple(layers))
