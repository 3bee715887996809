"""The posterior that is one network: K is the length of its code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pacviz.codes.network import Network
from pacviz.posteriors.posterior import PREVIEW_EXAMPLES, Coded, Posterior, register, written
from pacviz.risk import RiskEstimate
from pacviz.scenario import Scenario

if TYPE_CHECKING:
    import numpy as np

    from pacviz.data.dataset import Split
    from pacviz.risk import Progress


@register
@dataclass(frozen=True, eq=False)
class Deterministic(Posterior):
    """The coded network itself; its error on a sample is counted."""

    name = "deterministic"
    deterministic = True

    network: Network
    version: int | None = None

    @classmethod
    def suits(cls, scenario: Scenario) -> bool:
        return scenario.noise == 0

    @classmethod
    def around(cls, network: Network, scenario: Scenario, version: int | None = None) -> Deterministic:
        return cls(network, version)

    @cached_property
    def coded(self) -> Coded:
        code = written(self.network, self.version)
        return Coded(code.data, b"", code.ledger)

    def sample(self, random: np.random.Generator) -> dict[str, np.ndarray]:
        """The same each time."""
        return dict(self.network.matrices)

    def preview(
        self, split: Split, failure: float, seed: int, progress: Progress | None = None, draws: int | None = None
    ) -> RiskEstimate:
        from pacviz.risk import sampled_risk

        return sampled_risk(self.decoded, split, draws or PREVIEW_EXAMPLES, failure, seed, progress)

    def risk(self, split: Split, failure: float = 0.0, seed: int = 0, progress: Progress | None = None) -> RiskEstimate:
        from pacviz.risk import exact_risk

        return exact_risk(self.decoded, split, progress)

    @classmethod
    def counted(cls, errors: int, borderline: int, n: int, failure: float, seed: int) -> RiskEstimate:
        return RiskEstimate("exact", errors, n, 0.0, None, borderline)

    def to_dict(self) -> dict[str, Any]:
        layers = () if self.network.layered is None else self.network.layered.layers
        return {"posterior_stds": {layer.name: (0.0).hex() for layer in layers}}

    @classmethod
    def from_dict(cls, network: Network, values: Mapping[str, Any], version: int | None = None) -> Deterministic:
        if values != (posterior := cls(network, version)).to_dict():
            raise ValueError("a network without noise has none")
        return posterior
