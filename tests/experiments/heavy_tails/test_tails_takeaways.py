"""Sentences of "Heavy tails" say what the numbers do."""

import itertools

import pytest

from pacviz.experiments.heavy_tails import takeaways
from pacviz.experiments.heavy_tails.payload import Place, nearest, payload
from pacviz.experiments.heavy_tails.results import Spread
from pacviz.experiments.heavy_tails.settings import WAYS


def spreads(*values):
    return {float(ratio): Spread(value, value, value, 1) for ratio, value in enumerate(values, start=1)}


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ((2.0, 1.9, 1.7), "heavier"),
        ((1.6, 1.7, 1.9), "lighter"),
        ((1.9, 1.92, 1.89), "hardly moves"),
        ((2.0, 1.5, 1.99), "up and down"),
        ((1.8, 1.84, 1.78, 1.83), "goes up and down"),
    ],
)
def test_tails_get_heavier_only_where_the_index_falls(values, says):
    assert says in takeaways.tails_title("fc1", spreads(*values))


def test_over_a_grid_of_values_no_sentence_says_heavier_where_the_last_index_is_larger():
    for values in itertools.product((1.5, 1.56, 1.7, 2.0), repeat=4):
        title = takeaways.tails_title("fc1", spreads(*values))
        assert not ("heavier" in title and values[-1] > values[0])
        assert not ("lighter" in title and values[-1] < values[0])


def test_the_best_ratio_is_named_and_whether_it_is_the_largest():
    assert "smallest at η/b = 3, the largest that was run: 50.0%" in takeaways.bound_title(spreads(0.8, 0.7, 0.5))
    assert "not the largest" in takeaways.bound_title(spreads(0.8, 0.5, 0.7))
    assert "Vacuous at every η/b" in takeaways.bound_title(spreads(1.0, 0.95))
    assert "No certificate" in takeaways.bound_title({})


def test_chance_is_called_chance():
    assert "as chance would have them" in takeaways.dependence_title("fc1", [0.1, 0.05], [0.1, 0.049])
    assert "3.0 times as much" in takeaways.dependence_title("fc1", [0.3], [0.1])


def test_every_place_of_a_recording_has_its_sentences(recording):
    told = payload(recording, Place())
    titles, state = told["titles"], told["state"]
    assert state["ratio"] in told["ratios"]
    for width, layer, way in itertools.product(told["widths"], told["layers"], WAYS):
        assert f"{width} {layer}" in titles["alpha"]
        assert f"{width} {layer} {way}" in titles["error"]
        assert f"{width} {way}" in titles["bound"]
    assert len(titles["accuracy"]) == len(told["widths"]) * len(WAYS) * len(told["kept"])


def test_a_place_that_was_not_recorded_gives_way_to_the_nearest(recording):
    place = nearest(recording, Place(ratio=1.0, width=2000, layer="conv9", kept=0.001))
    assert (place.ratio, place.width, place.kept) == (0.015, 24, 0.02)
    assert place.layer == "fc2"
