"""The code of networks whose weights are small whole numbers, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.code import Charging, register
from pacviz.codes.codebook.code import CodebookCode
from pacviz.codes.integers.mixture import code_matrices
from pacviz.codes.integers.whole import whole
from pacviz.codes.network import CompressedNetwork, Network, by_values
from pacviz.codes.rangecoder import Coder
from pacviz.models import Architecture


@register
class IntegersCode(CodebookCode):
    """Of each tensor its integers, and of biases the power of two that they count in.  With noise they are codebooks."""

    name = "integers"
    how = "as whole numbers"

    def quantized(
        self, model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int
    ) -> CompressedNetwork:
        """Weights that are integers times one step a tensor keep those; pruned ones are zeros like any other."""
        return by_values(model, whole(model, {name: matrices[name] * masks[name] for name in matrices}, bits))

    def code(
        self, coder: Coder, architecture: Architecture, network: Network | None, charge: Charging
    ) -> CompressedNetwork:
        written = None if network is None else network.matrices
        return by_values(architecture.name, code_matrices(coder, architecture.layers, written, charge))
