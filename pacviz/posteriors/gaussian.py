"""Noise buys bits back: the posterior around a compressed network and what it costs (docs/mathematics.md section 3)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from pacviz.bounds.refund import best_prior, zhou_kl
from pacviz.codes.coder import Encoded, cluster_weights, encode_prior
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.network import CompressedLayer, CompressedNetwork
from pacviz.errors import PacvizError

NOISY_ENTRIES = 2**10
"""The most codebook entries of a layer with noise: the refund takes memory and time with their square."""


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


def stochastic_code(network: CompressedNetwork, stds: Mapping[str, float], version: int | None = None) -> Encoded:
    """The bytes of the noisy network's prior, and all charges: those bytes and KL(posterior || prior) by layer.

    stds: as `posterior_stds` says.  version: of the code.  The KL of a layer appears as two lines: its assignments as the
    entropy coder would send them, and the refund, the (negative) difference that the noise buys back.
    """
    priors, charges = refunds(network, stds)
    prior = encode_prior(network, priors, version)
    return Encoded(prior.data, prior.ledger + Ledger(charges))


def refunds(network: CompressedNetwork, stds: Mapping[str, float]) -> tuple[dict[str, int], tuple[Charge, ...]]:
    """The prior scale of each layer, as an index, and the charges of `stochastic_code` that are not bytes."""
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
