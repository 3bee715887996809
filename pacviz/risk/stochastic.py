"""A layer with noise: independent N(0, std^2) on each nonzero weight, drawn afresh for every example of a batch."""

from __future__ import annotations

from functools import lru_cache, reduce

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from pacviz.models import Conv, DepthwiseConv, Shape, output_shape
from pacviz.risk.exact import Stage, affine, kernel_and_bias, shifts

SPARSE_KERNELS = 0.25
"""Density below which every example's kernels are faster as blocks of one sparse matrix (CPU, measured on LeNet-5)."""


def noisy_affine(matrix: np.ndarray, std: float, device: torch.device) -> Stage:
    """A fully connected layer under noise by local reparametrisation (Kingma et al. 2015), exact for one example's x.

    matrix: (rows, columns), the bias last.  The pre-activations are independent normals with mean W x + b and variance
    std^2 (M x^2 + m), where M and m are 1 at the nonzeros of W and b, else 0.
    """
    variances = (matrix != 0) * np.float32(std**2)
    mean, variance = affine(matrix, device), affine(variances, device)

    def stage(x: Tensor, generator: torch.Generator | None) -> Tensor:
        stds = variance(x.square(), None).sqrt_()
        return mean(x, None).addcmul_(stds, torch.empty_like(stds).normal_(generator=generator))

    return stage


def noisy_convolution(operation: Conv, matrix: np.ndarray, std: float, shape: Shape, device: torch.device) -> Stage:
    """A convolution under noise: kernels and biases for each example, the same at all positions of that example.

    matrix: (outputs, columns), the bias last.  shape: (channels, height, width) of the activations before it.
    """
    kernel, bias = kernel_and_bias(operation, matrix)
    outputs, height, width = output_shape(operation, shape)
    columns = kernel[0].size
    places = torch.from_numpy(np.flatnonzero(kernel)).to(device)
    weights, biases = (torch.from_numpy(part).to(device) for part in (kernel[kernel != 0], bias))
    bias_stds = std * biases.ne(0)

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
        values = weights.new_empty(batch, len(weights)).normal_(0, std, generator=generator).add_(weights)
        shifts = biases.new_empty(batch, outputs).normal_(generator=generator).mul_(bias_stds).add_(biases)
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


def noisy_depthwise(operation: DepthwiseConv, matrix: np.ndarray, std: float, device: torch.device) -> Stage:
    """A depthwise convolution under noise: kernels for each example, the same at all positions of that example.

    matrix: (channels, kernel x kernel).
    """
    weights = torch.from_numpy(matrix.T[:, :, None].copy()).to(device)
    stds = std * weights.ne(0)

    def stage(x: Tensor, generator: torch.Generator | None) -> Tensor:
        noise = weights.new_empty(*weights.shape[:2], x.shape[-1]).normal_(generator=generator)
        kernels = noise.mul_(stds).add_(weights)[:, :, None, None]
        return reduce(torch.add, (w * shifted for w, shifted in zip(kernels, shifts(operation, x), strict=True)))

    return stage
