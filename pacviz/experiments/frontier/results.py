"""The frontier: what training error networks of one size can have, by how they were made small."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pacviz.certificates.certificate import Certificate, known
from pacviz.certificates.choose import own_sparsity
from pacviz.certificates.measure import network_of
from pacviz.library import checkpoints
from pacviz.library.checkpoints import Checkpoint
from pacviz.literature.rows import ZHOU, Published
from pacviz.scenario import PLAIN, Scenario
from pacviz.training.recipe import METHODS

BITS = (2, 3, 4)
"""The codebook sizes at which the frontier is drawn."""
SPARSITIES = (0.9, 0.93, 0.95, 0.96, 0.97, 0.98, 0.985, 0.99, 0.995)
"""Where the curve of a network that is pruned after training is measured."""
NEAR = 1.5
"""Two densities are near enough to compare up to this factor."""


@dataclass(frozen=True)
class Candidate:
    """One certificate on the frontier.

    method: how the network was made sparse or its codebook tuned (a key of METHODS; "dense": pruned after training).
    density: the share of weights that it was left with, in (0, 1].
    """

    method: str
    density: float
    certificate: Certificate

    @property
    def pruned_afterwards(self) -> bool:
        """Whether its training left all weights."""
        return not METHODS[self.method].prunes

    @property
    def title(self) -> str:
        """How it was made, in words."""
        scenario = self.certificate.scenario
        made = "Pruned after training" if self.pruned_afterwards else METHODS[self.method].title
        return f"{made}, {percent(self.density)} of the weights, {scenario.bits} bits"

    @property
    def link(self) -> Scenario:
        """The scenario as the app offers it: a member of a family goes by the family's name where the sparsity says which."""
        scenario = self.certificate.scenario
        for family, members in checkpoints.families(scenario.model, scenario.data).items():
            by_family = scenario.but(checkpoint=family)
            if scenario.checkpoint in members.values() and checkpoints.of(by_family) is checkpoints.of(scenario):
                return by_family
        return scenario


PUBLISHED: dict[tuple[str, str], Published] = {("lenet5", "mnist"): ZHOU}
"""By model and data: what the literature has on the frontier."""


def method_of(checkpoint: Checkpoint) -> str:
    """How a checkpoint was trained, a key of METHODS."""
    return str(checkpoint.training.get("method", "dense"))


def on_frontier(checkpoint: Checkpoint, bits: int) -> list[Scenario]:
    """The scenarios of a checkpoint that the frontier shows at a codebook size.

    A network trained to be sparse is shown as sparse as it is, one whose codebook was trained at that codebook's size, and
    the plain one at every sparsity of SPARSITIES.
    """
    method = method_of(checkpoint)
    if method in METHODS and not METHODS[method].prunes:
        sparsities: tuple[float, ...] = SPARSITIES if checkpoint.name == PLAIN else ()
    elif method in METHODS and METHODS[method].quantizes and checkpoint.training["bits"] != bits:
        sparsities = ()
    else:
        sparsities = (own_sparsity(checkpoint),)
    model, data, name = checkpoint.model, checkpoint.data, checkpoint.name
    return [Scenario(model=model, data=data, checkpoint=name, sparsity=sparsity, bits=bits) for sparsity in sparsities]


def scenarios(model: str, data: str, bits: int, names: Iterable[str] | None = None) -> list[Scenario]:
    """All scenarios of the frontier of a model on a data set at a codebook size.

    names: of the checkpoints; all there are where None.
    """
    loaded = checkpoints.sound(model, data, names)
    return [scenario for checkpoint in loaded for scenario in on_frontier(checkpoint, bits)]


def points(wanted: Iterable[Scenario]) -> list[Candidate]:
    """The points that have been measured on the whole sample, by method and from dense to sparse."""
    candidates = []
    for scenario in wanted:
        certificate = known(scenario)
        if certificate is not None and not certificate.measurement.preview:
            checkpoint = checkpoints.of(scenario)
            density = min(1 - scenario.sparsity, checkpoint.density)
            candidates.append(Candidate(method_of(checkpoint), density, certificate))
    order = list(METHODS)
    return sorted(candidates, key=lambda point: (order.index(point.method), -point.density))


def best(candidates: Iterable[Candidate]) -> Candidate:
    """The point with the smallest bound."""
    return min(candidates, key=lambda point: point.certificate.bound)


def alike(candidates: Iterable[Candidate], density: float) -> list[Candidate]:
    """Of each method the point whose density is nearest, where one is within a factor of NEAR."""
    near: dict[str, Candidate] = {}
    for point in sorted(candidates, key=lambda point: abs(np.log(point.density / density))):
        if max(point.density / density, density / point.density) <= NEAR:
            near.setdefault(point.method, point)
    return [near[method] for method in METHODS if method in near]


@lru_cache(maxsize=256)
def survivors(scenario: Scenario) -> dict[str, tuple[int, int]]:
    """(weights that are left, weights) of each layer of the compressed network."""
    matrices = network_of(scenario).matrices
    return {name: (int(np.count_nonzero(matrix)), matrix.size) for name, matrix in matrices.items()}


def percent(share: float) -> str:
    """A share to two digits, as a person writes it: 10%, 1.5%, 0.38%."""
    return f"{float(f'{100 * share:.2g}'):g}%"
