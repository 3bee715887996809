"""Runs in the background: started, waiting for their turn, stopped, resumed and discarded, from any page or shell."""

from __future__ import annotations

import dataclasses
import os
import shlex
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from pacviz import store
from pacviz.errors import PacvizError
from pacviz.jobs import limits, trash
from pacviz.models import ARCHITECTURES
from pacviz.training.recipe import SCRATCH, Training
from pacviz.training.records import (
    RESUMABLE,
    SECONDS_TO_START,
    Run,
    enqueue,
    find,
    identity,
    listing,
    lock,
    mark,
    put_in,
    runs_in,
    taken_out,
    transaction,
)

MOST_WAITING = 20
"""Runs of everybody that may wait for their turn."""
MOST_OF_ONE = 2
"""Runs of one browser that may be alive: one that trains and one that waits."""
SECONDS_PER_LOOK = 1.0
"""How often a waiting run asks whether it is its turn."""
HOME = Path(__file__).resolve().parents[2]
"""Where Python finds this very pacviz: a clone, or the folder of installed packages."""
_NICENESS = 10

Report = Callable[[float, str], None]
"""Told the fraction done in [0, 1] and what is being done."""


class Stopped(Exception):
    """The run was asked to stop; everything is kept."""


def start(training: Training, owner: str | None = None, unique: bool = False) -> Run:
    """Trains in a process of its own as soon as it is its turn; a stopped run of the same settings goes on.

    owner: the browser that asks, None for a shell.  unique: the name was offered and not chosen, so that another one is
    taken where somebody was quicker.  Raises PacvizError where the name is taken, the checkpoint to start from or the data
    are missing, too many runs wait already, a browser asks for more than it is granted, or the cache cannot be written.
    """
    if owner is not None:
        limits.require_changes("starting trainings")
        limits.require_small(training.estimate, "choose fewer epochs, a smaller network or another batch size")
    if unique:
        training = dataclasses.replace(training, name=free_name(training))
    check(training, None)
    with transaction() as database:
        present = runs_in(database)
        if unique:
            training = dataclasses.replace(training, name=_free_name(training, present))
        run = Run(identity(training), training, owner=owner)
        for other_run in present:
            if other_run.id == run.id:
                _check_same(other_run, training, None)
                _require_own(other_run, owner)
                if other_run.state not in RESUMABLE:
                    other = _free_name(training, present)
                    raise PacvizError(
                        f"{run.id} is {other_run.state} already; choose another name, such as {other!r}, to train it again."
                    )
        _require_place(present, owner)
        enqueue(database, run)
    _launch(run)
    return run


def resume(run: str, owner: str | None = None) -> None:
    """Lets a run go on in a process of its own.

    owner: the browser that asks, None for a shell.  Raises PacvizError where it is alive or done, or not the browser's own.
    """
    own = find(run)
    _require_own(own, owner)
    with transaction() as database:
        present = runs_in(database)
        state = next((other.state for other in present if other.id == own.id), own.state)
        if state not in RESUMABLE:
            raise PacvizError(f"{run} is {state}; only a run that is {' or '.join(RESUMABLE)} can be resumed.")
        _require_place(present, owner)
        enqueue(database, own)
    _launch(own)


def stop(run: str, owner: str | None = None) -> None:
    """Asks a run to stop: at its next report it keeps everything.

    owner: the browser that asks, None for a shell.  Raises PacvizError where it is not alive, or not the browser's own.
    """
    own = find(run)
    _require_own(own, owner)
    if not own.alive:
        raise PacvizError(f"{run} is {own.state}; there is nothing to stop.")
    with transaction() as database:
        database.execute("UPDATE runs SET stop = 1 WHERE id = ?", (own.id,))


def discard(run: str, owner: str | None = None) -> trash.Entry:
    """Moves a run with all that was kept of it, and its checkpoint in the user's folder, to the trash.

    owner: the browser that asks, None for a shell.  Raises PacvizError where it is alive, or not the browser's own.
    """
    own = find(run)
    _require_own(own, owner)
    if own.alive:
        raise PacvizError(f"{run} is {own.state}; stop it first.")
    with lock(own), transaction() as database:
        rows = taken_out(database, own.id)
        files = {path.name: path for path in (own.resume_file, own.log)}
        if own.state == "done" and own.folder is None:
            files["checkpoint"] = own.checkpoint
        entry = trash.put("run", own.id, own.owner, files, rows)
    shutil.rmtree(own.place, ignore_errors=True)
    return entry


