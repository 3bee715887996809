"""The label-randomization experiment: everything that it can be set to, and what a run of it finds."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from typing import Any

from pacviz.bounds import entropy_floor, occam
from pacviz.models import ARCHITECTURES
from pacviz.scenario import DATA_NAMES
from pacviz.settings import check_settings, setting

ONE_SHOT, SURGERY = "one-shot", "surgery"


@dataclass(frozen=True)
class Pruning:
    """A way to prune a fitted network.  what: a sentence.  trains: whether the network trains on meanwhile."""

    what: str
    trains: bool


METHODS = {
    ONE_SHOT: Pruning(
        "One-shot magnitude pruning: the smallest weights of the fitted network go, and nothing else changes.",
        trains=False,
    ),
    SURGERY: Pruning(
        "Dynamic network surgery (Guo et al. 2016): weights go and come back while the network trains on.", trains=True
    ),
}
FORMAT = 1
"""Raised whenever a change makes any run come out differently: older runs are then run anew."""


@dataclass(frozen=True)
class Randomization:
    """Networks fitted to labels of which ever more are random, then compressed (Zhou et al. 2019, section 6).

    Raises PacvizError for a field outside its range.
    """

    model: str = setting("mlp", "Network", "The architecture that memorises.", choices=lambda: tuple(ARCHITECTURES))
    data: str = setting(
        "digits", "Data set", "Where the images and true labels come from.", choices=lambda: tuple(DATA_NAMES)
    )
    n: int = setting(
        1000, "Training examples n", "How many images are to be memorised.", low=100, high=60_000, step=100
    )
    levels: tuple[float, ...] = setting(
        (0.0, 0.3, 0.5, 0.7, 1.0),
        "Levels",
        "The shares of labels that are redrawn uniformly over all classes.",
        low=0.0,
        high=1.0,
        percent=True,
    )
    sparsity: tuple[float, ...] = setting(
        (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.98),
        "Sparsities",
        "The shares of weights set to exactly zero.",
        low=0.0,
        high=0.995,
        percent=True,
    )
    seeds: int = setting(3, "Seeds", "Runs a level, each with other images, labels and first weights.", low=1, high=50)
    seed: int = setting(0, "First seed", "The seeds are this one and those after it.", low=0, high=2**31 - 100, step=1)
    bits: int = setting(5, "Codebook bits", "Each layer's weights share at most 2^bits values.", low=1, high=8, step=1)
    epochs: int = setting(300, "Most epochs", "Training stops as soon as no training error is left.", low=1, high=5000)
    recovery: int = setting(
        4, "Epochs of surgery", "At each sparsity; 0 leaves surgery out, and prunes by magnitude only.", low=0, high=500
    )
    batch_size: int = setting(64, "Batch size", "Examples a step.", low=1, high=10_000)
    learning_rate: float = setting(
        2e-3, "Learning rate", "Adam's, until few errors are left.", low=1e-6, high=1.0, step=1e-3
    )
    tests: int = setting(2000, "Test examples", "Fresh images for the test error.", low=100, high=10_000, step=100)
    delta: float = setting(
        0.05, "Failure probability δ", "Of each bound.", low=0.0, high=1.0, step=0.001, exclusive=True
    )

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def jobs(self) -> list[tuple[float, int]]:
        """Every (level, seed): all levels of one seed before the next, so that a part of them shows the whole shape."""
        return [(level, self.seed + index) for index in range(self.seeds) for level in self.levels]

    @property
    def steps(self) -> tuple[tuple[str, float], ...]:
        """(method, sparsity) of the points of every run, in the order in which they are measured."""
        return tuple((method, sparsity) for method in self.methods for sparsity in self.sparsity)

    @property
    def methods(self) -> tuple[str, ...]:
        """The ways to prune that are tried: those that train need epochs of recovery."""
        return tuple(name for name, pruning in METHODS.items() if self.recovery or not pruning.trains)

    @property
    def classes(self) -> int:
        return ARCHITECTURES[self.model].classes

    @property
    def title(self) -> str:
        """What was done, for a person."""
        from pacviz.data import DATASETS

        seeds = f"{self.seeds} seeds" if self.seeds > 1 else "1 seed"
        return f"{ARCHITECTURES[self.model].title} on {self.n:,} of {DATASETS[self.data].title}, {seeds}"

    def key(self, level: float, seed: int) -> str:
        """Under which the run is kept: it depends on the level and seed and not on how many others there are."""
        values = self.to_dict() | {"levels": level, "seeds": 1, "seed": seed, "delta": 0}
        digest = hashlib.sha256(json.dumps([FORMAT, values], sort_keys=True).encode())
        return f"random labels {digest.hexdigest()}"

    def to_dict(self) -> dict[str, Any]:
        """Plain values by field name, in declaration order."""
        return dataclasses.asdict(self)

    @property
    def command(self) -> str:
        """The command line that repeats it, defaults left out."""
        parts = ["python -m pacviz randomize"]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                listed = value if isinstance(value, tuple) else (value,)
                parts.append(f"--{field.name.replace('_', '-')} {' '.join(f'{number}' for number in listed)}")
        return " ".join(parts)


@dataclass(frozen=True)
class Compression:
    """A compressed network of a run.

    sparsity: as asked for.  nonzeros: weights that are left.  bits: length of its decodable code.  train_errors: on the
    labels that it was to memorise.  test_error: share of fresh examples whose true label it misses.
    """

    method: str
    sparsity: float
    nonzeros: int
    bits: int
    train_errors: int
    test_error: float


@dataclass(frozen=True)
class Fit:
    """One network fitted at one level, and its compressions.

    accuracies: share answered rightly during each epoch of the fit.  errors: training errors left when it ended.
    """

    level: float
    seed: int
    accuracies: tuple[float, ...]
    errors: int
    points: tuple[Compression, ...]

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Fit:
        """The inverse of dataclasses.asdict; raises TypeError, KeyError or ValueError for anything else."""
        points = tuple(Compression(**point) for point in values["points"])
        run = cls(**{**values, "accuracies": tuple(values["accuracies"]), "points": points})
        texts = [point.method for point in points]
        numbers = [value for point in points for name, value in dataclasses.asdict(point).items() if name != "method"]
        numbers += [run.level, run.seed, run.errors, *run.accuracies]
        if not (set(texts) <= METHODS.keys() and all(type(number) in (int, float) for number in numbers)):
            raise TypeError("a number or a method is something else")
        if not all(map(math.isfinite, numbers)):
            raise ValueError("a number is not finite")
        return run

    @classmethod
    def from_json(cls, text: str) -> Fit:
        return cls.from_dict(json.loads(text))


@dataclass(frozen=True)
class Judged:
    """A point in its experiment: what follows from it."""

    experiment: Randomization
    level: float
    seed: int
    point: Compression

    @property
    def train_error(self) -> float:
        """Share of the labels, random ones included, that it gets wrong."""
        return self.point.train_errors / self.experiment.n

    @property
    def test_error(self) -> float:
        """Error on fresh examples whose labels are redrawn with the same probability."""
        return randomized_error(self.point.test_error, self.level, self.experiment.classes)

    @property
    def bytes(self) -> float:
        """Effective size: the length of the code."""
        return self.point.bits / 8

    @property
    def bound(self) -> float:
        """Occam-Chernoff bound on the error on fresh examples of the same kind, or 1.

        Which labels are redrawn is fixed before they are, so that the errors are independent, though not identically
        distributed: their sum has lighter tails than the binomial (Hoeffding 1956), and the bound holds.
        """
        experiment = self.experiment
        return min(1.0, occam(self.train_error, self.point.bits * math.log(2), experiment.n, experiment.delta))

    @property
    def floor_bytes(self) -> float:
        """The entropy floor of Theorem 6.1 at this run's errors."""
        return floor_bytes(self.train_error, self.test_error, self.experiment.n)


def randomized_error(true_error: float, level: float, classes: int) -> float:
    """The error on fresh examples whose labels are redrawn with probability `level`, from the error on true labels.

    A label that is redrawn uniformly agrees with any answer with probability 1 / classes, so this is exact.
    """
    return (1 - level) * true_error + level * (1 - 1 / classes)


def floor_bytes(train_error: float, test_error: float, n: int) -> float:
    """What no code can be shorter than on average, in bytes (Zhou et al. 2019, Theorem 6.1).

    train_error, test_error: expected over samples and seeds.
    """
    if train_error >= test_error:
        return 0.0
    return entropy_floor(train_error, test_error, n) / (8 * math.log(2))
