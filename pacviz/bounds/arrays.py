"""The bounds for arrays of numbers: curves, and many inverses of the binary KL at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from pacviz.bounds.catoni import ALPHA, GRID, ZOOMS
from pacviz.bounds.checks import ROUNDING, check
from pacviz.bounds.kl import LEAST, MARGIN

_NOISE = MARGIN / 5
"""Share of kl that is surely more than its rounding."""
_LARGEST = math.nextafter(1, 0)
_STEPS, _NEAR = 60, 1e-6
"""The most steps of Newton's iteration, and the share of the way below which another one is not worth it."""


def curves(risk: ArrayLike, kl: ArrayLike, n: ArrayLike, delta: ArrayLike) -> dict[str, np.ndarray]:
    """The functions of all BOUNDS by name, for arrays that broadcast: float64 of their common shape.

    Arguments and units as for `seeger`; n may have a fraction, so that a curve is smooth.  Raises PacvizError for
    values that the bounds refuse.
    """
    r, k, m, d = np.broadcast_arrays(*(np.asarray(value, np.float64) for value in (risk, kl, n, delta)))
    check("risk", r, "fractions in [0, 1]", lambda x: ((x >= 0) & (x <= 1)).all())
    check("kl", k, "finite numbers of nats, 0 or more", lambda x: ((x >= 0) & np.isfinite(x)).all())
    check("n", m, "numbers of training examples, at least 8", lambda x: ((x >= 8) & np.isfinite(x)).all())
    check("delta", d, "failure probabilities strictly between 0 and 1", lambda x: ((x > 0) & (x < 1)).all())
    maurer, chernoff = (k + np.log(2 * np.sqrt(m)) - np.log(d)) / m, (k - np.log(d)) / m
    seeger, occam = kl_inverses(r, np.stack([maurer, chernoff]))
    mcallester = np.minimum(1.0, (r + np.sqrt(maurer / 2)) * (1 + ROUNDING))
    return {"catoni": _catoni(r, k, m, d), "seeger": seeger, "mcallester": mcallester, "occam": occam}


