"""Convolutions: every unit reads all channels, or the one of its own place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from pacviz.models.operations.operation import Cost, Operation, Shape, one, positions, register

if TYPE_CHECKING:
    from torch import Tensor, nn


def padded(shape: Shape, padding: int) -> int:
    """Numbers in activations with so many zeros around them."""
    return math.prod((shape[0], *(side + 2 * padding for side in shape[1:])))


@register
@dataclass(frozen=True)
class Conv(Operation):
    """A square convolution with bias on (channels, height, width).

    normalised: trained with batch normalisation (Ioffe and Szegedy 2015) after it, whose parameters and running
    statistics are folded into the weights and biases (`Architecture.folded`).  It is a way to train and no part of what
    the architecture computes, hence not of its fingerprint either.
    """

    numbers: ClassVar[Mapping[str, int]] = {"outputs": 1, "kernel": 1, "stride": 1, "padding": 0}
    reads = "inputs"

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: int = 1
    padding: int = 0
    normalised: bool = field(default=False, repr=False)

    def fits(self, shape: Shape) -> Shape | None:
        if len(shape) != 3 or shape[0] != self.inputs:
            return None
        return self.outputs, *(positions(side, self.kernel, self.stride, self.padding) for side in shape[1:])

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        from torch.nn.functional import conv2d

        weight, bias = tensors
        return conv2d(x, weight, bias, self.stride, self.padding)

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.outputs, self.inputs, self.kernel, self.kernel), "bias": (self.outputs,)}

    @property
    def spacing(self) -> int:
        return self.stride

    @property
    def is_normalised(self) -> bool:
        return self.normalised

    def plain(self, names: Iterator[str]) -> Conv:
        return dataclasses.replace(self, name=next(names), normalised=False)

    def module(self, folded: bool) -> nn.Module:
        from torch import nn

        from pacviz.models.modules import NormalisedConv

        kind = NormalisedConv if self.normalised and not folded else nn.Conv2d
        return kind(self.inputs, self.outputs, self.kernel, self.stride, self.padding)

    @classmethod
    def from_module(cls, module: Any, name: str) -> Conv | None:
        sides = _sides(module)
        if sides is None or module.groups != 1:
            return None
        return cls(name, module.in_channels, module.out_channels, *sides)

    def cost(self, before: Shape, after: Shape) -> Cost:
        window, written = self.inputs * self.kernel**2, math.prod(after)
        unfolded, own = window * math.prod(after[1:]), self.outputs * (window + 1)
        return Cost(1, own, written * window, padded(before, self.padding) + unfolded + written + own)


@register
@dataclass(frozen=True)
class DepthwiseConv(Operation):
    """A square convolution without bias whose every channel reads the one channel of its own place."""

    numbers: ClassVar[Mapping[str, int]] = {"kernel": 1, "stride": 1, "padding": 0}
    reads = "channels"
    keeps_units = True

    name: str
    channels: int
    kernel: int
    stride: int = 1
    padding: int = 0

    def fits(self, shape: Shape) -> Shape | None:
        if len(shape) != 3 or shape[0] != self.channels:
            return None
        return self.channels, *(positions(side, self.kernel, self.stride, self.padding) for side in shape[1:])

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        from torch.nn.functional import conv2d

        return conv2d(x, tensors[0], None, self.stride, self.padding, groups=self.channels)

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.channels, 1, self.kernel, self.kernel)}

    @property
    def spacing(self) -> int:
        return self.stride

    def module(self, folded: bool) -> nn.Module:
        from torch import nn

        sizes = (self.kernel, self.stride, self.padding)
        return nn.Conv2d(self.channels, self.channels, *sizes, groups=self.channels, bias=False)

    @classmethod
    def from_module(cls, module: Any, name: str) -> DepthwiseConv | None:
        sides = _sides(module)
        if sides is None or not module.groups == module.in_channels == module.out_channels != 1:
            return None
        return cls(name, module.in_channels, *sides) if module.bias is None or not module.bias.any() else None

    def cost(self, before: Shape, after: Shape) -> Cost:
        own, written = self.channels * self.kernel**2, math.prod(after)
        return Cost(1, own, written * self.kernel**2, padded(before, self.padding) + 2 * written + own)


def _sides(module: Any) -> tuple[int, int, int] | None:
    """Kernel, stride and padding of a square convolution; None for any other module."""
    from torch import nn

    if not isinstance(module, nn.Conv2d) or module.padding_mode != "zeros" or one(module.dilation) != 1:
        return None
    kernel, stride, padding = (one(size) for size in (module.kernel_size, module.stride, module.padding))
    return None if kernel is None or stride is None or padding is None else (kernel, stride, padding)
