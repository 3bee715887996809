"""Fixed filters for edges, without parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pacviz.models.operations.conv import padded
from pacviz.models.operations.operation import Cost, Operation, Shape, positions, register

if TYPE_CHECKING:
    from torch import Tensor


@register
@dataclass(frozen=True)
class OrientedEdges(Operation):
    """How fast a grey image grows lighter in directions all around, a channel each: fixed filters, no parameters.

    Derivatives of a Gaussian (Canny 1986), as `edge_filters` has them; the derivative of a single pixel is nothing.
    """

    numbers: ClassVar[Mapping[str, int]] = {"directions": 1, "kernel": 2, "stride": 1, "padding": 0}

    directions: int
    kernel: int
    stride: int = 1
    padding: int = 0

    def fits(self, shape: Shape) -> Shape | None:
        if len(shape) != 3 or shape[0] != 1:
            return None
        return self.directions, *(positions(side, self.kernel, self.stride, self.padding) for side in shape[1:])

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        from torch.nn.functional import conv2d

        return conv2d(x, edge_filters(self).to(x), None, self.stride, self.padding)

    def cost(self, before: Shape, after: Shape) -> Cost:
        written = math.prod(after)
        values = padded(before, self.padding) + written + self.directions * self.kernel**2
        return Cost(1, 0, written * self.kernel**2, values)


def edge_filters(operation: OrientedEdges) -> Tensor:
    """float32 (directions, 1, kernel, kernel): a Gaussian of std kernel / 4 derived in each direction.

    The first looks to the right, and they go around by equal angles.  The magnitudes of each sum to about 2.  Every
    entry is a multiple of 1/64, so that all machines have the same.
    """
    import torch

    axis = np.arange(operation.kernel) - (operation.kernel - 1) / 2
    y, x = np.meshgrid(axis, axis, indexing="ij")
    bell = np.exp(-8 * (x**2 + y**2) / operation.kernel**2)
    angles = 2 * np.pi * np.arange(operation.directions)[:, None, None] / operation.directions
    filters = (np.cos(angles) * x + np.sin(angles) * y) * bell
    filters *= 2 / np.abs(filters).sum((1, 2), keepdims=True)
    return torch.from_numpy(np.rint(64 * filters) / 64).float()[:, None]