def discarded(owner: str | None = None) -> list[trash.Entry]:
    """The runs that can be brought back, the latest first: a browser's own, or all."""
    return trash.listing("run", owner)


def restore(wanted: str, owner: str | None = None) -> Run:
    """Brings back a run that was discarded: the latest of that name, or the one of that token.

    Raises PacvizError where there is none, or there is another run or checkpoint of its name by now.
    """
    if owner is not None:
        limits.require_changes("bringing back runs")
    entry = trash.find("run", wanted, owner)
    if any(run.id == entry.name for run in listing()):
        raise PacvizError(f"There is a run {entry.name} again; discard that one first.")
    with transaction() as database:
        put_in(database, entry.about)
        run = next((one for one in runs_in(database) if one.id == entry.name), None)
        if run is None:
            raise PacvizError(f"{entry.name} cannot be brought back: what was kept of it is damaged.")
        place = {path.name: path for path in (run.resume_file, run.log)}
        entry.put_back({**place, "checkpoint": run.checkpoint})
    return run


def _require_own(run: Run, owner: str | None) -> None:
    """Raises PacvizError where a browser asks for a change of what is not its own; a shell may change all."""
    if owner is None:
        return
    limits.require_changes("changing runs")
    if run.owner is None:
        raise PacvizError(
            f"{run.id} was started by a shell of this machine; only there can it be changed: `python -m pacviz runs {run.id}`."
        )
    if run.owner != owner:
        raise PacvizError(f"{run.id} belongs to another browser, and only there can it be changed.")


def _require_place(present: Sequence[Run], owner: str | None) -> None:
    """Raises PacvizError where one run more would be too many, of this browser or of all."""
    if owner is not None and sum(run.alive and run.owner == owner for run in present) >= MOST_OF_ONE:
        raise PacvizError(
            f"{MOST_OF_ONE} runs of yours train or wait already; stop one of them, or start this one when it is done."
        )
    if sum(run.state == "waiting" for run in present) >= MOST_WAITING:
        raise PacvizError(f"{MOST_WAITING} runs wait already; stop one of them, or come back later.")


def check(training: Training, folder: Path | None) -> None:
    """Raises PacvizError where a training cannot begin: asked before it waits, so that nobody waits in vain.

    folder: where its checkpoint goes, the user's folder where None.
    """
    from pacviz import data
    from pacviz.library import checkpoints

    store.require_place(
        checkpoints.place(folder or checkpoints.user_folder(), training.model, training.data, training.name)
    )
    known = {run.id: run for run in listing()}
    if (run := known.get(identity(training))) is not None:
        _check_same(run, training, folder)
    if folder is None:
        checkpoints.check_name(training.model, training.data, training.name)
        if run is None and training.name in checkpoints.available(training.model, training.data):
            raise PacvizError(
                f"There is a checkpoint {training.name!r} of {training.model} on {training.data} already; choose another "
                f"name, such as {free_name(training)!r}."
            )
    network, images = ARCHITECTURES[training.model], data.source(training.data)
    if (network.input_shape, network.classes) != (images.shape, images.classes):
        fitting = [
            other.name
            for other in ARCHITECTURES.values()
            if (other.input_shape, other.classes) == (images.shape, images.classes)
        ]
        raise PacvizError(
            f"{network.title} takes images of shape {network.input_shape} in {network.classes} classes, but {images.title} "
            f"has {images.shape} in {images.classes}; choose one of the models {', '.join(fitting)}."
        )
    if training.start != SCRATCH:
        checkpoints.find(training.model, training.data, training.start)
    if not data.is_available(training.data):
        raise PacvizError(
            f"{data.source(training.data).title} is not in {store.data_dir()}; download it by "
            f"`python -m pacviz data --download {training.data}`, or set PACVIZ_DATA to the folder that holds it."
        )


