"""A fully connected layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pacviz.models.operations.operation import Cost, Operation, Shape, register

if TYPE_CHECKING:
    from torch import Tensor, nn


@register
@dataclass(frozen=True)
class Linear(Operation):
    """A fully connected layer with bias."""

    numbers: ClassVar[Mapping[str, int]] = {"outputs": 1}
    reads = "inputs"

    name: str
    inputs: int
    outputs: int

    def fits(self, shape: Shape) -> Shape | None:
        return (self.outputs,) if shape == (self.inputs,) else None

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        from torch.nn.functional import linear

        return linear(x, *tensors)

    @property
    def tensors(self) -> dict[str, tuple[int, ...]]:
        return {"weight": (self.outputs, self.inputs), "bias": (self.outputs,)}

    def module(self, folded: bool) -> nn.Module:
        from torch import nn

        return nn.Linear(self.inputs, self.outputs)

    @classmethod
    def from_module(cls, module: nn.Module, name: str) -> Linear | None:
        from torch import nn

        return cls(name, module.in_features, module.out_features) if isinstance(module, nn.Linear) else None

    def cost(self, before: Shape, after: Shape) -> Cost:
        own = self.outputs * (self.inputs + 1)
        return Cost(1, own, self.outputs * self.inputs, math.prod(before) + 2 * math.prod(after))
