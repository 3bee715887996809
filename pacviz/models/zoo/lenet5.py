"""LeNet-5 in its Caffe form (Zhou et al. 2019, section 5): 431,080 parameters."""

from pacviz.models.architecture import Architecture, register
from pacviz.models.operations import Conv, Flatten, Linear, MaxPool, ReLU

LENET5 = register(
    Architecture(
        "lenet5",
        "LeNet-5",
        (1, 28, 28),
        10,
        (
            Conv("conv1", 1, 20, 5),
            MaxPool(2),
            Conv("conv2", 20, 50, 5),
            MaxPool(2),
            Flatten(),
            Linear("fc1", 800, 500),
            ReLU(),
            Linear("fc2", 500, 10),
        ),
    )
)
