"""No bound that is returned is below its formula, digits and all: held against 60 digits over the whole range of floats."""

import math
import random

import mpmath
import numpy as np
import pytest

from pacviz.bounds import kl_inverse, kl_inverses, occam, seeger
from pacviz.bounds.arrays import _binary_kls
from pacviz.bounds.catoni import ALPHA, catoni_optimum
from pacviz.bounds.kl import LEAST, MARGIN

RISKS = (0.0, 5e-324, 1e-300, 1e-16, 1e-9, 0.5, 1 - 1e-9, 1 - 2.0**-53, 1.0)
NATS = (0.0, 5e-324, 1e-9, 1.0, 1e5, 1e12, 1e308)
EXAMPLES = (8, 60_000, 10**12)
DELTAS = (5e-324, 1e-300, 1e-12, 0.05, 1 - 2.0**-53)


def points(count):
    """Risk, K, n and delta: every combination of the extremes, then draws over all orders of magnitude."""
    yield from ((r, k, n, d) for r in RISKS for k in NATS for n in EXAMPLES for d in DELTAS)
    draw = random.Random(28)
    for _ in range(count):
        risk = draw.choice(
            [draw.random(), 10 ** draw.uniform(-323, 0), 1 - 10 ** draw.uniform(-16, 0), draw.random() / 10]
        )
        nats = draw.choice([10 ** draw.uniform(-20, 7), 10 ** draw.uniform(-320, 308)])
        yield risk, nats, int(10 ** draw.uniform(math.log10(8.5), 12)), 10 ** draw.uniform(-300, -1e-9)


def spends(risk, p, budget):
    """Whether kl(risk || p) is at least the budget, so that p is not below the inverse; 1 is above every risk."""
    if p == 1:
        return True
    wrong = risk * mpmath.log(risk / p) if risk else 0
    # log1p, since 1 - p has no digits left where p is the smallest float.
    return wrong + (1 - risk) * (mpmath.log1p(-risk) - mpmath.log1p(-p)) >= budget if risk < 1 else budget <= 0


def too_small(risk, kl, n, delta):
    """Names of the bounds whose float is below the true value."""
    with mpmath.workdps(60):
        r, k, m, log_delta = mpmath.mpf(risk), mpmath.mpf(kl), mpmath.mpf(n), mpmath.log(mpmath.mpf(delta))
        maurer, chernoff = (k + mpmath.log(2 * mpmath.sqrt(m)) - log_delta) / m, (k - log_delta) / m
        wrong = []
        for name, result, budget in (
            ("seeger", seeger(risk, kl, n, delta), maurer),
            ("occam", occam(risk, kl, n, delta), chernoff),
            ("kl_inverse", kl_inverse(risk, kl), k),
        ):
            if not spends(r, mpmath.mpf(result), budget):
                wrong.append(name)
        value, lam = catoni_optimum(risk, kl, n, delta)
        alpha, a = mpmath.mpf(ALPHA), mpmath.mpf(lam) / m
        union = 2 * mpmath.log(mpmath.log(alpha**2 * mpmath.mpf(lam)) / mpmath.log(alpha))
        exact = -mpmath.expm1(-a * r - alpha / m * (k - log_delta + union)) / -mpmath.expm1(-a)
        return wrong + ["catoni"] * (value < 1 and value < exact)


def test_no_float_is_below_the_true_bound_at_the_extremes_and_between():
    wrong = [(point, names) for point in list(points(200))[::4] if (names := too_small(*point))]
    assert not wrong


@pytest.mark.long
def test_no_float_is_below_the_true_bound_at_a_hundred_thousand_points():
    wrong = [(point, names) for point in points(100_000) if (names := too_small(*point))]
    assert not wrong, f"{len(wrong)} points, such as {wrong[:3]}"


def bisected(risks, budgets):
    """What a bisection that computes kl at every step finds."""
    low, high, budgets = risks.copy(), np.ones_like(risks), budgets * (1 + MARGIN) + LEAST
    while ((low < (middle := (low + high) / 2)) & (middle < high)).any():
        below = _binary_kls(risks, middle) < budgets
        apart = (low < middle) & (middle < high)
        low, high = np.where(apart & below, middle, low), np.where(apart & ~below, middle, high)
    return high


def test_the_inverse_of_many_is_that_of_bisection_to_the_last_digit():
    risks, budgets = np.array([(risk, kl / n) for risk, kl, n, _ in points(300)]).T
    assert np.array_equal(kl_inverses(risks, budgets), bisected(risks, budgets))
