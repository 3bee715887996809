"""One network of the experiment: trained by plain SGD, looked at, pruned in every way and certified, in steps to watch."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from pacviz import data, store
from pacviz.codes.compress import compress, quantized
from pacviz.codes.network import Network
from pacviz.codes.prune import largest, prune
from pacviz.data import Dataset, Split
from pacviz.data.labels import subset
from pacviz.device import one_thread
from pacviz.errors import PacvizError
from pacviz.experiments.heavy_tails.networks import factored, network, rank
from pacviz.experiments.heavy_tails.results import Recording
from pacviz.experiments.heavy_tails.settings import (
    CODED,
    DIVERGED,
    GLOBAL,
    KEPT,
    LAYERS,
    NODES,
    SINGULAR_VALUES,
    WAYS,
    Cell,
    Certified,
    HeavyTails,
    LayerTails,
    Related,
    Trained,
)
from pacviz.jobs.executors import HERE, run
from pacviz.jobs.units import Plan, Unit
from pacviz.library.tails.compressibility import Compressibility
from pacviz.library.tails.dependence import Dependence, dependence
from pacviz.library.tails.estimators import hill, tail_index
from pacviz.library.tails.layers import vectors
from pacviz.models import Architecture, grammar
from pacviz.models import architecture as named
from pacviz.posteriors.deterministic import Deterministic
from pacviz.progress import Progress
from pacviz.training.sgd import State, Stopping, descend

LEARNING = 0.6
"""The share of a network's work that its training is taken for in progress."""
SQUARES = 5
"""Square parts of a matrix that its tail index is told of besides."""
SURVIVALS = 18
"""Points of the distribution of magnitudes."""
Matrices = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Step:
    """Where a network stands.  fraction: in [0, 1].  losses: mean cross-entropy in nats of each epoch.  trained: at the end."""

    fraction: float
    what: str
    losses: tuple[float, ...]
    trained: Trained | None = None


def survivals(count: int) -> np.ndarray:
    """The probabilities at which magnitudes of `count` weights are told, descending from a half to one of them."""
    return np.geomspace(0.5, 1 / count, SURVIVALS)


def steps(experiment: HeavyTails, cell: Cell, dataset: Dataset) -> Iterator[Step]:
    """Trains and measures one network; the last step holds all of it.  It depends on its arguments alone."""
    architecture = network(experiment.model, cell.width, _shape(dataset), dataset.classes)
    train = subset(dataset.train, experiment.n, cell.seed)
    test = subset(dataset.test, min(experiment.tests, len(dataset.test)), cell.seed)
    stopping = Stopping(experiment.loss, experiment.steps, experiment.further, experiment.averaged)
    name = f"η/b = {cell.ratio:.4g}, width {cell.width}, seed {cell.seed}"
    losses: list[float] = []
    last = None
    for last in descend(architecture, train, cell.step_size, cell.batch_size, cell.seed, stopping):
        losses.append(last.loss)
        share = min(1.0, last.steps / (experiment.steps + experiment.further))
        if math.isfinite(last.loss) and last.loss > 0:
            share = max(share, min(1.0, math.log(math.log(10) / last.loss) / math.log(math.log(10) / experiment.loss)))
        yield Step(LEARNING * max(0.0, share), f"{name}: epoch {len(losses)}, loss {last.loss:.2g}", tuple(losses))
    assert last is not None, "a training has at least one epoch"
    common = {**cell.to_dict(), "how": last.ending, "steps": last.steps}
    if last.ending == DIVERGED:
        trained = Trained(**common, loss=None, errors=None, test_error=None, layers=(), accuracy={}, certified=())
        yield Step(1.0, f"{name}: diverged", tuple(losses), trained)
        return
    final = architecture.matrices(last.state())
    layers = _layers(architecture, last.mean(), _start(architecture, cell.seed), cell.seed)
    yield Step(LEARNING, f"{name}: tails measured", tuple(losses))
    accuracy = {way: tuple(_accuracy(architecture, final, way, kept, test) for kept in KEPT) for way in WAYS}
    certified: list[Certified] = []
    tried = [(way, kept) for way in WAYS for kept in CODED]
    for number, (way, kept) in enumerate(tried):
        share = LEARNING + (1 - LEARNING) * number / len(tried)
        yield Step(share, f"{name}: {WAYS[way].title}, {kept:.0%} kept", tuple(losses))
        certified.append(_certified(architecture, final, way, kept, experiment.bits, train))
    trained = Trained(
        **common,
        loss=last.loss,
        errors=last.errors,
        test_error=_short(1 - accuracy[GLOBAL][0]),
        layers=layers,
        accuracy=accuracy,
        certified=tuple(certified),
    )
    yield Step(1.0, f"{name}: done", tuple(losses), trained)


