"""Networks that are coded by their place in a random subspace (pacviz.compression.subspace), so that size costs nothing."""

from pacviz.models.architecture import Architecture, AveragePool, Conv, Deskew, Flatten, Linear, Operation, ReLU
from pacviz.models.lenet5 import LENET5

_CHAIN: tuple[Operation, ...] = (
    Conv("conv1", 1, 8, 5, 2, 2),
    ReLU(),
    Conv("conv2", 8, 16, 3, 2, 1),
    ReLU(),
    Conv("conv3", 16, 16, 3, 1, 1),
    ReLU(),
    AveragePool(4, 3),
    Flatten(),
    Linear("fc", 64, 10),
)

SUBSPACE_NETS = (
    Architecture("subspace-conv", "Convolutions in a subspace", (1, 28, 28), 10, _CHAIN, code="subspace"),
    Architecture(
        "subspace-upright", "Upright convolutions in a subspace", (1, 28, 28), 10, (Deskew(), *_CHAIN), code="subspace"
    ),
    Architecture("subspace-lenet5", "LeNet-5 in a subspace", (1, 28, 28), 10, LENET5.operations, code="subspace"),
)
"""In the order of the code."""
