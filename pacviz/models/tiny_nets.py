"""Depthwise-separable networks of 386 to 1,330 parameters, coded as integers: what fits on a slide.

A 5x5 convolution to c channels, two depthwise-separable stages (Howard et al. 2017), means over four overlapping corners,
one linear layer.  All of it is positively homogeneous, so that the scale of a layer's weights is free.
"""

from pacviz.models.architecture import (
    Architecture,
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Linear,
    Operation,
    ReLU,
)

WIDTHS = (4, 6, 8, 10, 12)


def _separable(name: str, width: int, stride: int) -> tuple[Operation, ...]:
    return (
        DepthwiseConv(f"{name}a", width, 3, stride, 1),
        Conv(f"{name}b", width, width, 1, normalised=True),
        ReLU(),
    )


def tiny_net(width: int, upright: bool) -> Architecture:
    """The network of that many channels; upright: it reads deskewed images."""
    return Architecture(
        f"{'upright' if upright else 'tiny'}-{width}",
        f"{'Upright t' if upright else 'T'}iny network of width {width}",
        (1, 28, 28),
        10,
        (
            *((Deskew(),) if upright else ()),
            Conv("conv1", 1, width, 5, 2, 2, normalised=True),
            ReLU(),
            *_separable("conv2", width, 2),
            *_separable("conv3", width, 1),
            AveragePool(4, 3),
            Flatten(),
            Linear("fc", 4 * width, 10),
        ),
        code="integers",
    )


TINY_NETS = tuple(tiny_net(width, upright) for upright in (False, True) for width in WIDTHS)
"""In the order of the code: tiny-4 to tiny-12, then upright-4 to upright-12."""
