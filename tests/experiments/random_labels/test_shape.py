"""The paper's finding on a small scale: what was memorised is lost first, takes more bytes, and never beats the floor."""

from itertools import pairwise

import pytest

from pacviz.experiments.random_labels.settings import ONE_SHOT, SURGERY

METHODS = [ONE_SHOT, SURGERY]


def test_every_level_is_fitted_to_the_last_label(recording):
    assert [run.errors for run in recording.runs] == [0, 0, 0]
    assert all(run.accuracies[-1] > 0.97 for run in recording.runs)
    dense = recording.at(ONE_SHOT, 0.0)
    assert all(found.accuracy.mean > 0.995 for found in dense)


def test_random_labels_take_longer_to_fit(recording):
    epochs = [len(run.accuracies) for run in recording.runs]
    assert epochs == sorted(epochs)


@pytest.mark.parametrize("method", METHODS)
def test_at_equal_sparsity_in_the_steep_part_accuracy_falls_with_the_level(recording, method):
    steep = recording.steepest(method)
    accuracies = [found.accuracy.mean for found in recording.at(method, steep)]
    assert all(before > after + 0.02 for before, after in pairwise(accuracies))


def test_the_code_length_at_equal_accuracy_grows_with_the_level(recording):
    shortest = recording.shortest(SURGERY, 0.55)
    codes = [runs[0].bytes for runs in shortest.values()]
    assert list(shortest) == [0, 0.3, 1]
    assert all(later > 1.2 * earlier for earlier, later in pairwise(codes))


def test_the_floor_is_below_the_code_length_for_every_run_and_rises_with_the_level(recording):
    assert all(0 <= judged.floor_bytes < judged.bytes for judged in recording.judged)
    floors = [found.floor.mean for found in recording.at(ONE_SHOT, 0.0)]
    assert floors == sorted(floors)
    assert floors[-1] > 2 * floors[0]


def test_surgery_keeps_more_than_one_shot_pruning(recording):
    for level in recording.experiment.levels:
        pairs = zip(recording.along(ONE_SHOT, level), recording.along(SURGERY, level), strict=True)
        assert all(b.accuracy.mean >= a.accuracy.mean - 0.02 for a, b in pairs)


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
