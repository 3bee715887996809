"""What is left of a network after pruning and quantization: the value that is coded, decoded, measured and certified."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from pacviz.errors import PacvizError
from pacviz.models import LayerSpec, architecture

ENTRIES = 2**16 - 1
"""The most values that a layer's weights may take: what the code has symbols for."""


class Network(Hashable, Protocol):
    """Whatever can be coded, decoded, measured and certified: weights of a named architecture in a form that a code writes."""

    @property
    def model(self) -> str:
        """Name of its architecture."""

    @property
    def matrices(self) -> Mapping[str, np.ndarray]:
        """The very weights whose risk is measured, float32 (rows, columns) by layer."""

    @property
    def nonzeros(self) -> int:
        """Weights that are not zero."""

    @property
    def entries(self) -> int:
        """The most different values that its code sends in one place: of a layer's weights, of a place's coordinates."""

    @property
    def coordinates(self) -> np.ndarray | None:
        """The whole numbers that the code sends in place of weights, int64 (d,); None where it sends the weights."""

    @property
    def layered(self) -> CompressedNetwork | None:
        """The network as layers with codebooks, around whose entries there can be noise; None where it has none."""


@dataclass(frozen=True, eq=False)
class CompressedLayer:
    """One layer as positions and codebook assignments.

    symbols: uint16 (rows, columns); 0 where pruned, else 1 + the index of the weight's codebook entry.
    codebook: float32 (r,), strictly ascending, finite, no zero; every entry is used at least once.
    """

    name: str
    symbols: np.ndarray
    codebook: np.ndarray

    @cached_property
    def weights(self) -> np.ndarray:
        """float32 (rows, columns): the very weights whose risk is measured; exact zeros where pruned."""
        return np.concatenate([np.zeros(1, np.float32), self.codebook])[self.symbols]

    @cached_property
    def counts(self) -> np.ndarray:
        """int64 (r,): how many weights use each codebook entry."""
        return np.bincount(self.symbols.ravel(), minlength=len(self.codebook) + 1)[1:]

    @property
    def nonzeros(self) -> int:
        return int(self.counts.sum())

    @property
    def weight_range(self) -> float:
        """Largest minus smallest nonzero |weight| (docs/mathematics.md section 3); 0 for an empty layer."""
        if not len(self.codebook):
            return 0.0
        magnitudes = np.abs(self.codebook.astype(np.float64))
        return float(magnitudes.max() - magnitudes.min())


@dataclass(frozen=True, eq=False)
class CompressedNetwork:
    """A compressed network of the named architecture, one CompressedLayer for each of its LayerSpecs, in order."""

    model: str
    layers: tuple[CompressedLayer, ...]

    @property
    def specs(self) -> tuple[LayerSpec, ...]:
        return architecture(self.model).layers

    @property
    def matrices(self) -> dict[str, np.ndarray]:
        """The weights of each layer by name, float32 (rows, columns)."""
        return {layer.name: layer.weights for layer in self.layers}

    @property
    def nonzeros(self) -> int:
        return sum(layer.nonzeros for layer in self.layers)

    @property
    def entries(self) -> int:
        """Of the largest codebook."""
        return max(len(layer.codebook) for layer in self.layers)

    @property
    def coordinates(self) -> None:
        """It is coded weight by weight."""
        return None

    @property
    def layered(self) -> CompressedNetwork:
        """Itself."""
        return self


def by_values(model: str, matrices: Mapping[str, np.ndarray]) -> CompressedNetwork:
    """The network of which every distinct nonzero weight of a layer is a codebook entry.

    Raises PacvizError for a layer of more than ENTRIES distinct values.
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
