"""A compressed network as real bytes, and back: every bit that the decoder needs, line by line.

The bytes begin with a header of 9 bits: a place among 256, which says the architecture and the version of its code, and
whether the network is stochastic.  Version 1 has the places from 0 on, version 2 those from 64, version 3 those from 128;
an architecture without a place of its own in `models.PLACES` is one that the decoder is told (DECLARED).  The code of the
architecture (`codes.code`) says what follows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from pacviz import models
from pacviz.codes.code import Code, PriorCode, code_named, code_of
from pacviz.codes.codebook.clusters import cluster_weights
from pacviz.codes.codebook.code import PRIOR_SCALES
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.network import CompressedNetwork, Network
from pacviz.codes.rangecoder import SHORT, Coder, TooSlow
from pacviz.errors import PacvizError
from pacviz.models import architecture
from pacviz.settings import import_all

import_all("pacviz.codes", "code")

DECLARED = {1: 255, 2: 127, 3: 191}
"""By version, the place of all architectures that the decoder is told."""
_PLACES = 64
"""Of a version."""


@dataclass(frozen=True)
class Encoded:
    """The bytes of a network and what each part of it costs.  The ledger's lines sum to 8 * len(data)."""

    data: bytes
    ledger: Ledger


@dataclass(frozen=True)
class Header:
    """What the bytes begin with.  version: of the architecture's code.  stochastic: whether a prior follows, not a network."""

    model: str
    version: int
    stochastic: bool

    @property
    def code(self) -> Code:
        """Reads what follows."""
        return code_named(architecture(self.model).code, self.version)


def encode(network: Network, version: int | None = None) -> Encoded:
    """The network as prefix-free bytes that `decode` turns back into the very same weights.

    How it is written its architecture says.  version: of that code, the newest that is written where None, or the one before
    where that is too slow for a network of this size.  Raises PacvizError for a network that the code cannot write.
    """
    if version is None and models.declared(network.model) is not None:
        return _declared(network)
    return _encode(network, version or code_of(network.model).version)


@lru_cache(maxsize=2)
def _declared(network: Network) -> Encoded:
    newest = code_of(network.model).version
    try:
        return _encode(network, newest)
    except TooSlow:
        return _encode(network, newest - 1)


def _encode(network: Network, version: int) -> Encoded:
    head = Header(network.model, version, stochastic=False)
    writer = _Writer()
    writer.header(head)
    head.code.code(writer.coder, architecture(head.model), network, writer.charge)
    return writer.encoded()


def decode(data: bytes, declared: str | None = None) -> tuple[Network, int]:
    """The network coded at the start of `data`, and the number of bytes that its code takes.

    declared: name of the architecture, where it is a declared one.
    Raises PacvizError where `data` does not start with what `encode` wrote.
    """
    coder = Coder(data)
    head = _code_header(coder, None, declared)
    if head.stochastic:
        raise PacvizError("These bytes hold the prior of a stochastic network: read it with decode_prior.")
    network = head.code.code(coder, architecture(head.model), None, _unheard)
    return network, _consumed(coder, data)


def encode_prior(network: CompressedNetwork, prior_scales: Mapping[str, int], version: int | None = None) -> Encoded:
    """What defines the prior of a stochastic network: positions, codebooks, cluster weights and prior scales.

    The sharper form of docs/mathematics.md section 3: assignments are not sent, their cost is the KL term of the bound.
    prior_scales: an index in 0..127 for each layer by name.  version: that in which `encode` writes the network where None.
    """
    if version is None:
        told = models.declared(network.model) is not None
        version = header(_declared(network).data, network.model).version if told else code_of(network.model).version
    head = Header(network.model, version, stochastic=True)
    writer = _Writer()
    writer.header(head)
    head.code.code_prior(writer.coder, architecture(head.model), network, prior_scales, writer.charge)
    return writer.encoded()


def decode_prior(data: bytes, declared: str | None = None) -> tuple[PriorCode, int]:
    """The inverse of `encode_prior`, and the number of bytes that the code takes; raises PacvizError like `decode`."""
    coder = Coder(data)
    head = _code_header(coder, None, declared)
    if not head.stochastic:
        raise PacvizError("These bytes hold a network: read it with decode.")
    prior = head.code.code_prior(coder, architecture(head.model), None, None, _unheard)
    return prior, _consumed(coder, data)


def header(data: bytes, declared: str | None = None) -> Header:
    """What the bytes of a network or a prior begin with; raises PacvizError where it names nothing that is known here."""
    return _code_header(Coder(data), None, declared)


def _code_header(coder: Coder, head: Header | None, declared: str | None) -> Header:
    """Codes the header, both ways."""
    place = coder.uniform(None if head is None else _place(head), 256)
    version = next((version for version, told in DECLARED.items() if told == place), None)
    if version is not None:
        model = declared if head is None else head.model
        if model is None:
            raise PacvizError("These bytes are of an architecture that was declared for them; say which one.")
    else:
        version, index = 1 + place // _PLACES, place % _PLACES
        if version not in DECLARED or index >= len(models.PLACES):
            raise PacvizError(
                f"These bytes name architecture {place}, but there are only {len(models.PLACES)} here; update pacviz."
            )
        model = models.PLACES[index]
    return Header(model, version, bool(coder.uniform(None if head is None else int(head.stochastic), 2)))


def _place(head: Header) -> int:
    if head.model not in models.PLACES:
        return DECLARED[head.version]
    return _PLACES * (head.version - 1) + models.PLACES.index(head.model)


class _Writer:
    """A coder that writes, and the charges for what it wrote."""

    def __init__(self) -> None:
        self.coder = Coder()
        self.charges: list[Charge] = []

    def header(self, head: Header) -> None:
        _code_header(self.coder, head, None)
        self.charge("header", "which architecture, and whether the network is stochastic")

    def charge(self, kind: str, why: str, layer: str = "") -> None:
        charged = math.fsum(charge.bits for charge in self.charges)
        self.charges.append(Charge(kind, max(0.0, self.coder.bits - charged), why, layer))

    def encoded(self) -> Encoded:
        data = self.coder.finish()
        rounding = 8 * len(data) - math.fsum(charge.bits for charge in self.charges)
        return Encoded(data, Ledger((*self.charges, Charge("rounding", rounding, "what is left of the last byte"))))


def _unheard(kind: str, why: str, layer: str = "") -> None:
    """Whoever reads pays nothing."""


def _consumed(coder: Coder, data: bytes) -> int:
    """How many of the bytes were read; raises PacvizError where there are too few."""
    consumed = coder.finish()
    if not data.startswith(consumed):
        raise PacvizError(SHORT)
    return len(consumed)


__all__ = [
    "PRIOR_SCALES",
    "Encoded",
    "Header",
    "PriorCode",
    "cluster_weights",
    "decode",
    "decode_prior",
    "encode",
    "encode_prior",
    "header",
]
