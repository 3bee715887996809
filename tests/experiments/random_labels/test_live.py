"""Live experiments: a process each while somebody watches, a turn for everybody, and an end when nobody is left."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from pacviz.errors import PacvizError
from pacviz.experiments.random_labels import live as module
from pacviz.experiments.random_labels.live import Live, live
from pacviz.experiments.random_labels.settings import Randomization
from pacviz.jobs import live as jobs
from pacviz.models import architecture
from pacviz.models.cost import cost

QUICK = Randomization("tiny", n=100, tests=100, seeds=1, epochs=2, recovery=1)


@pytest.fixture(autouse=True)
def empty_hall(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_JOBS", "1")
    monkeypatch.setattr(jobs, "hall", jobs._Hall())
    monkeypatch.setattr(module.live, "works", type(module.live.works)())
    yield
    for left in list(jobs.hall.queue):
        left.end()


@pytest.fixture
def no_processes(monkeypatch):
    """An experiment that works does nothing, and is ended like a process."""
    monkeypatch.setattr(
        Live, "_start", lambda self: setattr(self, "_process", SimpleNamespace(kill=int, wait=int, stdin=None))
    )


def watch(experiment, owner="browser-a"):
    told = []
    live(experiment).watch(owner, lambda fraction, what: told.append(what))
    return told


def test_what_nobody_watches_any_more_ends(monkeypatch):
    """A real process, whose only visitor closes the tab."""
    monkeypatch.setattr(jobs, "UNWATCHED", 0.5)
    monkeypatch.setattr(jobs, "PULSE", 0.1)
    long = replace(QUICK, n=60_000, epochs=300, batch_size=64)
    watch(long)
    process = live(long)._process
    assert process.wait(timeout=120) != 0
    assert not live(long).working
    assert jobs.hall.queue == []


def test_a_visitor_has_one_that_works_and_one_that_waits_and_others_still_get_a_turn(no_processes):
    experiments = [replace(QUICK, seed=seed) for seed in range(5)]
    assert watch(experiments[0]) == ["starting"]
    assert watch(experiments[1]) == ["waiting for 1 other experiment"]
    with pytest.raises(PacvizError, match="One experiment of yours works and one waits"):
        watch(experiments[2])
    assert watch(experiments[2], "browser-b") == ["waiting for 2 other experiments"]
    live(experiments[0]).leave("browser-a")
    assert watch(experiments[1]) == ["starting"]
    assert watch(experiments[2], "browser-b") == ["waiting for 1 other experiment"]


def test_who_watches_the_same_experiment_shares_it_and_neither_ends_nor_pauses_it_for_the_other(no_processes):
    watch(QUICK, "browser-a")
    watch(QUICK, "browser-b")
    assert len(jobs.hall.queue) == 1
    live(QUICK).pause("browser-a")
    assert not live(QUICK).paused
    live(QUICK).leave("browser-a")
    assert live(QUICK).working
    live(QUICK).pause("browser-b")
    assert live(QUICK).paused
    live(QUICK).leave("browser-b")
    assert not live(QUICK).working


def test_a_process_that_ends_early_is_a_sentence_and_can_be_started_again(monkeypatch):
    watch(QUICK)
    process = live(QUICK)._process
    process.kill()
    process.wait()
    listening = [thread for thread in jobs.threading.enumerate() if thread.name == "listens to live work"]
    for thread in listening:
        thread.join(timeout=60)
    with pytest.raises(PacvizError, match="ended early"):
        watch(QUICK)
    module.live.forget(QUICK)
    assert watch(QUICK) in (["starting"], ["reading the data"])


def test_what_is_too_large_never_starts(no_processes):
    for large in (
        replace(QUICK, model="resnet56", data="cifar10", n=50_000, batch_size=10_000),
        replace(QUICK, model="lenet5", n=60_000, epochs=300, batch_size=1),
    ):
        with pytest.raises(PacvizError, match="a job may take"):
            watch(large)
    assert jobs.hall.queue == []


def test_the_estimate_grows_with_everything_that_costs():
    lenet = cost(architecture("lenet5"))
    once = lenet.training(60_000, 128, 1)
    assert lenet.training(60_000, 128, 2).seconds == pytest.approx(2 * once.seconds)
    assert lenet.training(60_000, 1, 1).seconds > once.seconds
    assert lenet.training(60_000, 256, 1).bytes > once.bytes
    assert cost(architecture("resnet56")).training(60_000, 128, 1).seconds > 10 * once.seconds
    # 20 x 24 x 24 x 25 + 50 x 8 x 8 x 500 + 800 x 500 + 500 x 10 products of weights, and a few of pooling
    assert lenet.products == pytest.approx(288_000 + 1_600_000 + 400_000 + 5_000, rel=0.02)
