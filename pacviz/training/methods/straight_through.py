"""Straight-through quantization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pacviz.training.methods.method import FINE_TUNING, Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from pacviz.models import Architecture
    from pacviz.training.parametrisations.parametrisation import Parametrisation
    from pacviz.training.recipe import Training


@register
class StraightThroughMethod(Method):
    """Entries of codebooks and the weights that are rounded to them are trained."""

    name = "straight-through"
    title = "Straight-through quantization"
    help = (
        "Weights are rounded to the codebook going forward, and moved as if they were not: they may change their entry."
    )
    usual: ClassVar[Mapping[str, Any]] = {**FINE_TUNING, "epochs": 3, "learning_rate": 5e-4}
    quantizes = True
    from_trained = True

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.parametrisation import StraightThrough

        return StraightThrough(architecture, state, training.density, training.bits, where)
