"""One compressed network measured: its charges and its errors, everything of a certificate that costs time."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pacviz import __version__, data, store
from pacviz.certificates import budget
from pacviz.codes.code import code_of
from pacviz.codes.coder import encode
from pacviz.codes.compress import as_it_stands, compress
from pacviz.codes.ledger import Charge, Ledger
from pacviz.codes.network import Network
from pacviz.errors import PacvizError
from pacviz.library import checkpoints
from pacviz.library.weights import Weights
from pacviz.models import architecture
from pacviz.posteriors.gaussian import posterior_stds, stochastic_code, zhou_bytes
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate, exact_risk, sampled_risk, stochastic_risk
from pacviz.scenario import AS_IS, EVEN, Scenario
from pacviz.settings import settings

PREVIEW_EXAMPLES = 10_000
"""Training examples that a preview without noise looks at."""
PREVIEW_DRAWS = 2_000
"""Draws of (example, fresh weights) behind a preview with noise."""
_OTHER_DRAWS = 2**30
_LESS_THAN_HALF_A_WEIGHT = 0.49
RESULTS_FORMAT = 3
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


@dataclass(frozen=True)
class Coded:
    """A network in bytes, and what it is charged.

    code: decodes to the network without noise.  prior: the bytes behind the charges of a noisy one, else empty.
    """

    code: bytes
    prior: bytes
    ledger: Ledger
    zhou_bytes: float | None


def network_of(scenario: Scenario, weights: Source | None = None) -> Network:
    """The compressed network that a scenario asks for; the last few are remembered.

    weights: where they came as a file; else those of the scenario's checkpoint.
    """
    weights = weights or checkpoints.of(scenario)
    if scenario.checkpoint == AS_IS:
        return as_it_stands(weights.model, weights.matrices)
    return _compressed(weights, scenario.sparsity, scenario.bits, scenario.pruning)


@lru_cache(maxsize=4)
def _compressed(weights: Source, sparsity: float, bits: int, pruning: str) -> Network:
    return compress(weights.model, weights.matrices, sparsity, bits, pruning)


def noise_of(network: Network, scenario: Scenario) -> dict[str, float]:
    """The posterior's standard deviation that a scenario asks for, by layer; raises PacvizError for noise in a subspace."""
    if network.layered is None:
        if scenario.noise > 0:
            raise PacvizError(f"noise must be 0 for {network.model}, which is coded {code_of(network.model).how}.")
        return {}
    return posterior_stds(network.layered, scenario.noise, scenario.multipliers)


def coded(network: Network, scenario: Scenario, version: int | None = None) -> Coded:
    """The bytes and charges of a network under a scenario's noise.  version: of its code, as for `encode`."""
    code = encode(network, version)
    if scenario.noise == 0:
        return Coded(code.data, b"", code.ledger, None)
    stds = noise_of(network, scenario)
    assert network.layered is not None, "noise_of refuses what has no layers"
    stochastic = stochastic_code(network.layered, stds, version)
    return Coded(code.data, stochastic.data, stochastic.ledger, zhou_bytes(network.layered, stds, version))


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
    network = network_of(scenario, weights)
    parts = coded(network, scenario)
    report(0.0, f"reading {scenario.data}")
    dataset = data.load(scenario.data, progress=progress)
    test, train = errors(network, parts, scenario, dataset, preview, report)
    measurement = summary(network, parts, dataset.identity, train, test, preview, weights.fingerprint)
    read = (dataset.train.fingerprint, dataset.test.fingerprint)
    store.remember(key(scenario, preview, weights, read), measurement.to_json())
    return measurement


def errors(
    network: Network, parts: Coded, scenario: Scenario, dataset: data.Dataset, preview: bool, report: Progress
) -> tuple[RiskEstimate, RiskEstimate]:
    """Test and training error, their failures as shares of delta.  parts: of `coded`.

    Raises PacvizError for images that the network cannot read.
    """
    spec = architecture(network.model)
    if tuple(dataset.train.images.shape[1:]) != spec.input_shape:
        raise PacvizError(
            f"{spec.title} reads images of {spec.input_shape}, but {dataset.title} has {tuple(dataset.train.images.shape[1:])}."
        )
    if spec.classes < dataset.classes:
        raise PacvizError(
            f"{spec.title} tells {spec.classes} classes apart, but {dataset.title} has {dataset.classes} labels."
        )
    stds = noise_of(network, scenario)
    share = budget.interval_share(scenario.seed, preview)

    def risk(split: data.Split, what: str, start: float, stop: float, preview: bool) -> RiskEstimate:
        def advance(fraction: float) -> None:
            report(start + (stop - start) * fraction, what)

        split = dataclasses.replace(split, low=scenario.input_low, high=scenario.input_high)
        if scenario.noise > 0:
            draws = PREVIEW_DRAWS if preview else len(split)
            seed = looked_at(scenario.seed) if preview else certifying_draws(parts, stds, scenario.seed)
            found = stochastic_risk(network, stds, split, draws, share, seed, advance)
            return dataclasses.replace(found, seed=scenario.seed)
        if preview:
            return sampled_risk(network, split, PREVIEW_EXAMPLES, share, scenario.seed, advance)
        return exact_risk(network, split, advance)

    test = risk(dataset.test, "measuring the test error", 0.0, 0.15, preview and scenario.noise > 0)
    return test, risk(dataset.train, "measuring the training error", 0.15, 1.0, preview)


def summary(
    network: Network,
    parts: Coded,
    sample: data.Identity,
    train: RiskEstimate,
    test: RiskEstimate,
    preview: bool,
    weights: str,
) -> Measurement:
    """The Measurement that these parts make.  weights: fingerprint of the weights before compression."""
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
        parts.zhou_bytes,
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


def looked_at(seed: int) -> int:
    """Seed of noise draws that may be looked at before choosing: the same for all networks, which are compared by them.

    The lowest of many estimates is too low; the certificate of what was chosen by it rests on `certifying_draws`.
    """
    return seed ^ _OTHER_DRAWS


def certifying_draws(parts: Coded, stds: Mapping[str, float], seed: int) -> int:
    """Seed of the draws that certify a noisy network: a hash of code, prior, noise and the scenario's seed.

    Every network and every noise thereby has draws of its own, on every machine, and nobody has looked at them before.
    """
    digest = hashlib.sha256()
    for content in (b"pacviz draws", parts.code, parts.prior, json.dumps(_hexed(stds)).encode(), str(seed).encode()):
        digest.update(len(content).to_bytes(8) + content)
    return int.from_bytes(digest.digest())


def _hexed(stds: Mapping[str, float]) -> dict[str, str]:
    return {name: std.hex() for name, std in sorted(stds.items())}


def cutting_sparsity(scenario: Scenario, weights: Source) -> float:
    """The sparsity that tells networks apart: the scenario's, or the largest at which pruning takes nothing of these weights."""
    if scenario.pruning != "global" or not isinstance(weights, checkpoints.Checkpoint):
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
    values["seed"] = scenario.seed if preview or scenario.noise > 0 else None
    if scenario.noise == 0 or scenario.spread == EVEN:
        del values["spread"]
    return hashlib.sha256(json.dumps([values, weights.fingerprint, read, preview, RESULTS_FORMAT]).encode()).hexdigest()
