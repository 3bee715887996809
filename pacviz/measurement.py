"""One compressed network measured: its charges and its errors, everything of a certificate that costs time."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pacviz import __version__, checkpoints, data, store
from pacviz.compression.coder import encode
from pacviz.compression.compress import compress
from pacviz.compression.network import CompressedNetwork
from pacviz.compression.noise import posterior_stds, stochastic_ledger, zhou_bytes
from pacviz.errors import PacvizError
from pacviz.ledger import Charge, Ledger
from pacviz.models import architecture
from pacviz.risk import RiskEstimate, exact_risk, sampled_risk, stochastic_risk
from pacviz.scenario import Scenario

PREVIEW_EXAMPLES = 10_000
"""Training examples that a preview without noise looks at."""
PREVIEW_DRAWS = 2_000
"""Draws of (example, fresh weights) behind a preview with noise."""
RESULTS_FORMAT = 1
"""Raised whenever a change makes any measured figure come out differently: older results are then measured anew."""
FAILURE_SHARE = 0.2
"""The share of delta spent on the risk where it is estimated from draws: 0.01 of 0.05 (MATH.md section 4)."""

Progress = Callable[[float, str], None]
"""Told the fraction done in [0, 1] and what is being done; an exception that it raises cancels the work."""


@dataclass(frozen=True)
class Measurement:
    """What was measured for a Scenario; it depends on neither delta nor the bound.

    ledger: the charges of the (stochastic) network.  code_bytes: length of the decodable bytes of the network without
    noise.  zhou_bytes: effective size by the published form, None without noise.  nonzeros, parameters: weights.
    train: error on the training sample.  test: error on the test sample, for information only.  n: training examples.
    preview: measured on part of the data.  fingerprints: SHA-256 of the training data and of the trained weights.
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
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Measurement:
        values: dict[str, Any] = json.loads(text)
        values["ledger"] = Ledger(tuple(Charge(**charge) for charge in values["ledger"]["charges"]))
        values["train"], values["test"] = RiskEstimate(**values["train"]), RiskEstimate(**values["test"])
        return cls(**values)


def network_of(scenario: Scenario) -> CompressedNetwork:
    """The compressed network that a scenario asks for; the last few are remembered."""
    checkpoint = checkpoints.find(scenario.model, scenario.data, scenario.checkpoint)
    return _compressed(checkpoint, scenario.sparsity, scenario.bits, scenario.pruning)


@lru_cache(maxsize=4)
def _compressed(checkpoint: checkpoints.Checkpoint, sparsity: float, bits: int, pruning: str) -> CompressedNetwork:
    return compress(checkpoint.model, checkpoint.matrices, sparsity, bits, pruning)


def measure(scenario: Scenario, preview: bool = False, progress: Progress | None = None) -> Measurement:
    """Compresses, codes and measures; what has been measured before is read back instead.

    A preview looks at PREVIEW_EXAMPLES examples or PREVIEW_DRAWS draws; its estimate is wider but as valid. Where the
    whole measurement is known already, it is the answer to a preview too.
    Raises PacvizError where checkpoint or data are missing or broken.
    """
    if (known := recall(scenario, preview)) is not None:
        return known
    checkpoint = checkpoints.find(scenario.model, scenario.data, scenario.checkpoint)
    spec = architecture(scenario.model)
    report = progress or (lambda fraction, what: None)
    report(0.0, "compressing")
    network = network_of(scenario)
    code = encode(network)
    ledger, published = code.ledger, None
    stds = posterior_stds(network, scenario.noise)
    if scenario.noise > 0:
        ledger, published = stochastic_ledger(network, scenario.noise), zhou_bytes(network, scenario.noise)
    report(0.0, f"reading {scenario.data}")
    dataset = data.load(scenario.data, progress=progress)
    if tuple(dataset.train.images.shape[1:]) != spec.input_shape:
        raise PacvizError(
            f"{spec.title} reads images of {spec.input_shape}, but {dataset.title} has {tuple(dataset.train.images.shape[1:])}."
        )

    def risk(split: data.Split, what: str, start: float, stop: float, preview: bool) -> RiskEstimate:
        def advance(fraction: float) -> None:
            report(start + (stop - start) * fraction, what)

        if scenario.noise > 0:
            draws = PREVIEW_DRAWS if preview else len(split)
            return stochastic_risk(network, stds, split, draws, FAILURE_SHARE, scenario.seed, advance)
        if preview:
            return sampled_risk(network, split, PREVIEW_EXAMPLES, FAILURE_SHARE, scenario.seed, advance)
        return exact_risk(network, split, advance)

    test = risk(dataset.test, "measuring the test error", 0.0, 0.15, preview and scenario.noise > 0)
    measurement = Measurement(
        ledger,
        len(code.data),
        published,
        network.nonzeros,
        spec.parameters,
        risk(dataset.train, "measuring the training error", 0.15, 1.0, preview),
        test,
        len(dataset.train),
        dataset.classes,
        preview,
        {"data": dataset.train.fingerprint, "weights": checkpoint.fingerprint},
    )
    store.remember(key(scenario, preview), measurement.to_json())
    return measurement


def recall(scenario: Scenario, preview: bool = False) -> Measurement | None:
    """What has been measured for a scenario before, here or in the recordings; with `preview`, a preview will do."""
    for part in (False, True)[: 1 + preview]:
        if (text := store.recall(key(scenario, part))) is not None:
            return Measurement.from_json(text)
    return None


def key(scenario: Scenario, preview: bool) -> str:
    """What a measurement depends on, hashed: not the bound, not delta, and the seed only where something is drawn."""
    weights = checkpoints.find(scenario.model, scenario.data, scenario.checkpoint).fingerprint
    values = scenario.to_dict()
    drawn = preview or scenario.noise > 0
    relevant = [values[name] for name in ("model", "data", "pruning", "sparsity", "bits", "noise")]
    return hashlib.sha256(
        json.dumps([*relevant, scenario.seed if drawn else None, weights, preview, RESULTS_FORMAT]).encode()
    ).hexdigest()
