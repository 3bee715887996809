"""The curves of the bounds keep their ranges, go through the present point, and mark where they turn vacuous."""

import pytest

from pacviz.bounds import BOUNDS
from pacviz.bounds.operating_point import OperatingPoint
from pacviz.experiments.bounds.figures import bounds_against_delta, bounds_against_n, bounds_against_size
from pacviz.figures import LINES
from pacviz.literature import PUBLISHED

FIGURES = (bounds_against_n, bounds_against_size, bounds_against_delta)
POINT = OperatingPoint(n=100_000, risk=0.02, kl=1000.0, delta=0.01)
OTHERS = (
    OperatingPoint(risk=0.95),
    OperatingPoint(kl=0.0),
    OperatingPoint(kl=1e9),
    OperatingPoint(n=10, delta=1e-12),
    OperatingPoint(n=1_281_167, risk=0.35, kl=358400.0, classes=1000, bound="catoni"),
)


def lines(figure):
    return {trace.name: trace for trace in figure.data if trace.mode == "lines"}


def present(figure):
    return figure.data[-1]


@pytest.mark.parametrize(("draw", "x"), [(FIGURES[0], 100_000), (FIGURES[1], 1000), (FIGURES[2], 0.01)])
def test_every_bound_is_a_curve_through_the_present_point(draw, x):
    figure = draw(POINT)
    assert present(figure).x[0] == pytest.approx(x)
    assert present(figure).y[0] == POINT.value
    for name in BOUNDS:
        curve = lines(figure)[LINES[name].title]
        near = min(range(len(curve.x)), key=lambda index: abs(curve.x[index] / x - 1))
        assert curve.x[near] == pytest.approx(x, rel=0.13)
        assert curve.y[near] == pytest.approx(POINT.bounds[name], rel=0.1)


@pytest.mark.parametrize("draw", FIGURES)
@pytest.mark.parametrize("point", OTHERS)
def test_ranges_and_height_do_not_depend_on_the_point_which_stays_inside(draw, point):
    figure, other = draw(point), draw(POINT, dark=True)
    assert figure.layout.xaxis.range == other.layout.xaxis.range is not None
    assert figure.layout.yaxis.range == other.layout.yaxis.range == (0, 1)
    assert figure.layout.height == other.layout.height
    low, high = figure.layout.xaxis.range
    assert 10**low <= present(figure).x[0] <= 10**high


@pytest.mark.parametrize("bound", BOUNDS)
def test_the_title_and_a_mark_say_where_a_bound_turns_vacuous(bound):
    point = OperatingPoint(bound=bound)
    figure = bounds_against_n(point)
    assert figure.layout.title.text == f"{BOUNDS[bound].title} is vacuous below n = {point.least_n[bound]:,}"
    marks = next(trace for trace in figure.data if trace.name is None and len(trace.x) == len(BOUNDS))
    assert list(marks.x) == list(point.least_n.values())
    assert set(marks.y) == {0.9}
    assert len(set(marks.marker.symbol)) == len(BOUNDS)
    assert "kB" in bounds_against_size(point).layout.title.text


def test_where_nothing_helps_the_title_says_so():
    for draw in FIGURES[:2]:
        assert draw(OperatingPoint(risk=0.95)).layout.title.text.startswith("No ")


def test_every_published_result_is_a_mark_with_its_source_and_n():
    shown = [trace for trace in bounds_against_n(POINT).data if trace.name in ("published", "from its size")]
    told = [text for trace in shown for text in trace.customdata]
    assert len(told) == len(PUBLISHED)
    for result in PUBLISHED:
        assert any(result.source in text and f"n = {result.n:,}" in text for text in told)
    sized = [trace for trace in bounds_against_size(POINT).data if trace.name in ("published", "from its size")]
    places = {(x, y) for trace in sized for x, y in zip(trace.x, trace.y, strict=True)}
    assert places == {(result.size, result.height) for result in PUBLISHED if result.size is not None}


def test_the_chosen_bound_is_thick_and_on_top():
    drawn = [trace for trace in bounds_against_n(OperatingPoint(bound="mcallester")).data if trace.mode == "lines"]
    assert drawn[-1].name == LINES["mcallester"].title
    assert drawn[-1].line.width > max(trace.line.width for trace in drawn[:-1])
