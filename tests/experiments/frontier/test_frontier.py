"""The frontier shows the numbers of its certificates, and its background those of the bound."""

import itertools
import math

import pytest

from pacviz.bounds import BOUNDS, seeger
from pacviz.experiments.frontier.figures import LABEL, METHOD_LINES, TARGETS, frontier, layer_shares
from pacviz.experiments.frontier.results import Candidate, alike, best, on_frontier, points, survivors
from pacviz.figures import size
from pacviz.library import checkpoints
from pacviz.literature.rows import ZHOU
from pacviz.training.recipe import METHODS
from pacviz.words import at_most


@pytest.fixture(scope="module")
def measured():
    """The plain network's points, every other of them passed off as one that was trained to be sparse."""
    plain = points(on_frontier(checkpoints.find("lenet5", "digits", "plain"), 3))
    assert len(plain) == 9
    return [
        Candidate(["dense", "gradual"][place % 2], point.density, point.certificate)
        for place, point in enumerate(plain)
    ]


def curves(figure):
    return {trace.name: trace for trace in figure.data if trace.name}


def test_every_point_is_a_certificate(measured):
    figure = frontier(measured)
    for method in ("dense", "gradual"):
        trace = curves(figure)[METHOD_LINES[method].title]
        shown = [measured[place] for place in trace.customdata]
        assert shown == [point for point in measured if point.method == method]
        assert list(trace.x) == [point.certificate.effective_bytes for point in shown]
        assert list(trace.y) == [point.certificate.risk.upper for point in shown]
        for text, point in zip(trace.hovertext, shown, strict=True):
            assert f"below {at_most(point.certificate.bound_with_architecture)}" in text
            assert size(point.certificate.effective_bytes) in text


def test_no_density_is_written_over_another(measured):
    figure = frontier([*measured, *(Candidate("surgery", point.density, point.certificate) for point in measured)])
    placed = [
        (math.log10(x), math.log10(y))
        for method in ("dense", "gradual", "surgery")
        for x, y, text in zip(
            *(curves(figure)[METHOD_LINES[method].title][axis] for axis in ("x", "y", "text")), strict=True
        )
        if text
    ]
    assert len(placed) >= 3
    for (x, y), (other_x, other_y) in itertools.combinations(placed, 2):
        assert abs(x - other_x) >= LABEL[0] or abs(y - other_y) >= LABEL[1]


def test_the_best_certificate_is_marked_and_named_in_the_title(measured):
    figure = frontier(measured)
    winner = best(measured)
    assert winner.certificate.bound == min(point.certificate.bound for point in measured)
    star = curves(figure)["best certificate"]
    assert (star.x[0], star.y[0]) == (winner.certificate.effective_bytes, winner.certificate.risk.upper)
    assert measured[star.customdata[0]] == winner
    for method in ("dense", "gradual"):
        bound = min(point.certificate.bound_with_architecture for point in measured if point.method == method)
        assert at_most(bound) in figure.layout.title.text


@pytest.mark.parametrize("target", TARGETS)
def test_each_line_of_the_background_joins_equal_certificates(target):
    trace = curves(frontier([]))[f"bound {target:.0%}"]
    assert len(trace.x) > 100
    for count, error in list(zip(trace.x, trace.y, strict=True))[::20]:
        assert seeger(error, 8 * count * math.log(2), 60_000, 0.05) == pytest.approx(target, abs=1e-9)


def test_the_published_point_lies_where_its_own_bound_puts_it():
    low, middle, high = ZHOU.train_errors()
    assert 0 < low < middle < high < 0.02
    nats = 8 * 6.23 * 1024 * math.log(2)
    for error, bound in ((low, 0.455), (middle, 0.46), (high, 0.465)):
        assert BOUNDS["catoni"].function(error, nats, 60_000, 0.05) == pytest.approx(bound, abs=1e-6)
    trace = curves(frontier([], ZHOU))[ZHOU.source.split(",")[0]]
    assert list(trace.x) == pytest.approx([8.1 * 1024, 6.23 * 1024])
    assert set(trace.y) == {middle}


def test_ranges_do_not_depend_on_the_points(measured):
    for empty, full in (
        (frontier([]), frontier(measured, ZHOU, measured[0])),
        (layer_shares([]), layer_shares(measured)),
    ):
        assert empty.layout.yaxis.range == full.layout.yaxis.range is not None
        assert empty.layout.xaxis.range == full.layout.xaxis.range
        assert empty.layout.height == full.layout.height


def test_every_method_has_a_line_of_its_own_in_more_than_colour():
    assert set(METHOD_LINES) == set(METHODS)
    assert len({(line.dash, line.symbol) for line in METHOD_LINES.values()}) == len(METHODS)


def test_the_bars_hold_the_weights_that_are_left(measured):
    near = alike(measured, 0.02)
    assert {point.method for point in near} == {"dense", "gradual"}
    figure = layer_shares(near)
    for point, bar in zip(near, figure.data, strict=True):
        left = survivors(point.certificate.scenario)
        assert sum(kept for kept, _ in left.values()) == point.certificate.measurement.nonzeros
        assert sum(count for _, count in left.values()) == point.certificate.measurement.parameters
        assert list(bar.x) == list(left)
        assert list(bar.y) == [kept / count for kept, count in left.values()]


def test_only_densities_that_can_be_compared_are_compared(measured):
    near = alike(measured, 0.05)
    assert len(near) == 2
    assert all(1 / 1.5 <= point.density / 0.05 <= 1.5 for point in near)
    assert min(abs(point.density - 0.05) for point in near) < 1e-9
    assert alike(measured, 0.0001) == []
