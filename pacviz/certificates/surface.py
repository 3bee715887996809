"""The response surface: one checkpoint measured on a grid of sparsity, codebook bits and noise, for live curves."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pacviz import data, store
from pacviz.certificates import budget
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import RESULTS_FORMAT, Measurement, cutting_sparsity, posterior_of, recall
from pacviz.codes.compress import quantized
from pacviz.codes.ledger import PARTS, Ledger
from pacviz.codes.prune import prune
from pacviz.errors import PacvizError
from pacviz.jobs.executors import HERE, run
from pacviz.jobs.units import Plan, Unit
from pacviz.library import checkpoints
from pacviz.models import architecture
from pacviz.posteriors.deterministic import Deterministic
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.scenario import PIXELS, Scenario
from pacviz.settings import defaults, settings

AXES = ("sparsity", "bits", "noise")
FIXED = ("spread", "quantizer", *PIXELS)
"""Settings that a surface does not vary."""
SHIPPED = store.ASSETS / "surfaces"
FORMAT, FORMER_FORMAT = 3, 2
"""Raised whenever the content of a file of a surface changes."""
SECONDS_EXACT, SECONDS_A_DRAW = 1.5, 5e-5
"""About what a point costs one thread: without noise, and for each noisy draw."""


@dataclass(frozen=True)
class Grid:
    """Where a surface is measured: ascending values of each axis.

    draws: of (training example, fresh weights) at each point with noise; without noise every example is looked at.
    test_draws: the same for test examples.  Raises PacvizError where a value is not allowed or out of order.
    """

    sparsity: tuple[float, ...] = (
        *(0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.93, 0.95, 0.96, 0.97),
        *(0.975, 0.98, 0.985, 0.988, 0.99, 0.993, 0.995, 0.997, 0.998, 0.999),
    )
    bits: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    noise: tuple[float, ...] = (0.0, 0.01, 0.02, 0.035, 0.05, 0.08, 0.12, 0.2)
    draws: int = 2_000
    test_draws: int = 1_000

    def __post_init__(self) -> None:
        for name in AXES:
            kind = type(defaults(Scenario)[name])
            values = tuple(settings(Scenario)[name].check(name, value, kind) for value in getattr(self, name))
            if not values or list(values) != sorted(set(values)):
                raise PacvizError(
                    f"{name} must be a few values in ascending order, got {values}; leave out repetitions."
                )
            object.__setattr__(self, name, values)
        for name in ("draws", "test_draws"):
            if not 1 <= getattr(self, name) <= 10**7:
                raise PacvizError(f"{name} must be a whole number from 1 to 10,000,000, got {getattr(self, name)}.")

    @property
    def shape(self) -> tuple[int, int, int]:
        return len(self.sparsity), len(self.bits), len(self.noise)

    def __len__(self) -> int:
        return int(np.prod(self.shape))


@dataclass(frozen=True)
class Cell:
    """What a drawing needs of one measured point; it depends on neither delta nor the bound.

    train, test: (errors, draws, borderline).  share: of delta, for the interval of the training error; 0 where it is
    exact.  bits: K, to within two bytes where it comes from a surface.  code_bytes: as in Measurement.  parts: bits by
    PARTS (rows) and layers, the last column for what belongs to no layer.
    """

    train: tuple[int, int, int]
    test: tuple[int, int, int]
    share: float
    bits: float
    code_bytes: int
    nonzeros: int
    parts: tuple[tuple[float, ...], ...]


def cell(measurement: Measurement, layers: Sequence[str]) -> Cell:
    """The Cell of a measurement.  layers: names of the layers that carry parameters."""
    return _cell(
        measurement.train,
        measurement.test,
        measurement.ledger,
        measurement.code_bytes,
        measurement.nonzeros,
        layers,
    )


def _cell(
    train: RiskEstimate, test: RiskEstimate, ledger: Ledger, code_bytes: int, nonzeros: int, layers: Sequence[str]
) -> Cell:
    sums = ledger.by_part()
    parts = tuple(tuple(round(sums[part].get(layer, 0.0), 1) for layer in (*layers, "")) for part in PARTS)
    return Cell(
        (train.errors, train.draws, train.borderline),
        (test.errors, test.draws, test.borderline),
        train.failure,
        round(ledger.bits, 3),
        code_bytes,
        nonzeros,
        parts,
    )


@dataclass(frozen=True)
class Surface:
    """The cells of a checkpoint under one pruning on a Grid, sparsity slowest and noise fastest.

    weights: by `fingerprint`.  sample: fingerprint of the training data.  n: training examples.  parameters: weights
    before pruning.
    """

    model: str
    data: str
    checkpoint: str
    pruning: str
    weights: str
    sample: str
    layers: tuple[str, ...]
    n: int
    classes: int
    parameters: int
    grid: Grid
    cells: tuple[Cell, ...]

    def at(self, sparsity: int, bits: int, noise: int) -> Cell:
        """The cell at three indices of the grid's axes."""
        return self.cells[int(np.ravel_multi_index((sparsity, bits, noise), self.grid.shape))]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, a list for each field of the cells: what the file and the browser read."""
        head = {name: getattr(self, name) for name in _HEAD}
        columns = {
            "train": [cell.train for cell in self.cells],
            "test": [cell.test for cell in self.cells],
            "share": [cell.share for cell in self.cells],
            "bits": [round(cell.bits, 1) for cell in self.cells],
            "code_bytes": [cell.code_bytes for cell in self.cells],
            "nonzeros": [cell.nonzeros for cell in self.cells],
            "parts": [[[round(bits) for bits in row] for row in cell.parts] for cell in self.cells],
        }
        return {"format": FORMAT, **head, "grid": dataclasses.asdict(self.grid), "parts": list(PARTS), "cells": columns}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Surface:
        """The inverse of `to_dict`; raises PacvizError where it is none of ours."""
        try:
            if values["format"] not in (FORMAT, FORMER_FORMAT):
                raise PacvizError(f"This surface has format {values['format']}, not {FORMAT}; make it again.")
            columns = values["cells"]
            if values["format"] == FORMER_FORMAT:
                columns = columns | {"share": [0.0 if exact else budget.RISK for exact in columns["exact"]]}
            cells = tuple(
                Cell(tuple(train), tuple(test), share, bits, code_bytes, nonzeros, tuple(map(tuple, parts)))
                for train, test, share, bits, code_bytes, nonzeros, parts in zip(
                    *(columns[name] for name in _COLUMNS), strict=True
                )
            )
            if "sample" not in values:  # from before it was told: then the data were what is published
                values = values | {"sample": (data.source(values["data"]).official or ("",))[0]}
            head = {name: values[name] for name in _HEAD} | {"layers": tuple(values["layers"])}
            grid = Grid(**values["grid"])
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, PacvizError):
                raise
            raise store.Damaged(f"This is no surface of pacviz ({error!r}); make it again.") from error
        return cls(**head, grid=grid, cells=cells)


_HEAD = tuple(field.name for field in dataclasses.fields(Surface) if field.name not in ("grid", "cells"))
_COLUMNS = tuple(field.name for field in dataclasses.fields(Cell))


def plan(scenario: Scenario, grid: Grid) -> Plan:
    """What recording a surface consists of: a unit for each sparsity; of those that ask for the same network the highest.

    Raises PacvizError where checkpoint or data are missing or broken, or no surface can speak for the scenario.
    """
    if not recordable(scenario):
        names = ", ".join(f"{name} {defaults(Scenario)[name]!r}" for name in FIXED)
        raise PacvizError(f"A surface is measured with {names}; leave these settings as they are.")
    grid = distinct(scenario, grid)
    images = data.load(scenario.data).train.fingerprint
    where = {name: getattr(scenario, name) for name in ("data", "model", "checkpoint", "pruning")}
    exact = len(grid.bits) * SECONDS_EXACT
    noisy = len(grid.bits) * sum(noise > 0 for noise in grid.noise) * (grid.draws + grid.test_draws) * SECONDS_A_DRAW
    units = []
    for sparsity, weights in zip(grid.sparsity, checkpoints.along(scenario, grid.sparsity), strict=True):
        slab_of = {**dataclasses.asdict(grid), "sparsity": cutting_sparsity(scenario.but(sparsity=sparsity), weights)}
        key = json.dumps([FORMAT, RESULTS_FORMAT, weights.fingerprint, images, scenario.pruning, slab_of])
        arguments = {"scenario": {**where, "sparsity": sparsity}, "grid": dataclasses.asdict(grid)}
        title = f"{' '.join(where.values())} at sparsity {sparsity:.1%}"
        units.append(Unit("surface", key, title, f"{__name__}:measure", arguments, round(exact + noisy)))
    return Plan.of(f"sweep {' '.join(where.values())}", units)


def measure(arguments: Mapping[str, Any], progress: Progress) -> str:
    """The cells of one sparsity as JSON: the work of a unit of `plan`.  One thread, so that all machines give the same."""
    from pacviz.device import one_thread

    scenario, grid = Scenario.from_mapping(arguments["scenario"]), Grid(**arguments["grid"])
    (weights,) = checkpoints.along(scenario, [scenario.sparsity])
    layers = tuple(layer.name for layer in architecture(scenario.model).layers)
    dataset, cells = data.load(scenario.data), []
    with one_thread():
        for cell in _slab(weights, scenario, grid, dataset, layers):
            cells.append(dataclasses.asdict(cell))
            progress(len(cells) / (len(grid.bits) * len(grid.noise)), f"sparsity {scenario.sparsity:.1%}")
    return json.dumps(cells)


def sweep(scenario: Scenario, grid: Grid, progress: Progress | None = None, on: str = HERE) -> Surface:
    """Measures the surface of a scenario's checkpoint, data and pruning; pixels and spread of noise by default.

    Its draws are not those that certify (`Posterior.preview`): a point may be chosen by looking at it.

    Weights are pruned once for each sparsity; codebook, positions and code are made once for each number of bits, and
    all noises see the same examples and random numbers.  What was certified without noise is not measured again.  Each
    finished sparsity is kept, so that an interrupted recording goes on where it stopped.

    on: who does the units (`jobs.executors`).  Raises PacvizError as `plan` does.
    """
    data.load(scenario.data, progress=progress)
    slabs = run(plan(scenario, grid), on, progress)
    grid, dataset, spec = distinct(scenario, grid), data.load(scenario.data), architecture(scenario.model)
    return Surface(
        scenario.model,
        scenario.data,
        scenario.checkpoint,
        scenario.pruning,
        fingerprint(scenario, grid),
        dataset.train.fingerprint,
        tuple(layer.name for layer in spec.layers),
        len(dataset.train),
        dataset.classes,
        spec.parameters,
        grid,
        tuple(_revived(values) for slab in slabs for values in json.loads(slab)),
    )


def _revived(values: dict[str, Any]) -> Cell:
    triples = {name: tuple(values[name]) for name in ("train", "test")}
    return Cell(**{**values, **triples, "parts": tuple(map(tuple, values["parts"]))})


def _slab(
    weights: checkpoints.Checkpoint,
    scenario: Scenario,
    grid: Grid,
    dataset: data.Dataset,
    layers: Sequence[str],
) -> Iterator[Cell]:
    masks, usual = prune(weights.matrices, scenario.sparsity, scenario.pruning), defaults(Scenario)["seed"]
    for bits in grid.bits:
        network = quantized(weights.model, weights.matrices, masks, bits)
        code_bytes = len(Deterministic(network).coded.code)
        for noise in grid.noise:
            point = scenario.but(bits=bits, noise=noise)
            posterior = posterior_of(network, point)
            if posterior.deterministic:
                measured = recall(point, weights=weights)
                train = measured.train if measured else posterior.risk(dataset.train)
                test = measured.test if measured else posterior.risk(dataset.test)
            else:
                train = posterior.preview(dataset.train, budget.RISK, usual, draws=grid.draws)
                test = posterior.preview(dataset.test, budget.RISK, usual, draws=grid.test_draws)
            yield _cell(train, test, posterior.coded.ledger, code_bytes, network.nonzeros, layers)


def distinct(scenario: Scenario, grid: Grid) -> Grid:
    """The grid without sparsities that ask for the same network as a higher one, as between two members of a family."""
    highest = {
        (weights.fingerprint, cutting_sparsity(scenario.but(sparsity=sparsity), weights)): sparsity
        for sparsity, weights in zip(grid.sparsity, checkpoints.along(scenario, grid.sparsity), strict=True)
    }
    return dataclasses.replace(grid, sparsity=tuple(highest.values()))


def recordable(scenario: Scenario) -> bool:
    """Whether a surface can speak for a scenario: what no axis moves has its default."""
    return all(getattr(scenario, name) == defaults(Scenario)[name] for name in FIXED)


def fingerprint(scenario: Scenario, grid: Grid) -> str:
    """Of the weights behind a surface: one checkpoint, or the members of a family that its sparsities ask for."""
    members = dict.fromkeys(member.fingerprint for member in checkpoints.along(scenario, grid.sparsity))
    return next(iter(members)) if len(members) == 1 else hashlib.sha256("".join(members).encode()).hexdigest()


def along(certificates: Sequence[Certificate], axis: str) -> Surface | None:
    """What is known along one axis as a surface that is a line; None where nothing is.

    certificates: of scenarios that differ in `axis` only.
    """
    by_value = {one.scenario.to_dict()[axis]: one for one in certificates}
    points = [by_value[value] for value in sorted(by_value)]
    if not points:
        return None
    first = points[0].scenario.to_dict()
    values = {name: (first[name],) for name in AXES} | {axis: tuple(one.scenario.to_dict()[axis] for one in points)}
    measured = points[0].measurement
    return Surface(
        **{name: first[name] for name in ("model", "data", "checkpoint", "pruning")},
        weights=measured.fingerprints["weights"],
        sample=measured.fingerprints["data"],
        layers=points[0].layers,
        n=measured.n,
        classes=measured.classes,
        parameters=measured.parameters,
        grid=Grid(**values),
        cells=tuple(cell(one.measurement, one.layers) for one in points),
    )


def path(scenario: Scenario, folder: Path | None = None) -> Path:
    """The file of a scenario's surface in `folder` (the user's where None): DATA/MODEL/CHECKPOINT/PRUNING.json.gz."""
    names = (scenario.data, scenario.model, scenario.checkpoint, scenario.pruning)
    return store.shelf(folder or store.cache_dir() / "surfaces", *names, suffix=".json.gz")


def save(surface: Surface, folder: Path | None = None) -> Path:
    """Writes a surface to `folder` (the user's where None), whole or not at all, and returns the file."""
    text = json.dumps(surface.to_dict(), separators=(",", ":"))
    file = path(
        Scenario(**{name: getattr(surface, name) for name in ("model", "data", "checkpoint", "pruning")}), folder
    )
    packed = gzip.compress(text.encode(), mtime=0)
    store.write_atomic(file, lambda temporary: temporary.write_bytes(packed))
    return file


def load(file: Path) -> Surface:
    """The surface in a file; raises PacvizError where it is missing, damaged or no surface (see `store.read`)."""
    return store.read(
        file,
        lambda file: Surface.from_dict(json.loads(gzip.decompress(file.read_bytes()))),
        "a surface",
        "make it again by `python -m pacviz sweep`",
    )


def find(scenario: Scenario) -> tuple[Surface, str] | None:
    """The surface that belongs to a scenario and its file in base64, or None where nobody has recorded one.

    One of the user's goes before a shipped one; one of other weights or other data than those that are there, or that
    cannot be read, counts as none.
    """
    if not recordable(scenario):
        return None
    read = data.fingerprints(scenario.data)
    for folder in (None, SHIPPED):
        for file in _files(scenario, folder):
            try:
                match = _read(file, file.stat().st_mtime_ns)
                same_data = read is None or match[0].sample == read[0]
                if same_data and match[0].weights == fingerprint(scenario, match[0].grid):
                    return match
            except (PacvizError, OSError):
                continue
    return None


def _files(scenario: Scenario, folder: Path | None) -> list[Path]:
    """Where its surface may lie; a file of before, MODEL-DATA-CHECKPOINT-PRUNING, counts where it tells these names."""
    file = path(scenario, folder)
    names = (scenario.model, scenario.data, scenario.checkpoint, scenario.pruning)
    before = store.files(file.parents[3], f"{'-'.join(names)}.json.gz")
    return [*store.files(file.parent, file.name), *before]


@lru_cache(maxsize=8)
def _read(file: Path, modified: int) -> tuple[Surface, str]:
    return load(file), base64.b64encode(file.read_bytes()).decode()
