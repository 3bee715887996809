"""Integers at a price."""

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
class IntegersMethod(Method):
    """Integers times a step a tensor are trained, and pay for their code."""

    name = "integers"
    title = "Integers at a price"
    help = "Every weight becomes a small integer; the length of its code is paid for while it is trained."
    usual: ClassVar[Mapping[str, Any]] = {**FINE_TUNING, "epochs": 60, "learning_rate": 3e-3}
    particular = ("price",)
    exact = True
    from_trained = True

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.integers import Integers

        return Integers(architecture, state, training.price, training.seed)
