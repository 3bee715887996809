"""A small experiment that was really run: three levels, a network that can memorise them, both ways to prune, two seeds."""

import pytest

from pacviz.data import Dataset, digits
from pacviz.experiments.random_labels.results import Recording
from pacviz.experiments.random_labels.run import steps
from pacviz.experiments.random_labels.settings import Randomization
from pacviz.models import ARCHITECTURES, Architecture, Flatten, Linear, MaxPool, ReLU

SMALL = Architecture(
    "small",
    "Small network",
    (1, 28, 28),
    10,
    (MaxPool(2), Flatten(), Linear("hidden", 196, 160), ReLU(), Linear("output", 160, 10)),
)


@pytest.fixture(scope="package", autouse=True)
def _small_is_known():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ARCHITECTURES, SMALL.name, SMALL)
        yield


@pytest.fixture(scope="package")
def dataset():
    return Dataset("digits", "Procedural digits", digits.sample(2000, 1), digits.sample(500, 2), 10)


@pytest.fixture(scope="package")
def experiment():
    return Randomization(
        model="small",
        n=500,
        levels=(0, 0.5, 1),
        sparsity=(0, 0.8, 0.9, 0.95),
        seeds=2,
        tests=500,
        recovery=2,
        batch_size=50,
        learning_rate=4e-3,
    )


@pytest.fixture(scope="package")
def recording(experiment, dataset):
    runs = []
    for level, seed in experiment.jobs:
        *_, last = steps(experiment, level, seed, dataset)
        runs.append(last.run)
    return Recording(experiment, tuple(runs))
