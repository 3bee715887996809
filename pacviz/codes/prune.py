"""Magnitude pruning: which weights survive."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.errors import PacvizError

PRUNINGS = ("layer", "global")


def prune(matrices: Mapping[str, np.ndarray], sparsity: float, pruning: str) -> dict[str, np.ndarray]:
    """Boolean masks, one a layer: True where the weight survives.

    matrices: the weights by layer.  sparsity: share of weights to drop, in [0, 1); the smallest magnitudes go first,
    among equals the last in row order.  pruning: "layer" drops that share in every layer, "global" takes one
    threshold for the network.  At least one weight of each layer (of the network) survives.
    """
    if not 0 <= sparsity < 1:
        raise PacvizError(
            f"sparsity must be at least 0 and below 1, got {sparsity}; at 1 nothing would be left of the network."
        )
    if pruning == "layer":
        return {name: _largest(matrix, sparsity) for name, matrix in matrices.items()}
    if pruning != "global":
        raise PacvizError(f"pruning must be one of {', '.join(PRUNINGS)}, got {pruning!r}.")
    survivors = _largest(np.concatenate([matrix.ravel() for matrix in matrices.values()]), sparsity)
    ends = np.cumsum([matrix.size for matrix in matrices.values()])
    parts = np.split(survivors, ends[:-1])
    return {name: part.reshape(matrix.shape) for (name, matrix), part in zip(matrices.items(), parts, strict=True)}


def _largest(weights: np.ndarray, sparsity: float) -> np.ndarray:
    kept = max(1, round((1 - sparsity) * weights.size))
    magnitudes = np.abs(weights).ravel()
    threshold = np.partition(magnitudes, magnitudes.size - kept)[magnitudes.size - kept]
    mask = magnitudes > threshold
    ties = np.flatnonzero(magnitudes == threshold)
    mask[ties[: kept - int(mask.sum())]] = True
    return mask.reshape(weights.shape)
