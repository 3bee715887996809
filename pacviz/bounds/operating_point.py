"""What if?  All that a bound asks for, without a network: a risk, a KL, a sample size and a delta."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property

from pacviz.bounds import BOUNDS, all_bounds, least_examples, most_nats, vacuous
from pacviz.settings import check_settings, setting, settings

NATS_PER: dict[str, float] = {"nats": 1.0, "bits": math.log(2), "bytes": 8 * math.log(2)}
"""The units in which a complexity may be given, in nats."""
SURER = 1e6
"""How many times surer one may wish to be."""


@dataclass(frozen=True)
class OperatingPoint:
    """A point on the curve of every bound; no data are needed, and nothing is certified.

    Raises PacvizError for a field outside its range.
    """

    n: int = setting(
        60_000, "Training examples n", "Drawn independently from the distribution.", low=10, high=10_000_000, step=1000
    )
    risk: float = setting(
        0.02,
        "Training error r",
        "The share of the training examples that the network gets wrong.",
        low=0.0,
        high=1.0,
        step=0.001,
        percent=True,
    )
    kl: float = setting(
        1000.0,
        "Complexity K",
        "KL(posterior ‖ prior), or the length of a code that decodes to the network.",
        low=0.0,
        high=1e9,
        step=1.0,
    )
    unit: str = setting("bytes", "K in", "1 byte = 8 bits, 1 bit = ln 2 nats.", choices=lambda: tuple(NATS_PER))
    delta: float = setting(
        0.05,
        "Failure probability δ",
        "The bound may be wrong with at most this probability over the draw of the training data.",
        low=1e-12,
        high=0.5,
        step=0.01,
    )
    bound: str = setting(
        "seeger",
        "Bound",
        "The one in the headline; the curves show all.",
        choices=lambda: tuple(BOUNDS),
    )
    classes: int = setting(
        10,
        "Classes",
        "A bound of 1 − 1/classes or more is vacuous: guessing does as well.",
        low=2,
        high=100_000,
        step=1,
    )

    def __post_init__(self) -> None:
        check_settings(self)

    def in_unit(self, unit: str) -> OperatingPoint:
        """The same point with its K in another unit (at most what the field allows)."""
        return dataclasses.replace(
            self, unit=unit, kl=min(self.kl_nats / NATS_PER[unit], settings(type(self))["kl"].high)
        )

    @property
    def kl_nats(self) -> float:
        return self.kl * NATS_PER[self.unit]

    @property
    def kl_bytes(self) -> float:
        return self.kl * (NATS_PER[self.unit] / NATS_PER["bytes"])

    @cached_property
    def bounds(self) -> dict[str, float]:
        """Every bound by name; Occam's where K is the length of one network's code."""
        values = all_bounds(self.risk, self.kl_nats, self.n, self.delta, deterministic=True)
        return {name: value for name, value in values.items() if value is not None}

    @property
    def value(self) -> float:
        """The chosen bound: with probability at least 1 - delta the true error is below it."""
        return self.bounds[self.bound]

    @property
    def vacuous(self) -> bool:
        return vacuous(self.value, self.classes)

    @property
    def guessing(self) -> float:
        """The error of guessing, from which on a bound is vacuous."""
        return 1 - 1 / self.classes

    @cached_property
    def least_n(self) -> dict[str, int | None]:
        """By bound, the smallest n at which it is not vacuous; None where it always is."""
        return {name: least_examples(name, self.risk, self.kl_nats, self.delta, self.guessing) for name in BOUNDS}

    @cached_property
    def most_bytes(self) -> dict[str, float | None]:
        """By bound, the largest K in bytes at which it is not vacuous; None where it always is."""
        largest = {name: most_nats(name, self.risk, self.n, self.delta, self.guessing) for name in BOUNDS}
        return {name: None if nats is None else nats / NATS_PER["bytes"] for name, nats in largest.items()}

    def surer(self, factor: float = SURER) -> OperatingPoint:
        """The same point with a delta that is so many times smaller (at least what the field allows)."""
        return dataclasses.replace(self, delta=max(self.delta / factor, settings(type(self))["delta"].low))
