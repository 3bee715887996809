"""The operations that architectures are chains of: one class each, with everything that pacviz knows about it."""

from __future__ import annotations

from collections.abc import Iterator

from pacviz.models.operations.conv import Conv, DepthwiseConv
from pacviz.models.operations.deskew import Deskew
from pacviz.models.operations.edges import OrientedEdges
from pacviz.models.operations.elementwise import Flatten, ReLU
from pacviz.models.operations.glances import Glances
from pacviz.models.operations.linear import Linear
from pacviz.models.operations.operation import OPERATIONS, Operation, Shape, register
from pacviz.models.operations.pooling import AveragePool, MaxPool
from pacviz.models.operations.residual import Residual


def parametrised(operations: tuple[Operation, ...]) -> Iterator[Operation]:
    """The operations that carry parameters, in order."""
    for operation in operations:
        yield from operation.layers


__all__ = [
    "OPERATIONS",
    "AveragePool",
    "Conv",
    "DepthwiseConv",
    "Deskew",
    "Flatten",
    "Glances",
    "Linear",
    "MaxPool",
    "Operation",
    "OrientedEdges",
    "ReLU",
    "Residual",
    "Shape",
    "parametrised",
    "register",
]
