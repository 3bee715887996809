"""A point on the curves is a value of settings, in any unit; published results are such points."""

import math

import pytest

from pacviz import PacvizError
from pacviz.bounds import BOUNDS, seeger
from pacviz.bounds.operating_point import NATS_PER, OperatingPoint
from pacviz.literature import PUBLISHED
from pacviz.literature.rows import ZHOU


@pytest.mark.parametrize("unit", NATS_PER)
def test_a_unit_changes_how_k_is_written_and_nothing_else(unit):
    point = OperatingPoint(kl=943.0)
    again = point.in_unit(unit)
    assert again.kl_nats == pytest.approx(943 * 8 * math.log(2), rel=1e-12)
    assert again.kl_bytes == pytest.approx(943, rel=1e-12)
    assert again.bounds == pytest.approx(point.bounds, rel=1e-9)


def test_k_is_at_most_what_the_field_allows_in_every_unit():
    assert OperatingPoint(kl=1e9).in_unit("bits").kl == 1e9


def test_a_point_says_where_each_bound_turns_vacuous():
    point = OperatingPoint(risk=0.02, kl=1000.0)
    assert point.guessing == 0.9
    for name, bound in BOUNDS.items():
        at_least = bound.function(0.02, point.kl_nats, point.least_n[name], 0.05)
        below = bound.function(0.02, point.kl_nats, point.least_n[name] - 1, 0.05)
        assert at_least < 0.9 <= below
        assert bound.function(0.02, point.most_bytes[name] * NATS_PER["bytes"], 60_000, 0.05) < 0.9
    assert not point.vacuous
    assert OperatingPoint(risk=0.9).vacuous
    assert OperatingPoint(risk=0.9).least_n == dict.fromkeys(BOUNDS)


def test_being_surer_costs_a_logarithm_and_stops_at_what_the_field_allows():
    point = OperatingPoint()
    assert point.surer().delta == pytest.approx(5e-8)
    assert point.value < point.surer().value < point.value + 0.001
    assert OperatingPoint(delta=1e-9).surer().delta == 1e-12


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 9),
        ("n", 100.5),
        ("risk", 1.1),
        ("kl", -1),
        ("unit", "shannons"),
        ("delta", 0),
        ("bound", "best"),
        ("classes", 1),
    ],
)
def test_a_wrong_value_is_named(field, value):
    with pytest.raises(PacvizError, match=f"^{field} must be"):
        OperatingPoint(**{field: value})


RESULTS = {result.name: result for result in PUBLISHED}


def test_zhou_on_imagenet_is_the_published_certificate():
    point = RESULTS["Zhou · ImageNet"].point
    assert point.kl_nats == pytest.approx(1987391.6, abs=0.1)
    assert point.bounds["catoni"] == pytest.approx(0.965400, abs=2e-5)
    assert point.bounds["seeger"] == pytest.approx(0.965391, abs=2e-5)
    assert round(point.bounds["seeger"], 3) == RESULTS["Zhou · ImageNet"].bound


def test_zhou_on_mnist_has_the_training_error_at_which_the_printed_bound_follows():
    result = RESULTS["Zhou · MNIST"]
    assert result.risk == round(ZHOU.train_errors()[1], 4)
    assert result.point.bounds["catoni"] == pytest.approx(0.46, abs=1e-4)


@pytest.mark.parametrize(("name", "bound"), [("Louizos", 0.22), ("MIRACLE", 0.164), ("Han", 0.98)])
def test_a_published_size_gives_the_bound_that_is_known_for_it(name, bound):
    assert RESULTS[name].point.bounds["seeger"] == pytest.approx(bound, abs=0.006)


@pytest.mark.parametrize("error", [1, 2, 3, 5])
def test_every_operating_point_of_lotfi_gives_the_published_bound(error):
    result = RESULTS[f"Lotfi · {error}%"]
    assert result.bound == 0.116
    assert result.point.bounds["seeger"] == pytest.approx(0.116, abs=6e-4)


def test_every_published_result_has_a_source_an_n_and_a_height():
    assert len(RESULTS) == len(PUBLISHED)
    for result in PUBLISHED:
        assert result.source
        assert result.n in (50_000, 60_000, 1_281_167)
        assert 0 < result.height < 1 - 1 / result.classes or result.name == "Han"
        if result.point is None:
            assert result.bound is not None
        elif result.bound is None:
            assert "no published certificate" in result.note
            assert result.height == seeger(result.risk, result.point.kl_nats, result.n, 0.05)
        assert f"n = {result.n:,}" in result.summary
