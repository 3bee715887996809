"""An architecture as a torch module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from pacviz.models.architecture import (
    AveragePool,
    Conv,
    Flatten,
    Linear,
    MaxPool,
    Operation,
    ReLU,
    Residual,
    parametrised,
)

EPSILON = 1e-5
"""Added to the running variance, against a division by zero."""


class NormalisedConv(nn.Conv2d):
    """A convolution and batch normalisation: (W * x - mean) / sqrt(variance) * scale + bias, unit by unit."""

    scale: nn.Parameter
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(inputs, outputs, kernel, stride, padding)
        assert self.bias is not None
        nn.init.zeros_(self.bias)
        self.scale = nn.Parameter(torch.ones(outputs))
        self.register_buffer("running_mean", torch.zeros(outputs))
        self.register_buffer("running_var", torch.ones(outputs))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, None, self.stride, self.padding)
        statistics = (self.running_mean, self.running_var)
        return F.batch_norm(x, *statistics, self.scale, self.bias, training=self.training, eps=EPSILON)


def fold(state: Mapping[str, Tensor], names: Iterable[str]) -> dict[str, Tensor]:
    """The state dict in which the named convolutions do what they and their normalisation did, where it has all of both."""
    found = dict(state)
    for name in names:
        keys = [f"{name}.{part}" for part in ("weight", "bias", "scale", "running_mean", "running_var")]
        if all(key in found for key in keys):
            weight, bias, scale, mean, variance = (found.pop(key).double() for key in keys)
            factor = scale / (variance + EPSILON).sqrt()
            found[f"{name}.weight"] = (weight * factor[:, None, None, None]).float()
            found[f"{name}.bias"] = (bias - mean * factor).float()
    return found


class Network(nn.Module):
    """A chain of operations; the state-dict keys are the layers' names, however deep they lie."""

    def __init__(self, operations: tuple[Operation, ...], folded: bool) -> None:
        super().__init__()
        self.operations = operations
        for layer in parametrised(operations):
            match layer:
                case Conv(name, inputs, outputs, kernel, stride, padding):
                    kind = NormalisedConv if layer.normalised and not folded else nn.Conv2d
                    self.add_module(name, kind(inputs, outputs, kernel, stride, padding))
                case Linear(name, inputs, outputs):
                    self.add_module(name, nn.Linear(inputs, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self._chain(self.operations, x)

    def _chain(self, operations: tuple[Operation, ...], x: Tensor) -> Tensor:
        for operation in operations:
            match operation:
                case Conv(name) | Linear(name):
                    x = self.get_submodule(name)(x)
                case MaxPool(size):
                    x = F.max_pool2d(x, size)
                case ReLU():
                    x = F.relu(x)
                case Flatten():
                    x = x.flatten(1)
                case AveragePool():
                    x = x.mean((2, 3), keepdim=True)
                case Residual(body):
                    y = self._chain(body, x)
                    shortcut = x[:, :, :: operation.stride, :: operation.stride]
                    x = y + F.pad(shortcut, (0, 0, 0, 0, 0, y.shape[1] - shortcut.shape[1]))
        return x
