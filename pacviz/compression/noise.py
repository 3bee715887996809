"""Noise buys bits back: the posterior around a compressed network and what it costs (MATH.md section 3)."""

from __future__ import annotations

import math

from pacviz.bounds.refund import best_prior, zhou_kl
from pacviz.compression.coder import Encoded, cluster_weights, encode_prior
from pacviz.compression.network import CompressedLayer, CompressedNetwork
from pacviz.errors import PacvizError
from pacviz.ledger import Charge, Ledger

NOISY_ENTRIES = 2**10
"""The most codebook entries of a layer with noise: the refund takes memory and time with their square."""


def posterior_std(layer: CompressedLayer, noise: float) -> float:
    """Standard deviation of the noise on each nonzero weight: `noise` times the layer's range of |weight|.

    Raises PacvizError for noise on a layer of more than NOISY_ENTRIES values.
    """
    if noise > 0 and len(layer.codebook) > NOISY_ENTRIES:
        raise PacvizError(
            f"{layer.name} takes {len(layer.codebook):,} different values, but noise needs at most {NOISY_ENTRIES:,}; "
            "set noise to 0 or quantize the layer more coarsely."
        )
    return noise * layer.weight_range


def posterior_stds(network: CompressedNetwork, noise: float) -> dict[str, float]:
    """`posterior_std` of every layer by name."""
    return {layer.name: posterior_std(layer, noise) for layer in network.layers}


def stochastic_code(network: CompressedNetwork, noise: float) -> Encoded:
    """The bytes of the noisy network's prior, and all charges: those bytes and KL(posterior || prior) by layer.

    The KL of a layer appears as two lines: its assignments as the entropy coder would send them, and the refund, the
    (negative) difference that the noise buys back.
    """
    priors, charges = refunds(network, noise)
    prior = encode_prior(network, priors)
    return Encoded(prior.data, prior.ledger + Ledger(charges))


def refunds(network: CompressedNetwork, noise: float) -> tuple[dict[str, int], tuple[Charge, ...]]:
    """The prior scale of each layer, as an index, and the charges of `stochastic_code` that are not bytes."""
    priors, charges = {}, []
    for layer in network.layers:
        weights, std = cluster_weights(layer), posterior_std(layer, noise)
        assignments = -float(layer.counts @ [math.log(weight) for weight in weights]) if layer.nonzeros else 0.0
        if std > 0:
            priors[layer.name], kl = best_prior(layer.codebook, weights, layer.counts, std, layer.weight_range)
        else:
            priors[layer.name], kl = 0, assignments
        charges += [
            Charge(
                f"assignments of {layer.name}",
                assignments / math.log(2),
                "which codebook entry each weight uses, if it were sent exactly",
            ),
            Charge(
                f"noise refund of {layer.name}",
                (kl - assignments) / math.log(2),
                "bits that the noise makes unnecessary to send",
            ),
        ]
    return priors, tuple(charges)


def zhou_bytes(network: CompressedNetwork, noise: float) -> float:
    """Effective size in bytes by the form of Zhou et al. (Theorem 4.3) with the same positions and codebooks, to compare.

    Its assignments have fixed length, its mixture is unnormalised and its prior scale is the posterior's.
    """
    shared = [
        charge.bits
        for charge in encode_prior(network, {layer.name: 0 for layer in network.layers}).ledger.charges
        if not charge.name.startswith(("cluster weights", "prior scale"))
    ]
    scales = {layer.name: posterior_std(layer, noise) for layer in network.layers if layer.nonzeros}
    kl = sum(
        zhou_kl(layer.codebook, layer.counts, scales[layer.name], scales[layer.name])
        for layer in network.layers
        if layer.nonzeros
    )
    return (math.fsum(shared) + kl / math.log(2)) / 8
