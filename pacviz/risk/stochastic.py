"""A layer with noise: independent N(0, std^2) on each nonzero weight, drawn afresh for every example of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pacviz.models import Conv, DepthwiseConv, Shape
from pacviz.risk.exact import Stage, affine, kernel_and_bias, shifts
from pacviz.risk.scaling import Layer, require_squares

SPARSE_KERNELS = 0.25
"""Density below which every example's kernels are faster as blocks of one sparse matrix (CPU, measured on LeNet-5)."""


def noisy_affine(layer: Layer, device: torch.device) -> Stage:
    """A fully connected layer under noise by local reparametrisation (Kingma et al. 2015), exact for one example's x.

    The pre-activations are independent normals with mean W x + b and variance sigma^2 M x^2 + sigma_b^2 m, where M and m
    are 1 at the nonzeros of W and b, else 0.  Raises OutOfRange where floats lose the square of an activation.
    """
    variances = (layer.matrix != 0).astype(layer.matrix.dtype)
    variances[:, :-1] *= layer.weight_std**2
    variances[:, -1] *= layer.bias_std**2
    mean, variance = affine(layer, device), affine(Layer(layer.name, variances), device)

    def stage(x: Tensor, generator: torch.Generator | None) -> Tensor:
        squares = x.square()
        require_squares(layer.name, x, squares)
        stds = variance(squares, None).sqrt_()
        return mean(x, None).addcmul_(stds, normals(stds, stds.shape, generator))

    return stage


def normals(like: Tensor, shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
    """Standard normal draws of a shape, on the device and of the precision of `like`.

    They are drawn on the processor in float32, so that every device and precision sees the same.
    """
    return torch.empty(*shape, dtype=torch.float32).normal_(generator=generator).to(like)


def noisy_convolution(operation: Conv, layer: Layer, shape: Shape, device: torch.device) -> Stage:
    """A convolution under noise: kernels and biases for each example, the same at all positions of that example.

    shape: (channels, height, width) of the activations before it.
    """
    kernel, bias = kernel_and_bias(operation, layer.matrix)
    outputs, height, width = operation.after(shape)
    columns = kernel[0].size
    places = torch.from_numpy(np.flatnonzero(kernel)).to(device)
    weights, biases = (torch.from_numpy(part).to(device) for part in (kernel[kernel != 0], bias))
    bias_stds = layer.bias_std * biases.ne(0)

    sparse = device.type == "cpu" and len(places) < SPARSE_KERNELS * kernel.size

    @lru_cache(maxsize=2)
    def block_diagonal(batch: int) -> tuple[Tensor, Tensor]:
        """Row pointers and columns of a sparse matrix with every example's kernels (outputs, columns) as a block."""
        example = torch.arange(batch)[:, None]
        ends = torch.from_numpy(np.count_nonzero(kernel.reshape(outputs, -1), axis=1).cumsum()) + len(places) * example
        return F.pad(ends.flatten(), (1, 0)).int(), (places % columns + columns * example).flatten().int()

    def stage(x: Tensor, generator: torch.Generator | None) -> Tensor:
        batch = x.shape[-1]
        patches = F.pad(x.permute(3, 0, 1, 2), (operation.padding,) * 4)
        for axis in (2, 3):
            patches = patches.unfold(axis, operation.kernel, operation.stride)
        patches = patches.permute(0, 1, 4, 5, 2, 3).reshape(batch, columns, height * width)
        values = normals(weights, (batch, len(weights)), generator).mul_(layer.weight_std).add_(weights)
        shifts = normals(biases, (batch, outputs), generator).mul_(bias_stds).add_(biases)
        if sparse:
            kernels = torch.sparse_csr_tensor(
                *block_diagonal(batch), values.flatten(), (batch * outputs, batch * columns), check_invariants=False
            )
            y = torch.addmm(shifts.view(-1, 1), kernels, patches.flatten(0, 1))
        else:
            kernels = values.new_zeros(batch, kernel.size).index_copy_(1, places, values)
            y = torch.baddbmm(shifts[:, :, None], kernels.view(batch, outputs, columns), patches)
        return y.view(batch, outputs, height, width).permute(1, 2, 3, 0)

    return stage


def noisy_depthwise(operation: DepthwiseConv, layer: Layer, device: torch.device) -> Stage:
    """A depthwise convolution under noise: kernels for each example, the same at all positions of that example."""
    weights = torch.from_numpy(layer.matrix.T[:, :, None].copy()).to(device)
    stds = layer.weight_std * weights.ne(0)

    def stage(x: Tensor, generator: torch.Generator | None) -> Tensor:
        noise = normals(weights, (*weights.shape[:2], x.shape[-1]), generator)
        kernels = noise.mul_(stds).add_(weights)[:, :, None, None]
        return reduce(torch.add, (w * shifted for w, shifted in zip(kernels, shifts(operation, x), strict=True)))

    return stage
