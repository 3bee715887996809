"""Polishing integers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pacviz.models.cost import EXAMPLES, Cost, Estimate
from pacviz.training.methods.method import FINE_TUNING, Method, register

if TYPE_CHECKING:
    from torch import Tensor

    from pacviz.data.dataset import Split
    from pacviz.models import Architecture
    from pacviz.training.recipe import Training


@register
class PolishMethod(Method):
    """Coordinate descent on the bound, integer by integer."""

    name = "polish"
    title = "Polishing integers"
    help = (
        "Every integer is tried one up, one down and at zero, and moved where the bound falls; an epoch is one sweep."
    )
    usual: ClassVar[Mapping[str, Any]] = {**FINE_TUNING, "model": "tiny-8", "start": "integers", "epochs": 3}
    exact = True
    from_trained = True
    by_gradient = False
    code = "integers"

    def check(self, training: Training) -> None:
        super().check(training)
        self.require_code(training, "as integers")

    def search(
        self,
        architecture: Architecture,
        state: Mapping[str, Tensor],
        split: Split,
        training: Training,
        progress: Callable[..., None] | None,
    ) -> dict[str, Tensor]:
        from pacviz.training.parametrisations.polish import polish

        return polish(architecture, state, split, training.epochs, progress)

    def estimate(self, training: Training, network: Cost, usual: Estimate) -> Estimate:
        """Three values of every integer, each asked about a quarter of the examples."""
        seconds = network.inference(training.epochs * 3 * network.parameters * EXAMPLES / 4)
        return Estimate(seconds, usual.bytes)