def _start(architecture: Architecture, seed: int) -> State:
    """The first weights, as `training.sgd.descend` draws them."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return {key: one.detach() for key, one in architecture.build().named_parameters()}


def _layers(architecture: Architecture, mean: State, start: State, seed: int) -> tuple[LayerTails, ...]:
    found = []
    for number, layer in enumerate(architecture.layers):
        key = layer.tensors[0]
        weights = mean[key].double().numpy()
        matrix = weights.reshape(layer.rows, -1)
        rng = np.random.default_rng((seed, number))
        rows, entries = tail_index(vectors(weights), rng), tail_index(matrix.reshape(-1, 1), rng)
        first = _index(vectors(start[key].double().numpy()), rng)
        largest_ones = hill(matrix)
        compressible = Compressibility.of(_nodes(matrix, last=layer == architecture.layers[-1]))
        sizes = np.sort(np.abs(matrix).ravel())[::-1] / matrix.std()
        places = np.clip(np.round(survivals(sizes.size) * sizes.size).astype(int) - 1, 0, sizes.size - 1)
        found.append(
            LayerTails(
                layer.name,
                *matrix.shape,
                alpha=None if rows is None else _short(rows.alpha),
                alpha_interval=None if rows is None else (_short(rows.interval[0]), _short(rows.interval[1])),
                entries=None if entries is None else _short(entries.alpha),
                square=_square(matrix, rng),
                start=first,
                hill=None if largest_ones is None else _short(largest_ones.alpha),
                hill_k=None if largest_ones is None else largest_ones.k,
                magnitudes=tuple(map(_short, sizes[places])),
                errors={name: tuple(_short(compressible.error(name, kept)) for kept in KEPT) for name in MATRIX_WAYS},
                prunable={name: _short(compressible.prunable(name)) for name in MATRIX_WAYS},
                within=_related(dependence(matrix, rng)),
                between=_related(dependence(matrix.T, rng)),
            )
        )
    return tuple(found)


MATRIX_WAYS = (LAYERS, SINGULAR_VALUES, NODES)
"""The ways that the error of a single matrix is told by."""


def _nodes(matrix: np.ndarray, last: bool) -> np.ndarray:
    """The matrix with its nodes as rows: units that it writes, or of the last layer those that it reads."""
    return matrix.T if last else matrix


def _index(rows: np.ndarray, rng: np.random.Generator) -> float | None:
    found = tail_index(rows, rng)
    return None if found is None else _short(found.alpha)


def _square(matrix: np.ndarray, rng: np.random.Generator) -> float | None:
    """Median tail index over square parts: the number of rows and their length are alike in all layers that are compared."""
    side = min(matrix.shape)
    found = []
    for _ in range(SQUARES):
        rows, columns = (rng.choice(size, side, replace=False) for size in matrix.shape)
        found.append(_index(matrix[np.ix_(rows, columns)], rng))
    known = [alpha for alpha in found if alpha is not None]
    return float(np.median(known)) if known else None


def _related(found: Dependence | None) -> Related | None:
    return None if found is None else Related(**{name: _short(value) for name, value in asdict(found).items()})


def _short(value: float) -> float:
    """With four digits: what a recording holds of a measured number."""
    return float(f"{value:.4g}")


def masks(architecture: Architecture, matrices: Matrices, way: str, kept: float) -> dict[str, np.ndarray]:
    """Which weights survive, by layer.  Biases, which are 0, never do where weights are counted by magnitude."""
    if way == GLOBAL:
        return prune(matrices, 1 - kept, "global")
    found = {}
    for layer in architecture.layers:
        matrix = matrices[layer.name]
        mask = np.zeros(matrix.shape, bool)
        if way == NODES:
            last = layer == architecture.layers[-1]
            rows = np.arange(layer.rows) if last else _largest_rows(matrix, kept)
            mask[rows, :-1] = True
        else:
            mask[:, :-1] = largest(matrix[:, :-1], 1 - kept)
        found[layer.name] = mask
    if way == NODES:
        _drop_unread(architecture, found)
    return found


def _largest_rows(matrix: np.ndarray, kept: float) -> np.ndarray:
    count = max(1, round(kept * len(matrix)))
    return np.argsort(-np.linalg.norm(matrix, axis=1), kind="stable")[:count]


def _drop_unread(architecture: Architecture, masks: dict[str, np.ndarray]) -> None:
    """Weights that read a unit that went go with it."""
    for layer in architecture.layers:
        if layer.source is not None:
            left = np.asarray(masks[layer.source].any(axis=1))
            masks[layer.name][:, : layer.widths[0]] &= np.repeat(left, layer.widths[0] // left.size)


def pruned(architecture: Architecture, matrices: Matrices, way: str, kept: float) -> Matrices:
    """The weights after pruning, before any rounding."""
    if kept >= 1:
        return matrices
    if way == SINGULAR_VALUES:
        return {name: _low_rank(matrix, kept) for name, matrix in matrices.items()}
    survive = masks(architecture, matrices, way, kept)
    return {name: matrix * survive[name] for name, matrix in matrices.items()}


def _low_rank(matrix: np.ndarray, kept: float) -> np.ndarray:
    size = rank(len(matrix), matrix.shape[1] - 1, kept)
    if size is None:
        return matrix
    left, values, right = np.linalg.svd(matrix[:, :-1].astype(np.float64), full_matrices=False)
    product = (left[:, :size] * values[:size]) @ right[:size]
    return np.concatenate([product.astype(np.float32), matrix[:, -1:]], axis=1)


@torch.inference_mode()
def _accuracy(architecture: Architecture, matrices: Matrices, way: str, kept: float, test: Split) -> float:
    module = architecture.build(folded=True).eval()
    module.load_state_dict(architecture.state_dict(pruned(architecture, matrices, way, kept)))
    right = 0
    for start in range(0, len(test), 1000):
        right += int((module(test.pixels(start, start + 1000)).argmax(1) == test.labels[start : start + 1000]).sum())
    return _short(right / len(test))


def _certified(
    architecture: Architecture, matrices: Matrices, way: str, kept: float, bits: int, train: Split
) -> Certified:
    """The pruned network in bytes, and its errors as the bytes decode."""
    coded = coded_network(architecture, matrices, way, kept, bits)
    posterior = Deterministic(coded)
    return Certified(
        way,
        kept,
        8 * len(posterior.coded.code),
        len(grammar.encode(named(coded.model))),
        round(posterior.risk(train).upper * len(train)),
    )


def coded_network(architecture: Architecture, matrices: Matrices, way: str, kept: float, bits: int) -> Network:
    """What is coded: the pruned weights with 2^bits values a layer, of singular values the network of factors."""
    if way == SINGULAR_VALUES:
        smaller, factors = factored(architecture, matrices, kept)
        return compress(smaller.name, factors, 0.0, bits, GLOBAL)
    if way == GLOBAL:
        return compress(architecture.name, matrices, 1 - kept, bits, GLOBAL)
    return quantized(architecture.name, matrices, masks(architecture, matrices, way, kept), bits)


def unit(experiment: HeavyTails, cell: Cell) -> Unit:
    """One network as a unit of work."""
    arguments = {"experiment": experiment.to_dict(), "cell": cell.to_dict()}
    title = f"{experiment.model} on {experiment.data}, η = {cell.step_size:g}, b = {cell.batch_size}, "
    title += f"width {cell.width}, seed {cell.seed}"
    return Unit("heavy-tails", experiment.key(cell), title, f"{__name__}:work", arguments)


def work(arguments: Mapping[str, Any], progress: Progress) -> str:
    """The whole network as JSON: the work of a `unit`.  One thread, so that all machines of a kind give the same."""
    experiment, cell = HeavyTails(**arguments["experiment"]), Cell(**arguments["cell"])
    last: Step | None = None
    with one_thread():
        for last in steps(experiment, cell, _dataset(experiment.data)):
            progress(last.fraction, last.what)
    assert last is not None, "a network has at least one step"
    assert last.trained is not None, "the last step holds the network"
    return last.trained.to_json()


@lru_cache(maxsize=1)
def _dataset(name: str) -> Dataset:
    return data.load(name)


def known(experiment: HeavyTails, cell: Cell) -> Trained | None:
    """The network where it was finished before."""
    text = unit(experiment, cell).result()
    return None if text is None else Trained.from_json(text)


def keep(experiment: HeavyTails, trained: Trained) -> None:
    """Keeps a finished network, whole or not at all."""
    unit(experiment, trained.cell).keep(trained.to_json())


def plan(experiment: HeavyTails) -> Plan:
    """What the experiment consists of: a unit a network."""
    units = (unit(experiment, cell) for cell in experiment.cells)
    return Plan.of(f"heavy-tails {experiment.model} {experiment.data}", units)


def run_all(experiment: HeavyTails, progress: Progress, on: str = HERE) -> Recording:
    """Trains and measures what is missing of an experiment; each finished network is kept.

    progress: told the fraction done in [0, 1] and what is being done; an exception that it raises stops the work, and
    the next call goes on from the last finished network.  on: who does the work (`jobs.executors`).
    Raises PacvizError where data are missing or do not fit.
    """
    store.require_writable(store.cache_dir())
    dataset = data.load(experiment.data, progress=progress)
    check_shape(experiment, dataset)
    return Recording(experiment, tuple(map(Trained.from_json, run(plan(experiment), on, progress))))


def check_shape(experiment: HeavyTails, dataset: Dataset) -> None:
    """Raises PacvizError where there are too few examples, or the images do not suit the widest network."""
    if len(dataset.train) < experiment.n:
        raise PacvizError(
            f"n must be at most the {len(dataset.train):,} training examples of {dataset.title}, got {experiment.n:,}."
        )
    network(experiment.model, int(max(experiment.widths)), _shape(dataset), dataset.classes)


def _shape(dataset: Dataset) -> tuple[int, int, int]:
    channels, height, width = dataset.train.images.shape[1:]
    return channels, height, width
