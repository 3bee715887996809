"""An experiment that runs a little at a time, while somebody watches, pauses or leaves."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from functools import lru_cache

from pacviz import data
from pacviz.device import one_thread
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.run import Moment, keep, known_run, moments
from pacviz.experiments.random_labels.settings import Randomization, Run
from pacviz.progress import Progress


class Live:
    """An experiment under way.  What it has found is there at any moment; finished runs are kept as always."""

    def __init__(self, experiment: Randomization) -> None:
        self.experiment = experiment
        self._finished: list[Run] = []
        self._present: Moment | None = None
        self._moments: Iterator[Moment] | None = None
        self._lock = threading.Lock()

    @property
    def done(self) -> bool:
        return len(self._finished) == len(self.experiment.jobs)

    @property
    def recording(self) -> Recording:
        """The finished runs, and what is known of the one under way."""
        present = self._present
        return Recording(self.experiment, (*self._finished, *([present.run] if present else [])))

    def advance(self, seconds: float, progress: Progress) -> None:
        """Works for about so long.  An exception that `progress` raises stops it between two moments, and loses nothing."""
        with self._lock:
            stop = time.monotonic() + seconds
            while not self.done and time.monotonic() < stop:
                level, seed = self.experiment.jobs[len(self._finished)]
                if self._moments is None and (run := known_run(self.experiment, level, seed)):
                    self._finished.append(run)
                    continue
                if self._moments is None:
                    dataset = data.load(self.experiment.data, progress=progress)
                    self._moments = moments(self.experiment, level, seed, dataset)
                try:
                    with one_thread():
                        moment = next(self._moments, None)
                except BaseException:
                    self._moments = self._present = None
                    raise
                if moment is None:
                    assert self._present is not None, "a run has at least one moment"
                    keep(self.experiment, self._present.run)
                    self._finished.append(self._present.run)
                    self._moments = self._present = None
                else:
                    self._present = moment
                    progress((len(self._finished) + moment.fraction) / len(self.experiment.jobs), moment.what)


@lru_cache(maxsize=8)
def live(experiment: Randomization) -> Live:
    """The one that everybody watches who asks for this experiment."""
    return Live(experiment)
