"""The one pipeline: prune, quantize, encode, decode, measure, charge, bound.

    network_of      prunes and quantizes (codes.compress), or takes weights as they stand
    posterior_of    what is certified: the network, or noise around it; it encodes, decodes and charges (posteriors)
    errors          measures what the bytes decode to
    bound           what follows

Certificates, sweeps, surfaces, selection, the preview of a training, simulations and label randomization all go this way.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pacviz import __version__, data, store
from pacviz.bounds import BOUNDS
from pacviz.certificates import budget
from pacviz.codes.compress import as_it_stands, compress
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.network import Network
from pacviz.codes.prune import PRUNINGS
from pacviz.codes.quantizer import KMEANS
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.library.weights import Weights
from pacviz.models import architecture
from pacviz.posteriors.posterior import Posterior, kind_of
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.scenario import AS_IS, EVEN, Scenario
from pacviz.settings import import_all, settings

import_all("pacviz.posteriors")

_LESS_THAN_HALF_A_WEIGHT = 0.49
RESULTS_FORMAT = 4
"""Raised whenever a change makes any measured figure come out differently: older results are then measured anew."""


Source = checkpoints.Checkpoint | Weights
"""Where weights come from: a checkpoint, or a file made elsewhere."""


@dataclass(frozen=True)
class Measurement:
    """What was measured for a Scenario; it depends on neither delta nor the bound.

    ledger: the charges of the (stochastic) network.  code_bytes: length of the decodable bytes of the network without
    noise.  zhou_bytes: effective size by the published form, None without noise.  nonzeros, parameters: weights.
    train: error on the training sample.  test: error on the test sample, for information only; the failure of both is a
    share of delta.  n: training examples.
    preview: measured on part of the data.  fingerprints: SHA-256 of the training and test data, the architecture, the
    trained weights and the code.
    """

    ledger: Ledger
    code_bytes: int
    zhou_bytes: float | None
    nonzeros: int
    parameters: int
    train: RiskEstimate
    test: RiskEstimate
    n: int
    classes: int
    preview: bool
    fingerprints: dict[str, str]
    version: str = __version__

    def to_json(self) -> str:
        plain = dataclasses.asdict(self)
        ledger = {"charges": [charge.to_dict() for charge in self.ledger.charges]}
        return json.dumps({**plain, "ledger": ledger, "train": self.train.to_dict(), "test": self.test.to_dict()})

    @classmethod
    def from_json(cls, text: str) -> Measurement:
        values: dict[str, Any] = json.loads(text)
        values["ledger"] = Ledger(tuple(map(Charge.from_dict, values["ledger"]["charges"])))
        values["train"], values["test"] = RiskEstimate(**values["train"]), RiskEstimate(**values["test"])
        return cls(**values)


def network_of(scenario: Scenario, weights: Source | None = None) -> Network:
    """The compressed network that a scenario asks for; the last few are remembered.

    weights: where they came as a file; else those of the scenario's checkpoint.
    """
    weights = weights or checkpoints.of(scenario)
    if scenario.checkpoint == AS_IS:
        return as_it_stands(weights.model, weights.matrices)
    return _compressed(weights, scenario.sparsity, scenario.bits, scenario.pruning, scenario.quantizer)


@lru_cache(maxsize=4)
def _compressed(weights: Source, sparsity: float, bits: int, pruning: str, quantizer: str) -> Network:
    return compress(weights.model, weights.matrices, sparsity, bits, pruning, quantizer)


def posterior_of(network: Network, scenario: Scenario, version: int | None = None) -> Posterior:
    """What a scenario certifies; raises PacvizError for noise around a network that has no place for it.

    version: of the code that it is written in, the newest where None.
    """
    return kind_of(scenario).around(network, scenario, version)


def measure(
    scenario: Scenario, preview: bool = False, progress: Progress | None = None, weights: Source | None = None
) -> Measurement:
    """What `measure_anew` finds; what has been measured before on the same data is read back instead.

    Where the whole measurement is known already, it is the answer to a preview too.
    """
    return recall(scenario, preview, weights) or measure_anew(scenario, preview, progress, weights)


def measure_anew(
    scenario: Scenario, preview: bool = False, progress: Progress | None = None, weights: Source | None = None
) -> Measurement:
    """Compresses, codes and measures.  weights: as for `network_of`.

    A preview looks at PREVIEW_EXAMPLES examples or PREVIEW_DRAWS draws, with noise never those of the certificate; its
    estimate is wider but as valid.
    Raises PacvizError where checkpoint or data are missing or broken.
    """
    weights = weights or checkpoints.of(scenario)
    report = progress or (lambda fraction, what: None)
    report(0.0, "compressing")
    posterior = posterior_of(network_of(scenario, weights), scenario)
    posterior.coded  # noqa: B018  refuses what cannot be written before any data are read
    report(0.0, f"reading {scenario.data}")
    dataset = data.load(scenario.data, progress=progress)
    test, train = errors(posterior, scenario, dataset, preview, report)
    measurement = summary(posterior, dataset.identity, train, test, preview, weights.fingerprint)
    read = (dataset.train.fingerprint, dataset.test.fingerprint)
    store.remember(key(scenario, preview, weights, read), measurement.to_json())
    return measurement


def errors(
    posterior: Posterior, scenario: Scenario, dataset: data.Dataset, preview: bool, report: Progress
) -> tuple[RiskEstimate, RiskEstimate]:
    """Test and training error, their failures as shares of delta.

    Raises PacvizError for images that the network cannot read.
    """
    spec = architecture(posterior.network.model)
    if tuple(dataset.train.images.shape[1:]) != spec.input_shape:
        raise PacvizError(
            f"{spec.title} reads images of {spec.input_shape}, but {dataset.title} has {tuple(dataset.train.images.shape[1:])}."
        )
    if spec.classes < dataset.classes:
        raise PacvizError(
            f"{spec.title} tells {spec.classes} classes apart, but {dataset.title} has {dataset.classes} labels."
        )
    share = budget.interval_share(scenario.seed, preview)

    def risk(split: data.Split, what: str, start: float, stop: float, preview: bool) -> RiskEstimate:
        def advance(fraction: float) -> None:
            report(start + (stop - start) * fraction, what)

        split = dataclasses.replace(split, low=scenario.input_low, high=scenario.input_high)
        return (posterior.preview if preview else posterior.risk)(split, share, scenario.seed, advance)

    test = risk(dataset.test, "measuring the test error", 0.0, 0.15, preview and not posterior.deterministic)
    return test, risk(dataset.train, "measuring the training error", 0.15, 1.0, preview)


def bound(name: str, upper: float, nats: float, n: int, delta: float, estimated: bool) -> float:
    """The bound of that name on the true error, at what `budget` leaves of delta for it.

    upper: the empirical error, at most.  nats: K.  n: training examples.  estimated: whether the error comes from draws.
    """
    return BOUNDS[name].function(upper, nats, n, budget.bound_share(estimated) * delta)


def summary(
    posterior: Posterior,
    sample: data.Identity,
    train: RiskEstimate,
    test: RiskEstimate,
    preview: bool,
    weights: str,
) -> Measurement:
    """The Measurement that these parts make.  weights: fingerprint of the weights before compression."""
    network, parts = posterior.network, posterior.coded
    spec = architecture(network.model)
    fingerprints = {
        "data": sample.train,
        "test": sample.test,
        "architecture": spec.fingerprint,
        "weights": weights,
        "code": hashlib.sha256(parts.code).hexdigest(),
    }
    return Measurement(
        parts.ledger,
        len(parts.code),
        posterior.zhou_bytes,
        network.nonzeros,
        spec.parameters,
        train,
        test,
        sample.n,
        sample.classes,
        preview,
        fingerprints,
    )


def recall(scenario: Scenario, preview: bool = False, weights: Source | None = None) -> Measurement | None:
    """What has been measured for a scenario before on the data that are there, here or in the recordings; with `preview`,
    a preview will do.
    """
    read = data.fingerprints(scenario.data)
    for part in (False, True)[: 1 + preview]:
        if (known := store.revive(key(scenario, part, weights, read), Measurement.from_json)) is not None:
            return known
    return None


def cutting_sparsity(scenario: Scenario, weights: Source) -> float:
    """The sparsity that tells networks apart: the scenario's, or the largest at which pruning takes nothing of these weights."""
    if not PRUNINGS[scenario.pruning].smallest_first or not isinstance(weights, checkpoints.Checkpoint):
        return scenario.sparsity
    limits = settings(Scenario)["sparsity"]
    zeros = 1 - weights.density + _LESS_THAN_HALF_A_WEIGHT / architecture(weights.model).parameters
    untouched = round(math.floor(zeros / limits.step) * limits.step, 6)
    return max(scenario.sparsity, min(untouched, limits.high))


def key(scenario: Scenario, preview: bool, weights: Source | None = None, read: tuple[str, str] | None = None) -> str:
    """What a measurement depends on, hashed: not the bound, not delta, the seed only where something is drawn, and the
    sparsity only where it cuts something.

    A setting that came later is left out where it changes nothing, so that what was measured before keeps its key.
    read: fingerprints of the training and test sample that were read; of those that are there (`data.fingerprints`) where
    None.
    """
    read = read or data.fingerprints(scenario.data)
    weights = weights or checkpoints.of(scenario)
    values = {name: value for name, value in scenario.to_dict().items() if name not in ("bound", "delta")}
    values["checkpoint"] = AS_IS if scenario.checkpoint == AS_IS else None
    values["sparsity"] = cutting_sparsity(scenario, weights)
    deterministic = kind_of(scenario).deterministic
    values["seed"] = scenario.seed if preview or not deterministic else None
    if deterministic or scenario.spread == EVEN:
        del values["spread"]
    if scenario.quantizer == KMEANS or scenario.checkpoint == AS_IS:
        del values["quantizer"]
    return hashlib.sha256(json.dumps([values, weights.fingerprint, read, preview, RESULTS_FORMAT]).encode()).hexdigest()
