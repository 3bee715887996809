"""Networks in a random subspace (Li et al. 2018, Lotfi et al. 2022): theta = theta_0 + P w, w integers times one step.

theta_0 and P come from a fixed seed and cost nothing; a network is a few hundred integers.  Everything random is bits of
numpy's Philox generator, and P is made of signs, so that P w is a sum of whole numbers: the same weights on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pacviz.codes.integers.mixture import LARGEST
from pacviz.errors import PacvizError
from pacviz.models import Architecture, LayerSpec, architecture
from pacviz.models.zoo.subspace_nets import DIMENSIONS

EXPONENTS = 64
"""Steps of the grid that w lies on: 2^((exponent - 48) / 4), from 2^-12 to almost 2^4."""
BIAS_SCALE = 0.3
"""What stands in for He's standard deviation in a bias, whose theta_0 is 0."""
_QUARTERS = (1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429)
_UNITY = 48
_CHUNK = 2**22
"""Signs that are made numbers at a time: 32 MiB at most."""


def step_of(exponent: int) -> float:
    """The step of an exponent in 0..EXPONENTS - 1, the same float64 everywhere."""
    return math.ldexp(_QUARTERS[exponent % 4], (exponent - _UNITY) // 4)


def exponent_of(step: float) -> int:
    """The exponent whose step is nearest."""
    return min(max(round(4 * math.log2(step)) + _UNITY, 0), EXPONENTS - 1)


def _bits(count: int, *key: int) -> np.ndarray:
    """`count` words of 16 random bits, the same on every machine; key: two numbers that name the stream."""
    words = np.random.Philox(key=np.array(key, np.uint64)).random_raw(-(-count // 4))
    return words.astype("<u8").view("<u2")[:count]


def _signs(rows: int, columns: int, stream: int) -> Tensor:
    """int8 (rows, columns) of -1 and 1.  Row i does not depend on how many there are."""
    signs = np.empty((rows, columns), np.int8)
    for row in range(rows):
        ones = np.unpackbits(_bits(-(-columns // 16), stream, row).view(np.uint8), count=columns, bitorder="little")
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


PROJECTIONS: dict[str, type[Dense] | type[Kronecker]] = {"dense": Dense, "kronecker": Kronecker}
"""The kinds of P, in the order of the code."""


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
    return PROJECTIONS[kind](parameters, dimension, where)


@lru_cache(maxsize=4)
def origin(network: Architecture) -> tuple[np.ndarray, np.ndarray]:
    """theta_0 and the scale of every parameter, float64 (parameters,), tensor by tensor.

    The scale of a weight is He's standard deviation sqrt(2 / inputs of a unit), and its theta_0 is uniform with that
    standard deviation.  P's rows are multiplied by the scales.
    """
    shapes = [shape for layer in network.layers for shape in layer.shapes]
    sizes = [math.prod(shape) for shape in shapes]
    scale = np.repeat(
        [math.sqrt(2 / math.prod(shape[1:])) if len(shape) > 1 else BIAS_SCALE for shape in shapes], sizes
    )
    uniform = (_bits(len(scale), 0, 0).astype(np.float64) - 32767.5) * (math.sqrt(12) / 65536)
    return np.repeat([len(shape) > 1 for shape in shapes], sizes) * uniform * scale, scale


def matrices_of(network: Architecture, parameters: np.ndarray) -> dict[str, np.ndarray]:
    """All parameters, tensor by tensor, as one float32 matrix (rows, columns) a layer."""
    matrices, start = {}, 0
    for layer in network.layers:
        blocks = []
        for width in layer.widths:
            stop = start + layer.rows * width
            blocks.append(parameters[start:stop].reshape(layer.rows, width))
            start = stop
        matrices[layer.name] = np.concatenate(blocks, axis=1).astype(np.float32) + np.float32(0)  # no -0
    return matrices


def parameters_of(network: Architecture, matrices: Mapping[str, np.ndarray]) -> np.ndarray:
    """The inverse of `matrices_of`, float64."""
    blocks = [
        block.ravel()
        for layer in network.layers
        for block in np.split(matrices[layer.name], np.cumsum(layer.widths)[:-1], axis=1)
    ]
    return np.concatenate(blocks).astype(np.float64)


@dataclass(frozen=True, eq=False)
class SubspaceNetwork:
    """A network of the named architecture at a point of a random subspace.

    projection: the kind of P, a key of PROJECTIONS.  exponent: of the step, as `step_of` reads it.  integers: int64
    (dimension,), w in steps, each of magnitude at most LARGEST.
    """

    model: str
    projection: str
    exponent: int
    integers: np.ndarray

    @property
    def specs(self) -> tuple[LayerSpec, ...]:
        return architecture(self.model).layers

    @property
    def dimension(self) -> int:
        return len(self.integers)

    @cached_property
    def matrices(self) -> dict[str, np.ndarray]:
        """The weights of each layer by name, float32 (rows, columns): the very ones whose risk is measured."""
        network = architecture(self.model)
        start, scale = origin(network)
        project = projection_of(self.projection, network.parameters, self.dimension)
        moved = project(torch.from_numpy(self.integers).double()).numpy()
        return matrices_of(network, start + scale * step_of(self.exponent) * moved)

    @cached_property
    def nonzeros(self) -> int:
        """Weights, not integers, that are not zero."""
        return sum(int(np.count_nonzero(matrix)) for matrix in self.matrices.values())

    @property
    def entries(self) -> int:
        """Different integers."""
        return len(np.unique(self.integers))

    @property
    def coordinates(self) -> np.ndarray:
        """The integers."""
        return self.integers

    @property
    def layered(self) -> None:
        """Its weights are no layers of codebooks."""
        return None


def recover(model: str, matrices: Mapping[str, np.ndarray]) -> SubspaceNetwork:
    """The point of a subspace that a network is, by least squares and then exactly.

    matrices: float32 (rows, columns) by layer.  The dimension is the smallest that holds it.
    Raises PacvizError for weights in none of the subspaces.
    """
    network = architecture(model)
    start, scale = origin(network)
    away = torch.from_numpy((parameters_of(network, matrices) - start) / scale)
    for kind in PROJECTIONS:
        w = _least_squares(projection_of(kind, network.parameters, min(DIMENSIONS, network.parameters)), away)
        for exponent in reversed(range(EXPONENTS)):
            integers = (w / step_of(exponent)).round()
            if not (w / step_of(exponent) - integers).abs().max() < 0.02 or integers.abs().max() > LARGEST:
                continue
            used = integers.nonzero()
            dimension = int(used.max()) + 1 if len(used) else 1
            candidate = SubspaceNetwork(model, kind, exponent, integers[:dimension].long().numpy())
            if all(np.array_equal(matrices[name], matrix) for name, matrix in candidate.matrices.items()):
                return candidate
    raise PacvizError(
        f"These weights lie in none of the random subspaces that {network.title} is coded in; train it by the method "
        "subspace, or give its weights to a model of another code."
    )


def _least_squares(project: Callable[[Tensor], Tensor], target: Tensor) -> Tensor:
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
