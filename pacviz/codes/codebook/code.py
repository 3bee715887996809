"""The code of pruned networks whose weights share the values of a codebook, layer by layer."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.code import Charging, Code, PriorCode, register
from pacviz.codes.codebook.assignments import code_assignments
from pacviz.codes.codebook.clusters import code_frequencies
from pacviz.codes.codebook.codebooks import code_codebook
from pacviz.codes.codebook.columns import Columns
from pacviz.codes.codebook.positions import code_positions
from pacviz.codes.codebook.quantize import quantize
from pacviz.codes.codebook.units import canonical_order, drop_dead_units
from pacviz.codes.network import CompressedLayer, CompressedNetwork, Network, by_values
from pacviz.codes.rangecoder import Coder
from pacviz.models import Architecture, LayerSpec

PRIOR_SCALES = 128
"""Size of the fixed grid of prior scales: an index of 7 bits a layer."""


@register
class CodebookCode(Code):
    """Of each layer: which weights survive, the values that they take, how often each occurs, and which one each takes."""

    name = "codebook"
    how = "by the values that its weights share"

    def quantized(
        self, model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int
    ) -> CompressedNetwork:
        layers = tuple(quantize(name, weights, masks[name], bits) for name, weights in matrices.items())
        return canonical_order(drop_dead_units(CompressedNetwork(model, layers)))

    def as_it_stands(self, model: str, matrices: Mapping[str, np.ndarray]) -> CompressedNetwork:
        return by_values(model, matrices)

    def code(
        self, coder: Coder, architecture: Architecture, network: Network | None, charge: Charging
    ) -> CompressedNetwork:
        layers = []
        units = np.ones(architecture.input_shape[0], np.int64)
        for spec, layer in zip(architecture.layers, layers_of(architecture, network), strict=True):
            columns = Columns.of(spec, units)
            mask, codebook, frequencies = self.code_shared(coder, spec, layer, units, charge)
            units = np.count_nonzero(mask, axis=1)
            written = None if layer is None else layer.symbols
            symbols = code_assignments(coder, written, mask, codebook, frequencies, columns)
            charge("assignments", "which of the values each surviving weight takes", spec.name)
            layers.append(CompressedLayer(spec.name, symbols, codebook))
        return CompressedNetwork(architecture.name, tuple(layers))

    def code_prior(
        self,
        coder: Coder,
        architecture: Architecture,
        network: CompressedNetwork | None,
        prior_scales: Mapping[str, int] | None,
        charge: Charging,
    ) -> PriorCode:
        masks, codebooks, weights, scales = {}, {}, {}, {}
        units = np.ones(architecture.input_shape[0], np.int64)
        for spec, layer in zip(architecture.layers, layers_of(architecture, network), strict=True):
            mask, codebook, frequencies = self.code_shared(coder, spec, layer, units, charge)
            units = np.count_nonzero(mask, axis=1)
            masks[spec.name], codebooks[spec.name] = mask, codebook
            weights[spec.name] = frequencies / frequencies.sum()
            scales[spec.name] = coder.uniform(None if prior_scales is None else prior_scales[spec.name], PRIOR_SCALES)
            charge("prior scale", "how wide the prior is around each value", spec.name)
        return PriorCode(architecture.name, masks, codebooks, weights, scales)

    def code_shared(
        self, coder: Coder, spec: LayerSpec, layer: CompressedLayer | None, units: np.ndarray, charge: Charging
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What a network and its prior both send of a layer: mask, codebook, and frequencies of the codebook's entries.

        units: weights kept for each of the units that the layer reads, int (units,).
        """
        columns = Columns.of(spec, units)
        mask = code_positions(coder, None if layer is None else layer.symbols > 0, spec, columns)
        charge("positions", "which weights survive", spec.name)
        codebook = code_codebook(coder, None if layer is None else layer.codebook, int(np.count_nonzero(mask)))
        charge("codebook", "the values that surviving weights take", spec.name)
        frequencies = code_frequencies(coder, None if layer is None else layer.counts, len(codebook))
        charge("cluster weights", "how often each value occurs", spec.name)
        return mask, codebook, frequencies


def layers_of(architecture: Architecture, network: Network | None) -> tuple[CompressedLayer | None, ...]:
    """The layers to write; None for each where they are read."""
    if network is None:
        return (None,) * len(architecture.layers)
    assert network.layered is not None, "what has no layers is another code's"
    return network.layered.layers
