"""Runs are kept one by one, found again, gathered, and written whole."""

from dataclasses import replace

import pytest

from pacviz import data
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels import results as recordings
from pacviz.experiments.random_labels import run as running
from pacviz.experiments.random_labels.files import (
    SHIPPED,
    available,
    discard,
    discarded,
    owners,
    read,
    restore,
    save,
    save_new,
)
from pacviz.experiments.random_labels.live import reports
from pacviz.experiments.random_labels.results import Recording, Spread, known, run_all
from pacviz.experiments.random_labels.settings import ONE_SHOT, Randomization

QUICK = Randomization(
    "tiny", n=100, tests=100, levels=(0, 1), sparsity=(0, 0.5), seeds=2, epochs=2, recovery=1, batch_size=50
)


@pytest.fixture
def place(tmp_path, monkeypatch, dataset):
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "load", lambda *_, **__: dataset)
    return tmp_path


@pytest.fixture(scope="module")
def recording(dataset):
    """A quick one: what is learned does not matter here."""
    return Recording(QUICK, tuple(list(running.steps(QUICK, *job, dataset))[-1].run for job in QUICK.jobs))


def test_a_stopped_experiment_goes_on_from_the_last_finished_run(place, monkeypatch):
    started, original = [], running.steps

    def counted(*arguments):
        started.append(arguments[1:3])
        return original(*arguments)

    def stop(fraction, what):
        if len(started) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "steps", counted)
    with pytest.raises(KeyboardInterrupt):
        run_all(QUICK, stop)
    kept = recordings.known(QUICK).runs
    started.clear()
    whole = run_all(QUICK, lambda *_: None)
    assert started == QUICK.jobs[2:]
    assert [(run.level, run.seed) for run in whole.runs] == QUICK.jobs
    assert whole.complete
    assert whole.runs[:2] == kept
    fresh = [list(original(QUICK, *job, data.load("digits")))[-1].run for job in QUICK.jobs[:1]]
    assert fresh[0] == whole.runs[0]


def test_fractions_rise_to_the_end(place):
    fractions = []
    run_all(QUICK, lambda fraction, what: fractions.append(fraction))
    assert all(0 <= fraction <= 1 for fraction in fractions)
    assert fractions[-1] > 0.9


@pytest.mark.slow
def test_a_live_run_reports_as_it_goes_and_is_the_same_as_in_one(place):
    whole = run_all(QUICK, lambda *_: None)
    other = replace(QUICK, tests=200)
    told = list(reports(other))
    fractions = [report.fraction for report in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    finished = [report.run for report in told if report.finished]
    assert [run.accuracies for run in finished] == [run.accuracies for run in whole.runs]
    assert [report.run for report in reports(other) if report.finished] == finished
    assert len(list(reports(other))) == len(other.jobs)


def test_a_live_run_that_is_interrupted_loses_no_finished_run(place):
    experiment = replace(QUICK, tests=300)
    for report in reports(experiment):
        if report.finished:
            break
    assert [run.level for run in known(experiment).runs] == [report.run.level]


def test_two_who_keep_under_one_name_replace_nothing_and_each_has_his_own(place, recording):
    assert save_new(recording, "mine", "browser-a", unique=True) == "mine"
    assert save_new(replace(recording, version="other"), "mine", "browser-b", unique=True) == "mine-2"
    assert read(available()["mine"]).version == recording.version
    with pytest.raises(PacvizError, match=r"already; choose another name, such as 'mine-3'"):
        save_new(recording, "mine", "browser-b")
    assert owners() == {"mine": "browser-a", "mine-2": "browser-b"}
    with pytest.raises(PacvizError, match="not yours"):
        discard("mine", "browser-b")
    discard("mine", "browser-a")
    assert "mine" not in available()
    (entry,) = discarded("browser-a")
    restore(entry.token, "browser-a")
    assert read(available()["mine"]).runs == recording.runs
    assert owners()["mine"] == "browser-a"


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
    run, worse = (
        replace(
            recording.runs[0], seed=seed, points=tuple(replace(p, train_errors=e) for p in recording.runs[0].points)
        )
        for seed, e in ((0, 20), (1, 30))
    )
    both = Recording(recording.experiment, (run, worse))
    result = both.along(ONE_SHOT, 0.0)[1]
    accuracy = 0.8
    assert result.runs == 2
    assert result.accuracy == Spread(pytest.approx(accuracy - 0.05), pytest.approx(accuracy - 0.1), accuracy)
    assert len(both.table()) == 2 * len(run.points)
    assert list(both.table().columns[:4]) == ["level", "seed", "method", "sparsity"]


def test_shipped_recordings_can_be_read_and_keep_the_floor_below_the_code():
    shipped = sorted(SHIPPED.glob("*.json"))
    assert shipped
    for path in shipped:
        result = read(path)
        assert result.complete
        assert result.experiment.levels == (0, 0.3, 0.5, 0.7, 1)
        assert all(judged.floor_bytes < judged.bytes for judged in result.judged)
        assert all(run.errors == 0 for run in result.runs)
