"""A layer without noise as one product, sparse or dense, whichever is faster at its density.

Examples come last: activations are (channels, height, width, batch), after Flatten (features, batch), so that a nonzero
of a sparse matrix meets a whole batch side by side in memory.  A dense convolution wants channels side by side; it
returns a transposed view, and element-wise stages keep whatever order they are given.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import reduce

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor
from torch.nn import functional as F

from pacviz.models import Conv, DepthwiseConv, OrientedEdges, Shape
from pacviz.models.operations.edges import edge_filters
from pacviz.models.operations.glances import SHIFTS
from pacviz.risk.scaling import Layer

# torch says once in every process that sparse matrices are in beta; the tests hold them to the dense answer.
warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta")

Stage = Callable[[Tensor, torch.Generator | None], Tensor]
"""One step of a network on a batch; the generator is read by the steps that add noise."""

SPARSE_CONV = 0.3
SPARSE_LINEAR = 0.25
"""Densities below which a product by nonzeros is faster on a CPU: measured on the layers of LeNet-5 and LeNet-300-100
(0.33 to 0.6 for the convolutions, 0.22 to 0.28 for the others)."""

TOEPLITZ_ENTRIES = 2**22
"""The most entries of a convolution as a sparse matrix, which takes some 60 bytes each to make; others are dense products."""


def affine(layer: Layer, device: torch.device) -> Stage:
    """A fully connected layer, x (features, batch) to W x + b."""
    weights, bias = layer.matrix[:, :-1], torch.tensor(layer.matrix[:, -1:], device=device)
    if device.type == "cpu" and np.count_nonzero(weights) < SPARSE_LINEAR * weights.size:
        product = _csr(csr_array(weights))
    else:
        product = torch.tensor(weights, device=device)
    return lambda x, _: torch.addmm(bias, product, x)


def convolution(operation: Conv, layer: Layer, shape: Shape, device: torch.device) -> Stage:
    """A convolution of activations of `shape` (channels, height, width)."""
    kernel, bias = kernel_and_bias(operation, layer.matrix)
    outputs, height, width = operation.after(shape)
    nonzeros = np.count_nonzero(kernel)
    few = nonzeros < SPARSE_CONV * kernel.size and nonzeros * height * width <= TOEPLITZ_ENTRIES
    if device.type == "cpu" and few:
        toeplitz = _csr(toeplitz_matrix(operation, kernel, shape))
        # Starting from the bias is free, and leaves no row without nonzeros to be multiplied by uninitialised memory.
        shift = torch.from_numpy(bias.repeat(height * width)[:, None])
        return lambda x, _: torch.addmm(shift, toeplitz, x.flatten(0, 2)).view(outputs, height, width, -1)
    weights = torch.from_numpy(kernel).to(device, memory_format=torch.channels_last)
    shift = torch.from_numpy(bias).to(device)

    def dense(x: Tensor, _: torch.Generator | None) -> Tensor:
        images = x.permute(3, 0, 1, 2).contiguous(memory_format=torch.channels_last)
        return F.conv2d(images, weights, shift, operation.stride, operation.padding).permute(1, 2, 3, 0)

    return dense


def max_pool(size: int) -> Stage:
    """Non-overlapping max-pooling, rows before columns; a remainder at the lower and right edge is dropped."""

    def pool(x: Tensor, _: torch.Generator | None) -> Tensor:
        height, width = (length // size * size for length in x.shape[1:3])
        x = reduce(torch.maximum, (x[:, offset:height:size, :width] for offset in range(size)))
        return reduce(torch.maximum, (x[:, :, offset::size] for offset in range(size)))

    return pool


def average_pool(size: int | None, stride: int | None) -> Stage:
    """The mean over all positions, which stay as one, or over windows of size x size, rows before columns."""
    if size is None:
        return lambda x, _: x.mean((1, 2), keepdim=True)
    side, step = size, stride or size

    def pool(x: Tensor, _: torch.Generator | None) -> Tensor:
        height, width = (length - side + 1 for length in x.shape[1:3])
        x = reduce(torch.add, (x[:, offset : offset + height : step] for offset in range(side)))
        return reduce(torch.add, (x[:, :, offset : offset + width : step] for offset in range(side))) / side**2

    return pool


def shifted(x: Tensor, _: torch.Generator | None) -> Tensor:
    """All examples as they are, then all of them moved by one shift after the other."""
    return torch.cat([x.roll(shift, (1, 2)) for shift in SHIFTS], -1)


def agreement(looks: int) -> Stage:
    """Means of logits (classes, looks x batch) over the looks at each image."""
    return lambda x, _: x.unflatten(1, (looks, -1)).mean(1)


def oriented_edges(operation: OrientedEdges, device: torch.device) -> Stage:
    """The fixed filters."""
    filters = edge_filters(operation).to(device)

    def stage(x: Tensor, _: torch.Generator | None) -> Tensor:
        edges = F.conv2d(x.permute(3, 0, 1, 2), filters.to(x.dtype), None, operation.stride, operation.padding)
        return edges.permute(1, 2, 3, 0)

    return stage


def depthwise(operation: DepthwiseConv, layer: Layer, device: torch.device) -> Stage:
    """A depthwise convolution, without a bias."""
    weights = torch.from_numpy(layer.matrix.copy()).to(device)

    def stage(x: Tensor, _: torch.Generator | None) -> Tensor:
        return reduce(
            torch.add,
            (w[:, None, None, None] * shifted for w, shifted in zip(weights.T, shifts(operation, x), strict=True)),
        )

    return stage


def shifts(operation: DepthwiseConv, x: Tensor) -> Iterator[Tensor]:
    """The activations (channels, height, width, batch) that each place of the kernels reads, row by row of the kernel."""
    x = F.pad(x, (0, 0, *(operation.padding,) * 4))
    height, width = (length - operation.kernel + 1 for length in x.shape[1:3])
    for dy in range(operation.kernel):
        for dx in range(operation.kernel):
            yield x[:, dy : dy + height : operation.stride, dx : dx + width : operation.stride]


def residual(spacing: int, body: Sequence[Stage], body_factor: float = 1.0, shortcut_factor: float = 1.0) -> Stage:
    """The stages of a body one after the other, plus their input (every spacing-th position, further channels zero).

    body_factor, shortcut_factor: powers of two that bring the two to one scale.
    """

    def stage(x: Tensor, generator: torch.Generator | None) -> Tensor:
        y = x
        for inner in body:
            y = inner(y, generator)
        shortcut = x[:, ::spacing, ::spacing] * shortcut_factor
        return y * body_factor + F.pad(shortcut, (0, 0, 0, 0, 0, 0, 0, len(y) - len(shortcut)))

    return stage


def kernel_and_bias(operation: Conv, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(outputs, inputs, kernel, kernel) and (outputs,), copies of the matrix's columns."""
    kernel = matrix[:, :-1].reshape(operation.outputs, operation.inputs, operation.kernel, operation.kernel)
    return kernel.copy(), matrix[:, -1].copy()


def toeplitz_matrix(operation: Conv, kernel: np.ndarray, shape: Shape) -> csr_array:
    """The convolution as a matrix: (outputs x height x width after it, channels x height x width before it)."""
    channels, height, width = shape
    outputs, rows, columns = operation.after(shape)
    output, channel, dy, dx = (index[:, None, None] for index in np.nonzero(kernel))
    y, x = np.mgrid[:rows, :columns]
    above, left = (operation.stride * at + offset - operation.padding for at, offset in ((y, dy), (x, dx)))
    inside = (above >= 0) & (above < height) & (left >= 0) & (left < width)
    values = np.broadcast_to(kernel[kernel != 0][:, None, None], inside.shape)[inside]
    targets, sources = (output * rows + y) * columns + x, (channel * height + above) * width + left
    size = (outputs * rows * columns, channels * height * width)
    return csr_array((values, (targets[inside], sources[inside])), shape=size)


def _csr(matrix: csr_array) -> Tensor:
    ends, columns = (torch.from_numpy(index.astype(np.int32)) for index in (matrix.indptr, matrix.indices))
    return torch.sparse_csr_tensor(ends, columns, torch.from_numpy(matrix.data), matrix.shape, check_invariants=False)
