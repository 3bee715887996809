"""The operations that architectures are chains of: what each is, and the shape that it makes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce


@dataclass(frozen=True)
class Conv:
    """A square convolution with bias on (channels, height, width).

    normalised: trained with batch normalisation (Ioffe and Szegedy 2015) after it, whose parameters and running
    statistics are folded into the weights and biases (`Architecture.folded`).  It is a way to train and no part of what
    the architecture computes, hence not of its fingerprint either.
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = 0
    normalised: bool = field(default=False, repr=False)


@dataclass(frozen=True)
class DepthwiseConv:
    """A square convolution without bias whose every channel reads the one channel of its own place."""

    name: str
    channels: int
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


@dataclass(frozen=True)
class AveragePool:
    """The means over windows of size x size, every stride-th; over all positions where no size is given.

    stride: the size where it is not given.
    """

    size: int | None = None
    stride: int | None = None


@dataclass(frozen=True)
class Deskew:
    """Every image upright and in the middle: sheared and shifted by its own moments (`modules.deskew`), no parameters."""


@dataclass(frozen=True)
class OrientedEdges:
    """How fast a grey image grows lighter in directions all around, a channel each: fixed filters, no parameters.

    Derivatives of a Gaussian (Canny 1986), as `modules.edge_filters` has them.
    """

    directions: int
    kernel: int
    stride: int = 1
    padding: int = 0


@dataclass(frozen=True)
class Glances:
    """The image five times: where it is, and moved by one pixel to each side.  The logits are the means over all of them.

    It comes before the first weights.
    """


SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
"""Of the Glances, in pixels down and right; what leaves the image on one side comes back on the other."""


@dataclass(frozen=True)
class Residual:
    """A chain plus its input (He et al. 2016): body(x) + shortcut(x).

    The shortcut has no parameters (option A): it takes every stride-th position and fills channels up with zeros.
    """

    body: tuple[Operation, ...]

    @property
    def stride(self) -> int:
        """Of the whole body."""
        return math.prod(operation.stride for operation in self.body if isinstance(operation, Conv | DepthwiseConv))


Operation = (
    Conv | DepthwiseConv | Linear | MaxPool | ReLU | Flatten | AveragePool | Deskew | OrientedEdges | Glances | Residual
)
Shape = tuple[int, int, int]
"""Activations: channels, height, width."""


def output_shape(operation: Operation, shape: Shape) -> Shape:
    """The shape of the activations after an operation on those of `shape`; the operations not named leave it alone."""
    match operation:
        case Conv(_, _, outputs, kernel, stride, padding):
            height, width = ((length + 2 * padding - kernel) // stride + 1 for length in shape[1:])
            return outputs, height, width
        case DepthwiseConv(_, channels, kernel, stride, padding):
            height, width = ((length + 2 * padding - kernel) // stride + 1 for length in shape[1:])
            return channels, height, width
        case OrientedEdges(directions, kernel, stride, padding):
            height, width = ((length + 2 * padding - kernel) // stride + 1 for length in shape[1:])
            return directions, height, width
        case MaxPool(size):
            return shape[0], shape[1] // size, shape[2] // size
        case AveragePool(None):
            return shape[0], 1, 1
        case AveragePool(int(size), stride):
            height, width = ((length - size) // (stride or size) + 1 for length in shape[1:])
            return shape[0], height, width
        case Residual(body):
            return reduce(lambda inner, step: output_shape(step, inner), body, shape)
    return shape


def parametrised(operations: tuple[Operation, ...]) -> Iterator[Conv | DepthwiseConv | Linear]:
    """The operations that carry parameters, in order."""
    for operation in operations:
        if isinstance(operation, Residual):
            yield from parametrised(operation.body)
        elif isinstance(operation, Conv | DepthwiseConv | Linear):
            yield operation
