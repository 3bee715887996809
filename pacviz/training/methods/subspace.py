"""Integers in a random subspace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pacviz.errors import PacvizError
from pacviz.models.architecture import ARCHITECTURES
from pacviz.models.cost import EXAMPLES, FLOPS, Cost, Estimate
from pacviz.scenario import SCRATCH
from pacviz.training.methods.method import Method, register

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from pacviz.models import Architecture
    from pacviz.training.parametrisations.parametrisation import Parametrisation
    from pacviz.training.recipe import Training


@register
class SubspaceMethod(Method):
    """A place in a random subspace is trained, by integers that pay for their code."""

    name = "subspace"
    title = "Integers in a random subspace"
    help = (
        "The network moves in a few random directions only, by integers whose code is paid for while it is trained "
        "(Lotfi et al. 2022)."
    )
    usual: ClassVar[Mapping[str, Any]] = {
        "model": "subspace-conv",
        "epochs": 12,
        "batch_size": 256,
        "weight_decay": 0.0,
        "learning_rate": 1e-2,
        "price": 6.0,
    }
    particular = ("price", "dimension", "projection", "levels")
    exact = True
    code = "subspace"

    def check(self, training: Training) -> None:
        self.require_code(training, "in a subspace")
        parameters = ARCHITECTURES[training.model].parameters
        if training.dimension > parameters:
            raise PacvizError(
                f"dimension is {training.dimension:,}, but {training.model} has {parameters:,} parameters; "
                "choose a smaller one."
            )
        if training.start != SCRATCH:
            raise PacvizError(
                f"start is {training.start!r}, but a subspace has an origin of its own; leave start at {SCRATCH!r}."
            )

    def parametrise(
        self, architecture: Architecture, state: Mapping[str, Tensor], training: Training, where: torch.device
    ) -> Parametrisation:
        from pacviz.training.parametrisations.subspace import Subspace

        chosen = training.dimension, training.projection, training.levels
        return Subspace(architecture, *chosen, training.price, training.seed, where)

    def estimate(self, training: Training, network: Cost, usual: Estimate) -> Estimate:
        """Every step projects, forward and backward."""
        entries = training.dimension * network.parameters
        steps = training.epochs * -(-EXAMPLES // min(training.batch_size, EXAMPLES))
        held = 4 * entries if training.projection == "dense" else 0
        return Estimate(usual.seconds + steps * 4 * entries / FLOPS, usual.bytes + held)
