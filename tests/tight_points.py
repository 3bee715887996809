"""Certificate files of small networks with random integers for weights: whole and decodable, with errors made up."""

import hashlib
from pathlib import Path

import numpy as np

from pacviz.certificates.archive import Provenance
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import Measurement, network_of
from pacviz.certificates.verified import Outcome, keep
from pacviz.certificates.verify import pack
from pacviz.codes.coder import encode
from pacviz.experiments.tightest.results import SUFFIX
from pacviz.library.weights import Weights, scenario_of
from pacviz.models import architecture
from pacviz.risk import RiskEstimate

N, TESTS = 60_000, 10_000


def integers(model: str, spread: float = 1.5, seed: int = 0) -> Weights:
    """Weights that are rounded normal numbers, at least one of them 1 in every layer."""
    random = np.random.default_rng(seed)
    matrices = {}
    for layer in architecture(model).layers:
        matrix = np.round(random.normal(0, spread, (layer.rows, layer.columns))).astype(np.float32) + np.float32(0)
        matrix[0, 0] = 1
        matrices[layer.name] = matrix
    return Weights(model, matrices)


def certificate(weights: Weights, errors: int, fingerprints: dict[str, str] | None = None) -> Certificate:
    """What would be certified if the network made so many errors on MNIST's training sample."""
    scenario = scenario_of(weights, {"data": "mnist"}, as_is=True)
    network = network_of(scenario, weights)
    code = encode(network)
    measurement = Measurement(
        code.ledger,
        len(code.data),
        None,
        network.nonzeros,
        architecture(weights.model).parameters,
        RiskEstimate("exact", errors, N, 0.0, None, 0),
        RiskEstimate("exact", errors * TESTS // N, TESTS, 0.0, None, 0),
        N,
        10,
        False,
        {
            "data": "0" * 64,
            "test": "1" * 64,
            "architecture": architecture(weights.model).fingerprint,
            "weights": weights.fingerprint,
            **(fingerprints or {}),
            "code": hashlib.sha256(code.data).hexdigest(),
        },
    )
    return Certificate(scenario, measurement)


def save(
    folder: Path,
    name: str,
    width: int = 8,
    price: float = 1.0,
    errors: int = 1500,
    family: str = "tiny",
    spread: float = 1.5,
    settings: dict | None = None,
    fingerprints: dict[str, str] | None = None,
    verified: bool = True,
    delta: float = 0.05,
) -> Path:
    """A point of a tiny network as a file, which passes for verified here unless it is only to claim its errors."""
    weights = integers(f"tiny-{width}", spread)
    told = Provenance(
        family, {"width": width, "price": price} if settings is None else settings, f"python -m pacviz make {name}"
    )
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}{SUFFIX}"
    made = certificate(weights, errors, fingerprints)
    made = Certificate(made.scenario.but(delta=delta), made.measurement)
    file.write_bytes(pack(made, weights, told))
    if verified:
        keep(file.read_bytes(), Outcome())
    return file
