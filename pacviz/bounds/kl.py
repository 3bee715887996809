"""The divergence between two coins, and its inverse: the heart of the Seeger and Occam bounds."""

from __future__ import annotations

import math

from pacviz.bounds.checks import check, check_risk


def binary_kl(q: float, p: float) -> float:
    """kl(q || p) = q ln(q/p) + (1-q) ln((1-q)/(1-p)) in nats; infinite where p is 0 or 1 and q is not.

    Raises PacvizError outside [0, 1].
    """
    check_risk("q", q)
    check_risk("p", p)
    return _binary_kl(q, p)


def kl_inverse(risk: float, budget: float) -> float:
    """Largest p >= risk with kl(risk || p) <= budget (Seeger 2002).

    risk: empirical 0-1 risk in [0, 1].  budget: nats per example, >= 0; infinity gives 1.
    Returns the upper end of the last bracket, so rounding never makes a bound too small.
    Raises PacvizError outside those ranges.
    """
    check_risk("risk", risk)
    check("budget", budget, "a number of nats per example, 0 or more", lambda x: x >= 0)
    low, high = float(risk), 1.0
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
    wrong = q * _excess(d / q, p / q) if q > 1e-300 else d
    right = (1 - q) * _excess(-d / (1 - q), (1 - p) / (1 - q)) if q < 1 else -d
    return wrong + right


def _excess(x: float, one_plus_x: float) -> float:
    """e(x) = x - ln(1+x), by its series where the difference would cancel."""
    if abs(x) > 0.01:
        return x - math.log(one_plus_x)
    return x * x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x * (1 / 5 - x * (1 / 6 - x * (1 / 7 - x / 8))))))
