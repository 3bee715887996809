"""What is known of runs: a row of the store's database for each, a row for each time it was measured, and a folder.

A run is a training that outlives the page or the shell that started it.  The process that trains it holds the lock in
its folder; the operating system frees it when the process ends, however it ends.
"""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock, Timeout

from pacviz import store
from pacviz.errors import PacvizError
from pacviz.training.recipe import Training

State = Literal["waiting", "running", "stopping", "stopped", "interrupted", "failed", "done"]
ALIVE: tuple[State, ...] = ("waiting", "running", "stopping")
"""A process waits for its turn, or trains."""
RESUMABLE: tuple[State, ...] = ("stopped", "interrupted", "failed")
SECONDS_TO_START = 60
"""A new process has as long to take its lock before its run counts as interrupted."""
_PACE = 30
"""Rows whose pace tells the time that is left."""
RECORDED = store.ASSETS / "runs"


@dataclass(frozen=True)
class Metrics:
    """Where a run stood after a step.

    epoch: epochs done, a real number.  seconds: time spent on training.  loss: cross-entropy of the last batch in nats.
    accuracy: share of the epoch's examples so far that were classified rightly when they came.  nonzeros, density:
    weights that are left, and their share.  The rest is None where it was not measured at this step; it is about the
    network as it would be written down now, with 2^bits values a layer.  code_bytes: its length.  error, error_upper: its
    error on training examples, and the upper limit that enters the bound.  bound: Maurer-Seeger at the default delta.
    exact: whether the error is that on all training examples; else it is estimated from some, and the bound a preview.
    """

    step: int
    epoch: float
    seconds: float
    loss: float
    accuracy: float
    nonzeros: int
    density: float
    code_bytes: int | None = None
    error: float | None = None
    error_upper: float | None = None
    bound: float | None = None
    exact: bool = False