def _check_same(run: Run, training: Training, folder: Path | None) -> None:
    """Raises PacvizError where a run has other settings than these."""
    known, given = {**run.training.to_dict(), "folder": run.folder}, {**training.to_dict(), "folder": folder}
    for name, value in given.items():
        if known[name] != value:
            raise PacvizError(
                f"There is a run {run.id} with other settings ({name} is {known[name]} there, {value} here); choose "
                f"another name, such as {free_name(training)!r}, or discard that run."
            )


def free_name(training: Training) -> str:
    """A name like the training's that neither a run nor a checkpoint of this model on these data has."""
    return _free_name(training, listing())


def _free_name(training: Training, present: Sequence[Run]) -> str:
    from pacviz.library import checkpoints

    same = (training.model, training.data)
    known = [run.training.name for run in present if (run.training.model, run.training.data) == same]
    return checkpoints.free_name(*same, training.name, known)


@contextmanager
def taking_part(training: Training, folder: Path | None, report: Report) -> Iterator[Run]:
    """Makes this process the one that trains a run: waits for its turn, and writes down how the block ends.

    Raises PacvizError where another process has it or it cannot begin; Stopped where it is asked to stop while it waits.
    """
    run = Run(identity(training), training, folder)
    if not _just_started(run):
        check(training, folder)
    with lock(run):
        if not _just_started(run):
            with transaction() as database:
                enqueue(database, run)
        try:
            while ahead := _ahead(run):
                report(0.0, f"waiting for {ahead} other run{'s' if ahead > 1 else ''}")
                time.sleep(SECONDS_PER_LOOK)
            yield run
        except (Stopped, KeyboardInterrupt):
            mark(run.id, "stopped")
            raise
        except PacvizError as error:
            mark(run.id, "failed", str(error))
            raise
        except Exception as error:
            mark(run.id, "failed", f"An unexpected error ended it: {str(error) or type(error).__name__}.")
            raise
        mark(run.id, "done")


def _just_started(run: Run) -> bool:
    """Whether `start` or `resume` has checked and written down this very run for a new process."""
    with transaction() as database:
        recent = database.execute(
            "SELECT id FROM runs WHERE state = 'waiting' AND queued > ?", (_recently(),)
        ).fetchall()
        known = {one.id: one for one in runs_in(database)}
    current = known.get(run.id)
    same = current is not None and (current.training, current.folder) == (run.training, run.folder)
    return same and (run.id,) in recent


def _recently() -> float:
    return time.time() - SECONDS_TO_START


def _ahead(run: Run) -> int:
    """How many runs come before this one and leave it no place; where there is a place, it is running from now on.

    Raises Stopped where it is asked to stop.
    """
    with transaction() as database:
        alive = {one.id: one for one in runs_in(database) if one.alive}
        own = alive.pop(run.id, None)
        if own is None:  # the database was damaged and began anew
            enqueue(database, run)
            own = run
        if own.state == "stopping":
            raise Stopped
        ahead = sum(other.state != "waiting" or other.queued < own.queued for other in alive.values())
        if ahead < limits.jobs():
            database.execute("UPDATE runs SET state = 'running', pid = ? WHERE id = ?", (os.getpid(), run.id))
            return 0
    return ahead


def _launch(run: Run) -> None:
    """Starts `python -m pacviz train …` as a process that outlives this one, and leaves this one its share of the machine."""
    command = [sys.executable, "-m", "pacviz", "train", *shlex.split(run.training.arguments())]
    command += ["--folder", str(run.folder)] if run.folder else []
    here = {"PACVIZ_CACHE": store.cache_dir(), "PACVIZ_DATA": store.data_dir()}
    apart = ("DETACHED_PROCESS", "CREATE_NEW_PROCESS_GROUP", "BELOW_NORMAL_PRIORITY_CLASS")  # on Windows only
    try:
        run.place.mkdir(parents=True, exist_ok=True)
        with run.log.open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                command,
                cwd=HOME,
                env={**os.environ, **{name: str(path.resolve()) for name, path in here.items()}},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                creationflags=sum(getattr(subprocess, flag, 0) for flag in apart),
            )
    except OSError as error:
        message = f"No process could be started for {run.id} ({error}); free some memory or space, and resume it."
        mark(run.id, "failed", message)
        raise PacvizError(message) from error
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
    # A child that nobody waits for stays in the table of processes as long as its parent lives.
    threading.Thread(target=process.wait, name=f"waits for {run.id}", daemon=True).start()
