"""Weights as they come: the matrices of a named architecture, and how they are read from a file made elsewhere."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file

from pacviz.codes.network import as_it_stands
from pacviz.codes.subspace.network import SubspaceNetwork
from pacviz.errors import PacvizError
from pacviz.library.sparse import unpacked
from pacviz.models import architecture
from pacviz.scenario import AS_IS, FROM_FILE, Scenario


@dataclass(frozen=True, eq=False)
class Weights:
    """The weights of a network.  model: name of its architecture.  matrices: (rows, columns) by layer."""

    model: str
    matrices: Mapping[str, np.ndarray]

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the model's name and every weight as float32, in the order of the layers."""
        digest = hashlib.sha256(self.model.encode())
        for layer in architecture(self.model).layers:
            digest.update(np.ascontiguousarray(self.matrices[layer.name], dtype="<f4").tobytes())
        return digest.hexdigest()


def read(path: Path, model: str) -> Weights:
    """The weights in a safetensors file whose keys are the state-dict names of the named architecture, as float32.

    A checkpoint of pacviz will do too.
    Raises PacvizError where the file cannot be read, or holds weights that the architecture cannot have.
    """
    expected = architecture(model)
    try:
        state = {key: tensor.float() for key, tensor in unpacked(load_file(path)).items()}
    except (OSError, ValueError, SafetensorError) as error:
        raise PacvizError(
            f"{path} cannot be read as weights ({error}); give a safetensors file with the state dict of {model}."
        ) from error
    try:
        # -0 + 0 is 0: a network from the decoder, which knows no -0, has the fingerprint of the one that was read.
        return Weights(model, {name: matrix + np.float32(0) for name, matrix in expected.matrices(state).items()})
    except PacvizError as error:
        raise PacvizError(f"{path}: {error}") from error


def scenario_of(weights: Weights, given: Mapping[str, Any], as_is: bool = False) -> Scenario:
    """The scenario of weights from a file or a module: compressed as `given` says or, `as_is`, with the sparsity and bits found.

    given: settings by name.  Raises PacvizError for settings that a file of weights leaves no choice about.
    """
    fixed = ("checkpoint", "sparsity", "bits", "pruning") if as_is else ("checkpoint",)
    if refused := [name for name in fixed if name in given]:
        advice = "leave out --as-is to have the weights compressed" if as_is else "the file takes its place"
        raise PacvizError(f"{refused[0]} cannot be set for weights that are given as a file; {advice}.")
    if not as_is:
        return Scenario.from_mapping({**given, "model": weights.model, "checkpoint": FROM_FILE})
    network = as_it_stands(weights.model, weights.matrices)
    if isinstance(network, SubspaceNetwork):
        entries = len(np.unique(network.integers))
    else:
        entries = max(len(layer.codebook) for layer in network.layers)
    found = {
        "model": weights.model,
        "checkpoint": AS_IS,
        "sparsity": 1 - network.nonzeros / architecture(weights.model).parameters,
        "bits": math.ceil(math.log2(max(1, entries))),
    }
    return Scenario.from_mapping({**given, **found})
