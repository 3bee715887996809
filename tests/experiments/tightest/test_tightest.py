"""The frontier of small networks shows their certificates over curves of equal bounds; the picture of one, every number."""

import itertools
import math
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from tight_points import certificate, integers, save

from pacviz.bounds import seeger
from pacviz.codes.compress import as_it_stands
from pacviz.experiments.tightest.blocks import blocks
from pacviz.experiments.tightest.figures import layer_waterfall, tightest
from pacviz.experiments.tightest.figures.cells import HEIGHT, WIDTH, network_picture
from pacviz.experiments.tightest.figures.mistakes import wrong_images
from pacviz.experiments.tightest.figures.tightest import BYTES, CLAIMED, ERRORS, FAMILY_LINES, SYMBOLS, TARGETS
from pacviz.experiments.tightest.mistakes import Mistakes
from pacviz.experiments.tightest.results import FAMILIES, along, best, pareto, points
from pacviz.figures.isobound import iso_bound
from pacviz.literature import PUBLISHED, RECORD
from pacviz.models import architecture
from pacviz.words import at_most


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tight")
    for width, errors in ((4, 2400), (8, 1500), (12, 1700)):
        save(folder, f"tiny-{width}", width, errors=errors)
    save(folder, "d300", 10, errors=5000, family="subspace", settings={"dimension": 300})
    return points([folder])


def traces(figure):
    return {trace.name: trace for trace in figure.data if trace.name and list(trace.x) != [None]}


@pytest.mark.parametrize("target", [*TARGETS, RECORD])
def test_every_place_on_a_curve_has_its_bound(target):
    name = "the published record, 11.6 %" if target == RECORD else f"bound {100 * target:g} %"
    trace = traces(tightest([]))[name]
    assert len(trace.x) > 100
    for count, error in list(zip(trace.x, trace.y, strict=True))[::7]:
        assert seeger(error, 8 * count * math.log(2), 60_000, 0.05) == pytest.approx(target, abs=1e-4)


def test_a_curve_falls_from_the_lowest_error_to_almost_no_bytes():
    errors, counts = iso_bound(0.1, 0.001, 60_000, 0.05)
    assert errors[0] == 0.001
    assert (np.diff(errors) > 0).all()
    assert (np.diff(counts) < 0).all()
    assert counts[-1] < 20


def test_the_record_is_marked_and_published_points_lie_where_they_were_printed():
    figure = tightest([])
    (record,) = (trace for trace in figure.data if trace.name == "the published record, 11.6 %")
    assert record.showlegend  # beside the curve a mark would lie over its name
    certified, sizes = traces(figure)["published certificates"], traces(figure)["published sizes only"]
    assert certified.marker.symbol != sizes.marker.symbol
    shown = {*zip(certified.x, certified.y, strict=True), *zip(sizes.x, sizes.y, strict=True)}
    assert {(943.0, 0.01), (708.0, 0.02), (531.0, 0.03), (280.0, 0.05)} <= shown
    mnist = {(result.size, result.risk) for result in PUBLISHED if result.data == "MNIST" and result.risk}
    inside = {(count, error) for count, error in mnist if BYTES[0] < count < BYTES[1] and ERRORS[0] < error < ERRORS[1]}
    assert shown == inside
    assert {"Zhou", "Lotfi", "MIRACLE", "Louizos"} <= {*certified.text, *sizes.text}


def test_every_point_is_a_certificate_under_its_name(recorded):
    figure = tightest(recorded)
    for family, line in FAMILY_LINES.items():
        trace = traces(figure)[line.title]
        own = [point for point in recorded if point.family == family]
        assert list(trace.customdata) == [point.name for point in own]
        assert list(trace.x) == [point.bytes for point in own]
        assert list(trace.y) == [point.error for point in own]
        for text, point in zip(trace.hovertext, own, strict=True):
            assert f"below {at_most(point.bound)}" in text


def test_points_that_another_beats_are_pale(recorded):
    trace = traces(tightest(recorded))[FAMILY_LINES["tiny"].title]
    kept = {point.name for point in pareto(recorded)}
    assert kept != {point.name for point in recorded}
    for name, colour in zip(trace.customdata, trace.marker.color, strict=True):
        assert (colour == FAMILY_LINES["tiny"].colour) == (name in kept)


