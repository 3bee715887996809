"""A compressed network as real bytes, and back: every bit that the decoder needs, line by line."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pacviz.codes.codebook.assignments import code_assignments
from pacviz.codes.codebook.clusters import cluster_weights, code_frequencies
from pacviz.codes.codebook.codebooks import code_codebook
from pacviz.codes.codebook.columns import Columns
from pacviz.codes.codebook.positions import code_positions
from pacviz.codes.integers.mixture import code_matrices
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.network import CompressedLayer, CompressedNetwork, Network, by_values
from pacviz.codes.rangecoder import Coder
from pacviz.codes.subspace.code import code_subspace
from pacviz.codes.subspace.network import SubspaceNetwork
from pacviz.errors import PacvizError
from pacviz.models import ARCHITECTURES, architecture

PRIOR_SCALES = 128
"""Size of the fixed grid of prior scales: an index of 7 bits a layer."""
DECLARED = 255
"""Stands in the header for an architecture that the decoder is told; registered ones have their places below it."""


@dataclass(frozen=True)
class Encoded:
    """The bytes of a network and what each part of it costs.  The ledger's lines sum to 8 * len(data)."""

    data: bytes
    ledger: Ledger


@dataclass(frozen=True, eq=False)
class PriorCode:
    """What the code of a stochastic network's prior says, by layer (docs/mathematics.md section 3).

    masks: bool (rows, columns).  codebooks: float32 (r,).  cluster_weights: probabilities p_j, float64 (r,).
    prior_scales: indices in 0..127.
    """

    model: str
    masks: Mapping[str, np.ndarray]
    codebooks: Mapping[str, np.ndarray]
    cluster_weights: Mapping[str, np.ndarray]
    prior_scales: Mapping[str, int]


def encode(network: Network) -> Encoded:
    """The network as prefix-free bytes that `decode` turns back into the very same weights.

    network: as CompressedLayer describes it (codebooks ascending, every entry used).  How it is written its architecture
    says; raises PacvizError where that is as integers and the weights are not (see `integers.code_matrices`).
    """
    return _written(network, None)


def decode(data: bytes, declared: str | None = None) -> tuple[Network, int]:
    """The network coded at the start of `data`, and the number of bytes that its code takes.

    declared: name of the architecture, where it is a declared one.
    Raises PacvizError where `data` does not start with what `encode` wrote.
    """
    code, consumed = _read(data, declared, stochastic=False)
    if code.point is not None:
        return code.point, consumed
    layers = tuple(CompressedLayer(part.name, part.symbols, part.codebook) for part in code.layers)
    return CompressedNetwork(code.model, layers), consumed


def encode_prior(network: CompressedNetwork, prior_scales: Mapping[str, int]) -> Encoded:
    """What defines the prior of a stochastic network: positions, codebooks, cluster weights and prior scales.

    The sharper form of docs/mathematics.md section 3: assignments are not sent, their cost is the KL term of the bound.
    prior_scales: an index in 0..127 for each layer by name.
    """
    return _written(network, prior_scales)


def decode_prior(data: bytes, declared: str | None = None) -> tuple[PriorCode, int]:
    """The inverse of `encode_prior`, and the number of bytes that the code takes; raises PacvizError like `decode`."""
    code, consumed = _read(data, declared, stochastic=True)
    prior = PriorCode(
        code.model,
        masks={part.name: part.mask for part in code.layers},
        codebooks={part.name: part.codebook for part in code.layers},
        cluster_weights={part.name: part.frequencies / part.frequencies.sum() for part in code.layers},
        prior_scales={part.name: part.prior_scale for part in code.layers},
    )
    return prior, consumed


@dataclass(frozen=True, eq=False)
class _LayerCode:
    """A layer as it went through the coder; symbols or prior_scale are 0 where the form does not send them."""

    name: str
    mask: np.ndarray
    codebook: np.ndarray
    frequencies: np.ndarray
    symbols: np.ndarray
    prior_scale: int


@dataclass(frozen=True, eq=False)
class _Code:
    """point: of a network that is coded by its place in a subspace; it has no layers here."""

    model: str
    layers: tuple[_LayerCode, ...]
    charges: tuple[Charge, ...]
    point: SubspaceNetwork | None = None


