"""How a certificate travels: packed with its network into one file, and checked by somebody else from that file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch

from pacviz import data
from pacviz.certificates import budget
from pacviz.certificates.archive import Archive, BrokenArchive, Provenance
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.measure import (
    Source,
    errors,
    measure_anew,
    network_of,
    posterior_of,
    summary,
)
from pacviz.codes import coder
from pacviz.codes.network import Network
from pacviz.device import device
from pacviz.errors import PacvizError
from pacviz.library.weights import Weights, as_found
from pacviz.models import architecture, declared, described, from_description
from pacviz.posteriors.posterior import Posterior, kind_of
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.scenario import AS_IS, PIXELS, Scenario
from pacviz.settings import defaults
from pacviz.words import at_most

LATER = {
    ("certificate", "architecture_bits"),
    ("certificate", "bound_with_architecture"),
    ("certificate", "scenario", "spread"),
}
"""What a file says now and older ones leave out: the setting has its default there, the rest is computed."""
LATER_IN_CHARGES = ("kind", "layer")
"""The same of a line of the ledger: its name says both."""
DEVICES = ("cpu", "cuda", "mps")
DEVIATIONS = 3.3
"""How far two independent samples of one error may lie apart: an honest file is refused once in a thousand."""
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

    bound: from the errors that were measured here (the claimed ones, where rounding makes them a few more) and the
    recomputed charges; None where the data are others or a quick comparison disagrees, so that nothing was measured.
    bound_with_architecture: the same with the architecture charged.
    comparisons: what was compared, in order.  remarks: what the file's maker could choose freely, a sentence each.
    train: the training errors that the bound is from, its failure a share of delta; None where there is no bound.
    """

    bound: float | None
    n: int
    delta: float
    comparisons: tuple[Comparison, ...]
    bound_with_architecture: float | None = None
    remarks: tuple[str, ...] = ()
    train: RiskEstimate | None = None

    @property
    def ok(self) -> bool:
        """Whether all agree."""
        return all(comparison.agrees for comparison in self.comparisons)

    @property
    def other_data(self) -> bool:
        """Whether nothing was compared, because the data here are not those of the certificate."""
        return len(self.comparisons) == 1 and not self.ok

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
        """Plain values under the documented keys of `python -m pacviz verify FILE --json`."""
        return {
            "ok": self.ok,
            "bound": self.bound,
            "bound_with_architecture": self.bound_with_architecture,
            "n": self.n,
            "delta": self.delta,
            "problem": self.problem,
            "remarks": list(self.remarks),
            "comparisons": [dataclasses.asdict(comparison) for comparison in self.comparisons],
        }


def pack(certificate: Certificate, weights: Source | None = None, provenance: Provenance | None = None) -> bytes:
    """The certificate file: pacviz.certificates.archive says what is in it.

    weights: where they came as a file.  provenance: how the network came about, where the file is to tell.
    Where the figures were recorded on a machine whose arithmetic made other bytes of the same weights, they are
    measured anew.  Raises PacvizError for a preview.
    """
    scenario = certificate.scenario
    if certificate.measurement.preview:
        raise PacvizError("A preview cannot be saved as a certificate file; certify the whole training sample first.")
    network = network_of(scenario, weights)
    posterior = posterior_of(network, scenario)
    parts = posterior.coded
    if certificate.measurement.fingerprints["code"] != _sha256(parts.code):
        certificate = Certificate(scenario, measure_anew(scenario, weights=weights))
    header = {"certificate": certificate.to_dict(), **posterior.to_dict(), "device": device().type}
    header |= _declaration(network)
    if provenance is not None:
        header["made"] = dataclasses.asdict(provenance)
    return Archive(header, parts.code, parts.prior).to_bytes()


