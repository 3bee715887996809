"""An experiment in a process of its own, which works while somebody watches and ends soon after the last one leaves.

A server must not train in the threads that draw its pages: one visitor's settings would hold up all others.  So every
experiment has a process, `limits.jobs` of them work at the same time, and the others wait for their turn.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from pacviz import data, store
from pacviz.errors import PacvizError
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.run import keep, known_run, steps
from pacviz.experiments.random_labels.settings import Fit, Randomization
from pacviz.jobs import limits
from pacviz.models import architecture
from pacviz.models.cost import Estimate, cost
from pacviz.progress import Progress

UNWATCHED = 40.0
"""Seconds after which an experiment that nobody looks at is ended; runs that are finished are kept."""
PULSE = 1.0
"""Seconds between two looks at who watches what."""
SECONDS_PER_REPORT = 0.3
MOST_OF_ONE = 2
"""Experiments of one visitor: one that works and one that waits."""
_KEPT = 16
_NICENESS = 10


@dataclass(frozen=True)
class Report:
    """What a process tells: a run as far as it is, the share of the experiment that is done, and what is being done."""

    run: Fit | None
    finished: bool
    fraction: float
    what: str


def estimate(experiment: Randomization) -> Estimate:
    """The most that it will take: every fit ends as soon as no training error is left, mostly long before."""
    epochs = experiment.epochs + experiment.recovery * len(experiment.sparsity)
    once = cost(architecture(experiment.model)).training(experiment.n, experiment.batch_size, epochs)
    return Estimate(len(experiment.jobs) * once.seconds, once.bytes)


def require_small(experiment: Randomization) -> None:
    """Raises PacvizError for an experiment that is more than a page may start."""
    limits.require_small(estimate(experiment), "choose a smaller network, batch or number of examples")


def reports(experiment: Randomization, wait: Callable[[], object] = lambda: None) -> Iterator[Report]:
    """Runs the experiment, and keeps each finished run.  wait: called between two steps; it may take its time.

    Raises PacvizError where `steps` does.
    """
    jobs = len(experiment.jobs)
    for done, (level, seed) in enumerate(experiment.jobs):
        run = known_run(experiment, level, seed)
        if run is None:
            yield Report(None, False, done / jobs, "reading the data")
            dataset = data.load(experiment.data)
            for step in steps(experiment, level, seed, dataset):
                run = step.run
                yield Report(run, False, (done + step.fraction) / jobs, step.what)
                wait()
            assert run is not None, "a run has at least one step"
            keep(experiment, run)
        yield Report(run, True, (done + 1) / jobs, f"{level:.0%} random labels, seed {seed}: done")


class Live:
    """An experiment under way.  What it has found is there at any moment; finished runs are kept as always."""

    def __init__(self, experiment: Randomization) -> None:
        self.experiment = experiment
        self.owners: set[str] = set()
        self.problem: str | None = None
        self.paused = False
        self._finished: list[Fit] = []
        self._present: Fit | None = None
        self._state = (0.0, "starting")
        self._process: subprocess.Popen[str] | None = None
        self._watched = time.monotonic()

    @property
    def done(self) -> bool:
        return len(self._finished) == len(self.experiment.jobs)

    @property
    def working(self) -> bool:
        """Whether it has a process."""
        return self._process is not None

    @property
    def recording(self) -> Recording:
        """The finished runs, and what is known of the one under way."""
        present = self._present
        return Recording(self.experiment, (*self._finished, *([present] if present else [])))

    def watch(self, owner: str, progress: Progress) -> None:
        """Says that somebody looks at it, and tells how far it is; it works as soon as it is its turn.

        Raises PacvizError where it is too large, the visitor has others that work and wait, or it came to a bad end.
        """
        self._watched = time.monotonic()
        if self.done:
            return
        if self.paused:
            self._rest(False)
        if self.problem:
            raise PacvizError(self.problem)
        ahead = _hall.enter(self, owner)
        if ahead:
            progress(0.0, f"waiting for {ahead} other experiment{'s' if ahead > 1 else ''}")
        else:
            progress(*self._state)

    def pause(self, owner: str) -> None:
        """Lets it rest, where nobody else watches it, until it is watched again.

        Whoever rests for long is ended like whoever is not watched; it begins its last run anew then.
        """
        if self.owners <= {owner}:
            self._rest(True)

    def _rest(self, paused: bool) -> None:
        self.paused = paused
        self._say("pause" if paused else "go")

    def leave(self, owner: str) -> None:
        """Says that a visitor wants it no longer; where nobody else does, it is ended."""
        self.owners.discard(owner)
        if not self.owners:
            self.end()

    def end(self) -> None:
        """Ends its process at once."""
        process, self._process, self._present, self.paused = self._process, None, None, False
        self._state = (0.0, "starting")
        if process is not None:
            process.kill()
            process.wait()
        _hall.exit(self)

    def _start(self) -> None:
        self._finished, self._present = [], None
        here = {"PACVIZ_CACHE": store.cache_dir(), "PACVIZ_DATA": store.data_dir()}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=store.ASSETS.parent,
            env={**os.environ, "OMP_NUM_THREADS": "1", **{name: str(path.resolve()) for name, path in here.items()}},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._say(json.dumps(self.experiment.to_dict()))
        threading.Thread(
            target=self._listen, args=(self._process,), name="listens to an experiment", daemon=True
        ).start()

    def _say(self, line: str) -> None:
        if (process := self._process) is not None and process.stdin is not None:
            with suppress(OSError, ValueError):  # it has ended
                process.stdin.write(line + "\n")
                process.stdin.flush()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        """Takes in what a process tells, until it ends."""
        assert process.stdout is not None
        for line in process.stdout:
            told = json.loads(line)
            if process is not self._process:
                break
            if "problem" in told:
                self.problem = str(told["problem"])
                continue
            self._state = float(told["fraction"]), str(told["what"])
            run = Fit.from_dict(told["run"]) if told["run"] else None
            if told["finished"] and run is not None:
                self._finished, self._present = [*self._finished, run], None
            elif run is not None:
                self._present = run
        process.wait()
        if process is self._process:
            if not self.done and self.problem is None:
                self.problem = (
                    "The process of this experiment ended early; choose a smaller network or batch, and run it again."
                )
            self.end()


class _Hall:
    """The experiments that work or wait for their turn, first come, first served."""

    def __init__(self) -> None:
        self.queue: list[Live] = []
        self.lock = threading.RLock()
        self.looking = False

    def enter(self, live: Live, owner: str) -> int:
        """Takes an experiment in; how many come before it and leave it no place."""
        with self.lock:
            if live not in self.queue:
                limits.require_changes("running experiments live")
                require_small(live.experiment)
                if sum(owner in other.owners for other in self.queue) >= MOST_OF_ONE:
                    raise PacvizError(
                        "One experiment of yours works and one waits already; cancel one of them, or wait until it is done."
                    )
                self.queue.append(live)
            live.owners.add(owner)
            if not self.looking:
                self.looking = True
                threading.Thread(target=self._look, daemon=True).start()
            self._fill()
            return 0 if live.working else self.queue.index(live)

    def exit(self, live: Live) -> None:
        with self.lock:
            if live in self.queue:
                self.queue.remove(live)
            live.owners.clear()

    def _fill(self) -> None:
        free = limits.jobs() - sum(live.working for live in self.queue)
        for live in [live for live in self.queue if not live.working][: max(0, free)]:
            live._start()

    def _look(self) -> None:
        """Ends what nobody watches, and lets the next ones work, until there is nothing."""
        while True:
            time.sleep(PULSE)
            with self.lock:
                for live in [live for live in self.queue if time.monotonic() - live._watched > UNWATCHED]:
                    live.end()
                self._fill()
                if not self.queue:
                    self.looking = False
                    return


_hall = _Hall()
_lives: OrderedDict[Randomization, Live] = OrderedDict()


def live(experiment: Randomization) -> Live:
    """The one that everybody watches who asks for this experiment."""
    with _hall.lock:
        found = _lives.setdefault(experiment, Live(experiment))
        _lives.move_to_end(experiment)
        for old in [old for old, other in _lives.items() if not other.working and other is not found][:-_KEPT]:
            del _lives[old]
        return found


def forget(experiment: Randomization) -> None:
    """The next one who asks for it begins anew; finished runs are kept."""
    with _hall.lock:
        if experiment in _lives and not _lives[experiment].working:
            del _lives[experiment]


def main() -> None:
    """The process: an experiment comes in as a line of JSON, then "pause" and "go"; reports go out a line each."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    going = threading.Event()
    going.set()
    experiment = Randomization(**json.loads(sys.stdin.readline()))

    def listen() -> None:
        for line in sys.stdin:
            (going.clear if line.strip() == "pause" else going.set)()
        os._exit(0)  # whoever started it has ended

    threading.Thread(target=listen, daemon=True).start()
    told = -SECONDS_PER_REPORT
    try:
        for report in reports(experiment, going.wait):
            if report.finished or time.monotonic() - told >= SECONDS_PER_REPORT:
                told = time.monotonic()
                run = json.loads(report.run.to_json()) if report.run else None
                _tell({"run": run, "finished": report.finished, "fraction": report.fraction, "what": report.what})
    except PacvizError as error:
        _tell({"problem": str(error)})
    except MemoryError:
        _tell({"problem": "The memory of this machine did not suffice; choose a smaller network or batch."})


def _tell(values: dict[str, object]) -> None:
    print(json.dumps(values), flush=True)


if __name__ == "__main__":
    main()
