"""What moves or cuts off single numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pacviz.models.operations.operation import Operation, Shape, register

if TYPE_CHECKING:
    from torch import Tensor, nn


@register
@dataclass(frozen=True)
class ReLU(Operation):
    """max(x, 0), element by element."""

    keeps_units = True

    def fits(self, shape: Shape) -> Shape:
        return shape

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        return x.relu()

    @classmethod
    def from_module(cls, module: nn.Module, name: str) -> ReLU | None:
        from torch import nn

        return cls() if isinstance(module, nn.ReLU) else None


@register
@dataclass(frozen=True)
class Flatten(Operation):
    """(channels, height, width) to one vector, channel-major."""

    keeps_units = True

    def fits(self, shape: Shape) -> Shape | None:
        return (math.prod(shape),) if len(shape) == 3 else None

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        return x.flatten(1)

    @classmethod
    def from_module(cls, module: nn.Module, name: str) -> Flatten | None:
        from torch import nn

        match module:
            case nn.Flatten(start_dim=1, end_dim=-1):
                return cls()
        return None