def verify(archive: Archive, dataset: data.Dataset | None = None, progress: Progress | None = None) -> Verification:
    """Decodes, rebuilds, recomputes and compares everything; measures the errors again where all else agrees.

    dataset: what the certificate should be about; the one that it names where None.
    Raises BrokenArchive for an archive that no certificate could have made, PacvizError for data that are not there and
    for a machine that cannot tell.
    """
    device()  # what is wrong with the machine is not the file's fault
    report = progress or (lambda fraction, what: None)
    report(0.0, "decoding")
    told = _Told.of(archive)
    scenario = told.scenario
    dataset = dataset or data.load(scenario.data, progress=progress)
    identity = dataset.identity
    whose = _comparison("fingerprint of the data", told.identity.train, identity.train)
    if not whose.agrees:
        return Verification(None, identity.n, scenario.delta, (whose,))
    report(0.0, "recomputing the charges")
    with _refusing():
        named = _comparison("data set", scenario.data, dataset.name)
        claim, compared = told.recomputed(archive, identity)
        comparisons = [whose, named, *compared]
        if not all(comparison.agrees for comparison in comparisons):
            return Verification(None, identity.n, scenario.delta, tuple(comparisons), remarks=remarks(claim))
        test, train = errors(told.posterior, scenario, dataset, False, report)
    other_draws = _has_former_draws(told.train)
    for name, claimed, found in (("test", told.test, test), ("training", told.train, train)):
        agrees = _alike(claimed, found) if other_draws else found.could_be(claimed)
        comparisons.append(Comparison(f"{name} errors", claimed.errors, found.errors, agrees))
        comparisons.append(Comparison(f"borderline {name} answers", claimed.borderline, found.borderline, agrees))
    # Rounding may tell the two apart by a few answers: whichever counts more of them is charged.
    worse = train if other_draws else max(told.train, train, key=lambda estimate: estimate.charged)
    proved = Certificate(scenario, dataclasses.replace(claim.measurement, train=worse))
    said = remarks(proved)
    if other_draws:
        said += (
            f"The file is from before looks were paid for, and its statement says {at_most(claim.bound)}: what holds is the "
            f"bound from the draws made here, {at_most(proved.bound)}.",
        )
    return Verification(
        proved.bound, proved.n, scenario.delta, tuple(comparisons), proved.bound_with_architecture, said, worse
    )


def claimed(archive: Archive) -> Certificate:
    """The certificate that a file claims, everything in it recomputed but what takes the data: its counts of errors.

    Raises BrokenArchive where anything is not what was recomputed.
    """
    told = _Told.of(archive)
    with _refusing():
        certificate, comparisons = told.recomputed(archive, told.identity)
    if problem := Verification(None, certificate.n, certificate.scenario.delta, tuple(comparisons)).problem:
        raise BrokenArchive(problem)
    return certificate


