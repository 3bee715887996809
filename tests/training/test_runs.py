"""A run survives whatever ends its process, never trains twice at once, waits for its turn, and tells what came of it."""

import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from pacviz import data
from pacviz.data import Dataset, digits
from pacviz.errors import PacvizError
from pacviz.experiments.train import run as worker
from pacviz.jobs import processes as runs
from pacviz.jobs import records
from pacviz.jobs.records import Run, identity
from pacviz.library import checkpoints
from pacviz.models import architecture
from pacviz.training.fit import fit
from pacviz.training.recipe import Training

MINE = Training(model="tiny", name="mine", epochs=6, batch_size=15)
RUN = identity(MINE)
REPORTS = 6
LOAD = data.load


def small() -> Dataset:
    return Dataset("digits", "Procedural digits", digits.sample(300, seed=31), digits.sample(100, seed=32), 10)


@pytest.fixture(scope="module")
def dataset():
    return small()


@pytest.fixture(autouse=True)
def quick(monkeypatch, tmp_path, dataset):
    """A cache of its own, a few digits, everything measured at every report, and nobody who sleeps."""
    monkeypatch.setenv("PACVIZ_CACHE", str(tmp_path))
    monkeypatch.setattr(data, "load", lambda name, progress=None: dataset)
    monkeypatch.setattr(worker, "SECONDS_PER_WRITE", 0.0)
    monkeypatch.setattr(worker, "PREVIEW_SHARE", 1.0)
    monkeypatch.setattr(worker, "PREVIEW_DRAWS", 100)
    monkeypatch.setattr(runs, "SECONDS_PER_LOOK", 0.0)


def trained(training=MINE, report=lambda fraction, what: None, folder=None):
    with runs.taking_part(training, folder, report) as run:
        return worker.work(run, report)


def at_report(number, action):
    """A listener that acts at that report of the training."""
    seen = []

    def report(fraction, what):
        if what.startswith("epoch"):
            seen.append(fraction)
            if len(seen) == number:
                action()

    return report, seen


def stopped(after=3):
    report, _ = at_report(after, lambda: runs.stop(RUN))
    with pytest.raises(runs.Stopped):
        trained(report=report)


def refused(action, words):
    with pytest.raises(PacvizError, match=words):
        action()


def same(matrices, others):
    return all(np.array_equal(matrices[name], others[name]) for name in matrices)


@pytest.fixture(scope="module")
def uninterrupted(dataset):
    network = architecture("tiny")
    return network.matrices(fit(network, dataset, MINE))


def test_a_stopped_run_goes_on_to_the_weights_of_an_uninterrupted_one(uninterrupted):
    stopped(after=3)
    half = records.metrics(RUN)
    assert (records.find(RUN).state, len(half)) == ("stopped", 3)
    _, fractions = listener = at_report(0, lambda: None)
    checkpoint = trained(report=listener[0])
    assert fractions[0] == pytest.approx(4 / REPORTS)
    assert same(checkpoint.matrices, uninterrupted)
    whole = records.metrics(RUN)
    assert whole[:3] == half
    assert [row.step for row in whole] == [20 * (index + 1) for index in range(REPORTS)]
    assert [row.seconds for row in whole] == sorted(row.seconds for row in whole)
    assert whole[-1].epoch == 6


def test_a_finished_run_leaves_a_checkpoint_for_the_app_and_nothing_to_resume():
    checkpoint = trained()
    run = records.find(RUN)
    assert run.state == "done"
    assert not run.resume_file.exists()
    assert run.checkpoint == checkpoints.user_folder() / f"{RUN}.safetensors"
    assert same(checkpoints.find("tiny", "digits", "mine").matrices, checkpoint.matrices)


def test_previews_are_marked_and_the_last_bound_is_the_certificate_of_the_finished_network(dataset):
    from pacviz.bounds import seeger
    from pacviz.codes.coder import encode
    from pacviz.codes.compress import compress
    from pacviz.risk import exact_risk

    checkpoint = trained()
    rows = records.metrics(RUN)
    assert [row.exact for row in rows] == [False] * (REPORTS - 1) + [True]
    assert all(row.error < row.error_upper < row.bound for row in rows[:-1])
    network = compress("tiny", checkpoint.matrices, 0.0, MINE.bits, "global")
    code, risk = encode(network), exact_risk(network, dataset.train)
    assert rows[-1].bound == seeger(risk.upper, code.ledger.nats, 300, 0.05)
    assert rows[-1].code_bytes == len(code.data)
    assert (rows[-1].nonzeros, rows[-1].density) == (406, 1.0)


