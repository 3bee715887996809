"""Images set upright, without parameters."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pacviz.models.operations.operation import Cost, Operation, Shape, register

if TYPE_CHECKING:
    from torch import Tensor

MOST_SLANT = 1.0
"""How far `deskew` shears, in pixels a row: 45 degrees."""
_PRODUCTS = 700
"""What a sheared pixel costs, in products of a convolution: measured."""


@register
@dataclass(frozen=True)
class Deskew(Operation):
    """Every image upright and in the middle: sheared and shifted by its own moments (`deskew`), no parameters."""

    def fits(self, shape: Shape) -> Shape | None:
        return shape if len(shape) == 3 else None

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        return deskew(x)

    def cost(self, before: Shape, after: Shape) -> Cost:
        read = math.prod(before)
        return Cost(1, 0, _PRODUCTS * read, 12 * read)


def deskew(images: Tensor) -> Tensor:
    """Every image sheared along its rows until x and y are uncorrelated in it, its centre of mass moved to the middle.

    images: (n, channels, height, width).  An image's darkest value is its background, and what is above it, over all
    channels, its mass.  The slant is cov(x, y) / (var(y) + 1/12), a pixel being 1 high, and at most MOST_SLANT: an image
    of one line, or of none, thereby has one too.  The middle is the pixel (height // 2, width // 2), where MNIST has it,
    so that rows stay as they are there.  Bilinear.
    """
    import torch
    from torch.nn.functional import grid_sample

    height, width = images.shape[2:]
    # Two machines shall agree on where a pixel comes from; MPS has no float64.
    wide = torch.float32 if images.device.type == "mps" else torch.float64
    y, x = (torch.arange(side, device=images.device, dtype=wide) - side // 2 for side in (height, width))
    background = images.amin((1, 2, 3), keepdim=True)
    ink = images - background
    mass = ink.sum(1, dtype=wide)
    rows, moments = mass.sum(2), (mass * x).sum(2)
    total = rows.sum(1, keepdim=True).clamp(min=torch.finfo(wide).tiny)
    x_mean, y_mean = moments.sum(1, keepdim=True) / total, (rows * y).sum(1, keepdim=True) / total
    covariance = (moments * y).sum(1, keepdim=True) / total - x_mean * y_mean
    variance = (rows * y.square()).sum(1, keepdim=True) / total - y_mean.square()
    slant = (covariance / (variance + 1 / 12)).clamp(-MOST_SLANT, MOST_SLANT)
    # grid_sample counts from -1 at the left edge of the first pixel to 1 at the right edge of the last.
    x_offset, y_from = x_mean + slant * y, y_mean + y
    columns = (2 * x + 1 - width % 2).to(ink) / width + (2 * x_offset).to(ink)[:, :, None] / width
    lines = ((2 * y_from + 1 - height % 2).to(ink) / height)[:, :, None].expand_as(columns)
    return grid_sample(ink, torch.stack([columns, lines], -1), align_corners=False) + background
