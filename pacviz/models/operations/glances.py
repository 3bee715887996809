"""Several looks at one image, without parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pacviz.models.operations.operation import Operation, Shape, register

if TYPE_CHECKING:
    from torch import Tensor

SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))
"""In pixels down and right; what leaves the image on one side comes back on the other."""


@register
@dataclass(frozen=True)
class Glances(Operation):
    """The image five times: where it is, and moved by one pixel to each side.  The logits are the means over all of them.

    What the field calls test-time augmentation by shifts; files know it by this name.  It comes before the first weights.
    """

    looks = len(SHIFTS)

    def fits(self, shape: Shape) -> Shape | None:
        return shape if len(shape) == 3 else None

    def apply(self, x: Tensor, *tensors: Tensor) -> Tensor:
        """(n x looks, ...), the looks at one image side by side."""
        import torch

        return torch.stack([x.roll(shift, (2, 3)) for shift in SHIFTS], 1).flatten(0, 1)