def test_previews_take_no_more_than_their_share_of_the_time(monkeypatch):
    monkeypatch.setattr(worker, "PREVIEW_SHARE", 1e-9)
    trained()
    assert [row.bound is not None for row in records.metrics(RUN)] == [True] + [False] * (REPORTS - 2) + [True]


def test_a_killed_run_is_interrupted_and_goes_on_to_the_same_weights(uninterrupted, tmp_path):
    script = f"""
import os, signal, sys, torch
torch.set_num_threads({torch.get_num_threads()})  # sums in another order round otherwise
sys.path.insert(0, {str(Path(__file__).parent)!r})
import test_runs as here
from pacviz import data
from pacviz.training import fit, runs, worker
fit.SECONDS_PER_SAVE = worker.SECONDS_PER_WRITE = 0.0
data.load = lambda name, progress=None: here.small()
here.trained(report=here.at_report(4, lambda: os.kill(os.getpid(), signal.SIGKILL))[0])
"""
    killed = subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert records.find(RUN).state == "interrupted"
    report, fractions = at_report(0, lambda: None)
    assert same(trained(report=report).matrices, uninterrupted)
    assert fractions[0] == pytest.approx(4 / REPORTS)  # what was saved last, before the report that killed it
    assert records.find(RUN).state == "done"


def test_ctrl_c_keeps_everything(uninterrupted):
    with pytest.raises(runs.Stopped):
        trained(report=at_report(3, lambda: signal.raise_signal(signal.SIGINT))[0])
    assert records.find(RUN).state == "stopped"
    assert same(trained().matrices, uninterrupted)


def test_no_two_processes_train_the_same_run():
    report, fractions = at_report(2, lambda: refused(trained, "by another process"))
    trained(report=report)
    assert len(fractions) == len(records.metrics(RUN)) == REPORTS


@pytest.mark.parametrize(
    ("change", "words"), [({"epochs": 9}, "epochs is 6 there, 9 here"), ({"seed": 1}, "seed is 0 there, 1 here")]
)
def test_other_settings_under_the_name_of_a_run_are_refused_with_a_free_name(change, words):
    stopped()
    other = replace(MINE, **change)
    for begin in (trained, runs.start):
        with pytest.raises(PacvizError, match=f"{words}.*'mine-v2'"):
            begin(other)
    assert records.find(RUN).training == MINE


def test_the_name_of_a_checkpoint_is_taken():
    checkpoint = trained()
    runs.discard(RUN)
    checkpoints.save(checkpoint)
    with pytest.raises(PacvizError, match=r"checkpoint 'mine' of tiny on digits already.*'mine-v2'"):
        runs.start(MINE)


def test_a_run_waits_until_it_is_its_turn(monkeypatch):
    monkeypatch.setattr(runs, "AT_ONCE", 1)
    other = Run("digits/tiny/other", replace(MINE, name="other"))
    told = []

    def report(fraction, what):
        told.append(what)
        if what == "waiting for 1 other run":
            assert records.find(RUN).state == "waiting"
            process.close()

    with ExitStack() as process:
        process.enter_context(records.lock(other))
        with records.transaction() as database:
            records.enqueue(database, other)
        records.mark(other.id, "running")
        trained(report=report)
    assert told.count("waiting for 1 other run") == 1
    assert [run.state for run in records.listing()] == ["done", "interrupted"]


def test_whoever_came_first_goes_first_even_while_nobody_trains(monkeypatch):
    monkeypatch.setattr(runs, "AT_ONCE", 1)
    other = Run("digits/tiny/other", replace(MINE, name="other"))
    with records.lock(other):
        with records.transaction() as database:
            records.enqueue(database, other)
        with pytest.raises(runs.Stopped):
            trained(report=lambda fraction, what: runs.stop(RUN))
    assert records.find(RUN).state == "stopped"
    assert records.metrics(RUN) == []


