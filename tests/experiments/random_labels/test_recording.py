"""Runs are kept one by one, found again, gathered, and written whole."""

from dataclasses import replace
from functools import partial

import pytest

from pacviz import data
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels import results as recordings
from pacviz.experiments.random_labels import run as running
from pacviz.experiments.random_labels.live import Live
from pacviz.experiments.random_labels.results import Recording, Spread, available, read, record, save
from pacviz.experiments.random_labels.settings import ONE_SHOT, Randomization

QUICK = Randomization(
    "tiny", n=100, tests=100, levels=(0, 1), sparsity=(0, 0.5), seeds=2, epochs=2, recovery=1, batch_size=50
)


@pytest.fixture
def place(tmp_path, monkeypatch, dataset):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "load", lambda *_, **__: dataset)
    return tmp_path


def test_a_stopped_experiment_goes_on_from_the_last_finished_run(place, monkeypatch):
    finished, started = [], []

    def stop(fraction, what):
        if len(finished) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        record(QUICK, stop, finished.append)
    original = running.moments

    def counted(*arguments):
        started.append(arguments[1:3])
        return original(*arguments)

    monkeypatch.setattr(recordings, "moments", counted)
    whole = record(QUICK, lambda *_: None, finished.append)
    assert started == QUICK.jobs[2:]
    assert [(run.level, run.seed) for run in whole.runs] == QUICK.jobs
    assert whole.complete
    assert whole.runs == tuple(finished)
    fresh = [list(original(QUICK, *job, data.load("digits")))[-1].run for job in QUICK.jobs[:1]]
    assert fresh[0] == whole.runs[0]


def test_fractions_rise_to_the_end(place):
    fractions = []
    record(QUICK, lambda fraction, what: fractions.append(fraction), lambda run: None)
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert fractions[-1] > 0.9


def test_a_live_run_in_pieces_is_the_same_as_in_one(place):
    whole = record(QUICK, lambda *_: None, lambda run: None)
    other = replace(QUICK, tests=200)
    pieces = Live(other)
    seen = []
    while not pieces.done:
        pieces.advance(0.0001, lambda *_: None)
        seen.append(len(pieces.recording.runs))
    assert seen == sorted(seen)
    assert pieces.recording.complete
    assert [run.accuracies for run in pieces.recording.runs] == [run.accuracies for run in whole.runs]
    again = Live(other)
    again.advance(0.05, partial(pytest.fail, "nothing is left to do"))
    assert again.recording == pieces.recording


def test_a_live_run_that_is_interrupted_loses_nothing(place):
    present = Live(replace(QUICK, tests=300))

    def interrupt(fraction, what):
        raise KeyboardInterrupt

    while not present.done:
        with pytest.raises(KeyboardInterrupt):
            present.advance(60, interrupt)
        if len(present.recording.runs) == 4 and present.recording.complete:
            present.advance(60, lambda *_: None)
    assert present.recording.runs == record(present.experiment, lambda *_: None, lambda run: None).runs


def test_a_recording_comes_back_from_its_file_and_is_offered(place, recording):
    path = save(recording, "mine")
    assert read(path).runs == recording.runs
    assert available()["mine"] == path
    assert read(path).experiment == recording.experiment


@pytest.mark.parametrize("name", ["My run", "", "../x"])
def test_a_wrong_name_is_refused(place, recording, name):
    with pytest.raises(PacvizError, match="name must be made of"):
        save(recording, name)


def test_what_is_no_recording_is_one_sentence(place):
    path = place / "randomization" / "odd.json"
    path.parent.mkdir()
    path.write_text("{}")
    with pytest.raises(PacvizError, match="no recording"):
        read(path)


def test_seeds_are_gathered_with_their_spread(recording):
    run = recording.runs[0]
    worse = replace(run, seed=1, points=tuple(replace(p, train_errors=p.train_errors + 50) for p in run.points))
    both = Recording(recording.experiment, (run, worse))
    found = both.along(ONE_SHOT, 0.0)[1]
    accuracy = 1 - run.points[1].train_errors / 500
    assert found.runs == 2
    assert found.accuracy == Spread(pytest.approx(accuracy - 0.05), pytest.approx(accuracy - 0.1), accuracy)
    assert len(both.table()) == 2 * len(run.points)
    assert list(both.table().columns[:4]) == ["level", "seed", "method", "sparsity"]


def test_shipped_recordings_can_be_read_and_keep_the_floor_below_the_code():
    shipped = sorted(recordings.SHIPPED.glob("*.json"))
    assert shipped
    for path in shipped:
        found = read(path)
        assert found.complete
        assert found.experiment.levels == (0, 0.3, 0.5, 0.7, 1)
        assert all(judged.floor_bytes < judged.bytes for judged in found.judged)
        assert all(run.errors == 0 for run in found.runs)
