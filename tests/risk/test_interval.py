"""Clopper-Pearson limits keep their promise, by exact sums of binomial probabilities."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from scipy.stats import binom

from pacviz.bounds import binary_kl
from pacviz.errors import PacvizError
from pacviz.risk import RiskEstimate, lower_limit, naive_interval, upper_limit


def at_most(errors: int, draws: int, p: Fraction) -> Fraction:
    """P(Bin(draws, p) <= errors), without rounding."""
    return sum((comb(draws, k) * p**k * (1 - p) ** (draws - k) for k in range(errors + 1)), Fraction(0))


@pytest.mark.parametrize("failure", [0.3, 0.01, 1e-12])
@pytest.mark.parametrize("draws", [1, 2, 7, 24])
def test_the_tail_beyond_a_limit_is_at_most_the_failure_and_not_much_less(draws, failure):
    allowed, needed = Fraction(failure), Fraction(failure) * Fraction(99, 100)
    for errors in range(draws):
        assert needed <= at_most(errors, draws, Fraction(upper_limit(errors, draws, failure))) <= allowed
    for errors in range(1, draws + 1):
        assert needed <= 1 - at_most(errors - 1, draws, Fraction(lower_limit(errors, draws, failure))) <= allowed


@pytest.mark.parametrize("errors", [0, 1, 600, 30_000, 59_999])
def test_the_tail_is_right_for_as_many_draws_as_a_certificate_takes(errors):
    assert binom.cdf(errors, 60_000, upper_limit(errors, 60_000, 0.01)) == pytest.approx(0.01, rel=1e-4)


@pytest.mark.parametrize("draws", [5, 40, 300])
def test_a_true_probability_is_missed_no_more_often_than_the_failure(draws):
    counts = np.arange(draws + 1)
    upper = np.array([upper_limit(int(errors), draws, 0.05) for errors in counts])
    lower = np.array([lower_limit(int(errors), draws, 0.05) for errors in counts])
    for p in np.linspace(0, 1, 201):
        chances = binom.pmf(counts, draws, p)
        assert chances[upper < p].sum() <= 0.05
        assert chances[lower > p].sum() <= 0.05


def test_limits_match_published_values():
    assert (lower_limit(10, 100, 0.025), upper_limit(10, 100, 0.025)) == pytest.approx((0.0490047, 0.1762226), abs=1e-6)
    assert upper_limit(0, 100, 0.05) == pytest.approx(1 - 0.05**0.01, rel=1e-8)
    assert lower_limit(100, 100, 0.05) == pytest.approx(0.05**0.01, rel=1e-8)


def test_nothing_wrong_leaves_zero_below_and_everything_wrong_leaves_one_above():
    assert lower_limit(0, 9, 0.01) == 0.0
    assert upper_limit(9, 9, 0.01) == 1.0


def test_limits_move_with_the_errors_and_close_in_with_failure_and_draws():
    upper = [upper_limit(errors, 500, 0.01) for errors in range(501)]
    lower = [lower_limit(errors, 500, 0.01) for errors in range(501)]
    assert upper == sorted(set(upper))
    assert lower == sorted(set(lower))
    assert all(lower[errors] < errors / 500 < upper[errors] for errors in range(1, 500))
    assert upper_limit(50, 500, 0.2) < upper_limit(50, 500, 0.01) < upper_limit(50, 500, 1e-9)
    assert upper_limit(500, 5_000, 0.01) < upper_limit(50, 500, 0.01) < upper_limit(5, 50, 0.01)


def test_an_exact_estimate_has_no_width_and_a_drawn_one_does():
    exact = RiskEstimate("exact", 3, 100, 0.0, None)
    drawn = RiskEstimate("clopper-pearson", 3, 100, 0.01, 5)
    assert exact.lower == exact.mean == exact.upper == 0.03
    assert drawn.lower == lower_limit(3, 100, 0.01) < drawn.mean == 0.03 < drawn.upper == upper_limit(3, 100, 0.01)


def test_borderline_answers_are_charged_in_the_upper_limit_alone():
    exact, drawn = RiskEstimate("exact", 3, 100, 0.0, None, 2), RiskEstimate("clopper-pearson", 3, 100, 0.01, 5, 2)
    assert (exact.lower, exact.mean, exact.upper) == (0.03, 0.03, 0.05)
    assert drawn.mean == 0.03
    assert drawn.lower == lower_limit(3, 100, 0.01)
    assert drawn.upper == upper_limit(5, 100, 0.01)


@pytest.mark.parametrize(("mean", "evaluations", "failure"), [(0.3, 20, 0.01), (0.5, 10, 0.1), (0.9, 30, 1e-4)])
def test_a_naive_interval_ends_where_the_divergence_spends_the_failure(mean, evaluations, failure):
    lower, upper = naive_interval(mean, evaluations, failure)
    assert 0 <= lower < mean < upper <= 1
    for limit in (lower, upper):
        assert evaluations * binary_kl(mean, limit) == pytest.approx(-np.log(failure), rel=1e-6)


def test_three_evaluations_say_next_to_nothing_and_as_many_as_the_draws_nearly_as_much_as_they():
    assert naive_interval(0.02, 3, 0.01)[1] > 0.7
    many = naive_interval(0.02, 60_000, 0.01)[1]
    assert upper_limit(1_200, 60_000, 0.01) < many < 0.023
    assert naive_interval(0.0, 3, 0.01)[0] == 0
    assert naive_interval(1.0, 3, 0.01)[1] == 1


@pytest.mark.parametrize(("mean", "evaluations", "failure"), [(1.1, 3, 0.1), (0.1, 0, 0.1), (0.1, 3, 0.0), (0.1, 3, 1)])
def test_a_naive_interval_of_impossible_numbers_is_refused(mean, evaluations, failure):
    with pytest.raises(PacvizError):
        naive_interval(mean, evaluations, failure)


@pytest.mark.parametrize("limit", [lower_limit, upper_limit])
@pytest.mark.parametrize(
    ("errors", "draws", "failure"),
    [(0, 0, 0.1), (-1, 5, 0.1), (6, 5, 0.1), (2, 5, 0.0), (2, 5, 1.0), (2, 5, float("nan"))],
)
def test_impossible_counts_and_failures_are_refused(limit, errors, draws, failure):
    with pytest.raises(PacvizError):
        limit(errors, draws, failure)
