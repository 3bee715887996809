"""Hidden units: which of them cannot matter, and in which order they cost least (docs/mathematics.md section 5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.models import LayerSpec


def drop_dead_units(network: CompressedNetwork) -> CompressedNetwork:
    """The network without weights that lead to or from a dead hidden unit; it computes the very same function.

    A unit without incoming weights (its bias among them) gives exactly 0, through any pooling and ReLU; a unit without
    outgoing weights is never read.  Dropping one can leave another dead, so this goes on until none is left.
    Codebook entries that no weight uses any more are dropped too.
    """
    symbols = {layer.name: layer.symbols.copy() for layer in network.layers}
    dropped = True
    while dropped:
        dropped = False
        for source, reader in _links(network):
            rows, runs = symbols[source.name], _runs(symbols[reader.name], source, reader)
            dead = ~(rows.any(1) & runs.any((0, 2)))
            if rows[dead].any() or runs[:, dead].any():
                rows[dead], runs[:, dead] = 0, 0
                dropped = True
    return _replaced(network, symbols)


def canonical_order(network: CompressedNetwork) -> CompressedNetwork:
    """The same function with the units of each hidden layer in the order that the code of positions prefers.

    Units with more incoming weights come first (ties by their symbols), and the columns that read them follow.
    Output units stay.
    """
    symbols = {layer.name: layer.symbols.copy() for layer in network.layers}
    for source, reader in _links(network):
        rows, runs = symbols[source.name], _runs(symbols[reader.name], source, reader)
        counts = np.count_nonzero(rows, axis=1)
        order = sorted(range(len(rows)), key=lambda unit: (-counts[unit], rows[unit].astype(">u2").tobytes()))
        rows[:], runs[:] = rows[order], runs[:, order]
    return _replaced(network, symbols)


def _links(network: CompressedNetwork) -> Iterator[tuple[LayerSpec, LayerSpec]]:
    """Each hidden layer with the layer that reads its units."""
    specs = {spec.name: spec for spec in network.specs}
    return ((specs[reader.source], reader) for reader in network.specs if reader.source is not None)


def _runs(symbols: np.ndarray, source: LayerSpec, reader: LayerSpec) -> np.ndarray:
    """View (rows, units of the source, columns that read one unit) of the first tensor's columns."""
    return symbols[:, : reader.widths[0]].reshape(reader.rows, source.rows, -1, copy=False)


def _replaced(network: CompressedNetwork, symbols: Mapping[str, np.ndarray]) -> CompressedNetwork:
    layers = []
    for layer in network.layers:
        used = np.bincount(symbols[layer.name].ravel(), minlength=len(layer.codebook) + 1)[1:] > 0
        renumbered = np.concatenate([[0], np.cumsum(used)]).astype(np.uint16)
        layers.append(CompressedLayer(layer.name, renumbered[symbols[layer.name]], layer.codebook[used]))
    return CompressedNetwork(network.model, tuple(layers))
