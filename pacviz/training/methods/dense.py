"""Plain training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pacviz.training.methods.method import Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from pacviz.models import Architecture
    from pacviz.training.parametrisations.parametrisation import Parametrisation
    from pacviz.training.recipe import Training


@register
class DenseMethod(Method):
    """The weights themselves are trained."""

    name = "dense"
    title = "Plain training"
    help = "All weights stay."
    prunes = False

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.parametrisation import Dense

        return Dense(state)
