"""How a (stochastic) network's 0-1 error is measured, and how surely (docs/mathematics.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pacviz.risk.interval import Elsewhere, RiskEstimate, lower_limit, naive_interval, upper_limit
from pacviz.settings import lazily

if TYPE_CHECKING:
    from pacviz.risk.counting import count_errors, count_stochastic_errors, exact_risk, sampled_risk, stochastic_risk
    from pacviz.risk.evaluate import Progress, answers

__all__ = [
    "Elsewhere",
    "Progress",
    "RiskEstimate",
    "answers",
    "count_errors",
    "count_stochastic_errors",
    "exact_risk",
    "lower_limit",
    "naive_interval",
    "sampled_risk",
    "stochastic_risk",
    "upper_limit",
]

# What runs a network is imported when first asked for, so that what was measured before never waits for torch.
__getattr__ = lazily(
    __name__,
    dict.fromkeys(("Progress", "answers"), "evaluate")
    | dict.fromkeys(
        ("count_errors", "count_stochastic_errors", "exact_risk", "sampled_risk", "stochastic_risk"), "counting"
    ),
)
