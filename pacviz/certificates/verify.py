"""How a certificate travels: packed with its network into one file, and checked by somebody else from that file."""

from __future__ import annotations

import dataclasses
import math
import reprlib
from dataclasses import dataclass
from typing import Any

from pacviz import data
from pacviz.certificates import budget
from pacviz.certificates.archive import Archive, BrokenArchive, Provenance
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.comparison import Comparison, comparison
from pacviz.certificates.measure import Source, errors, measure_anew, network_of, posterior_of
from pacviz.certificates.told import Told, declaration, refusing, sha256
from pacviz.errors import PacvizError
from pacviz.models import declared
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate
from pacviz.scenario import AS_IS, PIXELS, Scenario
from pacviz.settings import defaults
from pacviz.words import at_most

DEVIATIONS = 3.3
"""How far two independent samples of one error may lie apart: an honest file is refused once in a thousand."""


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
        for one in self.comparisons:
            if not one.agrees:
                return (
                    f"The certificate does not hold: as {one.name} it claims {reprlib.repr(one.claimed)}, "
                    f"but {reprlib.repr(one.found)} was found."
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
    from pacviz.device import device

    scenario = certificate.scenario
    if certificate.measurement.preview:
        raise PacvizError("A preview cannot be saved as a certificate file; certify the whole training sample first.")
    network = network_of(scenario, weights)
    posterior = posterior_of(network, scenario)
    parts = posterior.coded
    if certificate.measurement.fingerprints["code"] != sha256(parts.code):
        certificate = Certificate(scenario, measure_anew(scenario, weights=weights))
    header = {"certificate": certificate.to_dict(), **posterior.to_dict(), "device": device().type}
    header |= declaration(network)
    if provenance is not None:
        header["made"] = dataclasses.asdict(provenance)
    return Archive(header, parts.code, parts.prior).to_bytes()


def verify(archive: Archive, dataset: data.Dataset | None = None, progress: Progress | None = None) -> Verification:
    """Recomputes what follows from the file's own words, then decodes and compares everything; measures the errors again
    where all else agrees.

    dataset: what the certificate should be about; the one that it names where None.
    Raises BrokenArchive for an archive that no certificate could have made, PacvizError for data that are not there and
    for a machine that cannot tell.
    """
    from pacviz.device import device

    report = progress or (lambda fraction, what: None)
    told = Told.of(archive)
    scenario = told.scenario
    follows = told.followed()
    if not all(comparison.agrees for comparison in follows):
        return Verification(None, told.identity.n, scenario.delta, tuple(follows))
    device()  # what is wrong with the machine is not the file's fault
    dataset = dataset or data.load(scenario.data, progress=progress)
    identity = dataset.identity
    whose = comparison("fingerprint of the data", told.identity.train, identity.train)
    if not whose.agrees:
        return Verification(None, identity.n, scenario.delta, (whose,))
    report(0.0, "decoding and recomputing the charges")
    claim, recomputed = told.recomputed(identity)
    comparisons = [whose, comparison("data set", scenario.data, dataset.name), *recomputed]
    if not all(comparison.agrees for comparison in comparisons):
        return Verification(None, identity.n, scenario.delta, tuple(comparisons), remarks=remarks(claim))
    with refusing():
        test, train = errors(told.posterior, scenario, dataset, False, report)
    other_draws = _has_former_draws(told.train)
    for name, claimed, measured in (("test", told.test, test), ("training", told.train, train)):
        agrees = _alike(claimed, measured) if other_draws else measured.could_be(claimed)
        comparisons.append(Comparison(f"{name} errors", claimed.errors, measured.errors, agrees))
        alike = agrees or claimed.borderline == measured.borderline
        comparisons.append(Comparison(f"borderline {name} answers", claimed.borderline, measured.borderline, alike))
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
    told = Told.of(archive)
    comparisons = told.followed()
    if all(comparison.agrees for comparison in comparisons):
        certificate, comparisons = told.recomputed(told.identity)
    if problem := Verification(None, told.identity.n, told.scenario.delta, tuple(comparisons)).problem:
        raise BrokenArchive(problem)
    return certificate


def remarks(certificate: Certificate) -> tuple[str, ...]:
    """What whoever made a file could choose freely, a sentence each: nothing in the file can show when it was chosen."""
    scenario, sentences = certificate.scenario, []
    if scenario.checkpoint != AS_IS:
        sentences.append(
            "Checkpoint, pruning, quantizer, sparsity and bits tell how the network was compressed, for information: its bytes "
            "are here, what led to them is not."
        )
    if declared(scenario.model):
        sentences.append(
            "The architecture was declared by whoever made this file, and nothing shows that it was before the data were "
            "seen: if it was chosen by them, only the bound with the architecture charged holds."
        )
    pixels = {name: getattr(scenario, name) for name in PIXELS}
    if pixels != {name: defaults(Scenario)[name] for name in PIXELS}:
        sentences.append(
            f"The pixel range, {scenario.input_low:g} to {scenario.input_high:g}, was chosen by whoever made this file: it is "
            "free only if that was before the data were seen."
        )
    return tuple(sentences)


def _has_former_draws(estimate: RiskEstimate) -> bool:
    """Whether it is of a file from before looks were paid for and draws came from the network.

    It is compared with what is drawn now, and the bound is that of the present draws.
    """
    return estimate.method != "exact" and estimate.failure == budget.RISK


def _alike(claimed: RiskEstimate, measured: RiskEstimate) -> bool:
    """Whether two independent samples of one error lie within DEVIATIONS of each other."""
    shares = [estimate.charged / estimate.draws for estimate in (claimed, measured)]
    mean = sum(shares) / 2
    deviation = math.sqrt(mean * (1 - mean) * (1 / claimed.draws + 1 / measured.draws))
    return abs(shares[0] - shares[1]) <= DEVIATIONS * deviation