def test_the_best_point_is_labelled_and_the_title_compares_it_with_the_record(recorded):
    figure, winner = tightest(recorded), best(recorded)
    star = traces(figure)["best certificate"]
    assert (star.x[0], star.y[0], star.customdata[0]) == (winner.bytes, winner.error, winner.name)
    assert star.text[0] == f"<b>{at_most(winner.bound)}</b>"
    assert winner.bound < RECORD
    assert f"{winner.bytes:,.0f} bytes" in figure.layout.title.text
    assert "below the curve" in figure.layout.title.text
    worse = [point for point in recorded if point.bound > RECORD]
    assert "not yet below" in tightest(worse).layout.title.text


def test_the_path_of_a_slider_is_a_line_with_its_ends_named(recorded):
    middle = next(point for point in recorded if point.name == "tiny-8")
    runs = along(recorded, middle, "width")
    figure = tightest(recorded, middle, {"Width": runs})
    path = traces(figure)["width: 4 … 12"]
    assert list(path.x) == [run.bytes for run in runs.values()]
    assert list(path.y) == [run.error for run in runs.values()]
    ring = traces(figure)["selected"]
    assert (ring.x[0], ring.y[0]) == (middle.bytes, middle.error)


def test_ranges_and_height_do_not_depend_on_the_points(recorded):
    empty, full = tightest([]), tightest(recorded, recorded[0], {"Width": along(recorded, recorded[0], "width")})
    assert empty.layout.xaxis.range == full.layout.xaxis.range is not None
    assert empty.layout.yaxis.range == full.layout.yaxis.range is not None
    assert empty.layout.height == full.layout.height
    assert full.layout.xaxis.title.text == "bytes, everything charged (logarithmic)"
    assert full.layout.yaxis.title.text == "training error (logarithmic)"


def test_what_can_be_clicked_keeps_its_place_among_the_traces(recorded):
    """The browser knows a selected point by the numbers of its trace and of its place there."""

    def clickable(figure):
        return [
            (place, list(trace.customdata)) for place, trace in enumerate(figure.data) if trace.customdata is not None
        ]

    plain, near = (
        tightest(recorded),
        tightest(recorded, recorded[0], {"Width": along(recorded, recorded[0], "width")}, True),
    )
    assert clickable(plain) == clickable(near) != []


def test_the_close_up_has_the_same_points_over_its_own_curves(recorded):
    near = tightest(recorded, near=True)
    assert list(traces(near)["tiny networks"].x) == list(traces(tightest(recorded))["tiny networks"].x)
    assert near.layout.xaxis.range != tightest(recorded).layout.xaxis.range
    curve = traces(near)["bound 6 %"]
    for count, error in list(zip(curve.x, curve.y, strict=True))[::40]:
        assert seeger(error, 8 * count * math.log(2), 60_000, 0.05) == pytest.approx(0.06, abs=1e-4)


def test_families_differ_in_more_than_colour():
    assert set(FAMILY_LINES) == set(FAMILIES) == set(SYMBOLS)
    for what in ("colour", "symbol", "dash"):
        assert len({getattr(line, what) for line in FAMILY_LINES.values()}) == len(FAMILIES)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("model", ["tiny-4", "upright-8", "tiny-12"])
def test_a_whole_network_fits_into_the_picture_with_its_numbers(model, dark):
    weights = integers(model, 3)
    ledger = certificate(weights, 1000).ledger
    picture = network_picture(blocks(as_it_stands(model, weights.matrices), ledger), ledger.bits, dark)
    drawing = ElementTree.fromstring(picture.svg)
    name = "{http://www.w3.org/2000/svg}"
    *_, width, height = (float(number) for number in drawing.get("viewBox").split())
    assert (width, height <= HEIGHT) == (WIDTH, True)
    legend = 3
    squares = drawing.findall(f"{name}rect")
    assert len(squares) == architecture(model).parameters + legend
    for square in squares:
        assert float(square.get("x")) + float(square.get("width")) <= width
        assert float(square.get("y")) + float(square.get("height")) <= height
    written = [text.text for text in drawing.findall(f"{name}text")]
    nonzeros = sum(np.count_nonzero(matrix) for matrix in weights.matrices.values())
    assert sum(bool(re.fullmatch(r"−?\d+", text)) for text in written) == nonzeros
    for layer in architecture(model).layers:
        assert any(text.startswith(f"{layer.name} · ") for text in written)
        assert layer.name in picture.alt
    assert f"{architecture(model).parameters:,} numbers" in picture.alt


