"""LeNet-300-100: the fully connected network of the pruning literature, 266,610 parameters."""

from pacviz.models.architecture import Architecture, register
from pacviz.models.operations import Flatten, Linear, ReLU

MLP = register(
    Architecture(
        "mlp",
        "LeNet-300-100",
        (1, 28, 28),
        10,
        (
            Flatten(),
            Linear("fc1", 784, 300),
            ReLU(),
            Linear("fc2", 300, 100),
            ReLU(),
            Linear("fc3", 100, 10),
        ),
    )
)
