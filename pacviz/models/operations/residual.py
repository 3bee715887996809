"""A chain plus its input."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from pacviz.errors import PacvizError
from pacviz.models.operations.operation import Cost, Operation, Shape, register

if TYPE_CHECKING:
    from torch import Tensor

    from pacviz.models.modules import Network


@register
@dataclass(frozen=True)
class Residual(Operation):
    """A chain plus its input (He et al. 2016): body(x) + shortcut(x).

    The shortcut has no parameters (option A): it takes every spacing-th position and fills channels up with zeros.
    """

    declarable = False

    body: tuple[Operation, ...] = ()

    @property
    def spacing(self) -> int:
        """Of the whole body."""
        return math.prod(operation.spacing for operation in self.body)

    def fits(self, shape: Shape) -> Shape:
        after = reduce(lambda inner, operation: operation.after(inner), self.body, shape)
        expected = tuple(-(-side // self.spacing) for side in shape[1:])
        if after[0] < shape[0] or after[1:] != expected:
            raise PacvizError(f"A sum of activations of {after} and {shape} has no description.")
        return after

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        return self.sum(x, reduce(lambda inner, operation: operation.apply(inner), self.body, x))

    def run(self, x: Tensor, network: Network) -> Tensor:
        return self.sum(x, network.chain(self.body, x))

    def sum(self, x: Tensor, y: Tensor) -> Tensor:
        """y, the body's result, plus what of x the shortcut lets through."""
        from torch.nn.functional import pad

        shortcut = x[:, :, :: self.spacing, :: self.spacing]
        return y + pad(shortcut, (0, 0, 0, 0, 0, y.shape[1] - shortcut.shape[1]))

    def plain(self, names: Iterator[str]) -> Residual:
        return Residual(tuple(operation.plain(names) for operation in self.body))

    def cost(self, before: Shape, after: Shape) -> Cost:
        """The dearest of its operations at a time, and what the shortcut keeps."""
        costs, shape = [], before
        for operation in self.body:
            shape, read = operation.after(shape), shape
            costs.append(operation.cost(read, shape))
        parameters, products = (sum(getattr(cost, name) for cost in costs) for name in ("parameters", "products"))
        return Cost(len(costs), parameters, products, max(cost.values for cost in costs) + math.prod(before))
