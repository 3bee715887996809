"""The floor that overfitting puts under every code."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz.bounds import entropy_floor
from pacviz.errors import PacvizError

errors = st.floats(0.001, 0.999)


def test_memorised_random_labels_need_the_published_number_of_nats():
    assert entropy_floor(0, 0.9, 50000) == pytest.approx(26279.9, abs=0.05)


@given(errors, errors)
def test_the_floor_is_the_formula_of_the_theorem(r, R):
    def entropy(x):
        return -x * math.log(x) - (1 - x) * math.log(1 - x)

    p, q, middle = 1 / (1 + R / r), 1 / (1 + (1 - R) / (1 - r)), (r + R) / 2
    literal = math.log(2) - middle * entropy(p) - (1 - middle) * entropy(q)
    assert entropy_floor(r, R, 1000) == pytest.approx(1000 * literal, rel=1e-9, abs=1e-10)


def test_without_overfitting_there_is_no_floor_and_perfect_overfitting_costs_one_bit_an_example():
    assert [entropy_floor(x, x, 1000) for x in (0, 0.3, 1)] == [0, 0, 0]
    assert entropy_floor(0, 1, 1000) == pytest.approx(1000 * math.log(2))


@given(st.tuples(errors, errors, errors).map(sorted))
def test_more_overfitting_never_lowers_the_floor(three):
    train, less, more = three
    assert entropy_floor(train, more, 1000) >= entropy_floor(train, less, 1000) - 1e-9


@pytest.mark.parametrize(
    ("arguments", "name"), [((-1, 0.5, 100), "train_error"), ((0, math.nan, 100), "test_error"), ((0, 0.9, 0), "n")]
)
def test_a_wrong_argument_is_named(arguments, name):
    with pytest.raises(PacvizError, match=f"^{name} is"):
        entropy_floor(*arguments)
