"""The code of a point of a random subspace: which subspace, the step, and the integers by a law that is learned on the way."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pacviz.codes.code import Charging, Code, register
from pacviz.codes.integers.mixture import Mixture
from pacviz.codes.network import Network
from pacviz.codes.rangecoder import Coder
from pacviz.codes.subspace.network import EXPONENTS, SubspaceNetwork, recover
from pacviz.errors import PacvizError
from pacviz.models import Architecture, architecture
from pacviz.models.zoo.subspace_nets import DIMENSIONS, PROJECTIONS


@register
class SubspaceCode(Code):
    """How the directions are drawn and how many there are, the step of the integers, and the integers."""

    name = "subspace"
    how = "by its place in a subspace"
    prunes = False
    method = "subspace"

    def quantized(
        self, model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int
    ) -> Network:
        raise PacvizError(
            f"{architecture(model).title} is coded {self.how}: there is nothing to prune or to quantize; "
            "certify a file of its weights with --as-is."
        )

    def as_it_stands(self, model: str, matrices: Mapping[str, np.ndarray]) -> SubspaceNetwork:
        return recover(model, matrices)

    def example(self, architecture: Architecture, random: np.random.Generator) -> SubspaceNetwork:
        integers = np.append(random.integers(-3, 4, 9), 1)
        return SubspaceNetwork(architecture.name, PROJECTIONS[0], 40, integers)

    def code(
        self, coder: Coder, architecture: Architecture, network: Network | None, charge: Charging
    ) -> SubspaceNetwork:
        point = None if network is None else _point(network)
        most = min(DIMENSIONS, architecture.parameters)
        kind = coder.uniform(None if point is None else PROJECTIONS.index(point.projection), len(PROJECTIONS))
        dimension = 1 + coder.uniform(None if point is None else point.dimension - 1, most)
        charge("subspace", "how its directions are drawn, and how many there are")
        exponent = coder.uniform(None if point is None else point.exponent, EXPONENTS)
        charge("step", "what the integers count in")
        integers = Mixture().code(coder, None if point is None else point.integers, dimension)
        charge("integers", "how far the network goes in each direction, by a law that is learned on the way")
        return SubspaceNetwork(architecture.name, PROJECTIONS[kind], exponent, integers)


def _point(network: Network) -> SubspaceNetwork:
    """The network as what this code writes: its own kind, or weights that lie in a subspace."""
    return network if isinstance(network, SubspaceNetwork) else recover(network.model, network.matrices)
