"""A convolutional network that trains in half a second and takes under 200 bytes to write down: 406 parameters."""

from pacviz.models.architecture import Architecture, register
from pacviz.models.operations import Conv, Flatten, Linear, MaxPool, ReLU

TINY = register(
    Architecture(
        "tiny",
        "Tiny convolutional network",
        (1, 28, 28),
        10,
        (
            MaxPool(2),
            Conv("conv", 1, 6, 5),
            MaxPool(5),
            ReLU(),
            Flatten(),
            Linear("fc", 24, 10),
        ),
    )
)
