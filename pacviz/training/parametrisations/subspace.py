"""A network that moves in a random subspace only, by integers that pay for the length of their code while it is trained."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from pacviz.codes.integers.mixture import LARGEST
from pacviz.codes.subspace.network import SubspaceNetwork, exponent_of, origin, step_of
from pacviz.codes.subspace.projection import projection_of
from pacviz.models import Architecture
from pacviz.training.parametrisations.integers import laplace_nats

EXACT_SHARE = 0.2
"""The share of the steps in which w is not rounded at all."""
NOISY_SHARE = 0.6
"""Until then rounding is stood in for by uniform noise; after it w is rounded."""
FIRST_STEP = 0.3
"""The step to begin with, as a share of the root mean square of w."""
REACH = 50.0
"""w is this over the square root of the dimension times the tensor that is trained: then it wants the same learning rate
as the logarithms of step, scale and temperature."""


class Subspace:
    """theta_0 + P (k * step), with k = w / step first as it is, then with uniform noise, then rounded straight through.

    As for Integers the penalty is the code length of k times the price; k takes at most `levels` values around 0.  The
    step ends on the grid of the code.  The logits are trained with a factor of their own, which changes no answer and is
    no part of the network.
    """

    def __init__(
        self,
        architecture: Architecture,
        dimension: int,
        projection: str,
        levels: int,
        price: float,
        seed: int,
        where: torch.device,
    ) -> None:
        self.architecture, self.projection, self.price, self.seed = architecture, projection, price, seed
        self.smallest, self.largest = max(-LARGEST, -((levels - 1) // 2)), min(LARGEST, levels // 2)
        self.project = projection_of(projection, architecture.parameters, dimension, where)
        self.start, self.scale = (
            torch.tensor(values, dtype=torch.float32, device=where) for values in origin(architecture)
        )
        self.reach = REACH / math.sqrt(dimension)
        self.trained = {
            "w": torch.zeros(dimension, device=where).requires_grad_(),
            "log step": torch.zeros((), device=where).requires_grad_(),
            "log scale": torch.tensor(-math.log(FIRST_STEP), device=where).requires_grad_(),
            "log factor": torch.zeros((), device=where).requires_grad_(),
        }
        self.fixed = {"rounds": torch.zeros((), dtype=torch.int64)}
        self.noise: Tensor | None = None
        self.levels: Tensor | None = None

    def step(self) -> Tensor:
        """The step of w; the nearest of the code's grid where w is rounded."""
        step = self.trained["log step"].exp()
        if self.fixed["rounds"] < 2:
            return step
        nearest = step_of(exponent_of(float(step.detach())))
        return step * (nearest / step.detach())

    def weights(self) -> dict[str, Tensor]:
        w = self.reach * self.trained["w"]
        if self.fixed["rounds"]:
            step = self.step()
            levels = (w / step).clamp(self.smallest, self.largest)
            self.levels = levels + ((levels.round() - levels).detach() if self.noise is None else self.noise)
            w = self.levels * step
        return self.split(self.start + self.scale * self.project(w))

    def split(self, parameters: Tensor) -> dict[str, Tensor]:
        """All parameters by state-dict key; the last layer's, which make the logits, times the factor."""
        shapes = {
            key: shape
            for layer in self.architecture.layers
            for key, shape in zip(layer.tensors, layer.shapes, strict=True)
        }
        blocks = parameters.split([math.prod(shape) for shape in shapes.values()])
        factor = self.trained["log factor"].exp()
        return {
            key: block.view(shape) * (factor if key in self.architecture.layers[-1].tensors else 1)
            for (key, shape), block in zip(shapes.items(), blocks, strict=True)
        }

    def penalty(self) -> Tensor | float:
        if self.levels is None:
            return 0.0
        return self.price * laplace_nats(self.levels, self.trained["log scale"].exp()).sum()

    @torch.no_grad()
    def advance(self, step: int, steps: int) -> None:
        phase = 0 if step < EXACT_SHARE * steps else 1 if step < NOISY_SHARE * steps else 2
        if phase and not self.fixed["rounds"]:
            self.trained["log step"].fill_(math.log(self.first_step()))
        self.fixed["rounds"].fill_(phase)
        self.noise = None
        if phase == 1:
            random = torch.Generator().manual_seed((self.seed + 2**20 * step) % 2**63)
            self.noise = (torch.rand(self.trained["w"].shape, generator=random) - 0.5).to(self.trained["w"])

    def first_step(self) -> float:
        """The step that suits w where none has been learned."""
        size = float(self.reach * self.trained["w"].detach().square().mean().sqrt())
        return max(FIRST_STEP * size, step_of(0))

    @torch.no_grad()
    def present(self) -> dict[str, Tensor]:
        """The very weights that the code gives back."""
        w = self.reach * self.trained["w"]
        size = self.first_step() if not self.fixed["rounds"] else float(self.trained["log step"].exp())
        exponent = exponent_of(size)
        levels = (w / step_of(exponent)).clamp(self.smallest, self.largest)
        integers = levels.round().long().cpu().numpy()
        network = SubspaceNetwork(self.architecture.name, self.projection, exponent, integers)
        return self.architecture.state_dict(network.matrices)

    def final(self) -> dict[str, Tensor]:
        return self.present()
