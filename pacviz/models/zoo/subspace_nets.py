"""Networks that are coded by their place in a random subspace (pacviz.codes.subspace.network), so that size costs nothing."""

from pacviz.models.architecture import Architecture, register
from pacviz.models.operations import AveragePool, Conv, Deskew, Flatten, Linear, Operation, OrientedEdges, ReLU
from pacviz.models.zoo.lenet5 import LENET5

DIMENSIONS = 1024
"""Largest dimension of a subspace."""
PROJECTIONS = ("dense", "kronecker")
"""How a subspace may be drawn, in the order of the code."""

_REST: tuple[Operation, ...] = (
    ReLU(),
    Conv("conv2", 8, 16, 3, 2, 1),
    ReLU(),
    Conv("conv3", 16, 16, 3, 1, 1),
    ReLU(),
    AveragePool(4, 3),
    Flatten(),
    Linear("fc", 64, 10),
)


def _in_subspace(name: str, title: str, operations: tuple[Operation, ...]) -> Architecture:
    return register(
        Architecture(f"subspace-{name}", f"{title} in a subspace", (1, 28, 28), 10, operations, code="subspace")
    )


SUBSPACE_NETS = (
    _in_subspace("conv", "Convolutions", (Conv("conv1", 1, 8, 5, 2, 2), *_REST)),
    _in_subspace("edges", "Convolutions of upright edges", (Deskew(), OrientedEdges(8, 5, 2, 2), *_REST)),
    _in_subspace("lenet5", "LeNet-5", LENET5.operations),
)
"""In the order of the code."""
