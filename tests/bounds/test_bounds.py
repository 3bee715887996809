"""The four bounds: right values, and the properties that make them bounds."""

import math
import re
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

from pacviz.bounds import (
    BOUNDS,
    all_bounds,
    binary_kl,
    catoni,
    catoni_fixed,
    catoni_optimum,
    kl_inverse,
    largest_kl,
    mcallester,
    occam,
    seeger,
    vacuous,
)
from pacviz.bounds.catoni import ALPHA
from pacviz.bounds.kl import MARGIN
from pacviz.errors import PacvizError

ROUNDING = 1e-12
risks = st.floats(0, 1)
kls = st.one_of(st.just(0.0), st.floats(-3, 9).map(lambda x: 10.0**x))
examples = st.floats(math.log(8), math.log(1e8)).map(lambda x: max(8, round(math.exp(x))))
deltas = st.floats(-12, -0.001).map(lambda x: 10.0**x)
each_bound = pytest.mark.parametrize("bound", BOUNDS.values(), ids=lambda bound: bound.name)


def union(lam, risk, kl, n, delta, alpha=1.0001):
    """Zhou et al. 2019, Theorem 2.1, for one lambda and literally."""
    x = risk + alpha / lam * (kl - np.log(delta) + 2 * np.log(np.log(alpha**2 * lam) / np.log(alpha)))
    return np.expm1(-lam / n * x) / np.expm1(-lam / n)


@pytest.mark.parametrize(
    ("risk", "kl", "n", "expected_catoni", "expected_seeger"),
    [
        (0.02, 1000, 60000, 0.057486, 0.057072),
        (0.015, 2200, 60000, 0.074242, 0.073906),
        (0.015, 45564.7, 60000, 0.569147, 0.568985),
        (0.35, 1987391.6, 1281167, 0.965400, 0.965391),
    ],
)
def test_published_numbers_are_met(risk, kl, n, expected_catoni, expected_seeger):
    assert catoni(risk, kl, n, 0.05) == pytest.approx(expected_catoni, abs=2e-6)
    assert seeger(risk, kl, n, 0.05) == pytest.approx(expected_seeger, abs=2e-6)


def test_mcallester_and_occam_are_their_formulas():
    assert mcallester(0.02, 1000, 60000, 0.05) == pytest.approx(
        0.02 + math.sqrt((1000 + math.log(2 * math.sqrt(60000) / 0.05)) / 120000), rel=1e-14
    )
    assert binary_kl(0.02, occam(0.02, 1000, 60000, 0.05)) == pytest.approx((1000 + math.log(20)) / 60000, rel=1e-12)


@each_bound
@given(risks, kls, examples, deltas)
def test_a_bound_lies_between_the_empirical_risk_and_one(bound, risk, kl, n, delta):
    assert risk <= bound.function(risk, kl, n, delta) <= 1


@each_bound
@given(st.tuples(risks, risks), st.tuples(kls, kls), st.tuples(examples, examples), st.tuples(deltas, deltas))
def test_more_risk_or_kl_and_fewer_examples_or_less_delta_never_help(bound, risk, kl, n, delta):
    better = bound.function(min(risk), min(kl), max(n), max(delta))
    for worse in (
        (max(risk), min(kl), max(n), max(delta)),
        (min(risk), max(kl), max(n), max(delta)),
        (min(risk), min(kl), min(n), max(delta)),
        (min(risk), min(kl), max(n), min(delta)),
    ):
        assert bound.function(*worse) >= better - ROUNDING


@given(risks, kls, examples, deltas)
def test_occam_is_below_seeger_which_is_below_mcallester(risk, kl, n, delta):
    assert occam(risk, kl, n, delta) <= seeger(risk, kl, n, delta) <= mcallester(risk, kl, n, delta) + ROUNDING


@given(risks, kls, examples, deltas, st.floats(-3, 12))
def test_a_fixed_lambda_never_beats_the_inverse_kl_that_is_its_infimum(risk, kl, n, delta, exponent):
    bound = catoni_fixed(risk, kl, n, delta, 10**exponent)
    assert max(risk, (1 - 2 * MARGIN) * occam(risk, kl, n, delta) - ROUNDING) <= bound <= 1


