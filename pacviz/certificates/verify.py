"""How a certificate travels: packed with its network into one file, and checked by somebody else from that file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pacviz import data
from pacviz.certificates import budget
from pacviz.certificates.archive import Archive, BrokenArchive, Made
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import (
    Source,
    coded,
    errors,
    measure_anew,
    network_of,
    noise_of,
    summary,
)
from pacviz.codes.coder import decode
from pacviz.codes.network import Network
from pacviz.device import device
from pacviz.errors import PacvizError
from pacviz.library.weights import Weights
from pacviz.models import architecture, declared, described, from_description
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.scenario import AS_IS, Scenario
from pacviz.settings import defaults

LATER = ("architecture_bits", "bound_with_architecture")
"""What a certificate says now and older files leave out."""
TOLERANCE = 1e-9
"""Relative and absolute difference of two numbers that agree."""


@dataclass(frozen=True)
class Comparison:
    """One thing that the file claims, and what was found instead of it or in confirmation of it."""

    name: str
    claimed: Any
    found: Any
    agrees: bool


@dataclass(frozen=True)
class Verification:
    """What became of a certificate that was checked.

    bound: recomputed from the claimed counts of errors and the recomputed charges; None where the data are others.
    bound_with_architecture: the same with the architecture charged.
    comparisons: what was compared, in order; where the quick ones disagree, the errors are not measured.
    """

    bound: float | None
    n: int
    delta: float
    comparisons: tuple[Comparison, ...]
    bound_with_architecture: float | None = None

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return all(comparison.agrees for comparison in self.comparisons)

    @property
    def problem(self) -> str | None:
        """One sentence about the first disagreement, None where there is none."""
        for found in self.comparisons:
            if not found.agrees:
                return (
                    f"The certificate does not hold: as {found.name} it claims {reprlib.repr(found.claimed)}, "
                    f"but {reprlib.repr(found.found)} was found."
                )
        return None

    def to_dict(self) -> dict[str, Any]:
        """Plain values under the documented keys of `python -m pacviz verify --json`."""
        return {
            "ok": self.ok,
            "bound": self.bound,
            "bound_with_architecture": self.bound_with_architecture,
            "n": self.n,
            "delta": self.delta,
            "problem": self.problem,
            "comparisons": [dataclasses.asdict(comparison) for comparison in self.comparisons],
        }


def pack(certificate: Certificate, weights: Source | None = None, made: Made | None = None) -> bytes:
    """The certificate file: pacviz.certificates.archive says what is in it.

    weights: where they came as a file.  made: how the network came about, where the file is to tell.
    Where the figures were recorded on a machine whose arithmetic made other bytes of the same weights, they are
    measured anew.  Raises PacvizError for a preview.
    """
    scenario = certificate.scenario
    if certificate.measurement.preview:
        raise PacvizError("A preview cannot be saved as a certificate file; certify the whole training sample first.")
    network = network_of(scenario, weights)
    parts = coded(network, scenario)
    if certificate.measurement.fingerprints["code"] != _sha256(parts.code):
        certificate = Certificate(scenario, measure_anew(scenario, weights=weights))
    header = {"certificate": certificate.to_dict(), **_posterior(network, scenario), "device": device().type}
    header |= _declaration(network)
    if made is not None:
        header["made"] = dataclasses.asdict(made)
    return Archive(header, parts.code, parts.prior).to_bytes()


def verify(archive: Archive, dataset: data.Dataset | None = None, progress: Progress | None = None) -> Verification:
    """Decodes, rebuilds, recomputes and compares everything; measures the errors again where all else agrees.

    dataset: what the certificate should be about; the one that it names where None.
    Raises BrokenArchive for an archive that no certificate could have made, PacvizError for data that are not there.
    """
    report = progress or (lambda fraction, what: None)
    report(0.0, "decoding")
    with _refusing():
        claimed = archive.header["certificate"]
        if "architecture" in archive.header:
            from_description(archive.header["architecture"])
        scenario = Scenario.from_mapping(claimed["scenario"])
        network, _ = decode(archive.code, scenario.model)
    dataset = dataset or data.load(scenario.data, progress=progress)
    with _refusing():
        whose = _comparison("fingerprint of the data", claimed["fingerprints"]["data"], dataset.train.fingerprint)
        if not whose.agrees:
            return Verification(None, len(dataset.train), scenario.delta, (whose,))
        report(0.0, "recomputing the charges")
        parts = coded(network, scenario)
        train, test = (
            _estimate(claimed["estimates"][name], scenario, len(split))
            for name, split in (("train", dataset.train), ("test", dataset.test))
        )
        # The weights before compression are not in the file, and the statement does not need them.
        as_is = scenario.checkpoint == AS_IS
        weights = Weights(network.model, network.matrices).fingerprint if as_is else claimed["fingerprints"]["weights"]
        measurement = summary(network, parts, dataset, train, test, False, weights)
        found = Certificate(scenario, dataclasses.replace(measurement, version=claimed["version"]))
        # A setting that a file does not know has its default: the file was made before there was a choice.
        claimed = {**claimed, "scenario": {**defaults(Scenario), **claimed["scenario"]}}
        if claimed["statement"] == found.earlier_statement:
            claimed |= {"statement": found.statement}
        # Nor does it say what the architecture costs where it was made before that was counted.
        claimed = {name: found.to_dict()[name] for name in LATER} | claimed
        given = {
            **{name: value for name, value in archive.header.items() if name != "made"},
            "certificate": claimed,
            "code": _sha256(archive.code),
            "prior": _sha256(archive.prior),
        }
        expected = {
            "certificate": found.to_dict(),
            **_posterior(network, scenario),
            **_declaration(network),
            "device": given["device"],
            "code": _sha256(parts.code),
            "prior": _sha256(parts.prior),
        }
        comparisons = [
            whose,
            _comparison("data set", scenario.data, dataset.name),
            _comparison("model", scenario.model, network.model),
            *_compared(given, expected),
        ]
    if all(comparison.agrees for comparison in comparisons):
        measured = errors(network, parts, scenario, dataset, False, report)
        other_draws = _has_former_draws(train)
        for name, claim, again in zip(("test errors", "training errors"), (test, train), measured, strict=True):
            agrees = _consistent(claim, again, found.risk.failure) if other_draws else _same(claim, again)
            comparisons.append(Comparison(name, claim.errors, again.errors, agrees))
        if other_draws:
            found = Certificate(scenario, dataclasses.replace(measurement, test=measured[0], train=measured[1]))
    return Verification(found.bound, found.n, scenario.delta, tuple(comparisons), found.bound_with_architecture)


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a header or a code does to the functions that read it is one sentence."""
    try:
        yield
    except PacvizError as error:
        raise BrokenArchive(f"The file holds no valid certificate: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError, RecursionError) as error:
        raise BrokenArchive(
            f"The header is not that of a certificate ({type(error).__name__}: {reprlib.repr(str(error))}); "
            "ask for the file again."
        ) from error


def _estimate(claimed: Mapping[str, Any], scenario: Scenario, n: int) -> RiskEstimate:
    """The claimed counts in an estimate that is otherwise what this scenario has to give on n examples."""
    errors, borderline = claimed["errors"], claimed["borderline"]
    if not all(type(count) is int and count >= 0 for count in (errors, borderline)) or errors + borderline > n:
        raise PacvizError(f"it claims {errors!r} errors and {borderline!r} borderline answers of {n:,}.")
    if scenario.noise == 0:
        return RiskEstimate("exact", errors, n, 0.0, None, borderline)
    share = budget.spent_share(claimed["failure"], scenario.delta, scenario.seed)
    share = share or budget.interval_share(scenario.seed, preview=False)
    return RiskEstimate("clopper-pearson", errors, n, share, scenario.seed, borderline)


def _has_former_draws(estimate: RiskEstimate) -> bool:
    """Whether it is of a file from before looks were paid for and draws came from the network.

    It is compared with what is drawn now, and the bound is that of the present draws.
    """
    return estimate.method != "exact" and estimate.failure == budget.RISK


def _posterior(network: Network, scenario: Scenario) -> dict[str, Any]:
    return {"posterior_stds": {name: std.hex() for name, std in noise_of(network, scenario).items()}}


def _declaration(network: Network) -> dict[str, Any]:
    """What rebuilds an architecture that is not pacviz's own."""
    return {"architecture": described(architecture(network.model))} if declared(network.model) else {}


def _same(claimed: RiskEstimate, again: RiskEstimate) -> bool:
    """Whether two counts of the same answers differ by no more than rounding, which each has charged for."""
    return again.errors <= claimed.errors + claimed.borderline and claimed.errors <= again.errors + again.borderline


def _consistent(claimed: RiskEstimate, again: RiskEstimate, failure: float) -> bool:
    """Whether one error can lie behind both of two independent estimates: each limit fails with that probability."""
    first, second = (dataclasses.replace(estimate, failure=failure) for estimate in (claimed, again))
    return first.upper >= second.lower and first.lower <= second.upper


def _compared(claimed: Any, found: Any) -> list[Comparison]:
    """Every plain value of the one beside that of the other."""
    claims, facts = dict(_leaves(claimed)), dict(_leaves(json.loads(json.dumps(found))))
    comparisons = [_comparison(name, claims.get(name, "nothing"), fact) for name, fact in facts.items()]
    unknown = [name for name in claims if name not in facts]
    return [*comparisons, *([Comparison("other entries", reprlib.repr(unknown), "none", False)] if unknown else [])]


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    match value:
        case {"name": str(line), "bits": bits, "why": str(why)} if len(value) == 3:
            yield f"{name}: {line} ({why})", bits
        case dict():
            for key, part in value.items():
                yield from _leaves(part, f"{name} {key}" if name and name != "certificate" else key)
        case list():
            for index, part in enumerate(value, 1):
                yield from _leaves(part, f"{name} {index}")
        case _:
            yield name, value


def _comparison(name: str, claimed: Any, found: Any) -> Comparison:
    numbers = all(isinstance(value, int | float) and not isinstance(value, bool) for value in (claimed, found))
    agrees = math.isclose(claimed, found, rel_tol=TOLERANCE, abs_tol=TOLERANCE) if numbers else claimed == found
    return Comparison(name, claimed, found, agrees and (numbers or type(claimed) is type(found)))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
