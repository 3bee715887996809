"""Pooling: the largest or the mean of a window."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pacviz.models.operations.operation import Cost, Operation, Shape, one, positions, register

if TYPE_CHECKING:
    from torch import Tensor, nn


def _cost(size: int, before: Shape, after: Shape) -> Cost:
    written = math.prod(after)
    return Cost(1, 0, written * size**2, math.prod(before) + 2 * written)


@register
@dataclass(frozen=True)
class MaxPool(Operation):
    """Non-overlapping max-pooling of size x size."""

    numbers: ClassVar[Mapping[str, int]] = {"size": 1}
    keeps_units = True

    size: int

    def fits(self, shape: Shape) -> Shape | None:
        return (shape[0], shape[1] // self.size, shape[2] // self.size) if len(shape) == 3 else None

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        from torch.nn.functional import max_pool2d

        return max_pool2d(x, self.size)

    @classmethod
    def from_module(cls, module: nn.Module, name: str) -> MaxPool | None:
        from torch import nn

        match module:
            case nn.MaxPool2d(padding=0 | (0, 0), dilation=1 | (1, 1), ceil_mode=False, return_indices=False):
                size = one(module.kernel_size)
                return cls(size) if size is not None and size == one(module.stride) else None
        return None

    def cost(self, before: Shape, after: Shape) -> Cost:
        return _cost(self.size, before, after)


@register
@dataclass(frozen=True)
class AveragePool(Operation):
    """The means over windows of size x size, every stride-th; over all positions where no size is given.

    stride: the size where it is not given.
    """

    numbers: ClassVar[Mapping[str, int]] = {"size": 0, "stride": 0}
    keeps_units = True

    size: int | None = None
    stride: int | None = None

    def fits(self, shape: Shape) -> Shape | None:
        if len(shape) != 3:
            return None
        if self.size is None:
            return shape[0], 1, 1
        return shape[0], *(positions(side, self.size, self.stride or self.size) for side in shape[1:])

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        from torch.nn.functional import avg_pool2d

        return x.mean((2, 3), keepdim=True) if self.size is None else avg_pool2d(x, self.size, self.stride)

    @classmethod
    def from_module(cls, module: nn.Module, name: str) -> AveragePool | None:
        from torch import nn

        match module:
            case nn.AvgPool2d(padding=0 | (0, 0), ceil_mode=False, divisor_override=None):
                size, stride = one(module.kernel_size), one(module.stride)
                return None if size is None or stride is None else cls(size, stride)
            case nn.AdaptiveAvgPool2d() if one(module.output_size) == 1:
                return cls()
        return None

    def cost(self, before: Shape, after: Shape) -> Cost:
        return super().cost(before, after) if self.size is None else _cost(self.size, before, after)
