"""Catoni's bound: linear in the KL for one temperature, and a union over all of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from pacviz.bounds.checks import ROUNDING, check_inputs, number

ALPHA = 1.0001
"""Ratio of the geometric grid of temperatures over which the union is taken, fixed before any data."""
GRID = 65
"""Points of a search."""


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
    value, lam = optima(risk, kl, n, delta)
    return float(value), float(lam)


def optima(risk: ArrayLike, kl: ArrayLike, n: ArrayLike, delta: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """The search of `catoni_optimum` for arrays that broadcast, unchecked."""
    broadcast = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in (risk, kl, n, delta)))
    r, k, m, d = (value[..., None] for value in broadcast)
    low, high = np.zeros(broadcast[0].shape), np.log(1000 * broadcast[2])
    for _ in range(6):
        lams = np.exp(np.linspace(low, high, GRID, axis=-1))
        union = 2 * np.log((2 * math.log(ALPHA) + np.log(lams)) / math.log(ALPHA))
        values = _phi_inverse(lams / m, lams / m * r + ALPHA / m * (k - np.log(d) + union))
        best = values.argmin(-1)[..., None]
        low, high = (
            np.log(np.take_along_axis(lams, np.clip(best + side, 0, GRID - 1), -1))[..., 0] for side in (-1, 1)
        )
    value, lam = (np.take_along_axis(candidates, best, -1)[..., 0] for candidates in (values, lams))
    return np.minimum(1.0, np.maximum(broadcast[0], value)), lam


def catoni_fixed(risk: float, kl: float, n: int, delta: float, lam: float) -> float:
    """min(1, Phi^-1_{lambda/n}( r + (K - ln delta) / lambda )) for a lambda chosen before the data (Catoni 2007).

    lam: lambda > 0.  The rest as for `catoni`.
    """
    risk, kl, n, delta = check_inputs(risk, kl, n, delta)
    allowed = "a temperature of at least 1e-6, chosen before the data is seen"
    lam = number("lam", lam, allowed, lambda x: 1e-6 <= x < math.inf)
    value = _phi_inverse(lam / n, lam / n * risk + (kl - math.log(delta)) / n)
    return min(1.0, max(risk, float(value)))


def _phi_inverse(a: Any, ax: Any) -> Any:
    return np.expm1(-ax) / np.expm1(-a) * (1 + ROUNDING)
