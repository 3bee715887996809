"""A figure shows the numbers of its certificates, on ranges that do not move."""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from pacviz import Scenario, data
from pacviz.bounds import BOUNDS
from pacviz.certificates.surface import AXES
from pacviz.certificates.sweep import sweep
from pacviz.experiments.data.figures import mean_image_error, sheet, takeaway
from pacviz.figures import LINES, error_curves, size, size_curves, waterfall
from pacviz.figures.sheet import Sheet, Tile


@pytest.fixture(scope="module")
def curve():
    return list(sweep(Scenario(), "bits"))


def test_every_line_shows_its_numbers(curve):
    figure = error_curves(curve, "bits", curve[3])
    lines = {trace.name: trace for trace in figure.data if trace.name}
    assert list(lines[LINES["train_error"].title].y) == [point.risk.mean for point in curve]
    for name in BOUNDS:
        assert list(lines[LINES[name].title].y) == [point.bounds[name] for point in curve]
    sizes = size_curves(curve, "bits", curve[3])
    assert list(sizes.data[1].y) == [point.effective_bytes for point in curve]


@pytest.mark.parametrize("axis", AXES)
def test_ranges_do_not_depend_on_the_values(curve, axis):
    for draw in (error_curves, size_curves):
        empty, full = draw([], axis, curve[0]), draw(curve if axis == "bits" else [], axis, curve[-1])
        assert empty.layout.xaxis.range == full.layout.xaxis.range is not None
        assert empty.layout.yaxis.range == full.layout.yaxis.range is not None
        assert empty.layout.height == full.layout.height
        assert full.layout.xaxis.title.text
        assert full.layout.yaxis.title.text


def test_lines_differ_in_more_than_colour():
    for group in (("train_error", "test_error", *BOUNDS), ("code_bytes", "effective_bytes")):
        assert len({(LINES[name].dash, LINES[name].symbol) for name in group}) == len(group)


@pytest.mark.parametrize("noise", [0.0, 0.05])
def test_the_waterfall_is_a_drawing_of_the_ledger(noise):
    certificate = next(iter(sweep(Scenario(noise=noise), "bits")))
    figure = waterfall(certificate)
    bars = [trace for trace in figure.data if trace.type == "bar"]
    steps = sum(sum(trace.y) for trace in bars[:-1])
    assert steps == pytest.approx(certificate.effective_bytes)
    assert bars[-1].y[0] == pytest.approx(certificate.effective_bytes)
    ends = [base + height for trace in bars[:-1] for base, height in zip(trace.base, trace.y, strict=True)]
    assert figure.layout.yaxis.range[1] >= max(ends)


def test_the_sheet_holds_the_images_of_each_label():
    digits = data.load("digits")
    shown = sheet(digits.train, rows=2, start=100)
    assert [tile.word for tile in shown.tiles] == 2 * [str(label) for label in range(10)]
    first_three = digits.train.images[100:][digits.train.labels[100:] == 3][0].numpy()
    assert np.array_equal(shown.tiles[3].image, first_three)


def test_what_there_is_to_beat_is_computed_from_the_images():
    digits = data.load("digits")
    means = np.stack([digits.train.images[digits.train.labels == label].numpy().mean(0).ravel() for label in range(10)])
    images = digits.test.images[:200].numpy().reshape(200, -1).astype(float)
    answers = ((images[:, None] - means[None]) ** 2).sum(2).argmin(1)
    few = replace(digits, test=replace(digits.test, images=digits.test.images[:200], labels=digits.test.labels[:200]))
    assert mean_image_error(few) == pytest.approx((answers != few.test.labels.numpy()).mean(), abs=0.006)
    assert takeaway(few) == (
        f"To beat: guessing is wrong 90% of the time, the nearest of 10 average images {mean_image_error(few):.0%}"
    )


def test_a_sheet_keeps_colours_and_escapes_words():
    red = np.zeros((3, 2, 2), np.uint8)
    red[0] = 255
    written = Sheet("", (Tile(red, "<b>", "1 →", True),)).to_html()
    assert "1 → <b>&lt;b&gt;</b>" in written
    address = written.partition("base64,")[2].partition('"')[0]
    pixels = np.asarray(Image.open(BytesIO(base64.b64decode(address))))
    assert np.array_equal(pixels.transpose(2, 0, 1), red)


@pytest.mark.parametrize(
    ("count", "text"), [(12, "12 B"), (999.4, "999 B"), (1234, "1.23 kB"), (45678, "45.7 kB"), (-2500, "-2.50 kB")]
)
def test_sizes_read_well(count, text):
    assert size(count) == text
