"""The divergence between two coins, and its inverse: the heart of the Seeger and Occam bounds."""

from __future__ import annotations

import math

from pacviz.bounds.checks import check_risk, number

MARGIN = 1e-11
"""Share by which a budget is enlarged before it is inverted: nine times the error of `binary_kl` against 60 digits."""
LEAST = 4 * math.ulp(0)
"""By how much at least, since shares of the smallest floats round to nothing."""


def binary_kl(q: float, p: float) -> float:
    """kl(q || p) = q ln(q/p) + (1-q) ln((1-q)/(1-p)) in nats; infinite where p is 0 or 1 and q is not.

    Raises PacvizError outside [0, 1].
    """
    return _binary_kl(check_risk("q", q), check_risk("p", p))


def kl_inverse(risk: float, budget: float) -> float:
    """Largest p >= risk with kl(risk || p) <= budget (Seeger 2002).

    risk: empirical 0-1 risk in [0, 1].  budget: nats per example, >= 0; infinity gives 1.
    Returns the upper end of the last bracket at a budget enlarged by MARGIN and LEAST, so rounding never makes a bound too small.
    Raises PacvizError outside those ranges.
    """
    risk = check_risk("risk", risk)
    budget = number("budget", budget, "a number of nats per example, 0 or more", lambda x: x >= 0)
    budget, low, high = budget * (1 + MARGIN) + LEAST, risk, 1.0
    while low < (middle := (low + high) / 2) < high:
        if _binary_kl(risk, middle) < budget:
            low = middle
        else:
            high = middle
    return high


def _binary_kl(q: float, p: float) -> float:
    # Written as q e(d/q) + (1-q) e(-d/(1-q)) with d = p - q: both terms are >= 0, so nothing cancels where p is near q.
    d = p - q
    if d == 0:
        return 0.0
    if p in (0, 1):
        return math.inf
    wrong = q * _excess(d / q, p / q) if d < 1e300 * q else d
    right = (1 - q) * _excess(-d / (1 - q), (1 - p) / (1 - q)) if q < 1 else -d
    return wrong + right


def _excess(x: float, one_plus_x: float) -> float:
    """e(x) = x - ln(1+x), by its series where the difference would cancel."""
    if abs(x) > 0.01:
        return x - math.log(one_plus_x)
    return x * x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x * (1 / 5 - x * (1 / 6 - x * (1 / 7 - x / 8))))))