def _code(
    coder: Coder,
    network: Network | None,
    prior_scales: Mapping[str, int] | None,
    declared: str | None,
    *,
    stochastic: bool,
) -> _Code:
    """The code itself, both ways: writes `network`, or reads one where that is None."""
    charges: list[Charge] = []

    def charge(name: str, why: str) -> None:
        charges.append(Charge(name, max(0.0, coder.bits - math.fsum(charge.bits for charge in charges)), why))

    model = _code_header(coder, None if network is None else network.model, declared, stochastic)
    charge("header", "which architecture, and whether the network is stochastic")
    if architecture(model).code == "subspace":
        if stochastic:
            raise PacvizError(f"{model} is coded by its place in a subspace, which takes no noise; set noise to 0.")
        assert not isinstance(network, CompressedNetwork)
        point = code_subspace(coder, architecture(model), network, charge)
        return _Code(model, (), tuple(charges), point)
    assert not isinstance(network, SubspaceNetwork)
    layers: list[_LayerCode] = []
    if architecture(model).code == "integers" and not stochastic:
        matrices = code_matrices(
            coder, architecture(model).layers, None if network is None else network.matrices, charge
        )
        for part in by_values(model, matrices).layers:
            layers.append(_LayerCode(part.name, part.symbols > 0, part.codebook, part.counts, part.symbols, 0))
        return _Code(model, tuple(layers), tuple(charges))
    row_counts = np.ones(architecture(model).input_shape[0], np.int64)
    for index, spec in enumerate(architecture(model).layers):
        layer = None if network is None else network.layers[index]
        columns = Columns.of(spec, row_counts)
        mask = code_positions(coder, None if layer is None else layer.symbols > 0, spec, columns)
        row_counts = np.count_nonzero(mask, axis=1)
        charge(f"positions of {spec.name}", "which weights survive")
        codebook = code_codebook(coder, None if layer is None else layer.codebook, int(row_counts.sum()))
        charge(f"codebook of {spec.name}", "the values that surviving weights take")
        frequencies = code_frequencies(coder, None if layer is None else layer.counts, len(codebook))
        charge(f"cluster weights of {spec.name}", "how often each value occurs")
        symbols = np.zeros(mask.shape, np.uint16)
        prior_scale = 0
        if stochastic:
            prior_scale = coder.uniform(None if prior_scales is None else prior_scales[spec.name], PRIOR_SCALES)
            charge(f"prior scale of {spec.name}", "how wide the prior is around each value")
        else:
            written = None if layer is None else layer.symbols
            symbols = code_assignments(coder, written, mask, codebook, frequencies, columns)
            charge(f"assignments of {spec.name}", "which of the values each surviving weight takes")
        layers.append(_LayerCode(spec.name, mask, codebook, frequencies, symbols, prior_scale))
    return _Code(model, tuple(layers), tuple(charges))


def _code_header(coder: Coder, model: str | None, declared: str | None, stochastic: bool) -> str:
    names = dict(enumerate(ARCHITECTURES))
    places = {name: place for place, name in names.items()}
    place = coder.uniform(None if model is None else places.get(model, DECLARED), 256)
    if place == DECLARED:
        if (found := model or declared) is None:
            raise PacvizError("These bytes are of an architecture that was declared for them; say which one.")
        names[DECLARED] = found
    if place not in names:
        raise PacvizError(
            f"These bytes name architecture {place}, but there are only {len(names)} here; update pacviz."
        )
    if coder.uniform(int(stochastic), 2) != stochastic:
        forms = ("a network: read it with decode", "the prior of a stochastic network: read it with decode_prior")
        raise PacvizError(f"These bytes hold {forms[not stochastic]}.")
    return names[place]


def _written(network: Network, prior_scales: Mapping[str, int] | None) -> Encoded:
    coder = Coder()
    charges = _code(coder, network, prior_scales, None, stochastic=prior_scales is not None).charges
    data = coder.finish()
    rounding = 8 * len(data) - math.fsum(charge.bits for charge in charges)
    return Encoded(data, Ledger((*charges, Charge("rounding", rounding, "what is left of the last byte"))))


def _read(data: bytes, declared: str | None, *, stochastic: bool) -> tuple[_Code, int]:
    coder = Coder(data)
    code = _code(coder, None, None, declared, stochastic=stochastic)
    consumed = coder.finish()
    if not data.startswith(consumed):
        raise PacvizError("These bytes end before the network does; give all of them, as they were written.")
    return code, len(consumed)


__all__ = [
    "PRIOR_SCALES",
    "Encoded",
    "PriorCode",
    "cluster_weights",
    "decode",
    "decode_prior",
    "encode",
    "encode_prior",
]
