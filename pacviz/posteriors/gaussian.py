"""Noise buys bits back: the posterior around a compressed network and what it costs (docs/mathematics.md section 3)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pacviz.bounds.refund import best_prior, zhou_kl
from pacviz.codes.code import code_of
from pacviz.codes.coder import cluster_weights, encode_prior
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.network import CompressedLayer, CompressedNetwork, Network
from pacviz.errors import PacvizError
from pacviz.posteriors.posterior import PREVIEW_DRAWS, Coded, Posterior, register, written
from pacviz.risk import RiskEstimate
from pacviz.scenario import Scenario

if TYPE_CHECKING:
    from pacviz.data.dataset import Split
    from pacviz.risk import Progress

NOISY_ENTRIES = 2**10
"""The most codebook entries of a layer with noise: the refund takes memory and time with their square."""
_OTHER_DRAWS = 2**30


@register
@dataclass(frozen=True, eq=False)
class Gaussian(Posterior):
    """Independent N(w, std^2) on every nonzero weight of a layered network; zeros stay zero.

    stds: by layer, as `posterior_stds` says.
    """

    name = "gaussian"

    network: CompressedNetwork
    stds: Mapping[str, float]
    version: int | None = None

    @classmethod
    def suits(cls, scenario: Scenario) -> bool:
        return scenario.noise > 0

    @classmethod
    def around(cls, network: Network, scenario: Scenario, version: int | None = None) -> Gaussian:
        if network.layered is None or not code_of(network.model).takes_noise:
            raise PacvizError(f"noise must be 0 for {network.model}, which is coded {code_of(network.model).how}.")
        return cls(network.layered, posterior_stds(network.layered, scenario.noise, scenario.multipliers), version)

    @cached_property
    def coded(self) -> Coded:
        """The bytes of network and prior; of the charges, those of the prior's bytes and KL(posterior || prior) by layer."""
        scales, charges = refunds(self.network, self.stds)
        prior = encode_prior(self.network, scales, self.version)
        code = written(self.network, self.version).data
        return Coded(code, prior.data, prior.ledger + Ledger(charges))

    @property
    def zhou_bytes(self) -> float:
        return zhou_bytes(self.network, self.stds, self.version)

    def sample(self, random: np.random.Generator) -> dict[str, np.ndarray]:
        return {
            name: (matrix + self.stds[name] * (matrix != 0) * random.standard_normal(matrix.shape)).astype(np.float32)
            for name, matrix in self.network.matrices.items()
        }

    def preview(
        self, split: Split, failure: float, seed: int, progress: Progress | None = None, draws: int | None = None
    ) -> RiskEstimate:
        return self._drawn(split, draws or PREVIEW_DRAWS, failure, seed, looked_at(seed), progress)

    def risk(self, split: Split, failure: float = 0.0, seed: int = 0, progress: Progress | None = None) -> RiskEstimate:
        draws = certifying_draws(self.coded, self.stds, seed)
        return self._drawn(split, len(split), failure, seed, draws, progress)

    def _drawn(
        self, split: Split, draws: int, failure: float, seed: int, random: int, progress: Progress | None
    ) -> RiskEstimate:
        from pacviz.risk import stochastic_risk

        estimate = stochastic_risk(self.decoded, self.stds, split, draws, failure, random, progress)
        return dataclasses.replace(estimate, seed=seed)

    @classmethod
    def counted(cls, errors: int, borderline: int, n: int, failure: float, seed: int) -> RiskEstimate:
        return RiskEstimate("clopper-pearson", errors, n, failure, seed, borderline)

    def to_dict(self) -> dict[str, Any]:
        return {"posterior_stds": {name: std.hex() for name, std in self.stds.items()}}

    @classmethod
    def from_dict(cls, network: Network, values: Mapping[str, Any], version: int | None = None) -> Gaussian:
        stds = {name: float.fromhex(std) for name, std in values["posterior_stds"].items()}
        if (
            network.layered is None
            or stds.keys() != network.matrices.keys()
            or not all(std >= 0 for std in stds.values())
        ):
            raise ValueError("every layer has a standard deviation of 0 or more")
        return cls(network.layered, stds, version)


