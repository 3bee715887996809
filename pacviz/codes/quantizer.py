"""Quantization, which few values the weights take: the protocol of a rule, the registry of rules, and the door to them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, TypeVar

import numpy as np

from pacviz.errors import PacvizError
from pacviz.settings import enlist, import_all

KMEANS = "kmeans"
"""The usual rule."""


class Quantizer(ABC):
    """A rule that prepares trained weights for a code.

    A subclass that `register` decorates is chosen by its name; `pacviz.checks.check_quantizer` holds it to what it promises.

    help: completes "NAME: …" where the setting is explained.
    """

    name: ClassVar[str]
    help: ClassVar[str]

    @abstractmethod
    def prepared(
        self, matrices: Mapping[str, np.ndarray], sparsity: float, bits: int, pruning: str
    ) -> tuple[Mapping[str, np.ndarray], dict[str, np.ndarray]]:
        """Weights and boolean masks by layer, True where a weight survives: the same for the same weights everywhere.

        matrices: float32 (rows, columns) by layer.  sparsity: the least share of weights that go, in [0, 1).  bits: what
        the code is asked to keep to, 2^bits values a layer; weights that take as many at most stay as they are.  pruning: a
        name in PRUNINGS.  At least one weight of a network that is not zero survives.
        """


QUANTIZERS: dict[str, Quantizer] = {}
"""Every rule by name."""

_Registered = TypeVar("_Registered", bound=type[Quantizer])


def register(quantizer: _Registered) -> _Registered:
    """A class decorator that makes a rule known; raises PacvizError for a name that is taken or is none."""
    enlist(QUANTIZERS, quantizer.name, quantizer(), "quantizer")
    return quantizer


def quantizer_named(name: str) -> Quantizer:
    """The rule of that name; raises PacvizError where there is none."""
    if name not in QUANTIZERS:
        raise PacvizError(f"quantizer must be one of {', '.join(QUANTIZERS)}, got {name!r}.")
    return QUANTIZERS[name]


import_all("pacviz.codes.quantizers")
