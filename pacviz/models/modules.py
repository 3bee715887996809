"""An architecture as a torch module."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

if TYPE_CHECKING:
    from pacviz.models.operations import Operation

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
    folded = dict(state)
    for name in names:
        keys = [f"{name}.{part}" for part in ("weight", "bias", "scale", "running_mean", "running_var")]
        if all(key in folded for key in keys):
            weight, bias, scale, mean, variance = (folded.pop(key).double() for key in keys)
            factor = scale / (variance + EPSILON).sqrt()
            folded[f"{name}.weight"] = (weight * factor[:, None, None, None]).float()
            folded[f"{name}.bias"] = (bias - mean * factor).float()
    return folded


class Parameters(nn.Module):
    """The parameters of an operation that has no torch module of its own, and what it computes with them.

    Uniform between plus and minus 1/sqrt(inputs of a unit), as torch initialises its own layers.
    """

    def __init__(self, operation: Operation) -> None:
        super().__init__()
        self.operation = operation
        reach = 1 / math.sqrt(math.prod(next(iter(operation.tensors.values()))[1:]))
        for name, shape in operation.tensors.items():
            self.register_parameter(name, nn.Parameter(torch.empty(shape).uniform_(-reach, reach)))

    def forward(self, x: Tensor) -> Tensor:
        return self.operation.apply(x, *(getattr(self, name) for name in self.operation.tensors))


class Network(nn.Module):
    """A chain of operations; the state-dict keys are the layers' names, however deep they lie."""

    def __init__(self, operations: tuple[Operation, ...], folded: bool, looks: int) -> None:
        super().__init__()
        self.operations, self.looks = operations, looks
        free = itertools.takewhile(lambda operation: not any(operation.layers), operations)
        self.fixed = len(list(free))
        for layer in itertools.chain.from_iterable(operation.layers for operation in operations):
            self.add_module(layer.name, layer.module(folded))

    def forward(self, x: Tensor, prepared: bool = False) -> Tensor:
        """Logits (n, classes) of images (n, channels, height, width), or of what `prepare` made of them."""
        return self.answers(self.operations[self.fixed :], x if prepared else self.prepare(x))

    def prepare(self, x: Tensor) -> Tensor:
        """What the operations before the first weights make of images, (n, looks, channels, height, width).

        It is the same however often it is trained on.
        """
        return self.chain(self.operations[: self.fixed], x).unflatten(0, (len(x), self.looks))

    def answers(self, operations: tuple[Operation, ...], x: Tensor) -> Tensor:
        """The rest of the chain on activations (n, looks, ...): the logits, means over the looks."""
        return self.chain(operations, x.flatten(0, 1)).unflatten(0, x.shape[:2]).mean(1)

    def chain(self, operations: tuple[Operation, ...], x: Tensor) -> Tensor:
        for operation in operations:
            x = operation.run(x, self)
        return x
