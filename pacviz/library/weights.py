"""Weights as they come: the matrices of a named architecture, and how they are read from a file made elsewhere."""

from __future__ import annotations

import hashlib
import math
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from pacviz.codes.compress import as_it_stands
from pacviz.codes.network import Network
from pacviz.errors import PacvizError
from pacviz.library.packing import PARTS, unpacked
from pacviz.models import architecture
from pacviz.scenario import AS_IS, FROM_FILE, Scenario

if TYPE_CHECKING:
    from torch import Tensor

_HOW_TO_SAVE = '`safetensors.torch.save_file(model.state_dict(), "mine.safetensors")` writes one'
_INNER = ("state_dict", "model_state_dict", "model")
"""Under which names training scripts keep a state dict beside other things."""
_PARALLEL = "module."
"""What torch.nn.DataParallel puts before every name."""


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
    """The weights in a file whose keys are the state-dict names of the named architecture, as float32.

    The file is one of safetensors (a checkpoint of pacviz will do too), or a state dict that torch.save wrote, of which
    nothing is run.  Raises PacvizError where it cannot be read, or holds weights that the architecture cannot have.
    """
    expected = architecture(model)
    try:
        # -0 + 0 is 0: a network from the decoder, which knows no -0, has the fingerprint of the one that was read.
        matrices = expected.matrices(_state(path, model))
        return Weights(model, {name: matrix + np.float32(0) for name, matrix in matrices.items()})
    except PacvizError as error:
        raise PacvizError(f"{path}: {error}") from error


def _state(path: Path, model: str) -> dict[str, Tensor]:
    """The state dict in a file, as float32."""
    import torch
    from safetensors.torch import load_file
    from torch import Tensor

    advice = f"give a safetensors file with the state dict of {model}: {_HOW_TO_SAVE}"
    try:
        with path.open("rb") as file:
            of_torch = file.read(2) in (b"PK", b"\x80\x02")
        if of_torch:
            state = _of_torch(path, model)
            while isinstance(state, Mapping) and (inner := next((key for key in _INNER if key in state), None)):
                state = state[inner]
        else:
            state = load_file(path)
            if any(key.endswith(PARTS) for key in state):  # a checkpoint of pacviz
                arrays = unpacked({key: tensor.numpy() for key, tensor in state.items()})
                state = {key: torch.from_numpy(array) for key, array in arrays.items()}
        if not isinstance(state, Mapping) or not all(isinstance(tensor, Tensor) for tensor in state.values()):
            raise PacvizError(f"it holds no state dict, which is a tensor for each name; {advice}.")
        prefix = _PARALLEL if all(str(key).startswith(_PARALLEL) for key in state) else ""
        return {str(key).removeprefix(prefix): tensor.detach().float() for key, tensor in state.items()}
    except (PacvizError, MemoryError):
        raise
    except Exception as error:  # a file from anywhere makes its readers fail in any way
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise PacvizError(f"it cannot be read as weights ({reason}); {advice}.") from error


def _of_torch(path: Path, model: str) -> Any:
    """What torch.save wrote, where it is tensors and plain values; else PacvizError says how to take the weights out."""
    import torch

    written = (
        f'`safetensors.torch.save_file(model.state_dict(), "mine.safetensors")` writes the state dict of {model} alone'
    )
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                ends = {PurePosixPath(name).name for name in archive.namelist()}
            if "constants.pkl" in ends:
                raise PacvizError(
                    f"it is a TorchScript archive, whose code would have to be run; where you trust it, load it by "
                    f'`model = torch.jit.load("{path.name}")`; then {written}.'
                )
            if "data.pkl" not in ends:
                raise PacvizError(f"it is a zip file, but none that torch.save wrote; {written}.")
        return torch.load(path, "cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise PacvizError(
            f"it is a PyTorch file that holds more than tensors, and what it holds would have to be run; where you trust "
            f'it, load it by `model = torch.load("{path.name}", weights_only=False)`; then {written}.'
        ) from error


def logits(weights: Weights, images: Tensor) -> Tensor:
    """What the architecture of these weights answers: (n, classes) for float32 images (n, channels, height, width).

    Names and shapes of weights do not tell what is computed with them: whoever brings weights compares these logits with
    those of the network that they come from.
    """
    import torch

    spec = architecture(weights.model)
    network = spec.build(folded=True).eval()
    network.load_state_dict(spec.state_dict(weights.matrices))
    with torch.no_grad():
        return network(images)


def described(model: str) -> str:
    """What an architecture computes, on one line."""
    return ", ".join(map(repr, architecture(model).operations))


def scenario_of(weights: Weights, given: Mapping[str, Any], as_is: bool = False) -> Scenario:
    """The scenario of weights from a file or a module: compressed as `given` says or, `as_is`, with the sparsity and bits found.

    given: settings by name.  Raises PacvizError for settings that a file of weights leaves no choice about.
    """
    fixed = ("checkpoint", "sparsity", "bits", "pruning", "quantizer") if as_is else ("checkpoint",)
    if refused := [name for name in fixed if name in given]:
        advice = "leave out --as-is to have the weights compressed" if as_is else "the file takes its place"
        raise PacvizError(f"{refused[0]} cannot be set for weights that are given as a file; {advice}.")
    if not as_is:
        return Scenario.from_mapping({**given, "model": weights.model, "checkpoint": FROM_FILE})
    network = as_it_stands(weights.model, weights.matrices)
    return Scenario.from_mapping({**given, "model": weights.model, "checkpoint": AS_IS, **as_found(network)})


def as_found(network: Network) -> dict[str, float | int]:
    """The sparsity and the bits that a network has which is certified as it stands."""
    return {
        "sparsity": 1 - network.nonzeros / architecture(network.model).parameters,
        "bits": math.ceil(math.log2(max(1, network.entries))),
    }
