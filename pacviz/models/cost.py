"""What a network costs to train, from the shapes of its activations alone: no weights, no measuring.

The products of an operation are those that a declared architecture is limited by (`Operation.cost`); an activation
is a number that the backward pass needs again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pacviz.models.architecture import Architecture
from pacviz.models.operations import Operation

EXAMPLES = 60_000
"""Training examples of the largest data set."""
FLOPS = 30e9
"""Floating-point operations a second of one core, as LeNet-5 and ResNets reach them while they train."""
SECONDS_PER_ACTIVATION = 5e-9
"""Of writing and reading it, forward and backward."""
SECONDS_PER_STEP = 2e-3
"""Of a step on next to nothing."""
SECONDS_PER_PARAMETER = 1e-8
"""Of the optimizer, a step."""
BASE_BYTES = 400e6
"""Of a process with torch in it."""
COPIES = 8
"""Arrays as large as the weights: gradients, the optimizer's two, what pruning keeps, and copies on the way."""


@dataclass(frozen=True)
class Estimate:
    """What a job will take on one core.  seconds: about, within a factor of three.  bytes: its memory at the most, about."""

    seconds: float
    bytes: float

    @property
    def text(self) -> str:
        """For a person."""
        return f"about {duration(self.seconds)} on one core, {max(self.bytes / 1e9, 0.1):.1f} GB of memory"


def duration(seconds: float) -> str:
    """A time for a person: its two largest units."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days:,} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


@dataclass(frozen=True)
class Cost:
    """Of one image.

    products: of numbers, forward.  activations: numbers that are kept for the backward pass.  parameters: of the
    whole network.
    """

    products: int
    activations: int
    parameters: int

    def training(self, n: int, batch: int, epochs: int) -> Estimate:
        """Of a training on n images: a step is one pass forward and, twice as dear, one backward (an addition
        goes with every product)."""
        batch = min(batch, n)
        step = (
            SECONDS_PER_STEP
            + self.parameters * SECONDS_PER_PARAMETER
            + self.activations * batch * SECONDS_PER_ACTIVATION
            + 6 * self.products * batch / FLOPS
        )
        held = 4 * (self.activations * batch + COPIES * self.parameters)
        return Estimate(epochs * math.ceil(n / batch) * step, BASE_BYTES + held)

    def inference(self, images: float) -> float:
        """Seconds of that many passes forward."""
        return images * (2 * self.products / FLOPS + self.activations * SECONDS_PER_ACTIVATION / 3)


def cost(architecture: Architecture) -> Cost:
    """The cost of one image; an architecture that answers by the mean over several of them pays for each."""
    products, activations, _ = _chain(architecture.operations, architecture.input_shape)
    looks = architecture.looks
    return Cost(looks * products, looks * (activations + math.prod(architecture.input_shape)), architecture.parameters)


def _chain(operations: tuple[Operation, ...], shape: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
    """(products, activations, shape at the end) of a chain on activations of `shape`."""
    products = activations = 0
    for operation in operations:
        after = operation.after(shape)
        if operation.body:
            inner, kept, _ = _chain(operation.body, shape)
            # The sum is kept beside what its body keeps.
            products, activations = products + inner, activations + kept + math.prod(after)
        else:
            products += operation.cost(shape, after).products
            # Kept twice: before its normalisation and after it.
            activations += math.prod(after) * (2 if operation.is_normalised else 1)
        shape = after
    return products, activations, shape
