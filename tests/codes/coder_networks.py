"""Networks to test the coder with: tiny ones of every shape, and one that is pruned as real networks are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import strategies as st

from pacviz import models
from pacviz.codes.codebook.quantize import quantize
from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.models import LENET5, Architecture, Conv, Flatten, LayerSpec, Linear, MaxPool, ReLU

TINY = Architecture(
    "tiny",
    "Tiny",
    (2, 6, 6),
    2,
    (Conv("conv", 2, 3, 3), MaxPool(2), Flatten(), Linear("hidden", 12, 5), ReLU(), Linear("output", 5, 2)),
)
"""Every kind of operation, 136 parameters."""

ATOM = Architecture("atom", "Atom", (1, 1, 1), 1, (Flatten(), Linear("only", 1, 1)))
"""Two parameters."""


@contextmanager
def registered(*architectures: Architecture) -> Iterator[None]:
    """These are known, each with a place of its own in the code."""
    with pytest.MonkeyPatch.context() as patch:
        for architecture in architectures:
            patch.setitem(models.ARCHITECTURES, architecture.name, architecture)
        patch.setattr(models, "PLACES", tuple(models.ARCHITECTURES))
        yield


def layer(spec: LayerSpec, mask: np.ndarray, codebook: np.ndarray, rng: np.random.Generator) -> CompressedLayer:
    """Random assignments to as much of a codebook as there are weights for, every entry used."""
    nonzeros = int(mask.sum())
    codebook = np.unique(codebook[codebook != 0])[:nonzeros]
    assignments = rng.permutation(
        np.concatenate([np.arange(len(codebook)), rng.integers(0, max(1, len(codebook)), nonzeros - len(codebook))])
    )
    symbols = np.zeros(mask.shape, np.uint16)
    symbols[mask] = assignments + 1
    return CompressedLayer(spec.name, symbols, codebook.astype(np.float32))


@st.composite
def codebooks(draw: st.DrawFn) -> np.ndarray:
    """float32 on a coarse grid, representable in float16, or any finite values."""
    finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
    half = st.floats(width=16, allow_nan=False, allow_infinity=False)
    grid = st.builds(lambda k, e: float(np.ldexp(k, e)), st.integers(-200, 200), st.just(draw(st.integers(-149, 100))))
    values = draw(st.lists(draw(st.sampled_from([finite, half, grid])), min_size=1, max_size=20))
    result = np.array(values, np.float32)
    return result if result.any() else np.ones(1, np.float32)


@st.composite
def networks(draw: st.DrawFn, values: st.SearchStrategy[np.ndarray] | None = None) -> CompressedNetwork:
    """A tiny network of any density, from empty to full, with dead units, its codebooks drawn from `values`."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers = []
    for spec in TINY.layers:
        density = draw(st.sampled_from([0.0, 0.05, 0.3, 0.9, 1.0]))
        mask = rng.random((spec.rows, spec.columns)) < density
        mask[rng.random(spec.rows) < draw(st.sampled_from([0.0, 0.5]))] = False
        layers.append(layer(spec, mask, draw(codebooks() if values is None else values), rng))
    return CompressedNetwork(TINY.name, tuple(layers))


def realistic(seed: int = 0, nonzeros: tuple[int, ...] = (16, 440, 4730, 144), bits: int = 4) -> CompressedNetwork:
    """A LeNet-5 pruned to the given counts as surgery does: units and inputs differ in importance, many end up dead."""
    rng = np.random.default_rng(seed)
    layers = []
    for spec, kept in zip(LENET5.layers, nonzeros, strict=True):
        scale = np.exp(rng.normal(0, 0.6, (spec.rows, 1)) + rng.normal(0, 0.3, (1, spec.columns)))
        weights = (scale * rng.normal(0, 0.1, scale.shape)).astype(np.float32)
        mask = np.zeros(weights.size, bool)
        mask[np.argsort(-np.abs(weights), axis=None)[:kept]] = True
        layers.append(quantize(spec.name, weights, mask.reshape(weights.shape), bits))
    return CompressedNetwork(LENET5.name, tuple(layers))
