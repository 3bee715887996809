"""The protocol of a posterior, what is certified, and the registry of its kinds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from pacviz.codes.coder import Encoded, decode, encode
from pacviz.codes.ledger import Ledger
from pacviz.codes.network import Network
from pacviz.scenario import Scenario
from pacviz.settings import enlist

if TYPE_CHECKING:
    import numpy as np

    from pacviz.data.dataset import Split
    from pacviz.risk import Progress, RiskEstimate

PREVIEW_EXAMPLES = 10_000
"""Training examples that a preview without noise looks at."""
PREVIEW_DRAWS = 2_000
"""Draws of (example, fresh weights) behind a preview with noise."""


@dataclass(frozen=True)
class Coded:
    """A network in bytes, and what its posterior is charged: KL(posterior || prior), line by line.

    code: decodes to the network that the posterior is around.  prior: the bytes behind the charges of a posterior that is
    no single network, else empty.  ledger: its sum in nats is K.
    """

    code: bytes
    prior: bytes
    ledger: Ledger


class Posterior(ABC):
    """A distribution over networks of one architecture, around a network that is coded.

    A subclass that `register` decorates is used for the scenarios that it says are its own.
    `pacviz.checks.check_posterior` holds it to what it promises.

    name: of its kind.  network: what it is around.  version: of the code that this is written in, the newest where None.
    deterministic: it is a single network, whose error on a sample can be counted.
    """

    name: ClassVar[str]
    deterministic: ClassVar[bool] = False
    network: Network
    version: int | None

    @classmethod
    @abstractmethod
    def suits(cls, scenario: Scenario) -> bool:
        """Whether a scenario asks for this kind."""

    @classmethod
    @abstractmethod
    def around(cls, network: Network, scenario: Scenario, version: int | None = None) -> Posterior:
        """The posterior that a scenario asks for; raises PacvizError for a network that there is none around.

        version: of the code that it is written in, the newest where None.
        """

    @property
    @abstractmethod
    def coded(self) -> Coded:
        """Bytes and charges: every bit that a decoder of the prior needs, and the divergence from it."""

    @cached_property
    def decoded(self) -> Network:
        """The network that the bytes decode to: the one whose error is measured."""
        return read_back(self.network, self.version)

    @property
    def zhou_bytes(self) -> float | None:
        """Effective size by the form of Zhou et al. 2019, to compare; None where it has none."""
        return None

    @abstractmethod
    def sample(self, random: np.random.Generator) -> dict[str, np.ndarray]:
        """The weights of one network drawn from it, float32 (rows, columns) by layer."""

    @abstractmethod
    def preview(
        self, split: Split, failure: float, seed: int, progress: Progress | None = None, draws: int | None = None
    ) -> RiskEstimate:
        """Its expected error from `draws` examples of the split, or draws of both, that may be looked at before choosing.

        failure: probability with which the upper limit may be too small.  seed: of the scenario; the same draws for all
        networks, which are compared by them.  draws: a usual number where None.
        """

    @abstractmethod
    def risk(self, split: Split, failure: float = 0.0, seed: int = 0, progress: Progress | None = None) -> RiskEstimate:
        """Its expected error as a certificate needs it: exactly, or from draws that nobody has looked at before.

        failure, seed: as for `preview`, for a posterior that is no single network; the draws depend on the posterior and on
        the seed alone.
        """

    @classmethod
    @abstractmethod
    def counted(cls, errors: int, borderline: int, n: int, failure: float, seed: int) -> RiskEstimate:
        """The estimate that `risk` makes of so many errors and borderline answers on n examples."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """What a certificate file tells beside network and scenario: plain values, numbers to the last bit."""

    @classmethod
    @abstractmethod
    def from_dict(cls, network: Network, values: Mapping[str, Any], version: int | None = None) -> Posterior:
        """The inverse of `to_dict`; raises KeyError, TypeError or ValueError for what it cannot have made."""


@lru_cache(maxsize=4)
def written(network: Network, version: int | None) -> Encoded:
    """The network in bytes; the last few are remembered, because many posteriors may lie around one network."""
    return encode(network, version)


@lru_cache(maxsize=4)
def read_back(network: Network, version: int | None) -> Network:
    """What the bytes of a network decode to."""
    return decode(written(network, version).data, network.model)[0]


POSTERIORS: dict[str, type[Posterior]] = {}
"""Every kind by name."""

_Registered = TypeVar("_Registered", bound=type[Posterior])


def register(kind: _Registered) -> _Registered:
    """A class decorator that makes a kind of posterior known; raises PacvizError for a name that is taken or is none."""
    enlist(POSTERIORS, kind.name, kind, "posterior")
    return kind


def kind_of(scenario: Scenario) -> type[Posterior]:
    """The kind of posterior that a scenario asks for."""
    return next(kind for kind in POSTERIORS.values() if kind.suits(scenario))
