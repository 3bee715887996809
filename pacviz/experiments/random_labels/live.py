"""Random labels live: an experiment in a process of its own, which works while somebody watches."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pacviz import data
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.run import keep, known_run, steps
from pacviz.experiments.random_labels.settings import Fit, Randomization
from pacviz.jobs import limits
from pacviz.jobs import live as jobs
from pacviz.models import architecture
from pacviz.models.cost import Estimate, cost

SECONDS_PER_REPORT = 0.3
_KEPT = 16


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
    count = len(experiment.jobs)
    for done, (level, seed) in enumerate(experiment.jobs):
        run = known_run(experiment, level, seed)
        if run is None:
            yield Report(None, False, done / count, "reading the data")
            dataset = data.load(experiment.data)
            for step in steps(experiment, level, seed, dataset):
                run = step.run
                yield Report(run, False, (done + step.fraction) / count, step.what)
                wait()
            assert run is not None, "a run has at least one step"
            keep(experiment, run)
        yield Report(run, True, (done + 1) / count, f"{level:.0%} random labels, seed {seed}: done")


class Live(jobs.Live):
    """An experiment under way.  What it has found is there at any moment; finished runs are kept as always."""

    module = __name__
    remedy = "choose a smaller network or batch"

    def __init__(self, experiment: Randomization) -> None:
        super().__init__()
        self.experiment = experiment
        self._finished: list[Fit] = []
        self._present: Fit | None = None

    @property
    def done(self) -> bool:
        return len(self._finished) == len(self.experiment.jobs)

    @property
    def recording(self) -> Recording:
        """The finished runs, and what is known of the one under way."""
        present = self._present
        return Recording(self.experiment, (*self._finished, *([present] if present else [])))

    def arguments(self) -> Mapping[str, Any]:
        self._finished = []
        return self.experiment.to_dict()

    def require_small(self) -> None:
        require_small(self.experiment)

    def take(self, told: Mapping[str, Any]) -> None:
        run = Fit.from_dict(told["run"]) if told["run"] else None
        if told["finished"] and run is not None:
            self._finished, self._present = [*self._finished, run], None
        elif run is not None:
            self._present = run

    def forget(self) -> None:
        self._present = None


live = jobs.Registry(Live, _KEPT)


def main() -> None:
    """The process."""
    jobs.serve(_work)


def _work(arguments: dict[str, Any], wait: Callable[[], object]) -> None:
    told = -SECONDS_PER_REPORT
    for report in reports(Randomization(**arguments), wait):
        if report.finished or time.monotonic() - told >= SECONDS_PER_REPORT:
            told = time.monotonic()
            run = json.loads(report.run.to_json()) if report.run else None
            jobs.tell({"run": run, "finished": report.finished, "fraction": report.fraction, "what": report.what})


if __name__ == "__main__":
    main()
