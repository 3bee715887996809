"""The paper's finding on a small scale: what was memorised is lost first, takes more bytes, and never beats the floor.

One training run proves nothing and differs from processor to processor, so every number is a mean over both seeds of the
recording.  "Measured" is the least of that mean over all 66 pairs of 12 seeds (0 to 11); each test asks for less.  What
holds for most seeds only is not asked for: that the half-random labels lie between the others in every respect.
"""

from itertools import pairwise
from statistics import fmean

import pytest

from pacviz.experiments.random_labels.settings import ONE_SHOT, SURGERY

METHODS = [ONE_SHOT, SURGERY]
pytestmark = [pytest.mark.trained, pytest.mark.slow]


def test_every_level_is_fitted_to_the_last_label(recording):
    """Measured: accuracy 0.996 in the last epoch, 0.994 of the codes of what was not pruned."""
    assert [run.errors for run in recording.runs] == [0] * 6
    assert all(run.accuracies[-1] > 0.97 for run in recording.runs)
    dense = recording.at(ONE_SHOT, 0.0)
    assert all(one.accuracy.mean > 0.98 for one in dense)


def test_random_labels_take_longer_to_fit(recording):
    """Measured: 1.71 times the epochs until 90 % of the labels are right.  (The last few labels take any time.)"""

    def epochs(level):
        return fmean(
            next(epoch for epoch, accuracy in enumerate(run.accuracies, 1) if accuracy >= 0.9)
            for run in recording.runs
            if run.level == level
        )

    assert all(epochs(level) > 1.3 * epochs(0) for level in (0.5, 1))


@pytest.mark.parametrize("method", METHODS)
def test_at_equal_sparsity_in_the_steep_part_random_labels_are_lost_first(recording, method):
    """Measured: 0.159 (one-shot) and 0.147 (surgery) less accuracy than of true labels."""
    true, *random = [one.accuracy.mean for one in recording.at(method, recording.steepest(method))]
    assert max(random) < true - 0.05


def test_the_code_length_at_equal_accuracy_is_larger_for_random_labels(recording):
    """Measured: 1.35 times the bytes at accuracy 0.55."""
    shortest = recording.shortest(SURGERY, 0.55)
    true, *random = [fmean(one.bytes for one in runs) for runs in shortest.values()]
    assert list(shortest) == [0, 0.5, 1]
    assert min(random) > 1.1 * true


def test_the_floor_is_below_the_code_length_for_every_run_and_rises_with_the_level(recording):
    """Measured: codes of 270 floors, floors that rise 1.35 times from level to level."""
    assert all(0 <= judged.floor_bytes < judged.bytes for judged in recording.judged)
    floors = [one.floor.mean for one in recording.at(ONE_SHOT, 0.0)]
    assert all(later > 1.15 * earlier for earlier, later in pairwise(floors))


def test_surgery_keeps_more_than_one_shot_pruning(recording):
    """Measured: 0.039 more accuracy at sparsity 0.8, all levels together."""
    one_shot, surgery = (fmean(one.accuracy.mean for one in recording.at(method, 0.8)) for method in METHODS)
    assert surgery > one_shot + 0.01


def test_surgery_leaves_as_many_weights_as_asked_for(recording):
    total = 33_130
    for judged in recording.judged:
        kept = judged.point.nonzeros / total
        assert kept <= 1 - judged.point.sparsity + 1e-3


def test_random_labels_teach_nothing_about_fresh_ones(recording):
    for judged in recording.judged:
        if judged.level == 1:
            assert judged.test_error == pytest.approx(0.9)
            assert judged.bound == 1