@dataclass(frozen=True, eq=False)
class _Told:
    """What a file says and nothing else does: scenario, network, the counts of errors, and which data they are about.

    version: of the code that the network is written in, which its bytes say.
    """

    scenario: Scenario
    network: Network
    version: int
    train: RiskEstimate
    test: RiskEstimate
    identity: data.Identity

    @cached_property
    def posterior(self) -> Posterior:
        """What is certified, with bytes and charges made anew."""
        return posterior_of(self.network, self.scenario, self.version)

    @classmethod
    def of(cls, archive: Archive) -> _Told:
        """Raises BrokenArchive for an archive that no certificate could have made."""
        with _refusing():
            claimed = archive.header["certificate"]
            if "architecture" in archive.header:
                from_description(archive.header["architecture"])
            scenario = Scenario.from_mapping(claimed["scenario"])
            prints, estimates = claimed["fingerprints"], claimed["estimates"]
            n, tests = (_count(estimates[name]["draws"], "draws", 10**9) for name in ("train", "test"))
            identity = data.Identity(
                n, tests, data.source(scenario.data).classes, _hexadecimal(prints["data"]), _hexadecimal(prints["test"])
            )
            train, test = (
                _estimate(estimates[name], scenario, draws) for name, draws in (("train", n), ("test", tests))
            )
            network, _ = coder.decode(archive.code, scenario.model)
            version = coder.header(archive.code, scenario.model).version
            return cls(scenario, network, version, train, test, identity)

    def recomputed(self, archive: Archive, identity: data.Identity) -> tuple[Certificate, list[Comparison]]:
        """The certificate that code, counts and data make, and everything that the file says beside what is in that."""
        scenario, network = self.scenario, self.network
        parts = self.posterior.coded
        claimed, prints = archive.header["certificate"], archive.header["certificate"]["fingerprints"]
        # The weights before compression are not in the file, and the statement does not need them.
        as_is = scenario.checkpoint == AS_IS
        weights = Weights(network.model, network.matrices).fingerprint if as_is else _hexadecimal(prints["weights"])
        train, test = (
            dataclasses.replace(estimate, draws=draws)
            for estimate, draws in ((self.train, identity.n), (self.test, identity.tests))
        )
        measurement = summary(self.posterior, identity, train, test, False, weights)
        found = Certificate(scenario, dataclasses.replace(measurement, version=_version(claimed["version"])))
        expected = {
            "certificate": found.to_dict(),
            **self.posterior.to_dict(),
            **_declaration(network),
            "device": archive.header["device"] if archive.header["device"] in DEVICES else " or ".join(DEVICES),
        }
        if as_is:
            expected["certificate"]["scenario"] |= as_found(network)
        if claimed["statement"] == found.earlier_statement:
            expected["certificate"]["statement"] = found.earlier_statement
        given = {name: value for name, value in archive.header.items() if name != "made"}
        return found, [
            _comparison("model", scenario.model, network.model),
            *_compared(given, json.loads(json.dumps(expected))),
            _comparison("code", _sha256(archive.code), _sha256(parts.code)),
            _comparison("prior", _sha256(archive.prior), _sha256(parts.prior)),
        ]


def remarks(certificate: Certificate) -> tuple[str, ...]:
    """What whoever made a file could choose freely, a sentence each: nothing in the file can show when it was chosen."""
    scenario, found = certificate.scenario, []
    if scenario.checkpoint != AS_IS:
        found.append(
            "Checkpoint, pruning, sparsity and bits tell how the network was compressed, for information: its bytes are here, "
            "what led to them is not."
        )
    if declared(scenario.model):
        found.append(
            "The architecture was declared by whoever made this file, and nothing shows that it was before the data were "
            "seen: if it was chosen by them, only the bound with the architecture charged holds."
        )
    pixels = {name: getattr(scenario, name) for name in PIXELS}
    if pixels != {name: defaults(Scenario)[name] for name in PIXELS}:
        found.append(
            f"The pixel range, {scenario.input_low:g} to {scenario.input_high:g}, was chosen by whoever made this file: it is "
            "free only if that was before the data were seen."
        )
    return tuple(found)