def test_a_room_full_of_runs_is_refused_one_more(monkeypatch):
    monkeypatch.setattr(runs, "MOST_WAITING", 0)
    with pytest.raises(PacvizError, match="0 runs wait already"):
        runs.start(MINE)
    assert records.listing() == []


def test_discarding_leaves_nothing_and_needs_a_run_that_is_not_alive(tmp_path):
    report, _ = at_report(2, lambda: refused(lambda: runs.discard(RUN), "stop it first"))
    trained(report=report)
    runs.discard(RUN)
    assert records.listing() == []
    assert records.metrics(RUN) == []
    assert [path for path in tmp_path.rglob("*") if "mine" in path.name] == []


def test_a_run_into_a_folder_of_ones_own_keeps_its_checkpoint_when_discarded(tmp_path):
    trained(folder=tmp_path / "own")
    runs.discard(RUN)
    assert [path for path in (tmp_path / "own").rglob("*") if path.is_file()] == [
        tmp_path / "own" / f"{RUN}.safetensors"
    ]


def test_a_full_disk_fails_the_run_with_a_sentence_and_the_next_attempt_has_nothing_to_train(
    monkeypatch, uninterrupted
):
    def full(checkpoint, folder):
        raise PacvizError("The disk is full; free some space.")

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "save", full)
        with pytest.raises(PacvizError):
            trained()
    run = records.find(RUN)
    assert (run.state, run.message) == ("failed", "The disk is full; free some space.")
    assert same(trained().matrices, uninterrupted)
    assert records.find(RUN).message == ""


def test_an_unexpected_error_is_a_sentence_in_the_list(monkeypatch):
    def broken(*_):
        raise MemoryError

    monkeypatch.setattr(worker, "train", broken)
    with pytest.raises(MemoryError):
        trained()
    assert records.find(RUN).message == "An unexpected error ended it: MemoryError."


def test_absent_data_are_refused_before_anything_waits(monkeypatch, tmp_path):
    monkeypatch.setenv("PACVIZ_DATA", str(tmp_path / "nothing"))
    with pytest.raises(PacvizError, match="--download mnist"):
        runs.start(replace(MINE, data="mnist"))
    assert records.listing() == []


def test_the_time_that_is_left_follows_the_pace():
    rows = [records.Metrics(step, step / 10, step * 0.5, 1.0, 0.5, 406, 1.0) for step in range(10, 41, 10)]
    assert records.seconds_left(Run(RUN, MINE), rows) == pytest.approx((6 - 4) * 5)
    assert records.seconds_left(Run(RUN, MINE), rows[:1]) is None


def test_a_run_in_the_background_outlives_its_starter_and_is_resumed_where_it_stopped(monkeypatch, cache):
    """The real thing: a process of its own on the embedded digits."""
    monkeypatch.setenv("PACVIZ_CACHE", str(cache))
    monkeypatch.setattr(runs, "_NICENESS", 0)
    LOAD("digits")
    processes = []
    begin = subprocess.Popen

    def popen(*arguments, **options):
        processes.append(begin(*arguments, **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    training = Training(model="tiny", name="background", epochs=1, batch_size=1000)
    run = runs.start(training)
    runs.stop(run.id)
    processes[0].wait(timeout=300)
    assert records.find(run.id).state == "stopped"
    runs.resume(run.id)
    with pytest.raises(PacvizError, match="can be resumed"):
        runs.resume(run.id)
    assert processes[1].wait(timeout=300) == 0
    assert records.find(run.id).state == "done"
    assert records.metrics(run.id)[-1].step == 60
    assert "training error" in run.log.read_text()
    with pytest.raises(PacvizError, match="done already"):
        runs.start(training)
    runs.discard(run.id)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="only where parents must wait for their children")
def test_an_ended_training_leaves_no_defunct_process_behind_its_server(monkeypatch):
    begin, processes = subprocess.Popen, []

    def popen(command, **options):
        processes.append(begin([sys.executable, "-c", ""], **options))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    runs.start(MINE)
    assert _was_waited_for(processes[0].pid)


def _was_waited_for(process, seconds=60):
    deadline = time.monotonic() + seconds
    with suppress(ChildProcessError):
        while time.monotonic() < deadline:
            # Looks at the ended child and leaves it as it is; raises once somebody has waited for it.
            os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
        return False
    return True
