"""What is said below and above the pictures of random labels is true of the runs that are drawn."""

import itertools
from statistics import fmean

import pytest

from pacviz.experiments.random_labels import takeaways
from pacviz.experiments.random_labels.files import available, read
from pacviz.experiments.random_labels.results import Recording, mean_floor
from pacviz.experiments.random_labels.settings import METHODS

SHOWN = [(name, method) for name in available() for method in METHODS]


@pytest.mark.parametrize(("name", "method"), SHOWN)
@pytest.mark.parametrize("accuracy", [0.5, 0.9, 0.999])
def test_sentences_about_a_shipped_recording_are_true(name, method, accuracy):
    recording = read(available()[name])
    levels = recording.experiment.levels
    means = [fmean(one.accuracy.mean for one in recording.along(method, level)) for level in levels]
    if "sooner pruning" in takeaways.pruning_title(recording, method):
        assert means[0] > means[-1]
        assert all(later <= earlier + takeaways.ACCURACIES for earlier, later in itertools.pairwise(means))
    shortest = recording.shortest(method, accuracy)
    codes = [fmean(judged.bytes for judged in runs) for runs in shortest.values()]
    floors = [mean_floor(runs) for runs in shortest.values()]
    caption, title = (say(recording, method, accuracy) for say in (takeaways.code_caption, takeaways.code_title))
    rises = [all(later > 0.95 * earlier for earlier, later in itertools.pairwise(line)) for line in (codes, floors)]
    if "Both lines rise" in caption:
        assert all(rises)
        assert codes[-1] > codes[0]
    if "the code rises," in caption:
        assert rises[0]
    if "falls" in caption:
        assert not all(rises)
    if "no code gets below" in title.lower():
        assert all(judged.bytes > judged.floor_bytes for runs in shortest.values() for judged in runs)
    told = takeaways.pruning_caption(recording, method, accuracy)
    for level in (levels[0], levels[-1]):
        curve, named = recording.along(method, level), f"with {100 * level:g} % random labels"
        assert named in told
        if "at no sparsity shown " + named in told:
            assert curve[-1].accuracy.mean >= accuracy
    assert ("Every line reaches the top" in takeaways.fits_caption(recording)) == (
        not any(run.errors for run in recording.runs)
    )


def test_one_shot_codes_that_rise_and_fall_are_not_said_to_rise():
    told = {takeaways.code_caption(read(available()[name]), method, 0.9) for name, method in SHOWN}
    assert len(told) > 1
    assert any("rises and falls again" in caption or "goes up and down" in caption for caption in told)


def test_nothing_is_said_of_nothing():
    recording = read(next(iter(available().values())))
    empty = Recording(recording.experiment, ())
    assert takeaways.pruning_title(empty, "surgery") == "Training accuracy after pruning"
    assert takeaways.code_title(empty, "surgery", 0.9) == "Shortest codes that know 90 % of their labels"
    assert takeaways.fits_title(empty) == "Fitting true labels and random ones"
    assert takeaways.pruning_caption(empty, "surgery", 0.9) == "Bands span the seeds."
