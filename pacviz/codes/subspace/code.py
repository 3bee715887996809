"""A point of a random subspace as bytes: which subspace, the step, and the integers by a law that is learned on the way."""

from __future__ import annotations

from collections.abc import Callable

from pacviz.codes.integers.mixture import Mixture
from pacviz.codes.rangecoder import Coder
from pacviz.codes.subspace.network import DIMENSIONS, EXPONENTS, PROJECTIONS, SubspaceNetwork
from pacviz.models import Architecture


def code_subspace(
    coder: Coder, network: Architecture, point: SubspaceNetwork | None, charge: Callable[[str, str], None]
) -> SubspaceNetwork:
    """Codes the point of a subspace that a network is, both ways.

    charge: told name and reason of each part after it.
    """
    kinds, most = tuple(PROJECTIONS), min(DIMENSIONS, network.parameters)
    kind = coder.uniform(None if point is None else kinds.index(point.projection), len(kinds))
    dimension = 1 + coder.uniform(None if point is None else point.dimension - 1, most)
    charge("subspace", "how its directions are drawn, and how many there are")
    exponent = coder.uniform(None if point is None else point.exponent, EXPONENTS)
    charge("step", "what the integers count in")
    integers = Mixture().code(coder, None if point is None else point.integers, dimension)
    charge("integers", "how far the network goes in each direction, by a law that is learned on the way")
    return SubspaceNetwork(network.name, kinds[kind], exponent, integers)
