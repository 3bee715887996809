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
from pacviz.library import checkpoints
from pacviz.models import architecture
from pacviz.training import processes as runs
from pacviz.training import records
from pacviz.training.fit import fit
from pacviz.training.recipe import Training
from pacviz.training.records import Run, identity

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
from pacviz.training import fit
fit.SECONDS_PER_SAVE = here.worker.SECONDS_PER_WRITE = 0.0
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
    monkeypatch.setenv("PACVIZ_JOBS", "1")
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
    monkeypatch.setenv("PACVIZ_JOBS", "1")
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


def test_what_is_discarded_is_gone_from_every_list_and_can_be_brought_back_whole(tmp_path):
    report, _ = at_report(2, lambda: refused(lambda: runs.discard(RUN), "stop it first"))
    checkpoint = trained(report=report)
    before, measured = records.find(RUN), records.metrics(RUN)
    runs.discard(RUN)
    assert records.listing() == []
    assert records.metrics(RUN) == []
    assert checkpoints.available("tiny", "digits") == ()
    assert [path for path in tmp_path.rglob("*") if "mine" in path.name] == []
    assert [entry.name for entry in runs.discarded()] == [RUN]
    assert runs.restore(RUN) == before
    assert records.metrics(RUN) == measured
    assert same(checkpoints.find("tiny", "digits", "mine").matrices, checkpoint.matrices)
    assert runs.discarded() == []


def test_a_stopped_run_that_was_discarded_goes_on_when_it_is_back(uninterrupted):
    stopped(after=3)
    runs.discard(RUN)
    runs.restore(RUN)
    assert same(trained().matrices, uninterrupted)


def test_nothing_is_brought_back_over_what_took_its_name(monkeypatch):
    trained()
    first = runs.discard(RUN)
    trained()
    refused(lambda: runs.restore(first.token), "There is a run digits/tiny/mine again")
    assert records.find(RUN).state == "done"
    runs.discard(RUN)
    monkeypatch.setattr(runs.trash.time, "time", lambda now=time.time: now() + 25 * 3600)
    assert runs.discarded() == []
    refused(lambda: runs.restore(RUN), "keeps what was discarded for 24 hours")


@pytest.fixture
def no_processes(monkeypatch):
    """Nothing is trained: a run that was started waits."""
    monkeypatch.setattr(runs, "_launch", lambda run: None)


def test_a_run_belongs_to_the_browser_that_started_it_and_a_shell_may_change_it(no_processes):
    runs.start(MINE, owner="browser-a")
    assert records.find(RUN).owner == "browser-a"
    for action in (runs.stop, runs.resume, runs.discard):
        refused(lambda action=action: action(RUN, "browser-b"), "belongs to another browser")
    refused(lambda: runs.start(MINE, owner="browser-b"), "belongs to another browser")
    runs.stop(RUN, "browser-a")
    runs.stop(RUN)


def test_what_a_shell_started_no_browser_can_change():
    trained()
    refused(lambda: runs.discard(RUN, "browser-a"), "was started by a shell")
    assert records.find(RUN).state == "done"


def test_a_shell_that_goes_on_with_a_run_leaves_it_to_its_browser(no_processes):
    runs.start(MINE, owner="browser-a")
    trained()
    assert (records.find(RUN).owner, records.find(RUN).state) == ("browser-a", "done")


def test_a_browser_may_have_two_runs_and_others_still_find_a_place(no_processes):
    for number in range(2):
        runs.start(replace(MINE, name=f"run{number}"), owner="browser-a")
    for _ in range(23):
        refused(lambda: runs.start(replace(MINE, name="more"), owner="browser-a"), "2 runs of yours")
    runs.start(replace(MINE, name="other"), owner="browser-b")
    assert len(records.listing()) == 3


@pytest.mark.slow
def test_two_who_start_under_the_offered_name_at_once_get_a_run_each(tmp_path):
    """Four processes that ask at the same moment."""
    code = (
        "import sys; from pacviz.training import processes as runs; from pacviz.training.recipe import Training\n"
        "from pacviz import data; data.is_available = lambda name: True; runs._launch = lambda run: None\n"
        "sys.stdin.readline()\n"
        "print(runs.start(Training(model='tiny', name='mine'), 'browser-' + sys.argv[1], unique=True).id)"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(number)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for number in range(4)
    ]
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    names = [process.communicate(timeout=120)[0].strip() for process in processes]
    assert len(set(names)) == len(names) == len(records.listing()) == 4
    assert {run.id: run.owner for run in records.listing()} == {
        name: f"browser-{number}" for number, name in enumerate(names)
    }


def test_what_is_too_large_is_refused_in_one_sentence_before_anything_waits(monkeypatch):
    large = replace(MINE, model="resnet56", data="cifar10", batch_size=10_000, epochs=1000)
    refused(lambda: runs.start(large, owner="browser-a"), r"would take about .* GB of memory.*smaller network")
    monkeypatch.setenv("PACVIZ_JOB_GB", "1000")
    refused(lambda: runs.start(large, owner="browser-a"), r"would take about \d+ d .* 12 h here")
    assert records.listing() == []


def test_a_read_only_server_starts_and_changes_nothing(monkeypatch):
    trained()
    monkeypatch.setenv("PACVIZ_PUBLIC", "1")
    refused(lambda: runs.start(replace(MINE, name="new"), owner="browser-a"), "read-only .starting trainings")
    refused(lambda: runs.discard(RUN, "browser-a"), "read-only")
    refused(lambda: runs.restore(RUN, "browser-a"), "read-only")
    assert [run.state for run in records.listing()] == ["done"]


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


@pytest.mark.slow
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
