"""What an architecture is: a chain of operations, fixed before any data is seen and therefore free in every bound."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pacviz.errors import PacvizError
from pacviz.models.operations import Operation, parametrised
from pacviz.settings import enlist

if TYPE_CHECKING:
    from torch import Tensor

    from pacviz.models.modules import Network


@dataclass(frozen=True)
class LayerSpec:
    """The parameters of one layer seen as a matrix: a row a unit, its weights and then its bias as columns.

    tensors, shapes: the state-dict keys joined column by column, and their shapes (rows first).
    source: name of the layer whose units these columns alone read (None for the input, for a sum that several layers
    write, and next to a depthwise layer, which ties its units to those before it); each of those units owns an equal
    run of consecutive columns of the first tensor.
    """

    name: str
    tensors: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    source: str | None

    @property
    def rows(self) -> int:
        return self.shapes[0][0]

    @property
    def inputs(self) -> int:
        """Channels or features that one row reads."""
        return self.shapes[0][1]

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of each tensor."""
        return tuple(math.prod(shape[1:]) for shape in self.shapes)

    @property
    def columns(self) -> int:
        return sum(self.widths)


@dataclass(frozen=True)
class Architecture:
    """A named chain of operations on images of `input_shape` (channels, height, width), ending in `classes` logits.

    code: how its weights are written, a name in pacviz.codes.code.CODES: by "codebook", any few values a layer; as
    "integers", each weight a small whole number; by their place in a random "subspace"; or another that was registered.  It
    is fixed with the architecture, before any data is seen.
    """

    name: str
    title: str
    input_shape: tuple[int, int, int]
    classes: int
    operations: tuple[Operation, ...]
    code: str = "codebook"

    @cached_property
    def layers(self) -> tuple[LayerSpec, ...]:
        """The layers that carry parameters, in order."""
        return tuple(_layers(self.operations, None))

    @property
    def parameters(self) -> int:
        """Number of scalar parameters."""
        return sum(layer.rows * layer.columns for layer in self.layers)

    @property
    def looks(self) -> int:
        """Of how many images each answer is the mean."""
        return math.prod(operation.looks for operation in self.operations)

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of everything that it computes: input shape, classes and operations."""
        return hashlib.sha256(repr((self.input_shape, self.classes, self.operations)).encode()).hexdigest()

    def build(self, folded: bool = False) -> Network:
        """A freshly initialised torch module computing this chain, in the form that is trained.

        folded: the form that is coded and measured instead, without normalisation; it takes what `state_dict` returns.
        The two differ only where a convolution is normalised.
        """
        from pacviz.models.modules import Network

        return Network(self.operations, folded, self.looks)

    def folded(self, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """A state dict in the form that is coded: normalisation becomes a factor on a unit's weights and its bias.

        What it learned and the running statistics are thereby charged with them.  A folded state dict stays as it is.
        """
        if not any(f"{name}.scale" in state for name in self.normalised):
            return dict(state)
        from pacviz.models.modules import fold

        return fold(state, self.normalised)

    def prunable(self, state: Mapping[str, Tensor]) -> list[str]:
        """The keys of a state dict whose zeros stay zeros when it is folded: all but the biases of normalised layers."""
        moved = {f"{name}.bias" for name in self.normalised if f"{name}.scale" in state}
        return [key for layer in self.layers for key in layer.tensors if key not in moved]

    @cached_property
    def normalised(self) -> tuple[str, ...]:
        """Names of the layers that are trained with batch normalisation."""
        return tuple(layer.name for layer in parametrised(self.operations) if layer.is_normalised)

    def matrices(self, state: Mapping[str, Tensor] | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """A state dict, folded or not, as one float32 matrix (rows, columns) a layer; of arrays, which are folded, as well.

        Raises PacvizError where a tensor is missing, has another shape, or holds NaN or infinity.
        """
        arrays = {key: _array(values) for key, values in self.folded(state).items()}  # type: ignore[arg-type]
        expected = {key: shape for layer in self.layers for key, shape in zip(layer.tensors, layer.shapes, strict=True)}
        if unknown := sorted(set(arrays) - set(expected)):
            raise PacvizError(
                f"The weights hold {unknown[0]!r}, which {self.name} does not have; it has {', '.join(expected)}."
            )
        for key, shape in expected.items():
            if key not in arrays:
                raise PacvizError(
                    f"The weights lack {key!r}, which {self.name} needs; give all of {', '.join(expected)}."
                )
            if arrays[key].shape != shape:
                raise PacvizError(f"{key} has shape {arrays[key].shape}, but {self.name} needs {shape}.")
            if not np.isfinite(arrays[key]).all():
                raise PacvizError(
                    f"{key} holds NaN or infinite weights, which cannot be compressed; "
                    "train again with a smaller learning rate."
                )
        return {
            layer.name: np.concatenate([arrays[key].reshape(layer.rows, -1) for key in layer.tensors], axis=1)
            for layer in self.layers
        }

    def state_dict(self, matrices: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        """The inverse of `matrices`, in the folded form."""
        import torch

        return {key: torch.from_numpy(array) for key, array in self.arrays(matrices).items()}

    def arrays(self, matrices: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The state dict as float32 arrays."""
        state = {}
        for layer in self.layers:
            blocks = np.split(matrices[layer.name], np.cumsum(layer.widths)[:-1], axis=1)
            for key, shape, block in zip(layer.tensors, layer.shapes, blocks, strict=True):
                state[key] = np.ascontiguousarray(block, dtype=np.float32).reshape(shape)
        return state


def _array(values: Tensor | np.ndarray) -> np.ndarray:
    """As float32."""
    if not isinstance(values, np.ndarray):
        return values.detach().float().cpu().numpy()
    with np.errstate(over="ignore"):  # infinity is refused by name
        return np.asarray(values, np.float32)


ARCHITECTURES: dict[str, Architecture] = {}
"""Every architecture by name."""


def register(architecture: Architecture) -> Architecture:
    """Makes an architecture known under its name, and returns it.

    Raises PacvizError for a name that is taken or is none, and for operations that do not lead to a logit a class.
    """
    shape = tuple(architecture.input_shape)
    for operation in architecture.operations:
        shape = operation.after(shape)
    if shape != (architecture.classes,):
        raise PacvizError(
            f"The chain ends in activations of {shape}, but {architecture.name} has {architecture.classes} classes."
        )
    enlist(ARCHITECTURES, architecture.name, architecture, "model")
    return architecture


def _layers(operations: tuple[Operation, ...], source: str | None) -> Iterator[LayerSpec]:
    """The parameters of a chain that reads the units of `source`."""
    for operation in operations:
        if operation.tensors:
            keys = tuple(f"{operation.name}.{part}" for part in operation.tensors)
            reads = None if operation.keeps_units else source
            yield LayerSpec(operation.name, keys, tuple(operation.tensors.values()), reads)
        # The shortcut around a body reads the units too, so that neither their order nor their number is the body's to change.
        yield from _layers(operation.body, None)
        if operation.tensors:
            source = None if operation.keeps_units else operation.name
        elif operation.body or not operation.keeps_units:
            source = None
