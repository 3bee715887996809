"""A title says what its picture shows."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pacviz.words import (
    SENTENCES,
    bound_takeaway,
    charges_takeaway,
    shape,
    size_takeaway,
    surer_takeaway,
    turn_takeaway,
)

SHARES = st.lists(st.integers(0, 1000).map(lambda part: part / 1000), min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([0.5], "flat"),
        ([0.5, 0.504, 0.4995], "flat"),
        ([0.1, 0.2, 0.3], "rising"),
        ([0.1, 0.2, 0.196, 0.3], "rising"),
        ([0.3, 0.2, 0.1], "falling"),
        ([0.3, 0.1, 0.2], "dips"),
        ([0.1, 0.3, 0.2], "peaks"),
        ([0.1, 0.3, 0.2, 0.3], "mixed"),
        ([1.0, 1.0, 0.4, 1.0], "dips"),
    ],
)
def test_a_shape_is_what_one_sees(values, kind):
    assert shape(values, 0.005) == kind


@given(SHARES)
def test_a_shape_holds_for_its_values(values):
    kind, turned = shape(values, 0.0055), shape(values[::-1], 0.0055)
    assert turned == {"rising": "falling", "falling": "rising"}.get(kind, kind)
    assert shape([-value for value in values], 0.0055) == {
        "rising": "falling",
        "falling": "rising",
        "dips": "peaks",
        "peaks": "dips",
    }.get(kind, kind)
    if kind == "flat":
        assert max(values) - min(values) <= 0.0055
    if kind == "rising":
        assert values[-1] - values[0] > 0
        assert all(later - earlier >= -0.0055 for i, earlier in enumerate(values) for later in values[i:])
    if kind == "dips":
        assert min(values) < min(values[0], values[-1]) - 0.0055


def test_a_flat_line_is_called_flat_and_a_vacuous_one_vacuous():
    x = [0.0, 0.05, 0.1]
    assert "hardly" in bound_takeaway("noise", x, [0.3, 0.301, 0.302], [0.02, 0.02, 0.02], 0.9)
    assert "vacuous" in bound_takeaway("sparsity", x, [0.95, 0.91, 1.0], [0.02, 0.02, 0.9], 0.9)
    assert "smallest bound at 5%" in bound_takeaway("noise", x, [0.4, 0.3, 0.5], [0.02, 0.02, 0.4], 0.9)
    assert "accuracy breaks" in bound_takeaway("sparsity", x, [0.4, 0.3, 0.5], [0.02, 0.02, 0.4], 0.9)
    assert "accuracy" not in bound_takeaway("sparsity", x, [0.4, 0.3, 0.5], [0.02, 0.02, 0.03], 0.9)
    assert bound_takeaway("bits", [4], [0.4], [0.1], 0.9) == SENTENCES["bound"]["bits"]["unknown"]


def test_sizes_are_compared_by_their_ratio():
    assert "fewer" in size_takeaway("sparsity", [0.5, 0.9], [20_000, 5000])
    assert "hardly" in size_takeaway("noise", [0.0, 0.1], [20_000, 19_900])
    assert "more bytes" in size_takeaway("bits", [2, 3], [1000, 1200])


def test_the_largest_charge_is_named_whichever_it_is():
    assert charges_takeaway({"positions": 10, "assignments": 8, "noise refund": -30}) == (
        "Where the bytes go: mostly into positions"
    )
    assert charges_takeaway({"positions": 10, "assignments": 8, "codebooks and header": 9}).endswith(
        "the largest part into positions"
    )
    assert charges_takeaway({"positions": 1, "assignments": 2, "codebooks and header": 9}).endswith("header")
    assert charges_takeaway({"positions": 0.0}) == "Where the bytes go"


def test_what_being_surer_costs_is_said_as_it_is():
    assert surer_takeaway(1e6, 0.09555, 0.09705, 0.9) == "A million times surer: 9.56% becomes 9.71%"
    assert surer_takeaway(1e6, 0.09559, 0.095601, 0.9).startswith("A million times surer: 9.56% becomes 9.57%")
    assert surer_takeaway(50, 0.5, 0.5, 0.9) == "50 times surer: it stays 50.00%"
    assert surer_takeaway(1e6, 1.0, 1.0, 0.9) == "Vacuous, and no less so where one is a million times surer"
    assert "As sure" in surer_takeaway(1.0, 0.5, 0.5, 0.9)
    assert turn_takeaway("n", "Catoni", None).startswith("No number of examples")
    assert turn_takeaway("size", "Catoni", "3 kB") == "Catoni is vacuous from 3 kB on"


def test_every_shape_has_a_sentence_for_every_axis():
    kinds = {"flat", "rising", "falling", "dips", "peaks", "mixed", "unknown"}
    for picture, more in (("bound", {"breaks", "vacuous"}), ("size", set())):
        for axis, sentences in SENTENCES[picture].items():
            assert set(sentences) == kinds | more, axis
            assert all(len(re.sub(r"\{\}", "99.85%", text)) <= 62 for text in sentences.values())


def test_places_are_exact():
    assert "99.85%" in bound_takeaway("sparsity", [0.9, 0.9985, 0.999], [0.4, 0.2, 0.6], [0.01, 0.05, 0.5], 0.9)
    assert math.isclose(float(re.findall(r"([\d.]+)%", size_takeaway("noise", [0, 0.05, 0.1], [9, 5, 9]))[0]), 5)
