"""How each kind of operation is run while errors are counted: by what it says it computes, or by something quicker."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

import numpy as np
import torch
from torch import Tensor

from pacviz.models import (
    AveragePool,
    Conv,
    DepthwiseConv,
    Flatten,
    Glances,
    Linear,
    MaxPool,
    Operation,
    OrientedEdges,
    Shape,
)
from pacviz.risk.exact import Stage, affine, average_pool, convolution, depthwise, max_pool, oriented_edges, shifted
from pacviz.risk.scaling import Layer
from pacviz.risk.stochastic import noisy_affine, noisy_convolution, noisy_depthwise, normals


@singledispatch
def stage(operation: Operation, where: torch.device) -> Stage:
    """An operation without parameters: as it says, with the examples first and back; all first looks before all second ones."""

    def by_example(x: Tensor, _: torch.Generator | None) -> Tensor:
        y = operation.apply(x.movedim(-1, 0))
        return y.unflatten(0, (-1, operation.looks)).transpose(0, 1).flatten(0, 1).movedim(0, -1)

    return by_example


@stage.register
def _(operation: MaxPool, where: torch.device) -> Stage:
    return max_pool(operation.size)


@stage.register
def _(operation: AveragePool, where: torch.device) -> Stage:
    return average_pool(operation.size, operation.stride)


@stage.register
def _(operation: Flatten, where: torch.device) -> Stage:
    return lambda x, _: x.flatten(0, -2)


@stage.register
def _(operation: Glances, where: torch.device) -> Stage:
    return shifted


@stage.register
def _(operation: OrientedEdges, where: torch.device) -> Stage:
    return oriented_edges(operation, where)


@singledispatch
def layer_stage(operation: Operation, layer: Layer, shape: Shape, where: torch.device) -> Stage:
    """An operation with parameters on activations of `shape`: as it says; with noise, parameters of its own for each example.

    layer: the rescaled parameters and their noise.
    """
    tensors = [tensor.to(where) for tensor in _tensors(operation, layer.matrix)]
    stds = [layer.bias_std if name == "bias" else layer.weight_std for name in operation.tensors]
    if not layer.noisy:
        return lambda x, _: operation.apply(x.movedim(-1, 0), *tensors).movedim(0, -1)

    def noisy(x: Tensor, generator: torch.Generator | None) -> Tensor:
        drawn = [
            normals(tensor, (x.shape[-1], *tensor.shape), generator).mul_(std * tensor.ne(0)).add_(tensor)
            for tensor, std in zip(tensors, stds, strict=True)
        ]
        each = torch.vmap(lambda one, *own: operation.apply(one[None], *own)[0])
        return each(x.movedim(-1, 0), *drawn).movedim(0, -1)

    return noisy


def _tensors(operation: Operation, matrix: np.ndarray) -> Iterator[Tensor]:
    """The parameters behind the columns of a layer's matrix."""
    start = 0
    for shape in operation.tensors.values():
        stop = start + int(np.prod(shape[1:]))
        yield torch.from_numpy(np.ascontiguousarray(matrix[:, start:stop])).reshape(shape)
        start = stop


@layer_stage.register
def _(operation: Conv, layer: Layer, shape: Shape, where: torch.device) -> Stage:
    return (noisy_convolution if layer.noisy else convolution)(operation, layer, shape, where)


@layer_stage.register
def _(operation: DepthwiseConv, layer: Layer, shape: Shape, where: torch.device) -> Stage:
    return (noisy_depthwise if layer.noisy else depthwise)(operation, layer, where)


@layer_stage.register
def _(operation: Linear, layer: Layer, shape: Shape, where: torch.device) -> Stage:
    return (noisy_affine if layer.noisy else affine)(layer, where)
