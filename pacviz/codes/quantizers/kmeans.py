"""Codebooks of cluster centres: weights go by magnitude, and the code clusters what is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.prune import prune
from pacviz.codes.quantizer import KMEANS, Quantizer, register


@register
class KmeansQuantizer(Quantizer):
    """Weights are left to the code of the architecture (`codebook.quantize` for codebooks)."""

    name = KMEANS
    help = "pruned first, each weight then takes the nearest centre of its layer's clusters"

    def prepared(
        self, matrices: Mapping[str, np.ndarray], sparsity: float, bits: int, pruning: str
    ) -> tuple[Mapping[str, np.ndarray], dict[str, np.ndarray]]:
        return matrices, prune(matrices, sparsity, pruning)
