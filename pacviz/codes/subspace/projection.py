"""P of a random subspace, by torch: applied to w, and inverted by least squares."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pacviz.codes.subspace.randomness import bits
from pacviz.errors import PacvizError
from pacviz.models.zoo.subspace_nets import DIMENSIONS, PROJECTIONS

_CHUNK = 2**22
"""Signs that are made numbers at a time: 32 MiB at most."""


def _signs(rows: int, columns: int, stream: int) -> Tensor:
    """int8 (rows, columns) of -1 and 1.  Row i does not depend on how many there are."""
    signs = np.empty((rows, columns), np.int8)
    for row in range(rows):
        ones = np.unpackbits(bits(-(-columns // 16), stream, row).view(np.uint8), count=columns, bitorder="little")
        signs[row] = 2 * ones.view(np.int8) - 1
    return torch.from_numpy(signs)


class _Combine(torch.autograd.Function):
    """w @ signs, a few rows at a time: never more than _CHUNK of the signs are floating-point numbers."""

    @staticmethod
    def forward(ctx: Any, w: Tensor, signs: Tensor) -> Tensor:
        ctx.save_for_backward(signs)
        total = w.new_zeros(signs.shape[1])
        for rows in _rows(signs):
            total += w[rows] @ signs[rows].to(w.dtype)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        (signs,), (gradient,) = ctx.saved_tensors, gradients
        return torch.cat([signs[rows].to(gradient.dtype) @ gradient for rows in _rows(signs)]), None


def _rows(signs: Tensor) -> Iterator[slice]:
    size = max(1, _CHUNK // signs.shape[1])
    return (slice(start, start + size) for start in range(0, signs.shape[0], size))


class Dense:
    """P: `parameters` x `dimension` independent signs, a byte each where there are many.

    Column j is the same whatever the dimension: a smaller subspace lies in a larger one.
    """

    def __init__(self, parameters: int, dimension: int, where: torch.device | None = None) -> None:
        signs = _signs(dimension, parameters, 1).to(where)
        # Few signs are kept as the numbers that products need: a fifth of the time of a training.
        self.signs = signs.float() if signs.numel() <= _CHUNK else signs

    def __call__(self, w: Tensor) -> Tensor:
        """P w, float (parameters,), differentiable; exact where w holds integers.  w: float (dimension,)."""
        return _Combine.apply(w, self.signs)

    @staticmethod
    def memory(parameters: int, dimension: int) -> int:
        """Bytes that it takes at most while it is made and applied in float64."""
        rows = min(dimension, max(1, _CHUNK // parameters))
        return parameters * (max(1, 4 * (parameters * dimension <= _CHUNK)) * dimension + 8 * rows + 16)


class Kronecker:
    """P: columns a_i x b_j of a Kronecker product of two matrices of signs, each of about sqrt(parameters) rows.

    P w is A W B^T, row by row, cut to `parameters`.  The pairs (i, j) are counted by the larger of both: the first s^2
    are those below s, so that here too a smaller subspace lies in a larger one.
    """

    def __init__(self, parameters: int, dimension: int, where: torch.device | None = None) -> None:
        self.parameters, self.side = parameters, _side(dimension)
        height = _side(parameters)
        self.left = _signs(self.side, height, 2).to(where)
        self.right = _signs(self.side, -(-parameters // height), 3).to(where)
        pairs = sorted(np.ndindex(self.side, self.side), key=lambda pair: (max(pair), pair))[:dimension]
        self.places = torch.tensor([i * self.side + j for i, j in pairs], device=where)

    def __call__(self, w: Tensor) -> Tensor:
        """As for Dense."""
        square = w.new_zeros(self.side**2).scatter(0, self.places, w).view(self.side, self.side)
        return (self.left.to(w.dtype).T @ square @ self.right.to(w.dtype)).reshape(-1)[: self.parameters]

    @staticmethod
    def memory(parameters: int, dimension: int) -> int:
        """As for Dense."""
        return 20 * _side(dimension) * (_side(parameters) + 1) + 12 * parameters + 24 * dimension


def _side(area: int) -> int:
    return math.isqrt(area - 1) + 1


KINDS: dict[str, type[Dense] | type[Kronecker]] = dict(zip(PROJECTIONS, (Dense, Kronecker), strict=True))


@lru_cache(maxsize=2)
def projection_of(
    kind: str, parameters: int, dimension: int, where: torch.device | None = None
) -> Callable[[Tensor], Tensor]:
    """P, on the CPU where nothing else is said; the last few are remembered.

    Raises PacvizError for dimensions that there are no subspaces of.
    """
    if not 1 <= dimension <= min(DIMENSIONS, parameters):
        raise PacvizError(
            f"dimension must lie in 1 to {min(DIMENSIONS, parameters):,} for a network of {parameters:,} parameters, "
            f"got {dimension:,}; choose a smaller subspace."
        )
    return KINDS[kind](parameters, dimension, where)


def least_squares(project: Callable[[Tensor], Tensor], target: Tensor) -> Tensor:
    """The w, float64, whose P w is nearest to the target: conjugate gradients on the normal equations."""
    dimension = min(DIMENSIONS, len(target))
    w = torch.zeros(dimension, dtype=torch.float64, requires_grad=True)

    there = project(w)

    def back(y: Tensor) -> Tensor:
        return torch.autograd.grad(there, w, y, retain_graph=True)[0]

    solution = torch.zeros_like(w)
    rest = back(target)
    direction, size = rest.clone(), float(rest.square().sum())
    enough = 1e-20 * size
    for _ in range(4 * dimension):
        if size <= enough:
            break
        moved = project(direction).detach()
        length = size / float(moved.square().sum())
        solution = solution + length * direction
        rest = rest - length * back(moved)
        before, size = size, float(rest.square().sum())
        direction = rest + size / before * direction
    return solution.detach()