@given(st.floats(0.001, 0.5), st.floats(1, 1e4), deltas)
def test_the_best_fixed_lambda_attains_the_inverse_kl(risk, kl, delta):
    n = 60000
    p = occam(risk, kl, n, delta)
    lam = n * math.log(p * (1 - risk) / (risk * (1 - p)))
    assert catoni_fixed(risk, kl, n, delta, lam) == pytest.approx(p, rel=1e-9)


@given(risks, kls, examples, deltas)
def test_the_union_over_lambda_pays_for_having_looked(risk, kl, n, delta):
    bound, lam = catoni_optimum(risk, kl, n, delta)
    assert bound >= catoni_fixed(risk, kl, n, delta, lam) - ROUNDING


@given(risks, kls, examples, deltas)
@settings(max_examples=50)
def test_the_search_for_lambda_is_as_good_as_a_dense_grid(risk, kl, n, delta):
    lams = np.geomspace(1 + 1e-9, 1e4 * n, 100_001)
    bound, lam = catoni_optimum(risk, kl, n, delta)
    assert bound <= union(lams, risk, kl, n, delta).min() + 1e-9
    assert bound == pytest.approx(min(1, max(risk, union(lam, risk, kl, n, delta))), rel=1e-12)


def test_lambda_is_found_where_a_bracketing_search_stays_on_the_plateau_at_one():
    published = minimize_scalar(lambda lam: min(1.0, union(lam, 0.3, 1e5, 60000, 0.05)) if lam > 1 else 1.0, (1, 6000))
    assert published.fun == 1
    assert catoni(0.3, 1e5, 60000, 0.05) == pytest.approx(0.960731, abs=1e-6)


@each_bound
def test_a_huge_kl_neither_underflows_nor_overflows(bound):
    assert bound.function(0.1, 1e9, 8, 1e-12) == 1
    assert bound.function(0.0, 1e-9, 10**8, 0.05) < 1e-3
    assert 0.9 < bound.function(0.02, 1e6, 400_000, 0.05) <= 1


@given(st.floats(0, 0.9), examples, deltas, st.floats(0.01, 1))
def test_seeger_meets_the_target_with_the_largest_kl(risk, n, delta, share):
    target = risk + share * (0.99 - risk)
    room = largest_kl(risk, target, n, delta)
    assume(room is not None)
    assert seeger(risk, room, n, delta) == pytest.approx(target, abs=1e-9)


def test_no_kl_meets_a_target_at_or_below_the_empirical_risk_or_too_near_for_so_few_examples():
    assert largest_kl(0.6, 0.5, 60000, 0.05) is None
    assert largest_kl(0.5, 0.5, 60000, 0.05) is None
    assert largest_kl(0.1, 0.11, 100, 0.05) is None


def test_a_bound_for_one_hypothesis_is_not_given_to_a_noisy_one():
    arguments = (0.02, 1000, 60000, 0.05)
    assert list(BOUNDS) == ["catoni", "seeger", "mcallester", "occam"]
    noisy, exact = all_bounds(*arguments, deterministic=False), all_bounds(*arguments, deterministic=True)
    assert exact == {name: bound.function(*arguments) for name, bound in BOUNDS.items()}
    assert noisy == {**exact, "occam": None}


def test_a_bound_is_vacuous_from_guessing_upward():
    assert vacuous(0.9, 10)
    assert vacuous(1.0, 2)
    assert not vacuous(0.8999, 10)
    with pytest.raises(PacvizError, match="classes is 1"):
        vacuous(0.5, 1)


@each_bound
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("risk", -0.01),
        ("risk", 1.01),
        ("risk", math.nan),
        ("kl", -1),
        ("kl", math.inf),
        ("kl", math.nan),
        ("n", 7),
        ("n", 60000.5),
        ("n", math.nan),
        ("n", math.inf),
        ("delta", 0),
        ("delta", 1),
        ("delta", math.nan),
        ("delta", None),
        ("kl", "1000"),
    ],
)
def test_a_wrong_argument_is_named_with_what_came_and_what_is_allowed(bound, name, value):
    arguments = {"risk": 0.02, "kl": 1000, "n": 60000, "delta": 0.05, name: value}
    with pytest.raises(PacvizError, match=rf"^{name} is ({value}|'{value}'), which is not allowed; give .+\.$"):
        bound.function(**arguments)


@pytest.mark.parametrize("lam", [0, -1, math.nan, math.inf])
def test_a_fixed_lambda_must_be_positive_and_finite(lam):
    with pytest.raises(PacvizError, match=r"^lam is"):
        catoni_fixed(0.02, 1000, 60000, 0.05, lam)


