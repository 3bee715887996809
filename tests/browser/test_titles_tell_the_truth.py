"""A few thousand states of the explorer and of Bounds: what a title says is held against the numbers that are drawn."""

import gzip
import itertools
import json
import math
import random
import re

import pytest
from test_explorer_script import loaded

from pacviz import words
from pacviz.bounds import BOUNDS
from pacviz.certificates import budget
from pacviz.experiments.bounds.payload import SCRIPTS
from pacviz.experiments.bounds.payload import payload as what_if_payload
from pacviz.explorer import PRESETS, TOUR, source
from pacviz.figures.style import VACUOUS
from pacviz.store import ASSETS
from pacviz.words.takeaways import DECADES, POINTS

DICE = random.Random(0)
SURFACES = sorted((ASSETS / "surfaces").rglob("*.json.gz"))
N = (0, 10, 620, 1000, 10_000_000)
DELTAS = (1e-12, 0.001, 0.05, 0.999)


def states(grid):
    """Corners, presets, the tour, and random ones; each along every axis."""
    corners = itertools.product(*((axis[0], axis[-1]) for axis in (grid["sparsity"], grid["bits"], grid["noise"])))
    result = [dict(zip(("sparsity", "bits", "noise"), corner, strict=True)) for corner in corners]
    result += [
        {name: step.changes[name] for name in ("sparsity", "bits", "noise") if name in step.changes}
        for step in (*PRESETS, *TOUR)
    ]
    result += [{name: DICE.choice(grid[name]) for name in ("sparsity", "bits", "noise")} for _ in range(24)]
    for point in result:
        for along in ("sparsity", "bits", "noise"):
            bound = DICE.choice(
                [name for name in BOUNDS if name != "occam" or (point.get("noise", 0) == 0 and along != "noise")]
            )
            rest = {"n": DICE.choice(N), "delta": DICE.choice(DELTAS), "bound": bound, "along": along}
            yield {"sparsity": 0.99, "bits": 4, "noise": 0.0, **point, **rest}


def held(title, axis, x, values, tolerance):
    """Whether a sentence about a curve is true of its values, judged without asking for its shape."""
    low, high = min(values), max(values)
    falls = max(earlier - later for i, earlier in enumerate(values) for later in values[i:])
    rises = max(later - earlier for i, earlier in enumerate(values) for later in values[i:])
    place = re.search(r"(?:smallest|largest)\D* ([\d.]+)", title)
    if place:
        wanted = high if "largest" in title else low
        at = [where for where, value in zip(x, values, strict=True) if value == wanted]
        shown = float(place[1]) / (1 if axis == "bits" else 100)
        assert any(abs(shown - where) <= 5e-5 for where in at), title
        assert falls > tolerance, title
        assert rises > tolerance, title
    elif "hardly" in title:
        assert high - low <= tolerance, title
    elif re.search(r"the smaller the bound|the fewer bytes", title):
        assert falls > tolerance >= rises, title
    elif re.search(r"the larger the bound|the more bytes", title):
        assert rises > tolerance >= falls, title
    else:
        raise AssertionError(f"nothing checks {title!r}")


@pytest.mark.parametrize("path", SURFACES, ids=lambda path: f"{path.parent.name}-{path.name.removesuffix('.json.gz')}")
def test_titles_over_a_recorded_surface_are_true(page, path):
    script = loaded(page, source(), "openSurface, curvesOf, boundTakeaway, sizeTakeaway")
    raw = json.loads(gzip.decompress(path.read_bytes()))
    asked = list(states(raw["grid"]))
    known = {"n": raw["n"], "classes": 10, "shares": budget.shares(), "vacuous": VACUOUS, "architecture_bits": 60}
    ask = """([raw, known, states]) => { const surface = pacviz.openSurface(raw, known.shares);
      return states.map(state => { const curves = pacviz.curvesOf(surface, state, known), bounds = curves[state.bound];
        const there = curves.x.map((_, i) => i).filter(i => bounds[i] !== null), pick = values => there.map(i => values[i]);
        return { x: pick(curves.x), bounds: pick(bounds), errors: pick(curves.train), sizes: pick(curves.bytes),
          titles: [pacviz.boundTakeaway(state.along, pick(curves.x), pick(bounds), pick(curves.train), known.vacuous),
            pacviz.sizeTakeaway(state.along, pick(curves.x), pick(curves.bytes))] }; }); }"""
    for state, drawn in zip(asked, script.evaluate(ask, [raw, known, asked]), strict=True):
        x, bounds, errors, sizes, axis = (*(drawn[name] for name in ("x", "bounds", "errors", "sizes")), state["along"])
        assert drawn["titles"] == [
            words.bound_takeaway(axis, x, bounds, errors, VACUOUS),
            words.size_takeaway(axis, x, sizes),
        ]
        if len(x) < 2:
            continue
        if "vacuous" in drawn["titles"][0]:
            assert min(bounds) >= VACUOUS
        else:
            held(drawn["titles"][0], axis, x, bounds, POINTS)
        if "accuracy" in drawn["titles"][0]:
            assert errors[-1] > errors[bounds.index(min(bounds))]
        held(drawn["titles"][1], axis, x, [math.log10(max(count, 1)) for count in sizes], DECADES)


def test_titles_of_what_if_are_true(page):
    script = loaded(page, source(SCRIPTS), "consequences, AGAINST, surerTakeaway")
    points = [
        {
            "n": round(10 ** DICE.uniform(1, 7)),
            "risk": DICE.choice((0.0, 1.0, DICE.random() ** 4)),
            "kl": DICE.choice((0.0, 10 ** DICE.uniform(0, 9))),
            "unit": DICE.choice(("nats", "bits", "bytes")),
            "delta": DICE.choice((1e-12, 0.5, 10 ** DICE.uniform(-12, -0.4))),
            "bound": DICE.choice(tuple(BOUNDS)),
            "classes": DICE.choice((2, 10, 100_000)),
        }
        for _ in range(1000)
    ]
    ask = """([points, known]) => points.map(point => { const { AGAINST } = pacviz;
      const values = pacviz.consequences(point, known), title = "It";
      const { times, bound: surer } = values.surer;
      return [values, pacviz.surerTakeaway(times, values.bound, surer, values.guessing),
        ...["size", "n"].map(name => AGAINST[name].says(title, AGAINST[name].turn(values, point.bound, known)))]; })"""
    from pacviz.bounds.operating_point import OperatingPoint

    result = script.evaluate(ask, [points, what_if_payload(OperatingPoint())["known"]])
    for point, (numbers, surer, by_size, by_n) in zip(points, result, strict=True):
        times, bound, more = numbers["surer"]["times"], numbers["bound"], numbers["surer"]["bound"]
        assert surer == words.surer_takeaway(times, bound, more, numbers["guessing"])
        if "becomes" in surer:
            first, second = re.findall(r"([\d.]+)%", surer)
            assert float(first) < float(second)
            assert bound < numbers["guessing"]
        assert ("acuous" in surer) == (times >= 2 and bound >= numbers["guessing"]) or "As sure" in surer
        function = BOUNDS[point["bound"]].function
        hopeless = function(point["risk"], 0.0, point["n"], point["delta"]) >= numbers["guessing"] - 1e-9
        assert by_size.startswith("No network") <= hopeless
        assert ("vacuous from" in by_size) != by_size.startswith("No network")
        if "below n" in by_n:
            least = int(by_n.rpartition("= ")[2].replace(",", ""))
            assert function(point["risk"], numbers["kl"], least, point["delta"]) <= numbers["guessing"] + 1e-6
