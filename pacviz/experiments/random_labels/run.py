"""A run of the experiment: draw, randomize, fit, prune, code and measure, in steps that can be watched and stopped between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pacviz import store
from pacviz.codes.coder import decode, encode
from pacviz.codes.compress import compress
from pacviz.data import Dataset, Split
from pacviz.data.labels import Randomized, randomize, subset
from pacviz.experiments.random_labels.memorise import Learner
from pacviz.experiments.random_labels.settings import ONE_SHOT, SURGERY, Point, Randomization, Run
from pacviz.models import architecture
from pacviz.risk import count_errors
from pacviz.training.fit import check_fit


@dataclass(frozen=True)
class Moment:
    """Where a run stands.  fraction: estimate of what is done, in [0, 1].  run: what is known of it so far."""

    fraction: float
    what: str
    run: Run


FITTING = 0.5
"""The share of a run that the fit is taken for in its progress, when nobody can know how long it will take."""


def sample(experiment: Randomization, level: float, seed: int, dataset: Dataset) -> Randomized:
    """The training sample of a run: n images drawn at random, and their labels."""
    drawn, redrawn = np.random.SeedSequence(seed).generate_state(2)
    return randomize(subset(dataset.train, experiment.n, int(drawn)), level, dataset.classes, int(redrawn))


def moments(experiment: Randomization, level: float, seed: int, dataset: Dataset) -> Iterator[Moment]:
    """Runs one level with one seed; the last moment holds the whole run.

    It depends on its arguments and on nothing that was run before.  Raises PacvizError where the images do not fit the
    network, there are too few of them, or the training diverges.
    """
    network = architecture(experiment.model)
    check_fit(network, dataset)
    train = sample(experiment, level, seed, dataset).split
    test = subset(dataset.test, min(experiment.tests, len(dataset.test)), seed)
    learner = Learner(network, train, experiment.batch_size, experiment.learning_rate, seed)
    accuracies: list[float] = []
    points: list[Point] = []
    errors = len(train)

    def moment(fraction: float, what: str) -> Moment:
        run = Run(level, seed, tuple(accuracies), errors, tuple(points))
        return Moment(fraction, f"{level:.0%} random labels, seed {seed}: {what}", run)

    for epoch in learner.fit(experiment.epochs):
        accuracies.append(epoch.accuracy)
        yield moment(FITTING * epoch.accuracy, f"epoch {len(accuracies)}, {epoch.accuracy:.1%} right")
    errors = learner.errors()
    fitted = network.matrices(learner.state)
    for method, sparsity in experiment.steps:
        share = FITTING + (1 - FITTING) * len(points) / len(experiment.steps)
        matrices, further = fitted, sparsity
        if method == SURGERY and sparsity > 0:
            for _ in learner.prune(sparsity, experiment.recovery):
                yield moment(share, f"surgery to sparsity {sparsity:.1%}")
            # What surgery left is coded as it is: the zeros are its own.
            matrices, further = network.matrices(learner.state), 0.0
        compressed = compress(experiment.model, matrices, further, experiment.bits, "global")
        points.append(_point(method, sparsity, encode(compressed).data, train, test))
        yield moment(share, f"{method} to sparsity {sparsity:.1%}")


def _point(method: str, sparsity: float, code: bytes, train: Split, test: Split) -> Point:
    """Measures the network that the code decodes to."""
    network, _ = decode(code)
    wrong = count_errors(network, train), count_errors(network, test)
    return Point(method, sparsity, network.nonzeros, 8 * len(code), wrong[0], wrong[1] / len(test))


def known_run(experiment: Randomization, level: float, seed: int) -> Run | None:
    """The run of that level and seed where it was finished before, by anybody with this cache."""
    return store.revive(experiment.key(level, seed), Run.from_json)


def keep(experiment: Randomization, run: Run) -> None:
    """Keeps a finished run, whole or not at all."""
    store.remember(experiment.key(run.level, run.seed), run.to_json())


__all__ = ["ONE_SHOT", "SURGERY", "Moment", "keep", "known_run", "moments", "sample"]
