"""Dynamic network surgery."""

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
class SurgeryMethod(Method):
    """Weights under a mask that opens again."""

    name = "surgery"
    title = "Dynamic network surgery"
    help = "Weights go, and come back where they turn out to matter (Guo et al. 2016)."
    optimizer = "sgd"
    usual: ClassVar[Mapping[str, Any]] = {**FINE_TUNING, "density": 0.015, "epochs": 12} | {
        "weight_decay": 1e-4,
        "learning_rate": 0.02,
    }

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.parametrisation import Surgery

        return Surgery(state, architecture.prunable(state), training.density, training.seed)