def looked_at(seed: int) -> int:
    """Seed of noise draws that may be looked at before choosing: the same for all networks, which are compared by them.

    The lowest of many estimates is too low; the certificate of what was chosen by it rests on `certifying_draws`.
    """
    return seed ^ _OTHER_DRAWS


def certifying_draws(parts: Coded, stds: Mapping[str, float], seed: int) -> int:
    """Seed of the draws that certify a noisy network: a hash of code, prior, noise and the scenario's seed.

    Every network and every noise thereby has draws of its own, on every machine, and nobody has looked at them before.
    """
    digest = hashlib.sha256()
    noise = json.dumps({name: std.hex() for name, std in sorted(stds.items())})
    for content in (b"pacviz draws", parts.code, parts.prior, noise.encode(), str(seed).encode()):
        digest.update(len(content).to_bytes(8) + content)
    return int.from_bytes(digest.digest())


def posterior_stds(
    network: CompressedNetwork, noise: float, multipliers: Sequence[float] | None = None
) -> dict[str, float]:
    """Standard deviation of the noise on each nonzero weight, by layer.

    It is `noise` times the layer's range of |weight|, times the layer's own multiplier where there are `multipliers`
    (one a layer, in order).  Raises PacvizError for noise on a layer of more than NOISY_ENTRIES values.
    """
    for layer in network.layers:
        if noise > 0 and len(layer.codebook) > NOISY_ENTRIES:
            raise PacvizError(
                f"{layer.name} takes {len(layer.codebook):,} different values, but noise needs at most "
                f"{NOISY_ENTRIES:,}; set noise to 0 or quantize the layer more coarsely."
            )
    each = multipliers or (1.0,) * len(network.layers)
    return {
        layer.name: noise * multiplier * layer.weight_range
        for layer, multiplier in zip(network.layers, each, strict=True)
    }


def layer_kl(layer: CompressedLayer, std: float) -> tuple[int, float]:
    """The index of a layer's prior scale, and KL(posterior || prior) of its weights in nats.

    std: as `posterior_stds` says.  Without noise, as on a layer of one value, it is the entropy code of the assignments.
    """
    if std == 0:
        return 0, _assignments(layer)
    return best_prior(layer.codebook, cluster_weights(layer), layer.counts, std, layer.weight_range)


def _assignments(layer: CompressedLayer) -> float:
    return -float(layer.counts @ np.log(cluster_weights(layer))) if layer.nonzeros else 0.0


def refunds(network: CompressedNetwork, stds: Mapping[str, float]) -> tuple[dict[str, int], tuple[Charge, ...]]:
    """The prior scale of each layer, as an index, and the charges of a noisy network that are not bytes.

    The KL of a layer appears as two lines: its assignments as the entropy coder would send them, and the refund, the
    (negative) difference that the noise buys back.  stds: as `posterior_stds` says.
    """
    priors, charges = {}, []
    for layer in network.layers:
        assignments = _assignments(layer)
        priors[layer.name], kl = layer_kl(layer, stds[layer.name])
        charges += [
            Charge(
                "assignments",
                assignments / math.log(2),
                "which codebook entry each weight uses, if it were sent exactly",
                layer.name,
            ),
            Charge(
                "noise refund",
                (kl - assignments) / math.log(2),
                "bits that the noise makes unnecessary to send",
                layer.name,
            ),
        ]
    return priors, tuple(charges)


def zhou_bytes(network: CompressedNetwork, stds: Mapping[str, float], version: int | None = None) -> float:
    """Effective size in bytes by the form of Zhou et al. (Theorem 4.3) with the same positions and codebooks, to compare.

    stds: as `posterior_stds` says.  version: of the code.  Its assignments have fixed length, its mixture is unnormalised and
    its prior scale is the posterior's.
    """
    shared = [
        charge.bits
        for charge in encode_prior(network, {layer.name: 0 for layer in network.layers}, version).ledger.charges
        if charge.kind not in ("cluster weights", "prior scale")
    ]
    kl = sum(
        zhou_kl(layer.codebook, layer.counts, stds[layer.name], stds[layer.name])
        for layer in network.layers
        if layer.nonzeros
    )
    return (math.fsum(shared) + kl / math.log(2)) / 8