def evaluate(latex):
    """The number that the LaTeX of a bound's right-hand side says, by translating it to Python."""
    text = (
        latex.replace("{,}", "").replace(r"\right", "").replace(r"\!\left", "").replace(r"\left", "").replace(r"\,", "")
    )
    text = (
        text.replace(r",\;", ",")
        .replace(r"\mathrm{kl}^{-1}", "kl_inverse")
        .replace(r"\cdot", "*")
        .replace("[", "(")
        .replace("]", ")")
    )
    text = re.sub(r"\\Phi\^\{-1\}_\{(.*?)/(.*?)\}\(", r"phi_inverse(\1/\2,", text)
    text = re.sub(r"\^\{?(-?\d+)\}?", r"**(\1)", text)
    while r"\frac" in text:
        text = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text)
        text = re.sub(r"\\frac\{([^{}]*)\}\{([^{}]*)\}", r"((\1)/(\2))", text)
    text = re.sub(r"\\sqrt\{([^{}]*)\}", r"sqrt(\1)", text)
    text = re.sub(r"\\ln ([\d.]+)", r"\\ln(\1)", text).replace("\\", "")
    names = {
        "ln": math.log,
        "sqrt": math.sqrt,
        "kl_inverse": kl_inverse,
        "phi_inverse": lambda a, x: math.expm1(-a * x) / math.expm1(-a),
    }
    return eval(re.sub(r"(?<=[\d.)])\s+(?=ln|sqrt|\()", " * ", text), names)


@each_bound
@pytest.mark.parametrize(
    "arguments", [(0.02, 1000, 60000, 0.05), (0.35, 87391.63, 1281167, 1e-12), (0, 55.5, 500, 0.04)]
)
def test_the_formula_with_its_numbers_evaluates_to_the_value_shown(bound, arguments):
    right, percent = re.fullmatch(r"R \\le (.*) \\le ([\d.]+)\\,\\%", bound.substituted(*arguments)).groups()
    assert evaluate(right) == pytest.approx(bound.function(*arguments), rel=2e-4)
    assert 0 <= Fraction(percent) - 100 * Fraction(bound.function(*arguments)) < Fraction("0.01")


@each_bound
def test_the_formula_is_balanced_latex_in_symbols_and_a_vacuous_one_says_so(bound):
    vacuous_formula = bound.substituted(0.5, 1e8, 1000, 0.05)
    assert vacuous_formula.endswith(r"100\,\%\;\text{(vacuous)}")
    for latex in (bound.formula, vacuous_formula):
        assert latex.startswith(r"R \le ")
        assert latex.count("{") == latex.count("}")
        assert "$" not in latex
    assert all(symbol in bound.formula for symbol in (r"\hat r", "K", "n", r"\delta"))


@given(st.floats(0, 0.9), st.floats(0, 1e5), st.integers(8, 10**7), st.floats(1e-9, 0.9))
@settings(max_examples=60)
def test_no_bound_is_smaller_than_its_formula_to_sixty_digits(risk, kl, n, delta):
    with mpmath.workdps(60):
        r, k, m, log_delta = mpmath.mpf(risk), mpmath.mpf(kl), mpmath.mpf(n), mpmath.log(mpmath.mpf(delta))
        maurer = k + mpmath.log(2 * mpmath.sqrt(m)) - log_delta
        value, lam = catoni_optimum(risk, kl, n, delta)
        alpha, a = mpmath.mpf(ALPHA), mpmath.mpf(lam) / m
        union = 2 * mpmath.log(mpmath.log(alpha**2 * mpmath.mpf(lam)) / mpmath.log(alpha))
        exact = (1 - mpmath.exp(-a * r - alpha / m * (k - log_delta + union))) / (1 - mpmath.exp(-a))
        assert value == 1 or value >= exact
        value = BOUNDS["mcallester"].function(risk, kl, n, delta)
        assert value == 1 or value >= r + mpmath.sqrt(maurer / (2 * m))
        for name, budget in (("seeger", maurer / m), ("occam", (k - log_delta) / m)):
            p = mpmath.mpf(BOUNDS[name].function(risk, kl, n, delta))
            terms = ((a, b) for a, b in ((r, p), (1 - r, 1 - p)) if a)
            assert p == 1 or sum(a * mpmath.log(a / b) for a, b in terms) >= budget
