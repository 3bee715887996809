"""Networks in a random subspace (Li et al. 2018, Lotfi et al. 2022): theta = theta_0 + P w, w integers times one step.

theta_0 and P come from a fixed seed and cost nothing; a network is a few hundred integers.  Everything random is bits of
numpy's Philox generator, and P is made of signs, so that P w is a sum of whole numbers: the same weights on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from pacviz.codes.integers.mixture import LARGEST
from pacviz.codes.subspace.randomness import bits
from pacviz.errors import PacvizError
from pacviz.models import Architecture, LayerSpec, architecture
from pacviz.models.zoo.subspace_nets import DIMENSIONS, PROJECTIONS

EXPONENTS = 64
"""Steps of the grid that w lies on: 2^((exponent - 48) / 4), from 2^-12 to almost 2^4."""
BIAS_SCALE = 0.3
"""What stands in for He's standard deviation in a bias, whose theta_0 is 0."""
_QUARTERS = (1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429)
_UNITY = 48


def step_of(exponent: int) -> float:
    """The step of an exponent in 0..EXPONENTS - 1, the same float64 everywhere."""
    return math.ldexp(_QUARTERS[exponent % 4], (exponent - _UNITY) // 4)


def exponent_of(step: float) -> int:
    """The exponent whose step is nearest."""
    return min(max(round(4 * math.log2(step)) + _UNITY, 0), EXPONENTS - 1)


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
    uniform = (bits(len(scale), 0, 0).astype(np.float64) - 32767.5) * (math.sqrt(12) / 65536)
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

    projection: the kind of P, one of PROJECTIONS.  exponent: of the step, as `step_of` reads it.  integers: int64
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
        import torch

        from pacviz.codes.subspace.projection import projection_of

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
    import torch

    from pacviz.codes.subspace.projection import least_squares, projection_of

    network = architecture(model)
    start, scale = origin(network)
    away = torch.from_numpy((parameters_of(network, matrices) - start) / scale)
    for kind in PROJECTIONS:
        w = least_squares(projection_of(kind, network.parameters, min(DIMENSIONS, network.parameters)), away)
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
