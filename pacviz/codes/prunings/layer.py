"""Magnitude pruning, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.prune import Pruning, largest, register


@register
class LayerPruning(Pruning):
    """The smallest magnitudes of every layer go; at least one weight of each stays."""

    name = "layer"
    help = "every layer loses the same share of its weights"

    def masks(self, matrices: Mapping[str, np.ndarray], sparsity: float) -> dict[str, np.ndarray]:
        return {name: largest(matrix, sparsity) for name, matrix in matrices.items()}
