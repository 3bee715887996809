"""How surely an error is known: the estimate, and the Clopper-Pearson limits of a probability seen in draws."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from pacviz.bounds import kl_inverse
from pacviz.errors import PacvizError

_MARGIN = 1e-9
"""Outward rounding of a limit p as a share of p (1 - p), far more than the error of scipy's inverse (about 1e-13)."""


def upper_limit(errors: int, draws: int, failure: float) -> float:
    """Clopper-Pearson upper limit: the p at which `errors` or fewer of `draws` have probability `failure`.

    The true probability exceeds it with probability at most `failure` (Clopper and Pearson 1934); rounded upward.
    Raises PacvizError unless 0 <= errors <= draws, draws >= 1 and 0 < failure < 1.
    """
    _check(errors, draws, failure)
    if errors == draws:
        return 1.0
    from scipy.special import betainccinv

    p = float(betainccinv(errors + 1, draws - errors, failure))
    return math.nextafter(p + _MARGIN * p * (1 - p), 1)


def lower_limit(errors: int, draws: int, failure: float) -> float:
    """Clopper-Pearson lower limit, the mirror image of `upper_limit`; rounded downward."""
    _check(errors, draws, failure)
    if errors == 0:
        return 0.0
    from scipy.special import betaincinv

    p = float(betaincinv(errors, draws - errors + 1, failure))
    return math.nextafter(p - _MARGIN * p * (1 - p), 0)


def naive_interval(mean: float, evaluations: int, failure: float) -> tuple[float, float]:
    """What a few evaluations on the whole sample say by themselves: (kl^-1 downward, kl^-1 upward)(mean, ln(1/failure)/k).

    Each evaluation is one draw of a variable in [0, 1] (Hoeffding 1963, theorem 1), and each limit fails with
    probability at most `failure`; for a handful of evaluations they lie hopelessly far apart.
    mean: of the k = `evaluations` >= 1 errors, in [0, 1].  Raises PacvizError outside those ranges.
    """
    check_draws(evaluations)
    check_failure(failure)
    budget = -math.log(failure) / evaluations
    return 1 - kl_inverse(1 - mean, budget), kl_inverse(mean, budget)


def check_draws(draws: int) -> None:
    """Raises PacvizError where nothing would be drawn."""
    if draws < 1:
        raise PacvizError(f"draws must be at least 1, got {draws}; ask for more draws.")


def check_failure(failure: float) -> None:
    """Raises PacvizError where no interval has that failure probability."""
    if not 0 < failure < 1:
        raise PacvizError(f"failure must lie strictly between 0 and 1, got {failure}; 0.01 is a usual choice.")


def _check(errors: int, draws: int, failure: float) -> None:
    check_draws(draws)
    check_failure(failure)
    if not 0 <= errors <= draws:
        raise PacvizError(f"errors must lie between 0 and the {draws} draws, got {errors}; count them again.")


@dataclass(frozen=True)
class Elsewhere:
    """The fewest and the most that another machine may count in the same answers: errors, and errors with borderline ones."""

    errors: tuple[int, int]
    charged: tuple[int, int]


@dataclass(frozen=True)
class RiskEstimate:
    """A 0-1 error as it was measured: `errors` in `draws`.

    method: "exact" (every example of the sample once, without noise; draws is the sample's size) or "clopper-pearson"
    (independent draws).  failure: probability spent on each limit, 0 where exact.  seed: None where exact.
    borderline: right answers that rounding on another machine may turn; the upper limit counts them as errors, too.
    elsewhere: what another machine may count in the same answers, where they were counted here.
    """

    method: str
    errors: int
    draws: int
    failure: float
    seed: int | None
    borderline: int = 0
    elsewhere: Elsewhere | None = field(default=None, compare=False, repr=False)

    @property
    def charged(self) -> int:
        """Errors and borderline answers: what the upper limit counts."""
        return self.errors + self.borderline

    def could_be(self, other: RiskEstimate) -> bool:
        """Whether the other may be the count of these very answers on another machine."""
        here = self.elsewhere or Elsewhere((self.errors, self.errors), (self.charged, self.charged))
        (fewest, most), (least, largest) = here.errors, here.charged
        return fewest <= other.errors <= most and least <= other.charged <= largest

    def to_dict(self) -> dict[str, Any]:
        """Plain values, without what belongs to this machine alone."""
        return {name: value for name, value in asdict(self).items() if name != "elsewhere"}

    @property
    def mean(self) -> float:
        """Share of errors among the draws."""
        return self.errors / self.draws

    @property
    def lower(self) -> float:
        """The error is at least this, but for a probability of `failure`."""
        return self.mean if self.method == "exact" else lower_limit(self.errors, self.draws, self.failure)

    @property
    def upper(self) -> float:
        """The error is at most this, but for a probability of `failure`: what a bound is computed from."""
        exact = self.method == "exact"
        return self.charged / self.draws if exact else upper_limit(self.charged, self.draws, self.failure)
