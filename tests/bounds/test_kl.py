"""kl and its inverse keep to the safe side."""

import math

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pacviz.bounds import binary_kl, kl_inverse
from pacviz.bounds.kl import MARGIN
from pacviz.errors import PacvizError

risks = st.floats(0, 1)
budgets = st.floats(1e-12, 100)


def exact_kl(q, p):
    """The definition with 50 digits."""
    with mpmath.workdps(50):
        q, p = mpmath.mpf(q), mpmath.mpf(p)
        return sum(a * mpmath.log(a / b) for a, b in ((q, p), (1 - q, 1 - p)) if a)


@pytest.mark.parametrize("q", [0, 1e-9, 0.02, 0.5, 0.98, 1])
@pytest.mark.parametrize("gap", [1e-13, 1e-9, 1e-4, 0.009, 0.011, 0.3])
def test_kl_has_twelve_digits_even_where_p_is_near_q(q, gap):
    p = min(q + gap, 1 - 1e-9) if q < 1 else 1 - gap
    assert binary_kl(q, p) == pytest.approx(float(exact_kl(q, p)), rel=1e-12)


def test_kl_is_zero_at_equal_risks_and_infinite_where_p_excludes_what_q_does():
    assert [binary_kl(q, q) for q in (0, 0.3, 1)] == [0, 0, 0]
    assert [binary_kl(0.3, 0), binary_kl(0.3, 1), binary_kl(0, 1), binary_kl(1, 0)] == [math.inf] * 4


@given(risks, budgets)
def test_the_inverse_never_spends_less_than_the_budget(risk, budget):
    p = kl_inverse(risk, budget)
    assert p == 1 or (p >= risk and exact_kl(risk, p) >= budget)


@given(risks, budgets)
def test_the_inverse_spends_no_more_than_the_budget_and_its_margin(risk, budget):
    p = kl_inverse(risk, budget)
    assert risk == 1 or binary_kl(risk, math.nextafter(p, 0)) < budget * (1 + 2 * MARGIN)


@given(risks, st.tuples(budgets, budgets).map(sorted))
def test_the_inverse_grows_with_the_budget(risk, pair):
    assert kl_inverse(risk, pair[0]) <= kl_inverse(risk, pair[1])


@given(budgets)
@settings(max_examples=50)
def test_without_errors_the_inverse_has_a_closed_form(budget):
    assert kl_inverse(0, budget) == pytest.approx(-math.expm1(-budget), rel=2 * MARGIN)


@pytest.mark.parametrize(
    ("risk", "budget", "name"),
    [(-0.1, 1, "risk"), (math.nan, 1, "risk"), (0.1, -1, "budget"), (0.1, math.nan, "budget"), ("0.1", 1, "risk")],
)
def test_a_wrong_argument_is_named(risk, budget, name):
    with pytest.raises(PacvizError, match=rf"^{name} is .*give a"):
        kl_inverse(risk, budget)
