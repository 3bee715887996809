"""The experiment on heavy tails: everything that it can be set to, and what one network of it tells."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pacviz.errors import PacvizError
from pacviz.experiments.heavy_tails.networks import FAMILIES, FULLY_CONNECTED
from pacviz.scenario import DATA_NAMES
from pacviz.settings import check_settings, setting

FORMAT = 1
"""Raised whenever a change makes any network come out differently: older results are then worked out anew."""
KEPT = (1.0, 0.7, 0.5, 0.3, 0.2, 0.15, 0.1, 0.05, 0.02)
"""Shares of the weights that are kept."""
CODED = tuple(share for share in KEPT if 0.05 <= share <= 0.2)
"""The shares that a certificate is tried at: with more weights K is too large at these sizes, with fewer the error is."""
LAYERS, GLOBAL, SINGULAR_VALUES, NODES = "magnitude", "global", "singular_values", "nodes"


@dataclass(frozen=True)
class Way:
    """A way to make a network small.  title: as a person reads it.  what: a sentence.  of: what a matrix's error is told by."""

    title: str
    what: str
    of: str


WAYS = {
    LAYERS: Way("magnitude, layer by layer", "The smallest weights of each layer go, the same share of each.", LAYERS),
    GLOBAL: Way("magnitude, whole network", "The smallest weights of the whole network go.", LAYERS),
    SINGULAR_VALUES: Way("singular values", "Each layer becomes a product of two smaller ones.", SINGULAR_VALUES),
    NODES: Way("nodes", "Whole units go, those with the smallest weights first.", NODES),
}
CONVERGED, UNFINISHED, DIVERGED = "converged", "unfinished", "diverged"


