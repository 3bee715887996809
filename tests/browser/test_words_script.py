"""The browser writes numbers exactly as Python does."""

import random

import pytest
from test_explorer_script import loaded

from pacviz import words
from pacviz.explorer import source

DICE = random.Random(0)
SHARES = [
    *(place / 10_000 for place in range(10_001)),
    *(DICE.random() ** DICE.choice((1, 3, 9)) for _ in range(5000)),
    *(0.0, 1.0, 0.1510489, 1e-300, 5e-324, -0.001, -1e-9, -0.12345),
]
DELTAS = [
    *(0.05, 4e-5, 1e-6, 1e-12, 0.5, 0.999, 1 - 2**-53, 0.0123456, 5e-324, 1e-15, 1.234e-16, 9.999e-16),
    *(10 ** DICE.uniform(-20, -1e-9) for _ in range(3000)),
    *(DICE.random() for _ in range(1000)),
]
SIZES = [0, -3, 999, 1000, 9999, 10_000, 999_999, 1e6, -1090, *(10 ** DICE.uniform(0, 8) for _ in range(3000))]


@pytest.fixture
def script(page):
    return loaded(page, source(), "atMost, atLeast, probability, surely, size, worstError, sizeBelow")


@pytest.mark.slow
def test_numbers_are_written_as_in_python(script):
    ask = """([shares, deltas, sizes]) => [
      shares.map(x => [0, 1, 2, 3].map(digits => [pacviz.atMost(x, digits), pacviz.atLeast(x, digits)])),
      deltas.map(x => [pacviz.probability(x), pacviz.surely(x)]), sizes.map(x => pacviz.size(x))]"""
    shares, deltas, sizes = script.evaluate(ask, [SHARES, DELTAS, SIZES])
    for value, row in zip(SHARES, shares, strict=True):
        assert row == [[words.at_most(value, digits), words.at_least(value, digits)] for digits in range(4)], value
    for value, row in zip(DELTAS, deltas, strict=True):
        assert row == [words.probability(value), words.surely(value)], value
    assert sizes == [words.size(value) for value in SIZES]


def test_an_error_that_was_counted_is_rounded_to_the_nearest_and_a_limit_up(script):
    risks = [{"train": 0.0204, "upper": 0.0204}, {"train": 0.0204, "upper": 0.02041}]
    assert script.evaluate("risks => risks.map(risk => pacviz.worstError(risk))", risks) == ["2.04%", "2.05%"]
    sizes = [999.9, 1019.9, 12_399, 1_999_999]
    assert script.evaluate("sizes => sizes.map(x => pacviz.sizeBelow(x))", sizes) == [
        *("999 B", "1.01 kB", "12.3 kB", "1.99 MB")
    ]
