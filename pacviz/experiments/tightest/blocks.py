"""A small network as blocks of numbers to look at: kernels, matrices, biases, and what each tensor costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from pacviz.codes.codebook.codebooks import grid
from pacviz.codes.ledger import Ledger
from pacviz.codes.network import Network
from pacviz.models import LayerSpec, architecture

MOST_CELLS = 4_000
"""More numbers than a picture can show."""
_ASPECT = 2.2
"""Width of a slide's free space as a multiple of its height."""
WIDE = 2.5
"""Columns for each row of a picture of integers in no order."""


@dataclass(frozen=True, eq=False)
class Block:
    """The numbers of one layer, or those that lead to all layers.

    shape: what the tiles are, in words.
    tiles: float64 (tiles, rows, columns), a tile a kernel, or one tile that is a whole matrix; NaN where there is nothing.
    biases: float64, one for each tile, or for each row of a single one; empty where the layer has none.
    unit: what one step of a bias is worth, a power of 2.  bits: what the ledger charges for the layer; bias_bits: for its
    biases alone, 0 where they are in one line with the weights.
    """

    name: str
    shape: str
    tiles: np.ndarray
    biases: np.ndarray
    unit: float
    bits: float
    bias_bits: float = 0.0

    @property
    def count(self) -> int:
        """Numbers in it."""
        return int(np.isfinite(self.tiles).sum()) + len(self.biases)


def blocks(network: Network, ledger: Ledger) -> tuple[Block, ...] | None:
    """All numbers of a network, with what the ledger's lines charge for them; None for more than MOST_CELLS.

    Layer by layer in order; of a network in a random subspace, the place in it.
    """
    if network.coordinates is not None:
        return (_place(network.coordinates, ledger),)
    spec = architecture(network.model)
    if spec.parameters > MOST_CELLS:
        return None
    return tuple(_block(layer, network.matrices[layer.name], ledger) for layer in spec.layers)


def _place(integers: np.ndarray, ledger: Ledger) -> Block:
    """A vector, row by row in a rectangle as wide as a slide."""
    columns = math.ceil(math.sqrt(_ASPECT * len(integers)))
    cells = np.full(-(-len(integers) // columns) * columns, np.nan)
    cells[: len(integers)] = integers
    bits = math.fsum(charge.bits for charge in ledger.charges if charge.kind == "integers")
    return Block("w", f"{len(integers):,} directions", cells.reshape(1, -1, columns), np.zeros(0), 1.0, bits)


def _block(layer: LayerSpec, matrix: np.ndarray, ledger: Ledger) -> Block:
    parts = np.split(matrix.astype(np.float64), np.cumsum(layer.widths)[:-1], axis=1)
    biases, unit = np.zeros(0), 1.0
    tiles = np.zeros((0, 0, 0))
    for part, shape in zip(parts, layer.shapes, strict=True):
        if len(shape) == 1:
            unit = binary_unit(part)
            biases = part.ravel() / unit
        elif math.prod(shape[2:]) == 1:
            tiles = part[None]
        else:
            outputs, inputs, rows, columns = shape
            tiles = part.reshape(shape).transpose(0, 2, 1, 3).reshape(outputs, rows, inputs * columns)
    about = charges_of(ledger, layer.name)
    count, rows, columns = tiles.shape
    words = f"{rows} × {columns}" if count == 1 else f"{count} of {rows} × {columns}"
    return Block(layer.name, words, tiles, biases, unit, math.fsum(about.values()), about.get("biases", 0.0))


def binary_unit(values: np.ndarray) -> float:
    """The largest power of 2 of which all values are whole multiples; 1 where all are 0."""
    some = values[values != 0]
    return 2.0 ** grid(some)[0] if len(some) else 1.0


def charges_of(ledger: Ledger, layer: str) -> dict[str, float]:
    """Bits that the ledger charges for a layer, by kind of charge."""
    bits: dict[str, float] = {}
    for charge in ledger.charges:
        if charge.layer == layer:
            bits[charge.kind] = bits.get(charge.kind, 0.0) + charge.bits
    return bits