def _catoni(risk: np.ndarray, kl: np.ndarray, n: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """The search of `catoni_optimum` for arrays of one shape."""
    r, k, m, d = (value[..., None] for value in (risk, kl, n, delta))
    low, high = np.zeros(risk.shape), np.log(1000 * n)
    for _ in range(ZOOMS):
        lams = np.exp(np.linspace(low, high, GRID, axis=-1))
        union = 2 * np.log((2 * math.log(ALPHA) + np.log(lams)) / math.log(ALPHA))
        exponents = lams / m * r + ALPHA / m * (k - np.log(d) + union)
        values = np.expm1(-exponents) / np.expm1(-lams / m) * (1 + ROUNDING)
        best = values.argmin(-1)[..., None]
        low, high = (
            np.log(np.take_along_axis(lams, np.clip(best + side, 0, GRID - 1), -1))[..., 0] for side in (-1, 1)
        )
    return np.minimum(1.0, np.maximum(risk, np.take_along_axis(values, best, -1)[..., 0]))


def kl_inverses(risks: ArrayLike, budgets: ArrayLike) -> np.ndarray:
    """`kl_inverse` for arrays that broadcast: for curves, where one point after the other would take too long.

    The same bisection, which computes kl only near the solution: Newton's iteration says beforehand where that is.
    Rounding is on the same side; the two differ by no more than the last digits in which logarithms do.
    """
    q, budget = np.broadcast_arrays(np.asarray(risks, np.float64), np.asarray(budgets, np.float64))
    check("risks", q, "fractions in [0, 1]", lambda x: ((x >= 0) & (x <= 1)).all())
    check("budgets", budget, "numbers of nats per example, 0 or more", lambda x: (x >= 0).all())
    shape, q, budget = q.shape, q.ravel(), budget.ravel() * (1 + MARGIN) + LEAST
    surely_below, surely_above = _bracket(q, budget, _newton(q, budget))
    low, high, middle, before = q, np.ones_like(q), (q + 1) / 2, q
    while (middle != before).any():
        low, high = np.where(middle <= surely_below, middle, low), np.where(middle >= surely_above, middle, high)
        before, middle = middle, (low + high) / 2
    while (apart := np.flatnonzero((low < middle) & (middle < high))).size:
        below = _binary_kls(q[apart], middle[apart]) < budget[apart]
        low[apart[below]], high[apart[~below]] = middle[apart[below]], middle[apart[~below]]
        middle[apart] = (low[apart] + high[apart]) / 2
    return high.reshape(shape)


def _newton(q: np.ndarray, budget: np.ndarray) -> np.ndarray:
    """Newton's iteration for kl(q || p) = budget, (m,) each, from the smallest of three points that lie above the solution.

    kl >= (p - q)^2 / (2 p) and >= 2 (p - q)^2 (Pinsker) and >= -ln 2 - (1 - q) ln(1 - p); kl is convex in p, so that every
    step stays above.
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        small = np.minimum(budget, 2.0)
        p = q + np.minimum(np.sqrt(small / 2), small + np.sqrt(small * (small + 2 * q)))
        p = np.fmin(p, -np.expm1(-(budget + math.log(2)) / (1 - q)))
        p = np.where(np.isfinite(budget), np.clip(p, q, _LARGEST), 1.0)
        moving = np.flatnonzero((p > q) & np.isfinite(budget))
        for _ in range(_STEPS):
            at, here = q[moving], p[moving]
            step = np.nan_to_num((_binary_kls(at, here) - budget[moving]) * here * (1 - here) / (here - at))
            p[moving] = np.clip(here - step, at, _LARGEST)
            # The error after a step is about the square of the step, as a share of the way.
            moving = moving[(step > _NEAR * np.minimum(here - at, 1 - here)) & (p[moving] > at)]
            if not moving.size:
                break
    return p


def _bracket(q: np.ndarray, budget: np.ndarray, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points around p at which kl is below and above the budget by more than it is rounded, or q and 1."""
    tiny = np.nextafter(0.0, 1.0)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        # A logarithm near 0 is as wrong as its argument's last digit.
        noise = np.minimum(_NOISE * budget, 2.0**-48 * (budget + q * (p > 1.005 * q) + (1 - q)))
        first = 2 * noise * p * (1 - p) / np.maximum(p - q, tiny)
    sides = []
    for limit, sign in ((q, -1), (np.ones_like(q), 1)):
        width = np.nan_to_num(first) + 2.0**-50 * p + tiny
        outer, pending = p.copy(), np.flatnonzero(np.isfinite(budget))
        while pending.size:
            near = p[pending] + sign * width[pending]
            outer[pending] = near = np.maximum(near, q[pending]) if sign < 0 else np.minimum(near, 1.0)
            excess = sign * (_binary_kls(q[pending], near) - budget[pending]) - noise[pending]
            pending = pending[(excess <= 0) & (near != limit[pending])]
            width[pending] *= 16
        sides.append(outer)
    return sides[0], sides[1]


def _binary_kls(q: np.ndarray, p: np.ndarray) -> np.ndarray:
    """`_binary_kl` for q <= p, element by element."""
    d = p - q
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        wrong = np.where(d < 1e300 * q, q * _excesses(d / q, p / q), d)
        right = np.where(q < 1, (1 - q) * _excesses(-d / (1 - q), (1 - p) / (1 - q)), -d)
    return np.where(d == 0, 0.0, wrong + right)


def _excesses(x: np.ndarray, one_plus_x: np.ndarray) -> np.ndarray:
    excess = x - np.log(one_plus_x)
    near = np.flatnonzero(np.abs(x) <= 0.01)
    x = x[near]
    excess[near] = x * x * (1 / 2 - x * (1 / 3 - x * (1 / 4 - x * (1 / 5 - x * (1 / 6 - x * (1 / 7 - x / 8))))))
    return excess
