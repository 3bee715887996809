"""The second version of the code of pruned networks: the codebook's own modules send what is small, contexts the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from pacviz.codes.code import Charging, PriorCode, register
from pacviz.codes.codebook.clusters import code_frequencies
from pacviz.codes.codebook.code import CodebookCode, layers_of
from pacviz.codes.codebook.codebooks import code_codebook
from pacviz.codes.contexts.positions import code_positions
from pacviz.codes.contexts.values import code_assignments
from pacviz.codes.contexts.waves import Waves
from pacviz.codes.network import CompressedLayer, CompressedNetwork, Network
from pacviz.codes.rangecoder import Coder, Recorder, Tape
from pacviz.models import Architecture, LayerSpec, declared

PATIENCE = 3 * 2**19
"""Steps that the code of a declared network may take, to be read or to be written: a second without compiled code."""
REMEMBERED = 2**19
"""Up to so many weights, what the positions of a layer are written as is remembered: 12 bytes each."""


@register
class ContextCode(CodebookCode):
    """Of each layer: which weights survive, the values that they take, and which one each takes, by what stands around it."""

    version = 2

    def code(
        self, coder: Coder, architecture: Architecture, network: Network | None, charge: Charging
    ) -> CompressedNetwork:
        coder.patience = _patience(architecture)
        layers = []
        units = np.ones(architecture.input_shape[0], np.int64)
        for spec, layer in zip(architecture.layers, layers_of(architecture, network), strict=True):
            waves = Waves.of(spec, units)
            mask, codebook = _code_surviving(coder, spec, layer, units, charge)
            units = np.count_nonzero(mask, axis=1)
            symbols = code_assignments(coder, None if layer is None else layer.symbols, mask, codebook, waves)
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
        coder.patience = _patience(architecture)
        return super().code_prior(coder, architecture, network, prior_scales, charge)

    def code_shared(
        self, coder: Coder, spec: LayerSpec, layer: CompressedLayer | None, units: np.ndarray, charge: Charging
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        mask, codebook = _code_surviving(coder, spec, layer, units, charge)
        frequencies = code_frequencies(coder, None if layer is None else layer.counts, len(codebook))
        charge("cluster weights", "how often each value occurs", spec.name)
        return mask, codebook, frequencies


def _patience(architecture: Architecture) -> float:
    """A declared network comes from anywhere: where this code would be slow, it is written in version 1."""
    return math.inf if declared(architecture.name) is None else PATIENCE


def _code_surviving(
    coder: Coder, spec: LayerSpec, layer: CompressedLayer | None, units: np.ndarray, charge: Charging
) -> tuple[np.ndarray, np.ndarray]:
    if layer is None:
        mask = code_positions(coder, None, spec, Waves.of(spec, units))
    elif (mask := layer.symbols > 0).size <= REMEMBERED:
        written = _written(spec, np.packbits(mask).tobytes(), units.tobytes(), coder.patience)
        coder.spend(written.effort)
        coder.replay(written.tape)
    else:
        code_positions(coder, mask, spec, Waves.of(spec, units))
    charge("positions", "which weights survive", spec.name)
    codebook = code_codebook(coder, None if layer is None else layer.codebook, int(np.count_nonzero(mask)))
    charge("codebook", "the values that surviving weights take", spec.name)
    return mask, codebook


class Recorded(NamedTuple):
    """What was written, and what that took."""

    tape: Tape
    effort: int


@lru_cache(maxsize=8)
def _written(spec: LayerSpec, mask: bytes, units: bytes, patience: float) -> Recorded:
    """The positions of a layer as they are written; the last few are remembered: a network, its prior and the same weights
    with more or fewer values have them in common.

    mask: a bit for each weight.  units: int64.  patience: of the coder that will write them.
    """
    bits = np.unpackbits(np.frombuffer(mask, np.uint8), count=spec.rows * spec.columns).astype(bool)
    recorder = Recorder()
    recorder.patience = patience
    code_positions(
        recorder, bits.reshape(spec.rows, spec.columns), spec, Waves.of(spec, np.frombuffer(units, np.int64))
    )
    return Recorded(recorder.tape, recorder.effort)
