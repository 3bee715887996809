"""Magnitude pruning of the network as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.prune import Pruning, largest, register


@register
class GlobalPruning(Pruning):
    """The smallest magnitudes of the network go."""

    name = "global"
    help = "one threshold on |weight| for the whole network"
    smallest_first = True

    def masks(self, matrices: Mapping[str, np.ndarray], sparsity: float) -> dict[str, np.ndarray]:
        survivors = largest(np.concatenate([matrix.ravel() for matrix in matrices.values()]), sparsity)
        parts = np.split(survivors, np.cumsum([matrix.size for matrix in matrices.values()])[:-1])
        return {name: part.reshape(matrix.shape) for (name, matrix), part in zip(matrices.items(), parts, strict=True)}
