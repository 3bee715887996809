"""The pictures of random labels show the numbers of their recording, and claim only what is so."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from pacviz.data import digits
from pacviz.data.labels import randomize
from pacviz.experiments.random_labels.figures import accuracy_curves, code_over_floor, fits, labelled_images
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.settings import ONE_SHOT, SURGERY, Compression, Fit, Randomization, floor_bytes

EXPERIMENT = Randomization(levels=(0, 1), sparsity=(0, 0.9), seeds=2, n=1000)


def run(level, seed, wrong):
    """A run whose pruned network gets so many labels wrong."""
    points = [
        Compression(method, sparsity, 100, bits, errors, 0.2 + 0.7 * level)
        for method in (ONE_SHOT, SURGERY)
        for sparsity, bits, errors in ((0.0, 80_000, 0), (0.9, 8_000, wrong))
    ]
    return Fit(level, seed, (0.3, 0.9, 1.0), 0, tuple(points))


@pytest.fixture
def recording():
    return Recording(EXPERIMENT, (run(0.0, 0, 10), run(1.0, 0, 500), run(0.0, 1, 30), run(1.0, 1, 700)))


def test_curves_are_means_over_the_seeds_in_bands_from_worst_to_best(recording):
    figure = accuracy_curves(recording, SURGERY, 0.9)
    lines = {trace.name: trace for trace in figure.data if trace.name}
    assert list(lines["0%"].y) == pytest.approx([1, 0.98])
    assert list(lines["100% random"].y) == pytest.approx([1, 0.4])
    assert list(lines["0%"].x) == pytest.approx([1, 0.1])
    bands = [trace for trace in figure.data if trace.fill]
    assert list(bands[1].y) == pytest.approx([1, 0.5, 0.3, 1])
    assert figure.layout.shapes[0].x0 == pytest.approx(0.1)


def test_the_title_claims_the_finding_only_where_it_is_so(recording):
    assert "sooner" in accuracy_curves(recording, SURGERY, 0.9).layout.title.text
    turned = Recording(EXPERIMENT, (run(0.0, 0, 500), run(1.0, 0, 10)))
    assert "sooner" not in accuracy_curves(turned, SURGERY, 0.9).layout.title.text
    assert "sooner" not in accuracy_curves(Recording(EXPERIMENT, ()), SURGERY, 0.9).layout.title.text


def test_codes_and_floors_are_those_of_the_runs(recording):
    figure = code_over_floor(recording, ONE_SHOT, 0.9)
    code, floor = figure.data
    assert list(code.x) == [0, 1]
    assert list(code.y) == [1000, 10_000]
    errors = [(0.02, 0.2), (0.0, 0.9)]
    assert list(floor.y) == pytest.approx([floor_bytes(*one, 1000) for one in errors])
    assert floor.y[0] <= np.mean([judged.floor_bytes for judged in recording.shortest(ONE_SHOT, 0.9)[0.0]])
    assert "floor" in figure.layout.title.text
    below = replace(recording, runs=tuple(replace(r, points=(replace(r.points[0], bits=8),)) for r in recording.runs))
    assert "floor" not in code_over_floor(below, ONE_SHOT, 0.9).layout.title.text


def test_every_run_is_drawn_as_it_was_fitted(recording):
    figure = fits(recording)
    assert len(figure.data) == 4
    assert sum(trace.showlegend for trace in figure.data) == 2
    assert "to the last one" in figure.layout.title.text
    unfitted = replace(recording, runs=tuple(replace(one, errors=3) for one in recording.runs))
    assert "to the last one" not in fits(unfitted).layout.title.text


@pytest.mark.parametrize(
    "draw", [lambda r: accuracy_curves(r, SURGERY, 0.9), lambda r: code_over_floor(r, SURGERY, 0.9)]
)
def test_ranges_do_not_depend_on_what_is_there_yet(recording, draw):
    empty, full = draw(Recording(EXPERIMENT, ())), draw(recording)
    for axis in ("xaxis", "yaxis"):
        assert empty.layout[axis].range == full.layout[axis].range
    assert empty.layout.height == full.layout.height


def test_images_carry_the_label_to_learn_and_the_true_one_where_it_was_redrawn():
    sample = randomize(digits.sample(30, 0), 0.5, 10, 0)
    names = [f"class {label}" for label in range(10)]
    result = labelled_images(sample, names)
    assert len(result.tiles) == 24
    for tile, true, shown, redrawn in zip(
        result.tiles, sample.true_labels.tolist(), sample.split.labels.tolist(), sample.redrawn.tolist(), strict=False
    ):
        assert (tile.before, tile.word, tile.marked) == (
            (f"class {true} →", f"class {shown}", True) if redrawn else ("", f"class {true}", False)
        )
    assert "50%" in result.title


def test_images_in_colour_keep_their_colours():
    grey = digits.sample(24, 0)
    coloured = replace(grey, images=torch.cat([grey.images, grey.images // 2, 0 * grey.images], 1))
    result = labelled_images(randomize(coloured, 0.0, 10, 0), [str(i) for i in range(10)])
    assert np.array_equal(result.tiles[0].image, coloured.images[0].numpy())