def test_no_two_cells_of_a_picture_overlap():
    weights = integers("tiny-6", 2)
    picture = network_picture(blocks(as_it_stands("tiny-6", weights.matrices), certificate(weights, 9).ledger), 999)
    squares = re.findall(r'<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"', picture.svg)
    boxes = np.array(squares, float)
    x, y, side = boxes.T
    apart = (np.abs(x[:, None] - x) >= side.min() - 0.11) | (np.abs(y[:, None] - y) >= side.min() - 0.11)
    assert (apart | np.eye(len(boxes), dtype=bool)).all()


def test_the_staircase_holds_every_charge_and_ends_at_their_sum():
    made = certificate(integers("tiny-8"), 1000)
    figure = layer_waterfall(made)
    total = figure.data[-2]
    steps = [bar for bar in figure.data if bar.type == "bar"][:-1]
    assert sum(sum(bar.y) for bar in steps) == pytest.approx(made.effective_bytes)
    assert list(total.y) == [pytest.approx(made.effective_bytes)]
    stairs = sorted((base, base + y) for bar in steps for base, y in zip(bar.base, bar.y, strict=True))
    for (_, end), (start, _) in itertools.pairwise(stairs):
        assert start == pytest.approx(end, abs=1e-9)
    assert figure.layout.yaxis.range[1] >= made.effective_bytes


def test_mistakes_are_shown_with_label_and_answer():
    random = np.random.default_rng(0)
    labels, given = np.arange(60) % 10, (np.arange(60) + 1) % 10
    given[:20:10] = 7
    shown = Mistakes(random.integers(0, 255, (60, 1, 28, 28), np.uint8), labels, given, np.arange(60), 1000, "test")
    result = wrong_images(shown, 56)
    assert [(tile.before, tile.word) for tile in result.tiles] == [
        (f"{label} →", str(answer)) for label, answer in zip(labels[56:], given[56:], strict=True)
    ]
    assert np.array_equal(result.tiles[0].image, shown.images[56])
    label, answer, count = shown.confusions[0]
    assert f"{count} times, {label} is taken for {answer}" in result.title
    assert "60 of 1,000" in result.title
    assert len(wrong_images(shown, 0, 56).tiles) == 56


def test_what_is_only_claimed_is_hollow_grey_and_holds_no_star(recorded, tmp_path):
    save(tmp_path, "forged<b>", 8, errors=0, verified=False)
    (claim,) = points([tmp_path])
    figure = tightest((*recorded, claim), claim)
    trace = traces(figure)[CLAIMED]
    assert (trace.x[0], trace.y[0], trace.customdata[0]) == (claim.bytes, 0.0, "forged<b>")
    assert "open" in trace.marker.symbol
    assert trace.marker.color not in [line.colour for line in FAMILY_LINES.values()]
    assert "forged&lt;b&gt;" in trace.hovertext[0]
    assert traces(figure)["best certificate"].customdata[0] == best(recorded).name
    assert figure.layout.title.text == tightest(recorded).layout.title.text
    assert "forged" not in str([list(traces(figure)[line.title].customdata) for line in FAMILY_LINES.values()])
    paths = {"Width": {6: recorded[0], 8: claim}}
    assert "width: 6 … 8" in traces(tightest((*recorded, claim), recorded[0], paths))
    assert "width: 6 … 8" not in traces(tightest((*recorded, claim), claim, paths))
    alone = tightest((claim,))
    assert "published record" in alone.layout.title.text
    assert not list(alone.data[2 * len(FAMILY_LINES)].x)
