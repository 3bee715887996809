"""Pruning, which weights survive: the protocol of a rule, the registry of rules, and the door to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

import numpy as np

from pacviz.errors import PacvizError
from pacviz.settings import enlist, import_all


class Pruning(ABC):
    """A rule that says which weights survive.

    A subclass that `register` decorates is chosen by its name; `pacviz.checks.check_pruning` holds it to what it promises.

    help: completes "NAME: …" where the setting is explained.  smallest_first: of all weights of the network the smallest go
    first, so that one which is zero already costs no other its place.
    """

    name: ClassVar[str]
    help: ClassVar[str]
    smallest_first: ClassVar[bool] = False

    @abstractmethod
    def masks(self, matrices: Mapping[str, np.ndarray], sparsity: float) -> dict[str, np.ndarray]:
        """Boolean masks, one a layer, True where the weight survives: the same for the same weights on every machine.

        matrices: float32 (rows, columns) by layer.  sparsity: the share of weights to drop, in [0, 1).  At least one weight
        of the network survives.
        """


PRUNINGS: dict[str, Pruning] = {}
"""Every rule by name."""

_Registered = TypeVar("_Registered", bound=type[Pruning])


def register(pruning: _Registered) -> _Registered:
    """A class decorator that makes a rule known; raises PacvizError for a name that is taken or is none."""
    enlist(PRUNINGS, pruning.name, pruning(), "pruning")
    return pruning


def prune(matrices: Mapping[str, np.ndarray], sparsity: float, pruning: str) -> dict[str, np.ndarray]:
    """Boolean masks, one a layer: True where the weight survives.

    matrices: the weights by layer.  sparsity: share of weights to drop, in [0, 1).  pruning: a name in PRUNINGS.
    """
    if not 0 <= sparsity < 1:
        raise PacvizError(
            f"sparsity must be at least 0 and below 1, got {sparsity}; at 1 nothing would be left of the network."
        )
    if pruning not in PRUNINGS:
        raise PacvizError(f"pruning must be one of {', '.join(PRUNINGS)}, got {pruning!r}.")
    return PRUNINGS[pruning].masks(matrices, sparsity)


def largest(weights: np.ndarray, sparsity: float) -> np.ndarray:
    """Which weights are left where the smallest magnitudes go, among equals the last in row order; at least one stays."""
    kept = max(1, round((1 - sparsity) * weights.size))
    magnitudes = np.abs(weights).ravel()
    threshold = np.partition(magnitudes, magnitudes.size - kept)[magnitudes.size - kept]
    mask = magnitudes > threshold
    ties = np.flatnonzero(magnitudes == threshold)
    mask[ties[: kept - int(mask.sum())]] = True
    return mask.reshape(weights.shape)


import_all("pacviz.codes.prunings")