@dataclass(frozen=True)
class Run:
    """A training and how far it has come.

    folder: where its checkpoint goes, the user's folder where None.  message: why it failed, one sentence.
    pid: the process that trained it last.  queued: when it was started or resumed, in seconds since 1970.
    owner: the browser that started it, None where a shell did.
    """

    id: str
    training: Training
    folder: Path | None = None
    state: State = "waiting"
    message: str = ""
    pid: int | None = None
    queued: float = 0.0
    owner: str | None = None

    @property
    def alive(self) -> bool:
        return self.state in ALIVE

    @property
    def place(self) -> Path:
        """The folder of all that is kept of it, save its rows and its checkpoint."""
        return _place(self.id)

    @property
    def resume_file(self) -> Path:
        """What it goes on from."""
        return self.place / "resume.pt"

    @property
    def log(self) -> Path:
        """What its process printed where it was started in the background."""
        return self.place / "log.txt"

    @property
    def checkpoint(self) -> Path:
        """Where its checkpoint lies when it is done; that of a run of before may lie under its name of before."""
        folder, training = self.folder or store.cache_dir() / "checkpoints", self.training
        now = store.shelf(folder, training.data, training.model, training.name, suffix=".safetensors")
        before = folder / f"{_identity_before(training)}.safetensors"
        return before if before.exists() and not now.exists() else now

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as `python -m pacviz runs --json` prints them."""
        told = {"id": self.id, "state": self.state, "message": self.message}
        return {**told, "command": self.training.command, "training": self.training.to_dict()}


def identity(training: Training) -> str:
    """What the run of a training is called: DATA/MODEL/NAME, which is where its checkpoint lies."""
    return f"{training.data}/{training.model}/{training.name}"


def _identity_before(training: Training) -> str:
    """What it was called before: two trainings could have one name."""
    return f"{training.model}-{training.data}-{training.name}"


def _place(run: str) -> Path:
    """The folder of a run; that of before, one name, where it was not moved yet."""
    return store.shelf(store.cache_dir() / "runs", *run.split("/"))


def listing() -> list[Run]:
    """All runs, the latest first.  Raises PacvizError where the database cannot be used."""
    if not (store.cache_dir() / store.RESULTS).exists():
        return []
    with transaction() as database:
        return runs_in(database)


def find(run: str) -> Run:
    """The run of that id.  Raises PacvizError where there is none."""
    runs = {one.id: one for one in listing()}
    before = [one for one in runs.values() if _identity_before(one.training) == run]
    if run not in runs and len(before) != 1:
        raise PacvizError(f"There is no run {store.cut(run)!r}; there is {', '.join(runs) or 'none yet'}.")
    return runs.get(run) or before[0]


def metrics(run: str) -> list[Metrics]:
    """What was measured of a run, in the order of its steps."""
    with transaction() as database:
        rows = database.execute(f"SELECT {_COLUMNS} FROM metrics WHERE run = ? ORDER BY step", (run,)).fetchall()
    names = [field.name for field in dataclasses.fields(Metrics)]
    kept = (dict(zip(names, row, strict=True)) for row in rows)
    whole = [Metrics(**{**values, "exact": bool(values["exact"])}) for values in kept if _is_whole(values)]
    if len(whole) < len(rows):
        store.notice(f"{len(rows) - len(whole)} of {len(rows)} measurements of the run {run} are damaged and left out.")
    return whole


def _is_whole(values: Mapping[str, Any]) -> bool:
    """Whether a row holds numbers, and none is missing but those that were not measured."""
    optional = {field.name for field in dataclasses.fields(Metrics) if field.default is None}
    return all(
        (isinstance(value, int | float) and math.isfinite(value)) or (value is None and name in optional)
        for name, value in values.items()
    )


def add(run: str, rows: Iterable[Metrics]) -> bool:
    """Keeps what was measured; whether the run has been asked to stop."""
    marks = ", ".join("?" * (1 + len(dataclasses.fields(Metrics))))
    with transaction() as database:
        values = [(run, *dataclasses.astuple(row)) for row in rows]
        database.executemany(f"INSERT OR REPLACE INTO metrics (run, {_COLUMNS}) VALUES ({marks})", values)
        row = database.execute("SELECT stop FROM runs WHERE id = ?", (run,)).fetchone()
        return row is not None and bool(row[0])


def rewind(run: str, step: int) -> float:
    """Forgets what was measured from a step on, because it comes again; the seconds spent on training before it."""
    with transaction() as database:
        database.execute("DELETE FROM metrics WHERE run = ? AND step >= ?", (run, step))
        return float(database.execute("SELECT max(seconds) FROM metrics WHERE run = ?", (run,)).fetchone()[0] or 0.0)


def last_measured(rows: Sequence[Metrics]) -> Metrics | None:
    """The last row that tells the bound."""
    return next((row for row in reversed(rows) if row.bound is not None), None)


def seconds_left(run: Run, rows: Sequence[Metrics]) -> float | None:
    """How long the rest will take at the pace of the last rows; None where that is not known yet."""
    recent = rows[-_PACE:]
    if len(recent) < 2 or recent[-1].epoch <= recent[0].epoch:
        return None
    pace = (recent[-1].seconds - recent[0].seconds) / (recent[-1].epoch - recent[0].epoch)
    return pace * (run.training.epochs - recent[-1].epoch)


@cache
def recorded() -> dict[str, tuple[Run, list[Metrics]]]:
    """The runs that come with pacviz, by id, with their metrics: what `python -m pacviz runs RUN --json` printed."""
    by_id = {}
    for path in sorted(RECORDED.rglob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        training = Training(**told["training"])
        run = Run(identity(training), training, state=told["state"])
        by_id[run.id] = run, [Metrics(**row) for row in told["metrics"]]
    return by_id


@contextmanager
def transaction() -> Iterator[sqlite3.Connection]:
    """The database with its tables of runs; raises as `store.transaction` does."""
    with store.transaction() as database:
        store.require_columns(database, "runs", _RUN)
        store.require_columns(database, "metrics", _METRICS, "PRIMARY KEY (run, step)")
        _rename(database)
        yield database


def _rename(database: sqlite3.Connection) -> None:
    """Gives runs of before their name of now, with their folders, so that none is lost."""
    for run, training in database.execute("SELECT id, training FROM runs WHERE id NOT LIKE '%/%'").fetchall():
        try:
            now = identity(Training(**json.loads(training)))
            if is_held(run):
                continue
        except (ValueError, TypeError, RecursionError):  # `runs_in` says what is wrong with it
            continue
        with suppress(OSError):
            _place(now).parent.mkdir(parents=True, exist_ok=True)
            _place(run).rename(_place(now))
        database.execute("UPDATE OR IGNORE runs SET id = ? WHERE id = ?", (now, run))
        database.execute("UPDATE OR IGNORE metrics SET run = ? WHERE run = ?", (now, run))


_RUN = {
    "id": "TEXT PRIMARY KEY",
    "training": "TEXT NOT NULL",
    "folder": "TEXT",
    "state": "TEXT NOT NULL",
    "message": "TEXT NOT NULL",
    "stop": "INTEGER NOT NULL",
    "pid": "INTEGER",
    "queued": "REAL NOT NULL",
    "owner": "TEXT",
}
_METRICS = {"run": "TEXT"} | {item.name: "" for item in dataclasses.fields(Metrics)}
_COLUMNS = ", ".join(item.name for item in dataclasses.fields(Metrics))


def runs_in(database: sqlite3.Connection) -> list[Run]:
    """All runs, the latest first, those whose process is gone as interrupted."""
    rows = database.execute(
        "SELECT id, training, folder, state, message, pid, queued, owner, stop FROM runs ORDER BY queued DESC"
    ).fetchall()
    runs = []
    for run, training, folder, state, message, pid, queued, owner, asked in rows:
        try:
            recipe = Training(**json.loads(training))
            if state not in get_args(State) or run not in (identity(recipe), _identity_before(recipe)):
                raise ValueError(f"its state is {state!r}")
            if state in ALIVE:
                starting = (
                    state == "waiting" and abs(time.time() - queued) < SECONDS_TO_START
                )  # clocks are set back, too
                state = "interrupted" if not (starting or is_held(run)) else "stopping" if asked else state
            since = float(queued or 0.0)
            runs.append(Run(run, recipe, folder and Path(folder), state, message or "", pid, since, owner))
        except (ValueError, TypeError, RecursionError) as error:  # a PacvizError is a ValueError
            store.notice(
                f"The run {store.cut(str(run))!r} is left out: it is damaged or of another version "
                f"({store.cut(str(error), 160).rstrip('.')})."
            )
    return runs


def enqueue(database: sqlite3.Connection, run: Run) -> None:
    """Writes down that a run waits for its turn from now on; whose it is stays as it was."""
    database.execute(
        "INSERT OR REPLACE INTO runs (id, training, folder, state, message, stop, pid, queued, owner)"
        " VALUES (?, ?, ?, 'waiting', '', 0, NULL, ?, coalesce((SELECT owner FROM runs WHERE id = ?), ?))",
        (
            run.id,
            json.dumps(run.training.to_dict()),
            run.folder and str(run.folder),
            time.time(),
            run.id,
            run.owner,
        ),
    )


def taken_out(database: sqlite3.Connection, run: str) -> dict[str, Any]:
    """The rows of a run as JSON can hold them, deleted from the database; `put_in` takes them back."""
    row = database.execute(f"SELECT {', '.join(_RUN)} FROM runs WHERE id = ?", (run,)).fetchone()
    measured = database.execute(f"SELECT {', '.join(_METRICS)} FROM metrics WHERE run = ?", (run,)).fetchall()
    database.execute("DELETE FROM metrics WHERE run = ?", (run,))
    database.execute("DELETE FROM runs WHERE id = ?", (run,))
    return {"run": dict(zip(_RUN, row, strict=True)), "metrics": [list(values) for values in measured]}


def put_in(database: sqlite3.Connection, rows: Mapping[str, Any]) -> None:
    """Writes down again what `taken_out` gave."""
    for table, columns, values in (
        ("runs", _RUN, [[rows["run"].get(name) for name in _RUN]]),
        ("metrics", _METRICS, rows["metrics"]),
    ):
        marks = ", ".join("?" * len(columns))
        database.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)


def mark(run: str, state: State, message: str = "") -> None:
    """Writes down what this process does with a run."""
    with transaction() as database:
        database.execute(
            "UPDATE runs SET state = ?, message = ?, stop = 0, pid = ? WHERE id = ?", (state, message, os.getpid(), run)
        )


@contextmanager
def lock(run: Run) -> Iterator[None]:
    """Makes this process the one that trains a run; raises PacvizError where another one is."""
    try:
        run.place.mkdir(parents=True, exist_ok=True)
        held = FileLock(run.place / "lock", timeout=1.0)  # whoever looks whether it is held holds it for a moment
        held.acquire()
    except Timeout:
        raise PacvizError(
            f"{run.id} is being trained by another process; stop it by `python -m pacviz runs {run.id} --stop`."
        ) from None
    except OSError as error:
        raise PacvizError(
            f"{run.place} cannot be written ({error}); point PACVIZ_CACHE to a folder that you may write."
        ) from error
    try:
        yield
    finally:
        held.release()


def is_held(run: str) -> bool:
    """Whether a process trains the run or waits to."""
    path = _place(run) / "lock"
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
