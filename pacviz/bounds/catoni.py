"""Catoni's bound: linear in the KL for one temperature, and a union over all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from pacviz.bounds.checks import check, check_inputs

ALPHA = 1.0001
"""Ratio of the geometric grid of temperatures over which the union is taken, fixed before any data."""


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
    check_inputs(risk, kl, n, delta)
    low, high = 0.0, math.log(1000 * n)
    for _ in range(6):
        lams = np.exp(np.linspace(low, high, 129))
        union = 2 * np.log((2 * math.log(ALPHA) + np.log(lams)) / math.log(ALPHA))
        values = _phi_inverse(lams / n, lams / n * risk + ALPHA / n * (kl - math.log(delta) + union))
        best = int(np.argmin(values))
        low, high = np.log(lams[[max(best - 1, 0), min(best + 1, 128)]])
    return min(1.0, max(risk, float(values[best]))), float(lams[best])


def catoni_fixed(risk: float, kl: float, n: int, delta: float, lam: float) -> float:
    """min(1, Phi^-1_{lambda/n}( r + (K - ln delta) / lambda )) for a lambda chosen before the data (Catoni 2007).

    lam: lambda > 0.  The rest as for `catoni`.
    """
    check_inputs(risk, kl, n, delta)
    check("lam", lam, "a temperature of at least 1e-6, chosen before the data is seen", lambda x: 1e-6 <= x < math.inf)
    value = _phi_inverse(lam / n, lam / n * risk + (kl - math.log(delta)) / n)
    return min(1.0, max(risk, float(value)))


def _phi_inverse(a: Any, ax: Any) -> Any:
    return np.expm1(-ax) / np.expm1(-a)
