"""The browser's formulas give what Python's give, and a surface says between its points what lies between them."""

import itertools
import json

import pytest

from pacviz import Scenario, surface
from pacviz.bounds import BOUNDS, largest_kl
from pacviz.explorer import source
from pacviz.risk import upper_limit
from pacviz.surface import Grid

NAMES = "BOUNDS, upperLimit, largestKl, openSurface, evaluate, size"


@pytest.fixture
def script(page):
    page.goto("about:blank")
    page.add_script_tag(type="module", content=f"{source()}\nwindow.pacviz = {{{NAMES}}};")
    page.wait_for_function("window.pacviz")
    return page


def test_bounds_agree_with_python(script):
    points = list(
        itertools.product((0.0, 1e-4, 0.02, 0.35, 0.9), (10.0, 1e3, 45_564.7, 2e6), (1000, 60_000), (1e-3, 0.05, 0.9))
    )
    found = script.evaluate("points => points.map(p => Object.values(pacviz.BOUNDS).map(f => f(...p)))", points)
    assert script.evaluate("Object.keys(pacviz.BOUNDS)") == list(BOUNDS)
    for point, values in zip(points, found, strict=True):
        for bound, value in zip(BOUNDS.values(), values, strict=True):
            assert value == pytest.approx(bound.function(*point), abs=1e-6), (bound.name, point)


def test_limits_and_room_agree_with_python(script):
    cases = [(0, 2000), (3, 2000), (667, 2000), (1999, 2000), (0, 60_000), (800, 60_000), (59_999, 60_000), (5, 5)]
    limits = [(errors, draws, failure) for errors, draws in cases for failure in (2e-4, 0.01, 0.18)]
    found = script.evaluate("cases => cases.map(c => pacviz.upperLimit(...c))", limits)
    assert found == pytest.approx([upper_limit(*case) for case in limits], abs=1e-7)
    rooms = [(0.02, 0.5, 60_000, 0.05), (0.6, 0.5, 60_000, 0.05), (0.1, 0.5, 50, 0.05)]
    assert script.evaluate("cases => cases.map(c => pacviz.largestKl(...c))", rooms) == pytest.approx(
        [largest_kl(*case) for case in rooms]
    )


def test_a_surface_gives_its_points_and_what_lies_between(script):
    recorded = surface.record(Scenario(), Grid((0.985, 0.995), (2,), (0.0, 0.05)))
    left, right = recorded.at(0, 0, 0), recorded.at(1, 0, 0)
    states = [{"sparsity": s, "bits": 2, "noise": 0.0, "delta": 0.05} for s in (0.985, 0.99, 0.98)]
    found = script.evaluate(
        "([raw, states]) => { const s = pacviz.openSurface(JSON.parse(raw), 0.2); return states.map(x => s.at(x)); }",
        [json.dumps(recorded.to_dict()), states],
    )
    assert found[0]["how"] == "recorded"
    assert found[0]["train"] == left.train[0] / left.train[1]
    assert found[0]["bits"] == pytest.approx(left.bits, abs=0.1)
    assert found[1]["how"] == "interpolated"
    assert found[1]["bits"] == pytest.approx((left.bits + right.bits) / 2, abs=0.1)
    assert found[2] is None
