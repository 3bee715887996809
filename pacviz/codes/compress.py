"""The whole compression of a trained network: prune, and whatever the code of its architecture does with what is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes import coder as _codes  # noqa: F401  registers them
from pacviz.codes.code import code_of
from pacviz.codes.network import Network
from pacviz.codes.quantizer import KMEANS, quantizer_named


def compress(
    model: str,
    matrices: Mapping[str, np.ndarray],
    sparsity: float,
    bits: int,
    pruning: str,
    quantizer: str = KMEANS,
) -> Network:
    """The network that is coded, measured and certified.

    matrices: trained float32 weights (rows, columns) by layer of the named architecture.  pruning, quantizer: names in
    PRUNINGS and QUANTIZERS.  In a network of codebooks, weights
    that lead from or to a dead unit are dropped and hidden units are put into the coder's order: neither changes what it
    computes.  Raises PacvizError for an architecture that is coded in a subspace, which leaves nothing to compress.
    """
    return quantized(model, *quantizer_named(quantizer).prepared(matrices, sparsity, bits, pruning), bits)


def quantized(model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int) -> Network:
    """The rest of `compress`, where it is known which weights survive.  masks: bool, by layer."""
    return code_of(model).quantized(model, matrices, masks, bits)


def as_it_stands(model: str, matrices: Mapping[str, np.ndarray]) -> Network:
    """A network that was pruned and quantized elsewhere, or trained in a subspace, in the form that its architecture is coded in.

    matrices: as for `compress`.  Raises PacvizError for weights that cannot be coded so.
    """
    return code_of(model).as_it_stands(model, matrices)


def as_trained(model: str, matrices: Mapping[str, np.ndarray], bits: int) -> Network:
    """A network as its training leaves it: quantized where its code prunes and quantizes, else as it stands."""
    if code_of(model).prunes:
        return compress(model, matrices, 0.0, bits, "global")
    return as_it_stands(model, matrices)
