"""The figures of a run: axes that stay, values that are never dropped, titles that say what is known."""

import pytest

from pacviz.experiments.train.figures import accuracy_curve, bound_curve, density_curve, loss_curve
from pacviz.training.recipe import Training
from pacviz.training.records import Metrics

TRAINING = Training.of("gradual", epochs=8)
DENSE = Metrics(20, 0.5, 1.0, 0.5, 0.9, 431_080, 1.0, 144_000, 0.1, 0.12, 1.0)
BETWEEN = Metrics(40, 1.0, 2.0, 0.4, 0.95, 43_108, 0.1)
PRUNED = Metrics(60, 8.0, 3.0, 0.0, 1.0, 2155, 0.005, 2100, 0.004, 0.0045, 0.207, True)
FIGURES = (loss_curve, accuracy_curve, density_curve, bound_curve)


@pytest.mark.parametrize("figure", FIGURES)
def test_the_axes_do_not_move_while_a_run_trains(figure):
    empty, part, whole = (figure(TRAINING, rows).layout for rows in ([], [DENSE], [DENSE, BETWEEN, PRUNED]))
    assert empty.xaxis.range == part.xaxis.range == whole.xaxis.range == (0, 8)
    assert empty.yaxis.range == part.yaxis.range == whole.yaxis.range
    assert empty.height == part.height == whole.height


def test_what_cannot_lie_on_a_logarithmic_axis_lies_at_its_end_and_keeps_its_value():
    (loss,) = loss_curve(TRAINING, [DENSE, BETWEEN, PRUNED]).data
    assert list(loss.y) == [0.5, 0.4, 1e-4]
    assert list(loss.customdata) == ["0.5000", "0.4000", "0.0000"]


def test_only_measured_rows_are_marks_of_the_bound_and_previews_are_told_apart():
    (bound,) = bound_curve(TRAINING, [DENSE, BETWEEN, PRUNED]).data
    assert (list(bound.x), list(bound.y)) == ([0.5, 8.0], [1.0, 0.207])
    assert list(bound.text) == ["144.0 kB, preview", "2.10 kB, exact"]


@pytest.mark.parametrize(
    ("rows", "title"),
    [
        ([], "The bound will show here"),
        ([DENSE, BETWEEN], "144.0 kB are too many: the bound is vacuous"),
        ([DENSE, PRUNED], "2.10 kB describe it: the true error is below 20.70%"),
    ],
)
def test_the_title_says_what_the_bound_is_worth(rows, title):
    assert bound_curve(TRAINING, rows).layout.title.text == title
