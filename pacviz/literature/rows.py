"""Rows of published tables, and what follows from them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.optimize import brentq

from pacviz.bounds import BOUNDS

KIB = 1024


@dataclass(frozen=True)
class Published:
    """A row of a paper's table.

    compressed, effective: sizes in bytes.  bound: on the true error, as printed, to a whole percent; `name` says which of
    BOUNDS it is, for n examples at failure probability delta.
    """

    source: str
    compressed: float
    effective: float
    bound: float
    name: str = "catoni"
    n: int = 60_000
    delta: float = 0.05

    def train_errors(self) -> tuple[float, float, float]:
        """The training errors at which its bound is the smallest, the printed and the largest value that rounds to it.

        0 where even a network without errors has a larger bound.
        """
        nats = 8 * self.effective * math.log(2)

        def excess(risk: float, bound: float) -> float:
            return BOUNDS[self.name].function(risk, nats, self.n, self.delta) - bound

        low, middle, high = (
            float(brentq(excess, 0.0, bound, args=(bound,))) if excess(0.0, bound) < 0 else 0.0
            for bound in (self.bound - 0.005, self.bound, self.bound + 0.005)
        )
        return low, middle, high


ZHOU = Published("Zhou et al. 2019, Table 1", 8.1 * KIB, 6.23 * KIB, 0.46)
"""LeNet-5 on MNIST."""
