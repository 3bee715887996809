"""Weights that become small integers, and pay for the length of their code while they are trained."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from pacviz.codes.integers.mixture import LARGEST
from pacviz.errors import PacvizError
from pacviz.models import Architecture

NOISY_SHARE = 0.3
"""The share of the steps in which rounding is stood in for by uniform noise; then weights are rounded."""
FIRST_STEP = 0.3
"""The step of a tensor's grid to begin with, as a share of the root mean square of its entries."""
SMALLEST = 0.05
"""Root mean square that a tensor is taken for at least: biases may all be near zero."""
PACE = 3.0
"""How many times faster than weights the logarithms of steps and scales are learned."""


def laplace_nats(levels: Tensor, scale: Tensor) -> Tensor:
    """Code length in nats of integers, or of integers with uniform noise, under a rounded Laplace law of that scale.

    -ln of the law's mass between levels - 1/2 and levels + 1/2, differentiable in both (Balle et al. 2017).
    """
    size = levels.abs()
    # Within half a step of zero the interval holds the peak.
    inner = 1 - 0.5 * (
        torch.exp(-(0.5 + size.clamp(max=0.5)) / scale) + torch.exp(-(0.5 - size.clamp(max=0.5)) / scale)
    )
    outer = math.log(2) - torch.log(-torch.expm1(-1 / scale)) + (size.clamp(min=0.5) - 0.5) / scale
    return torch.where(size < 0.5, -inner.log(), outer)


class Integers:
    """k * step, one step a tensor: first k = w / step + uniform noise, then k = w / step rounded, straight through.

    Noise instead of rounding makes error and code length differentiable in the weights and in the steps (Balle et al.
    2017, Agustsson and Theis 2020); rounding with the gradient passed through (Bengio et al. 2013) then adapts the
    network to what it will be.  The penalty is the code length of all k times the price.

    A chain of ReLU, pooling and layers is positively homogeneous: the steps of the weights only scale what comes out, and
    end as 1.  Those of the biases count in powers of two of the scale that the weights before them make.
    Raises PacvizError for a chain with residual blocks, which is not.
    """

    def __init__(self, architecture: Architecture, state: Mapping[str, Tensor], price: float, seed: int) -> None:
        if any(operation.body for operation in architecture.operations):
            raise PacvizError(
                f"{architecture.title} adds what its blocks compute, so that its layers cannot be scaled one by one; "
                "choose a network without residual blocks, or another method."
            )
        self.layers, self.price, self.seed = architecture.layers, price, seed
        self.trained = {key: weights.clone().requires_grad_() for key, weights in state.items()}
        self.fixed: dict[str, Tensor] = {}
        self.noise: dict[str, Tensor] | None = None
        self.levels: dict[str, Tensor] = {}
        gain = 0.0
        for layer in self.layers:
            for key in layer.tensors:
                size = max(SMALLEST, float(state[key].square().mean().sqrt()))
                step = math.log(FIRST_STEP * size)
                gain += step * (key == layer.tensors[0])
                # A bias has its step relative to the scale of the sum that it is added to.
                relative = step if key == layer.tensors[0] else step - gain
                self.trained[_step(key)] = state[key].new_tensor(relative / PACE).requires_grad_()
                self.trained[_scale(key)] = state[key].new_tensor(-math.log(FIRST_STEP) / PACE).requires_grad_()

    def steps(self) -> dict[str, tuple[Tensor, Tensor]]:
        """By key the step of a tensor, and that step once all weights have step 1."""
        steps, gain = {}, torch.zeros(())
        for layer in self.layers:
            for key in layer.tensors:
                relative = PACE * self.trained[_step(key)]
                if key == layer.tensors[0]:
                    gain = gain.to(relative) + relative
                    steps[key] = relative.exp(), torch.ones_like(relative)
                else:
                    if _step(key) in self.fixed:
                        relative = self.fixed[_step(key)]
                    steps[key] = (gain + relative).exp(), relative.exp()
        return steps

    def weights(self) -> dict[str, Tensor]:
        weights = {}
        for key, (step, _) in self.steps().items():
            exact = self.trained[key] / step
            if self.noise is None:
                exact = exact.clamp(-LARGEST, LARGEST)
                self.levels[key] = exact + (exact.round() - exact).detach()
            else:
                self.levels[key] = exact + self.noise[key]
            weights[key] = self.levels[key] * step
        return weights

    def penalty(self) -> Tensor:
        lengths = [
            laplace_nats(levels, (PACE * self.trained[_scale(key)]).exp()).sum() for key, levels in self.levels.items()
        ]
        return self.price * torch.stack(lengths).sum()

    def present(self) -> dict[str, Tensor]:
        return self.weights()

    @torch.no_grad()
    def advance(self, step: int, steps: int) -> None:
        if step < NOISY_SHARE * steps:
            random = torch.Generator().manual_seed((self.seed + 2**20 * step) % 2**63)
            self.noise = {
                key: (torch.rand(self.trained[key].shape, generator=random) - 0.5).to(self.trained[key])
                for layer in self.layers
                for key in layer.tensors
            }
            return
        self.noise = None
        for layer in self.layers:
            for key in layer.tensors[1:]:
                if _step(key) not in self.fixed:
                    exponent = (PACE * self.trained[_step(key)] / math.log(2)).round()
                    self.fixed[_step(key)] = exponent * math.log(2)

    @torch.no_grad()
    def final(self) -> dict[str, Tensor]:
        """Integers, and biases that are integers times a power of two."""
        self.weights()
        # The exponential of a rounded logarithm is not quite a power of two.
        return {
            key: self.levels[key].round() * torch.exp2(last.log2().round()) for key, (_, last) in self.steps().items()
        }


def _step(key: str) -> str:
    return f"log step of {key}"


def _scale(key: str) -> str:
    return f"log scale of {key}"
