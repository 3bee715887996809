"""Curves are the bounds themselves, many at once; they end where the bounds stop saying anything."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz import PacvizError
from pacviz.bounds import BOUNDS, binary_kl, curves, kl_inverse, kl_inverses, largest_kl, least_examples, most_nats

risks = st.floats(0, 1) | st.sampled_from([0.0, 1.0, 1e-300, 5e-324, 1 - 1e-16])
budgets = st.floats(1e-12, 50)


@given(risks, st.lists(budgets, min_size=1, max_size=5))
def test_the_inverse_of_many_is_that_of_each_and_never_too_small(risk, budget):
    many = kl_inverses(risk, budget)
    assert many.shape == (len(budget),)
    for result, each in zip(many, budget, strict=True):
        assert result == pytest.approx(kl_inverse(risk, each), rel=1e-14, abs=1e-300)
        assert result == 1 or binary_kl(risk, result) >= each * (1 - 1e-12)


def test_the_inverse_takes_risks_of_any_shape_too():
    risk, budget = np.array([[0.0], [0.02], [1.0]]), np.array([1e-3, math.inf])
    assert np.array_equal(kl_inverses(risk, budget), [[kl_inverse(float(r), b) for b in budget] for r in risk.ravel()])


@pytest.mark.parametrize(("risk", "budget"), [(1.1, 1), (math.nan, 1), (0.1, -1), (0.1, math.nan), ("x", 1)])
def test_the_inverse_of_many_refuses_what_the_one_refuses(risk, budget):
    with pytest.raises((PacvizError, ValueError)):
        kl_inverses(risk, [1.0, budget])


@given(
    risk=st.floats(0, 1),
    kl=st.lists(st.floats(0, 1e7), min_size=1, max_size=4),
    n=st.integers(8, 10**8),
    delta=st.floats(1e-12, 0.999),
)
def test_every_point_of_a_curve_is_the_bound(risk, kl, n, delta):
    result = curves(risk, kl, n, delta)
    assert list(result) == list(BOUNDS)
    for name, bound in BOUNDS.items():
        assert result[name] == pytest.approx([bound.function(risk, each, n, delta) for each in kl], rel=1e-12)


@pytest.mark.parametrize(
    ("point", "catoni", "seeger"),
    [
        ((0.02, 1000, 60_000), 0.057486, 0.057072),
        ((0.015, 2200, 60_000), 0.074242, 0.073906),
        ((0.015, 45564.7, 60_000), 0.569147, 0.568985),
        ((0.35, 1987391.6, 1_281_167), 0.965400, 0.965391),
    ],
)
def test_curves_pass_through_the_known_values(point, catoni, seeger):
    risk, kl, n = point
    for result in (curves(risk, [1.0, kl], n, 0.05), curves(risk, kl, [8, n], 0.05), curves(risk, kl, n, [0.5, 0.05])):
        assert result["catoni"][1] == pytest.approx(catoni, abs=2e-5)
        assert result["seeger"][1] == pytest.approx(seeger, abs=2e-5)


@pytest.mark.parametrize(
    "wrong", [(1.1, 1, 8, 0.1), (0.1, -1, 8, 0.1), (0.1, 1, 7, 0.1), (0.1, 1, 8, 1.0), (0.1, math.inf, 8, 0.1)]
)
def test_curves_refuse_what_bounds_refuse(wrong):
    with pytest.raises(PacvizError, match="is not allowed"):
        curves(*wrong)


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(
    ("risk", "kl", "delta", "target"), [(0.02, 5545, 0.05, 0.9), (0, 0, 1e-9, 0.5), (0.5, 1e6, 0.05, 0.6)]
)
def test_below_the_least_n_a_bound_is_vacuous_and_from_it_on_it_is_not(name, risk, kl, delta, target):
    least = least_examples(name, risk, kl, delta, target)
    assert BOUNDS[name].function(risk, kl, least, delta) < target
    assert least == 8 or BOUNDS[name].function(risk, kl, least - 1, delta) >= target


@pytest.mark.parametrize("name", BOUNDS)
@pytest.mark.parametrize(("risk", "n", "target"), [(0.02, 60_000, 0.9), (0, 100, 0.99), (0.35, 1_281_167, 0.999)])
def test_up_to_the_largest_k_a_bound_is_not_vacuous_and_just_above_it_is(name, risk, n, target):
    most = most_nats(name, risk, n, 0.05, target)
    assert BOUNDS[name].function(risk, most, n, 0.05) < target
    assert BOUNDS[name].function(risk, most * (1 + 1e-5), n, 0.05) >= target
    if name == "seeger":
        assert most == pytest.approx(largest_kl(risk, target, n, 0.05), rel=1e-5)


@pytest.mark.parametrize("name", BOUNDS)
def test_where_the_risk_is_no_better_than_guessing_nothing_helps(name):
    assert least_examples(name, 0.9, 0, 0.05, 0.9) is None
    assert most_nats(name, 0.9, 10**7, 0.05, 0.9) is None


def test_an_unknown_bound_or_target_is_a_sentence():
    for function in (least_examples, most_nats):
        with pytest.raises(PacvizError, match="bound is"):
            function("hoeffding", 0.1, 100, 0.05, 0.9)
        with pytest.raises(PacvizError, match="target is"):
            function("seeger", 0.1, 100, 0.05, 1.5)
