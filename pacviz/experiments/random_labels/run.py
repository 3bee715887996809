"""A run of the experiment: draw, randomize, fit, prune, code and measure, in steps that can be watched and stopped between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pacviz import data, store
from pacviz.codes.compress import compress
from pacviz.data import Dataset, Split
from pacviz.data.labels import Randomized, randomize, subset
from pacviz.device import one_thread
from pacviz.experiments.random_labels.memorise import Learner
from pacviz.experiments.random_labels.settings import METHODS, Compression, Fit, Randomization
from pacviz.jobs.units import Unit
from pacviz.models import architecture
from pacviz.posteriors.deterministic import Deterministic
from pacviz.progress import Progress
from pacviz.training.fit import check_fit


@dataclass(frozen=True)
class Step:
    """Where a run stands.  fraction: estimate of what is done, in [0, 1].  run: what is known of it so far."""

    fraction: float
    what: str
    run: Fit


FITTING = 0.5
"""The share of a run that the fit is taken for in its progress, when nobody can know how long it will take."""


def sample(experiment: Randomization, level: float, seed: int, dataset: Dataset) -> Randomized:
    """The training sample of a run: n images drawn at random, and their labels."""
    drawn, redrawn = np.random.SeedSequence(seed).generate_state(2)
    return randomize(subset(dataset.train, experiment.n, int(drawn)), level, dataset.classes, int(redrawn))


def steps(experiment: Randomization, level: float, seed: int, dataset: Dataset) -> Iterator[Step]:
    """Runs one level with one seed; the last step holds the whole run.

    It depends on its arguments and on nothing that was run before.  Raises PacvizError where the images do not fit the
    network, there are too few of them, or the training diverges.
    """
    network = architecture(experiment.model)
    check_fit(network, dataset)
    train = sample(experiment, level, seed, dataset).split
    test = subset(dataset.test, min(experiment.tests, len(dataset.test)), seed)
    learner = Learner(network, train, experiment.batch_size, experiment.learning_rate, seed)
    accuracies: list[float] = []
    points: list[Compression] = []
    errors = len(train)

    def step(fraction: float, what: str) -> Step:
        run = Fit(level, seed, tuple(accuracies), errors, tuple(points))
        return Step(fraction, f"{level:.0%} random labels, seed {seed}: {what}", run)

    for epoch in learner.fit(experiment.epochs):
        accuracies.append(epoch.accuracy)
        yield step(FITTING * epoch.accuracy, f"epoch {len(accuracies)}, {epoch.accuracy:.1%} right")
    errors = learner.errors()
    fitted = network.matrices(learner.state)
    for method, sparsity in experiment.steps:
        share = FITTING + (1 - FITTING) * len(points) / len(experiment.steps)
        matrices, further = fitted, sparsity
        if METHODS[method].trains and sparsity > 0:
            for _ in learner.prune(sparsity, experiment.recovery):
                yield step(share, f"{method} to sparsity {sparsity:.1%}")
            # What is left is coded as it is: the zeros are its own.
            matrices, further = network.matrices(learner.state), 0.0
        compressed = compress(experiment.model, matrices, further, experiment.bits, "global")
        points.append(_point(method, sparsity, Deterministic(compressed), train, test))
        yield step(share, f"{method} to sparsity {sparsity:.1%}")


def _point(method: str, sparsity: float, coded: Deterministic, train: Split, test: Split) -> Compression:
    """Measures what the code decodes to."""
    bits = 8 * len(coded.coded.code)
    return Compression(method, sparsity, coded.network.nonzeros, bits, coded.risk(train).errors, coded.risk(test).mean)


def unit(experiment: Randomization, level: float, seed: int) -> Unit:
    """The run of one level and seed as a unit of work."""
    arguments = {"experiment": experiment.to_dict(), "level": level, "seed": seed}
    title = f"{experiment.model} on {experiment.n:,} of {experiment.data}, {level:.0%} random labels, seed {seed}"
    return Unit("random-labels", experiment.key(level, seed), title, f"{__name__}:work", arguments)


def work(arguments: Mapping[str, Any], progress: Progress) -> str:
    """The whole run as JSON: the work of a `unit`.  One thread, so that all machines give the same."""
    experiment = Randomization(**arguments["experiment"])
    last: Step | None = None
    with one_thread():
        for last in steps(experiment, arguments["level"], arguments["seed"], data.load(experiment.data)):
            progress(last.fraction, last.what)
    assert last is not None, "a run has at least one step"
    return last.run.to_json()


def known_run(experiment: Randomization, level: float, seed: int) -> Fit | None:
    """The run of that level and seed where it was finished before, by anybody with this cache."""
    text = unit(experiment, level, seed).result()
    # Runs that an earlier version kept are in the data base.
    return store.revive(experiment.key(level, seed), Fit.from_json) if text is None else Fit.from_json(text)


def keep(experiment: Randomization, run: Fit) -> None:
    """Keeps a finished run, whole or not at all."""
    unit(experiment, run.level, run.seed).keep(run.to_json())


__all__ = ["Step", "keep", "known_run", "sample", "steps", "unit"]
