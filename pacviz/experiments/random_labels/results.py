"""Finished runs of an experiment as a file that the page offers, and as a table."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property

import pandas as pd

from pacviz import __version__, data, store
from pacviz.experiments.random_labels.run import known_run, unit
from pacviz.experiments.random_labels.settings import Fit, Judged, Randomization, floor_bytes
from pacviz.jobs.executors import HERE, run
from pacviz.jobs.units import Plan
from pacviz.models import architecture
from pacviz.progress import Progress
from pacviz.training.fit import check_fit


@dataclass(frozen=True)
class Spread:
    """Mean, smallest and largest over the seeds."""

    mean: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        listed = list(values)
        return cls(statistics.fmean(listed), min(listed), max(listed))


@dataclass(frozen=True)
class Summary:
    """What the seeds of one level found at one sparsity by one method.  Errors in [0, 1], sizes in bytes.

    test_error: on fresh examples whose labels are as random.  true_test_error: on fresh examples with true labels.
    floor: the entropy floor at the mean errors; its limits are the least and largest of single runs.
    """

    method: str
    level: float
    sparsity: float
    runs: int
    accuracy: Spread
    bytes: Spread
    bound: Spread
    test_error: Spread
    true_test_error: Spread
    floor: Spread


@dataclass(frozen=True)
class Recording:
    """An experiment and the runs of it that are there; some may be missing or half done while they are being made."""

    experiment: Randomization
    runs: tuple[Fit, ...]
    version: str = __version__

    @cached_property
    def judged(self) -> tuple[Judged, ...]:
        """Every point of every run with what follows from it."""
        return tuple(Judged(self.experiment, run.level, run.seed, point) for run in self.runs for point in run.points)

    @cached_property
    def summaries(self) -> tuple[Summary, ...]:
        """Over the seeds: by method, level and sparsity, where there is at least one run."""
        groups: dict[tuple[str, float, float], list[Judged]] = {}
        for judged in self.judged:
            groups.setdefault((judged.point.method, judged.level, judged.point.sparsity), []).append(judged)
        return tuple(self._summary(*key, groups[key]) for key in sorted(groups))

    def _summary(self, method: str, level: float, sparsity: float, group: Sequence[Judged]) -> Summary:
        floors = Spread.of(judged.floor_bytes for judged in group)
        return Summary(
            method,
            level,
            sparsity,
            len(group),
            Spread.of(1 - judged.train_error for judged in group),
            Spread.of(judged.bytes for judged in group),
            Spread.of(judged.bound for judged in group),
            Spread.of(judged.test_error for judged in group),
            Spread.of(judged.point.test_error for judged in group),
            Spread(mean_floor(group), floors.low, floors.high),
        )

    def along(self, method: str, level: float) -> list[Summary]:
        """The curve of one level, by rising sparsity."""
        return [summary for summary in self.summaries if (summary.method, summary.level) == (method, level)]

    def at(self, method: str, sparsity: float) -> list[Summary]:
        """All levels at one sparsity, by rising level."""
        return [summary for summary in self.summaries if (summary.method, summary.sparsity) == (method, sparsity)]

    def steepest(self, method: str) -> float:
        """The sparsity at which the first and the last level differ most in accuracy; the middle one where none is known."""
        least, most = (self.along(method, level) for level in (self.experiment.levels[0], self.experiment.levels[-1]))
        gaps = {a.sparsity: a.accuracy.mean - b.accuracy.mean for a, b in zip(least, most, strict=False)}
        middle = self.experiment.sparsity[len(self.experiment.sparsity) // 2]
        return max(gaps, key=lambda sparsity: gaps[sparsity], default=middle)

    @property
    def complete(self) -> bool:
        """Whether every run of the experiment is there to its last point."""
        whole = [run for run in self.runs if len(run.points) == len(self.experiment.steps)]
        return len(whole) == len(self.experiment.jobs)

    def shortest(self, method: str, accuracy: float) -> dict[float, list[Judged]]:
        """By level, each run's shortest code that still answers this share of its training labels rightly.

        Runs without one are left out.
        """
        best: dict[tuple[float, int], Judged] = {}
        for judged in self.judged:
            place = (judged.level, judged.seed)
            if judged.point.method == method and 1 - judged.train_error >= accuracy:
                best[place] = min(best.get(place, judged), judged, key=lambda one: one.bytes)
        levels: dict[float, list[Judged]] = {}
        for (level, _), judged in sorted(best.items(), key=lambda item: item[0]):
            levels.setdefault(level, []).append(judged)
        return levels

    def table(self) -> pd.DataFrame:
        """A row a point of a run."""
        columns = ["level", "seed", "method", "sparsity", "nonzeros", "train_accuracy", "test_error", "true_test_error"]
        columns += ["code_bytes", "bound", "floor_bytes"]
        rows = [
            (
                judged.level,
                judged.seed,
                judged.point.method,
                judged.point.sparsity,
                judged.point.nonzeros,
                1 - judged.train_error,
                judged.test_error,
                judged.point.test_error,
                judged.bytes,
                judged.bound,
                judged.floor_bytes,
            )
            for judged in self.judged
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_json(self) -> str:
        values = {"experiment": self.experiment.to_dict(), "runs": [asdict(run) for run in self.runs]}
        return json.dumps({**values, "version": self.version}, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Recording:
        """The inverse of `to_json`; raises PacvizError where the text is something else."""
        try:
            values = json.loads(text)
            runs = tuple(Fit.from_dict(run) for run in values["runs"])
            return cls(Randomization(**values["experiment"]), runs, str(values["version"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise store.Damaged(
                f"This is no recording of random labels ({store.cut(str(error), 160)}); make one by `randomize`."
            ) from error


def mean_floor(group: Sequence[Judged]) -> float:
    """The entropy floor in bytes at the mean errors of runs, as the theorem has it; at most the mean of their floors."""
    train, test = ([judged.train_error for judged in group], [judged.test_error for judged in group])
    return floor_bytes(statistics.fmean(train), statistics.fmean(test), group[0].experiment.n)


def known(experiment: Randomization) -> Recording:
    """The runs of an experiment that were finished before."""
    runs = (known_run(experiment, level, seed) for level, seed in experiment.jobs)
    return Recording(experiment, tuple(run for run in runs if run is not None))


def plan(experiment: Randomization) -> Plan:
    """What the experiment consists of: a unit a run."""
    name = f"randomize {experiment.model} {experiment.data}"
    return Plan.of(name, (unit(experiment, level, seed) for level, seed in experiment.jobs))


def run_all(experiment: Randomization, progress: Progress, on: str = HERE) -> Recording:
    """Runs what is missing of an experiment; each finished run is kept.

    progress: told the fraction done in [0, 1] and what is being done; an exception that it raises stops the work, and
    the next call goes on from the last finished run.  on: who does the work (`jobs.executors`).
    Raises PacvizError where data are missing or do not fit.
    """
    store.require_writable(store.cache_dir())
    check_fit(architecture(experiment.model), data.load(experiment.data, progress=progress))
    return Recording(experiment, tuple(map(Fit.from_json, run(plan(experiment), on, progress))))
