"""Gradual magnitude pruning."""

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
class GradualMethod(Method):
    """Weights under a mask that closes along a schedule."""

    name = "gradual"
    title = "Gradual magnitude pruning"
    help = "The smallest weights go for good, along a cubic schedule (Zhu and Gupta 2017)."
    usual: ClassVar[Mapping[str, Any]] = {**FINE_TUNING, "density": 0.015, "epochs": 12}

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.parametrisation import Gradual

        return Gradual(state, architecture.prunable(state), training.density, training.seed)