@contextmanager
def _refusing() -> Iterator[None]:
    """Whatever a header or a code does to the functions that read it is one sentence."""
    try:
        yield
    except BrokenArchive:
        raise
    except PacvizError as error:
        raise BrokenArchive(f"The file holds no valid certificate: {error}") from error
    except (KeyError, TypeError, AttributeError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        if isinstance(error, MemoryError | torch.OutOfMemoryError) or "alloc" in str(error):
            raise PacvizError(
                "The memory of this machine does not suffice to verify the file, which says nothing about it; close other "
                "programs, or verify it elsewhere."
            ) from error
        raise BrokenArchive(
            f"The header is not that of a certificate ({type(error).__name__}: {reprlib.repr(str(error))}); "
            "ask for the file again."
        ) from error


def _estimate(claimed: Mapping[str, Any], scenario: Scenario, n: int) -> RiskEstimate:
    """The claimed counts in an estimate that is otherwise what this scenario has to give on n examples."""
    errors = _count(claimed["errors"], "errors", n)
    borderline = _count(claimed["borderline"], "borderline answers beside its errors", n - errors)
    share = budget.spent_share(claimed["failure"], scenario.delta, scenario.seed)
    share = share or budget.interval_share(scenario.seed, preview=False)
    return kind_of(scenario).counted(errors, borderline, n, share, scenario.seed)


def _has_former_draws(estimate: RiskEstimate) -> bool:
    """Whether it is of a file from before looks were paid for and draws came from the network.

    It is compared with what is drawn now, and the bound is that of the present draws.
    """
    return estimate.method != "exact" and estimate.failure == budget.RISK


def _alike(claimed: RiskEstimate, found: RiskEstimate) -> bool:
    """Whether two independent samples of one error lie within DEVIATIONS of each other."""
    shares = [estimate.charged / estimate.draws for estimate in (claimed, found)]
    mean = sum(shares) / 2
    deviation = math.sqrt(mean * (1 - mean) * (1 / claimed.draws + 1 / found.draws))
    return abs(shares[0] - shares[1]) <= DEVIATIONS * deviation


def _count(claimed: Any, what: str, most: int) -> int:
    if type(claimed) is not int or not 0 <= claimed <= most:
        raise PacvizError(f"it claims {reprlib.repr(claimed)} {what}, where a whole number from 0 to {most:,} belongs.")
    return claimed


def _hexadecimal(claimed: Any) -> str:
    if not isinstance(claimed, str) or not re.fullmatch("[0-9a-f]{64}", claimed):
        raise PacvizError(f"its fingerprint {reprlib.repr(claimed)} is not one of 64 hexadecimal digits.")
    return claimed


def _version(claimed: Any) -> str:
    if not isinstance(claimed, str) or not re.fullmatch(r"[0-9][0-9A-Za-z.+-]{0,39}", claimed):
        raise PacvizError(f"its version {reprlib.repr(claimed)} is none.")
    return claimed


def _declaration(network: Network) -> dict[str, Any]:
    """What rebuilds an architecture that is not pacviz's own."""
    return {"architecture": described(architecture(network.model))} if declared(network.model) else {}


def _compared(claimed: Any, found: Any, *path: str) -> Iterator[Comparison]:
    """What is claimed beside what was found, key by key: nothing but LATER may be missing, and nothing may be added."""
    name = _named(path) or "header"
    match found:
        case {"name": str(line), "bits": float(bits), "why": str(why)}:
            there = claimed if isinstance(claimed, dict) else {}
            told = {key: part for key, part in found.items() if key in there or key not in LATER_IN_CHARGES}
            same = there | {"bits": bits} == told
            yield _comparison(f"{name}: {line} ({why})", there.get("bits") if same else claimed, bits, TOLERANCE)
        case dict() if isinstance(claimed, dict):
            for key, part in found.items():
                if key in claimed:
                    yield from _compared(claimed[key], part, *path, key)
                elif (*path, key) not in LATER:
                    yield Comparison(_named((*path, key)), "nothing", _shown(part), False)
            if unknown := sorted(claimed.keys() - found.keys()):
                yield Comparison(f"other entries of {name}", _shown(unknown), "none", False)
        case list() if isinstance(claimed, list) and len(claimed) == len(found):
            for index, (one, other) in enumerate(zip(claimed, found, strict=True), 1):
                yield from _compared(one, other, *path, str(index))
        case _:
            yield _comparison(name, claimed, found)


def _named(path: tuple[str, ...]) -> str:
    return " ".join(path[1:] if path[:1] == ("certificate",) and len(path) > 1 else path)


def _comparison(name: str, claimed: Any, found: Any, slack: float = 0.0) -> Comparison:
    """Two values of one type that are equal; numbers that are no whole ones to within TOLERANCE, or `slack`."""
    agrees = type(claimed) is type(found) and (
        math.isclose(claimed, found, rel_tol=TOLERANCE, abs_tol=slack) if type(found) is float else claimed == found
    )
    return Comparison(name, _shown(claimed), _shown(found), agrees)


def _shown(value: Any) -> Any:
    """The value, or the beginning of what would fill a screen."""
    plain = value is None or isinstance(value, bool | float | int) or (isinstance(value, str) and len(value) <= 300)
    return value if plain else reprlib.repr(value)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
