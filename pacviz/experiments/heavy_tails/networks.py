"""The networks of the experiment: two families of any width, without a choice that data could influence."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pacviz.errors import PacvizError
from pacviz.models import Architecture, Conv, Flatten, Linear, MaxPool, Operation, ReLU, declare

FULLY_CONNECTED, CONVOLUTIONAL = "fully-connected", "convolutional"
FAMILIES = {
    FULLY_CONNECTED: "Fully connected, four layers",
    CONVOLUTIONAL: "Convolutional, as LeNet-5",
}
"""Each family with its title."""


def network(family: str, width: int, shape: tuple[int, int, int], classes: int) -> Architecture:
    """A declared architecture of that family.

    width: hidden units of each fully connected layer; a convolutional network has an eighth of it as channels of its first
    layer, and a quarter of its second.  shape: of the images.  Raises PacvizError for images that it cannot read.
    """
    channels, height, wide = shape
    operations: tuple[Operation, ...]
    if family == FULLY_CONNECTED:
        sizes = [channels * height * wide, width, width, width]
        hidden = [
            operation
            for number, (inputs, outputs) in enumerate(itertools.pairwise(sizes), start=1)
            for operation in (Linear(f"fc{number}", inputs, outputs), ReLU())
        ]
        operations = (Flatten(), *hidden, Linear("fc4", width, classes))
    elif family == CONVOLUTIONAL:
        left = [((side - 4) // 2 - 4) // 2 for side in (height, wide)]
        if min(left) < 1:
            raise PacvizError(f"The convolutional network reads images of 16 × 16 or more, got {height} × {wide}.")
        first, second = max(1, width // 8), max(1, width // 4)
        operations = (
            Conv("conv1", channels, first, 5),
            ReLU(),
            MaxPool(2),
            Conv("conv2", first, second, 5),
            ReLU(),
            MaxPool(2),
            Flatten(),
            Linear("fc1", second * left[0] * left[1], width),
            ReLU(),
            Linear("fc2", width, classes),
        )
    else:
        raise PacvizError(f"model must be one of {', '.join(FAMILIES)}, got {family!r}.")
    return declare(Architecture("", "", shape, classes, operations))


def rank(rows: int, columns: int, kept: float) -> int | None:
    """The rank of which two factors take that share of a matrix's numbers, at least 1; None where they save nothing."""
    size = max(1, int(kept * rows * columns / (rows + columns) * (1 + 1e-12)))
    return size if size * (rows + columns) < rows * columns else None


def factored(
    architecture: Architecture, matrices: Mapping[str, np.ndarray], kept: float
) -> tuple[Architecture, dict[str, np.ndarray]]:
    """The network whose every matrix is the product of two smaller ones, from its largest singular values.

    A layer becomes two, the first of them without bias.  kept: the share of the numbers that is left.
    Returns the declared architecture and its matrices (rows, columns with the bias last).
    """
    operations: list[Operation] = []
    factors: dict[str, np.ndarray] = {}
    for operation in architecture.operations:
        if not isinstance(operation, Linear | Conv):
            operations.append(operation)
            continue
        weights, bias = matrices[operation.name][:, :-1], matrices[operation.name][:, -1:]
        size = rank(len(weights), weights.shape[1], kept)
        if size is None:
            operations.append(operation)
            factors[operation.name] = matrices[operation.name]
            continue
        before, after = f"{operation.name}_in", f"{operation.name}_out"
        if isinstance(operation, Linear):
            operations += [Linear(before, operation.inputs, size), Linear(after, size, operation.outputs)]
        else:
            operations += [replace(operation, name=before, outputs=size), Conv(after, size, operation.outputs, 1)]
        left, values, right = np.linalg.svd(weights.astype(np.float64), full_matrices=False)
        roots = np.sqrt(values[:size])
        factors[before] = np.concatenate([roots[:, None] * right[:size], np.zeros((size, 1))], axis=1).astype(
            np.float32
        )
        factors[after] = np.concatenate([left[:, :size] * roots, bias], axis=1).astype(np.float32)
    return declare(replace(architecture, operations=tuple(operations))), factors
