"""Networks of a few hundred parameters that are coded as integers: what fits on a slide.

One layer that looks at pixels, two depthwise-separable stages (Howard et al. 2017), means over four overlapping corners, one
linear layer.  All of it is positively homogeneous, so that the scale of a layer's weights is free.
"""

from collections.abc import Callable

from pacviz.models.architecture import Architecture, register
from pacviz.models.operations import (
    AveragePool,
    Conv,
    DepthwiseConv,
    Deskew,
    Flatten,
    Glances,
    Linear,
    Operation,
    OrientedEdges,
    ReLU,
)

WIDTHS = (4, 6, 8, 10, 12)
COLOR_WIDTHS = (8, 12, 16)
DIRECTIONS = 8
"""Of the fixed edges."""


def _learned(width: int) -> tuple[Operation, ...]:
    return (AveragePool(2), Conv("conv1", 1, width, 3, 1, 1, normalised=True), ReLU())


def _separable(name: str, inputs: int, width: int, stride: int) -> tuple[Operation, ...]:
    return (
        DepthwiseConv(f"{name}a", inputs, 3, stride, 1),
        Conv(f"{name}b", inputs, width, 1, normalised=True),
        ReLU(),
    )


KINDS: dict[str, tuple[str, Callable[[int], tuple[Operation, ...]], bool]] = {
    "tiny": ("Tiny network", _learned, False),
    "upright": ("Tiny network for upright images", lambda width: (Deskew(), *_learned(width)), False),
    "edges": (
        "Tiny network for upright edges",
        lambda width: (Deskew(), OrientedEdges(DIRECTIONS, 5, 2, 2), ReLU()),
        True,
    ),
    "glances": (
        "Tiny network for five glances at upright images",
        lambda width: (Deskew(), Glances(), *_learned(width)),
        False,
    ),
}
"""By name: a title, how the images are looked at, and whether by fixed edges rather than by `width` learned filters."""


def tiny_net(kind: str, width: int) -> Architecture:
    """The network of that many channels.  kind: a key of KINDS."""
    title, stem, fixed = KINDS[kind]
    return Architecture(
        f"{kind}-{width}",
        f"{title}, width {width}",
        (1, 28, 28),
        10,
        (
            *stem(width),
            *_separable("conv2", DIRECTIONS if fixed else width, width, 2),
            *_separable("conv3", width, width, 1),
            AveragePool(4, 3),
            Flatten(),
            Linear("fc", 4 * width, 10),
        ),
        code="integers",
    )


def color_net(width: int) -> Architecture:
    """The network of that many channels for color images of 32 x 32."""
    return Architecture(
        f"color-{width}",
        f"Tiny network for color images, width {width}",
        (3, 32, 32),
        10,
        (
            Conv("conv1", 3, width, 3, 2, 1, normalised=True),
            ReLU(),
            *_separable("conv2", width, width, 1),
            *_separable("conv3", width, width, 2),
            *_separable("conv4", width, width, 1),
            AveragePool(4),
            Flatten(),
            Linear("fc", 4 * width, 10),
        ),
        code="integers",
    )


TINY_NETS = (
    *(register(tiny_net(kind, width)) for kind in KINDS for width in WIDTHS),
    *(register(color_net(width)) for width in COLOR_WIDTHS),
)
"""In the order of the code: tiny-4 to tiny-12, then upright-, edges- and glances-4 to 12, then color-8 to color-16."""
