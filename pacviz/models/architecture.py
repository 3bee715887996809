"""What an architecture is: a chain of operations, fixed before any data is seen and therefore free in every bound."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from pacviz.errors import PacvizError

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Conv:
    """A square convolution with bias on (channels, height, width)."""

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True)
class Linear:
    """A fully connected layer with bias."""

    name: str
    inputs: int
    outputs: int


@dataclass(frozen=True)
class MaxPool:
    """Non-overlapping max-pooling of size x size."""

    size: int


@dataclass(frozen=True)
class ReLU:
    """max(x, 0), element by element."""


@dataclass(frozen=True)
class Flatten:
    """(channels, height, width) to one vector, channel-major."""


Operation = Conv | Linear | MaxPool | ReLU | Flatten


@dataclass(frozen=True)
class LayerSpec:
    """The parameters of one layer seen as a matrix: a row a unit, its weights and then its bias as columns.

    tensors, shapes: the state-dict keys joined column by column, and their shapes (rows first).
    source: name of the layer whose units these columns read (None for the input); each of those units
    owns an equal run of consecutive columns of the first tensor.
    """

    name: str
    tensors: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    source: str | None

    @property
    def rows(self) -> int:
        return self.shapes[0][0]

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of each tensor."""
        return tuple(math.prod(shape[1:]) for shape in self.shapes)

    @property
    def columns(self) -> int:
        return sum(self.widths)


@dataclass(frozen=True)
class Architecture:
    """A named chain of operations on images of `input_shape` (channels, height, width), ending in `classes` logits."""

    name: str
    title: str
    input_shape: tuple[int, int, int]
    classes: int
    operations: tuple[Operation, ...]

    @cached_property
    def layers(self) -> tuple[LayerSpec, ...]:
        """The layers that carry parameters, in order."""
        specs: list[LayerSpec] = []
        for operation in self.operations:
            if isinstance(operation, Conv):
                shape: tuple[int, ...] = (operation.outputs, operation.inputs, operation.kernel, operation.kernel)
            elif isinstance(operation, Linear):
                shape = (operation.outputs, operation.inputs)
            else:
                continue
            specs.append(
                LayerSpec(
                    operation.name,
                    (f"{operation.name}.weight", f"{operation.name}.bias"),
                    (shape, (operation.outputs,)),
                    specs[-1].name if specs else None,
                )
            )
        return tuple(specs)

    @property
    def parameters(self) -> int:
        """Number of scalar parameters."""
        return sum(layer.rows * layer.columns for layer in self.layers)

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of everything that it computes: input shape, classes and operations."""
        return hashlib.sha256(repr((self.input_shape, self.classes, self.operations)).encode()).hexdigest()

    def build(self) -> nn.Sequential:
        """A freshly initialised torch module computing this chain."""
        from torch import nn

        modules: OrderedDict[str, nn.Module] = OrderedDict()
        for index, operation in enumerate(self.operations):
            match operation:
                case Conv(name, inputs, outputs, kernel, stride, padding):
                    modules[name] = nn.Conv2d(inputs, outputs, kernel, stride, padding)
                case Linear(name, inputs, outputs):
                    modules[name] = nn.Linear(inputs, outputs)
                case MaxPool(size):
                    modules[f"pool{index}"] = nn.MaxPool2d(size)
                case ReLU():
                    modules[f"relu{index}"] = nn.ReLU()
                case Flatten():
                    modules[f"flatten{index}"] = nn.Flatten()
        return nn.Sequential(modules)

    def matrices(self, state: Mapping[str, Tensor]) -> dict[str, np.ndarray]:
        """A state dict as one float32 matrix (rows, columns) a layer.

        Raises PacvizError where a tensor is missing, has another shape, or holds NaN or infinity.
        """
        expected = {key: shape for layer in self.layers for key, shape in zip(layer.tensors, layer.shapes, strict=True)}
        if unknown := sorted(set(state) - set(expected)):
            raise PacvizError(
                f"The weights hold {unknown[0]!r}, which {self.name} does not have; it has {', '.join(expected)}."
            )
        for key, shape in expected.items():
            if key not in state:
                raise PacvizError(
                    f"The weights lack {key!r}, which {self.name} needs; give all of {', '.join(expected)}."
                )
            if tuple(state[key].shape) != shape:
                raise PacvizError(f"{key} has shape {tuple(state[key].shape)}, but {self.name} needs {shape}.")
            if not bool(state[key].isfinite().all()):
                raise PacvizError(
                    f"{key} holds NaN or infinite weights, which cannot be compressed; "
                    "train again with a smaller learning rate."
                )
        return {
            layer.name: np.concatenate(
                [state[key].detach().float().cpu().numpy().reshape(layer.rows, -1) for key in layer.tensors], axis=1
            )
            for layer in self.layers
        }

    def state_dict(self, matrices: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
        """The inverse of `matrices`."""
        import torch

        state = {}
        for layer in self.layers:
            blocks = np.split(matrices[layer.name], np.cumsum(layer.widths)[:-1], axis=1)
            for key, shape, block in zip(layer.tensors, layer.shapes, blocks, strict=True):
                state[key] = torch.from_numpy(np.ascontiguousarray(block, dtype=np.float32)).reshape(shape)
        return state
