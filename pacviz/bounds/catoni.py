"""Catoni's bound: linear in the KL for one temperature, and a union over all of them."""

from __future__ import annotations

import math

from pacviz.bounds.checks import ROUNDING, check_inputs, number

ALPHA = 1.0001
"""Ratio of the geometric grid of temperatures over which the union is taken, fixed before any data."""
GRID, ZOOMS = 65, 6
"""Points of a search, and how often it looks more closely."""


def catoni(risk: float, kl: float, n: int, delta: float) -> float:
    """Catoni's bound for any posterior, with a union over lambda (Zhou et al. 2019, Theorem 2.1).

    inf over lambda > 1 of Phi^-1_{lambda/n}( r + (alpha/lambda) [K - ln delta + 2 ln(ln(alpha^2 lambda) / ln alpha)] ),
    Phi^-1_a(x) = (1 - e^{-ax}) / (1 - e^{-a}), and at most 1.
    risk: empirical 0-1 risk in [0, 1].  kl: K in nats, >= 0.  n: training examples, >= 8.  delta: in (0, 1).
    Raises PacvizError outside those ranges.
    """
    return catoni_optimum(risk, kl, n, delta)[0]


def catoni_optimum(risk: float, kl: float, n: int, delta: float) -> tuple[float, float]:
    """The bound of `catoni` and the lambda that attains it.

    Every lambda is valid, so the search (a geometric grid, zoomed five times) can cost tightness but never validity.
    """
    risk, kl, n, delta = check_inputs(risk, kl, n, delta)
    low, high = 0.0, math.log(1000 * n)
    for _ in range(ZOOMS):
        step = (high - low) / (GRID - 1)
        tried = [(_at(risk, kl, n, delta, lam), lam) for lam in (math.exp(low + i * step) for i in range(GRID))]
        best = tried.index(min(tried))
        low, high = (math.log(tried[min(max(best + side, 0), GRID - 1)][1]) for side in (-1, 1))
    value, lam = tried[best]
    return min(1.0, max(risk, value)), lam


def _at(risk: float, kl: float, n: int, delta: float, lam: float) -> float:
    """What the union says at one of its temperatures."""
    union = 2 * math.log((2 * math.log(ALPHA) + math.log(lam)) / math.log(ALPHA))
    return _phi_inverse(lam / n, lam / n * risk + ALPHA / n * (kl - math.log(delta) + union))


def catoni_fixed(risk: float, kl: float, n: int, delta: float, lam: float) -> float:
    """min(1, Phi^-1_{lambda/n}( r + (K - ln delta) / lambda )) for a lambda chosen before the data (Catoni 2007).

    lam: lambda > 0.  The rest as for `catoni`.
    """
    risk, kl, n, delta = check_inputs(risk, kl, n, delta)
    allowed = "a temperature of at least 1e-6, chosen before the data is seen"
    lam = number("lam", lam, allowed, lambda x: 1e-6 <= x < math.inf)
    value = _phi_inverse(lam / n, lam / n * risk + (kl - math.log(delta)) / n)
    return min(1.0, max(risk, value))


def _phi_inverse(a: float, ax: float) -> float:
    return math.expm1(-ax) / math.expm1(-a) * (1 + ROUNDING)
