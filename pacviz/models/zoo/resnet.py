"""ResNets for images of 32 x 32 (He et al. 2016, section 4.2): three stages of 16, 32 and 64 channels, shortcuts of option A."""

from itertools import pairwise

from pacviz.models.architecture import Architecture, register
from pacviz.models.operations import AveragePool, Conv, Flatten, Linear, Operation, ReLU, Residual

STAGES = (16, 32, 64)


def _block(name: str, inputs: int, outputs: int) -> tuple[Operation, ...]:
    stride = outputs // inputs
    return (
        Residual(
            (
                Conv(f"{name}a", inputs, outputs, 3, stride, 1, normalised=True),
                ReLU(),
                Conv(f"{name}b", outputs, outputs, 3, 1, 1, normalised=True),
            )
        ),
        ReLU(),
    )


def resnet(depth: int) -> Architecture:
    """The ResNet of that many layers, 6 k + 2 with k blocks a stage."""
    channels = [STAGES[0], *(width for width in STAGES for _ in range((depth - 2) // 6))]
    blocks = [
        _block(f"block{index}", inputs, outputs) for index, (inputs, outputs) in enumerate(pairwise(channels), start=1)
    ]
    return Architecture(
        f"resnet{depth}",
        f"ResNet-{depth}",
        (3, 32, 32),
        10,
        (
            Conv("stem", 3, STAGES[0], 3, 1, 1, normalised=True),
            ReLU(),
            *(operation for block in blocks for operation in block),
            AveragePool(),
            Flatten(),
            Linear("fc", STAGES[-1], 10),
        ),
    )


RESNET8, RESNET20, RESNET56 = (register(resnet(depth)) for depth in (8, 20, 56))
"""75,050, 269,034 and 850,986 parameters once normalisation is folded."""
