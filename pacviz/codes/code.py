"""The protocol of a code, how a network becomes bytes and comes back, and the registry of codes and their versions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

import numpy as np

from pacviz.codes.network import CompressedNetwork, Network
from pacviz.codes.rangecoder import Coder
from pacviz.errors import PacvizError
from pacviz.models import Architecture, architecture
from pacviz.settings import NAME

VERSIONS = 3
"""Most versions of one code: what the header of the bytes has room for."""


class Charging(Protocol):
    """Told after each part of a code: its kind, why it is sent, and the layer that it is about, if it is about one."""

    def __call__(self, kind: str, why: str, layer: str = "") -> None: ...


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


class Code(ABC):
    """How the networks of some architectures become bytes; 2^-length is a prior over them.

    A subclass that `register` decorates is found by its name, which architectures give as theirs.  It needs `quantized`,
    `as_it_stands` and `code`, and `code_prior` where its networks can have noise; `pacviz.checks.check_code` holds it to
    what they promise.

    name: what architectures call it.  version: of the bytes.  A change of what `code` or `code_prior` write is another
    version, a subclass of its own beside the former one; all are read.
    written: whether it is what `encode` writes where no version is asked for; of several such versions the newest is.
    how: completes "the network is coded …".  prunes: whether weights are pruned and quantized on the way to it.  method:
    of training, for networks that no other one leads to.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    written: ClassVar[bool] = True
    how: ClassVar[str]
    prunes: ClassVar[bool] = True
    method: ClassVar[str | None] = None

    @abstractmethod
    def quantized(
        self, model: str, matrices: Mapping[str, np.ndarray], masks: Mapping[str, np.ndarray], bits: int
    ) -> Network:
        """The network that is coded, from trained weights.

        matrices: float32 (rows, columns) by layer.  masks: bool, by layer: which weights survive.  bits: each layer's
        weights take at most 2^bits values, or as few as this code understands by it.
        """

    @abstractmethod
    def as_it_stands(self, model: str, matrices: Mapping[str, np.ndarray]) -> Network:
        """The network with these very weights; raises PacvizError for weights that this code cannot write."""

    @abstractmethod
    def code(self, coder: Coder, architecture: Architecture, network: Network | None, charge: Charging) -> Network:
        """The code itself, both ways: writes `network`, or reads one where that is None, and returns it.

        charge: to be told after each part.  Raises PacvizError for a network that this code cannot write, and for bytes
        that are none of its.
        """

    def example(self, architecture: Architecture, random: np.random.Generator) -> Network:
        """A network in the form of this code, to try it on: random weights, half of them dropped, at 2 bits."""
        sizes = {layer.name: (layer.rows, layer.columns) for layer in architecture.layers}
        matrices = {name: random.normal(size=size).astype(np.float32) for name, size in sizes.items()}
        masks = {name: random.random(size) < 0.5 for name, size in sizes.items()}
        return self.quantized(architecture.name, matrices, masks, 2)

    @property
    def takes_noise(self) -> bool:
        """Whether there can be noise around its networks: it writes their prior."""
        return type(self).code_prior is not Code.code_prior

    def code_prior(
        self,
        coder: Coder,
        architecture: Architecture,
        network: CompressedNetwork | None,
        prior_scales: Mapping[str, int] | None,
        charge: Charging,
    ) -> PriorCode:
        """As `code`, for the prior of a stochastic network: all but the assignments, and an index of its scale a layer."""
        raise PacvizError(f"{architecture.name} is coded {self.how}, which takes no noise; set noise to 0.")


CODES: dict[str, dict[int, Code]] = {}
"""Every version of every code, by name."""

_Registered = TypeVar("_Registered", bound=type[Code])


def register(code: _Registered) -> _Registered:
    """A class decorator that makes a code known; raises PacvizError where there is one of its name and version."""
    name, version = code.name, code.version
    if not NAME.fullmatch(name) or not 1 <= version <= VERSIONS:
        raise PacvizError(
            f"A code has a name of lower-case letters and a version from 1 to {VERSIONS}, got {name!r} and {version}."
        )
    versions = CODES.setdefault(name, {})
    if version in versions:
        raise PacvizError(
            f"There is a code {name!r} of version {version} already; give this one another version or name."
        )
    versions[version] = code()
    return code


def code_named(name: str, version: int | None = None) -> Code:
    """The code of that name, the newest that is written where no version is given; raises PacvizError for an unknown one."""
    if not (versions := CODES.get(name)):
        raise PacvizError(
            f"There is no code {name!r}; choose one of {', '.join(CODES)}, or import the module that registers it."
        )
    if version is None:
        version = max(number for number, code in versions.items() if code.written)
    if version not in versions:
        raise PacvizError(
            f"These bytes are of version {version} of the code {name!r}, which is not known here; update pacviz."
        )
    return versions[version]


def code_of(model: str) -> Code:
    """The version of the code that an architecture's weights are written in."""
    return code_named(architecture(model).code)