@dataclass(frozen=True)
class HeavyTails:
    """Networks trained by plain SGD at several step sizes, batch sizes and widths, then pruned in several ways.

    Raises PacvizError for a field outside its range.
    """

    model: str = setting(
        FULLY_CONNECTED, "Network", "The family; its width is varied.", choices=lambda: tuple(FAMILIES)
    )
    data: str = setting("mnist", "Data set", "What is learned.", choices=lambda: tuple(DATA_NAMES))
    n: int = setting(20_000, "Training examples n", "How many images are learned.", low=100, high=60_000, step=100)
    step_sizes: tuple[float, ...] = setting(
        (0.05, 0.1, 0.2, 0.4), "Step sizes η", "Of plain SGD, constant.", low=1e-5, high=100.0
    )
    batch_sizes: tuple[float, ...] = setting((32.0, 50.0), "Batch sizes b", "Examples a step.", low=1.0, high=10_000.0)
    widths: tuple[float, ...] = setting(
        (32.0, 64.0, 128.0), "Widths", "Hidden units of each layer.", low=8.0, high=2048.0
    )
    seeds: int = setting(3, "Seeds", "Networks of each kind, each with other images and first weights.", low=1, high=50)
    seed: int = setting(0, "First seed", "The seeds are this one and those after it.", low=0, high=2**31 - 100)
    loss: float = setting(
        5e-4, "Converged below", "Mean cross-entropy in nats, with every label right.", low=1e-8, high=1.0
    )
    steps: int = setting(
        30_000, "Most steps", "What has not converged by then is shown as unfinished.", low=10, high=10**8
    )
    further: int = setting(1000, "Steps after that", "Before the weights are looked at.", low=0, high=10**7)
    averaged: int = setting(
        500, "Averaged", "The mean of so many last iterates is what tails are told of.", low=1, high=10**7
    )
    bits: int = setting(3, "Codebook bits", "Each layer's weights share at most 2^bits values.", low=1, high=8)
    tests: int = setting(5000, "Test examples", "Fresh images for the test error.", low=100, high=10_000, step=100)
    delta: float = setting(
        0.05, "Failure probability δ", "Of each bound.", low=0.0, high=1.0, step=0.001, exclusive=True
    )

    def __post_init__(self) -> None:
        check_settings(self)
        for name in ("batch_sizes", "widths"):
            whole = getattr(self, name)
            if any(value != int(value) for value in whole):
                raise PacvizError(f"{name} must be whole numbers, got {' '.join(f'{value:g}' for value in whole)}.")
            object.__setattr__(self, name, tuple(map(int, whole)))
        if self.averaged > max(1, self.further):
            raise PacvizError(
                f"averaged must be at most the {self.further} steps after convergence, got {self.averaged}."
            )

    @property
    def cells(self) -> list[Cell]:
        """Every network, all of one seed before the next, so that a part of them shows the whole shape."""
        return [
            Cell(step_size, int(batch_size), int(width), self.seed + index)
            for index in range(self.seeds)
            for width in self.widths
            for step_size in self.step_sizes
            for batch_size in self.batch_sizes
        ]

    @property
    def ratios(self) -> list[float]:
        """Every step size over every batch size, ascending."""
        return sorted({cell.ratio for cell in self.cells})

    @property
    def title(self) -> str:
        """What was done, for a person."""
        from pacviz.data import DATASETS

        return f"{FAMILIES[self.model]}, on {self.n:,} of {DATASETS[self.data].title}"

    def key(self, cell: Cell) -> str:
        """Under which a network's results are kept: it does not depend on which others there are."""
        varied = ("step_sizes", "batch_sizes", "widths", "seeds", "seed", "delta")
        values = {name: value for name, value in self.to_dict().items() if name not in varied}
        return hashlib.sha256(json.dumps([FORMAT, values, cell.to_dict()], sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain values by field name, in declaration order."""
        return dataclasses.asdict(self)

    @property
    def command(self) -> str:
        """The command line that repeats it, defaults left out."""
        parts = ["python -m pacviz heavy-tails"]
        usual = HeavyTails()
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if value != getattr(usual, field.name):
                listed = value if isinstance(value, tuple) else (value,)
                parts.append(f"--{field.name.replace('_', '-')} {' '.join(f'{number}' for number in listed)}")
        return " ".join(parts)


@dataclass(frozen=True)
class Cell:
    """One network of the experiment."""

    step_size: float
    batch_size: int
    width: int
    seed: int

    @property
    def ratio(self) -> float:
        """Step size over batch size, which is said to decide the tails."""
        return float(f"{self.step_size / self.batch_size:.6g}")

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Related:
    """As `library.tails.dependence.Dependence`."""

    correlation: float
    correlation_independent: float
    distance: float
    distance_independent: float


@dataclass(frozen=True)
class LayerTails:
    """What the weights of one layer look like: of the mean of the last iterates.

    rows, columns: of its matrix, without biases.  alpha: tail index of its rows with its interval; entries: of its entries;
    square: of square parts, which the aspect ratio cannot bias; start: of the first weights.  hill, hill_k: by Hill, None
    where there are too few.  magnitudes: |w| in standard deviations at the survival probabilities `survival(rows * columns)`.
    errors: relative error of its best approximations by pruning at KEPT.  prunable: the share that may go at an error of 0.1.
    within, between: how dependent the entries of its rows are, and those of its columns.
    """

    name: str
    rows: int
    columns: int
    alpha: float | None
    alpha_interval: tuple[float, float] | None
    entries: float | None
    square: float | None
    start: float | None
    hill: float | None
    hill_k: int | None
    magnitudes: tuple[float, ...]
    errors: Mapping[str, tuple[float, ...]]
    prunable: Mapping[str, float]
    within: Related | None
    between: Related | None

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> LayerTails:
        found = dict(values)
        for name in ("within", "between"):
            found[name] = None if found[name] is None else Related(**found[name])
        for name in ("alpha_interval",):
            found[name] = None if found[name] is None else tuple(map(float, found[name]))
        found["magnitudes"] = tuple(map(float, found["magnitudes"]))
        found["errors"] = {name: tuple(map(float, one)) for name, one in found["errors"].items()}
        return cls(**found)


@dataclass(frozen=True)
class Certified:
    """A pruned network in bytes.

    way: how it was pruned.  kept: share of its weights.  bits: length of its decodable code.  architecture_bits: of what it
    computes.  errors: on the n training examples, borderline answers among them.
    """

    way: str
    kept: float
    bits: int
    architecture_bits: int
    errors: int


@dataclass(frozen=True)
class Trained:
    """One network of the experiment and all that was measured of it.

    how: CONVERGED, UNFINISHED or DIVERGED; of one that diverged nothing more is known.  loss: nats.  errors: on the training
    sample.  test_error: share.  accuracy: on fresh images, by way of pruning at KEPT, before any rounding of weights.
    """

    step_size: float
    batch_size: int
    width: int
    seed: int
    how: str
    steps: int
    loss: float | None
    errors: int | None
    test_error: float | None
    layers: tuple[LayerTails, ...]
    accuracy: Mapping[str, tuple[float, ...]]
    certified: tuple[Certified, ...]

    @property
    def cell(self) -> Cell:
        return Cell(self.step_size, self.batch_size, self.width, self.seed)

    @property
    def alpha(self) -> float | None:
        """The network's tail index: the median over its layers, as in the paper."""
        import statistics

        known = [layer.alpha for layer in self.layers if layer.alpha is not None]
        return statistics.median(known) if known else None

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Trained:
        """The inverse of `to_json`."""
        return cls.from_dict(json.loads(text))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Trained:
        found = dict(values)
        found["layers"] = tuple(LayerTails.from_dict(one) for one in found["layers"])
        found["accuracy"] = {name: tuple(map(float, one)) for name, one in found["accuracy"].items()}
        found["certified"] = tuple(Certified(**one) for one in found["certified"])
        return cls(**found)
