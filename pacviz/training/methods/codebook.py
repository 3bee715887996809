"""Codebook tuning."""

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
class CodebookMethod(Method):
    """The entries of codebooks are trained."""

    name = "codebook"
    title = "Codebook tuning"
    help = "Which codebook entry a weight uses stays fixed; the entries are learned (Han et al. 2016)."
    usual: ClassVar[Mapping[str, Any]] = {**FINE_TUNING, "epochs": 3, "learning_rate": 1e-3}
    quantizes = True
    from_trained = True

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.parametrisation import Codebook

        return Codebook(architecture, state, training.density, training.bits, where)
