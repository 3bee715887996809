"""What a certificate file says: what it says alone, what follows from that, and what can be computed without the data."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
import reprlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pacviz import data
from pacviz.certificates import budget
from pacviz.certificates.archive import Archive, BrokenArchive
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.comparison import Comparison, compared, comparison
from pacviz.certificates.measure import posterior_of, summary
from pacviz.codes import coder
from pacviz.codes.network import Network
from pacviz.errors import PacvizError
from pacviz.library.weights import Weights, as_found
from pacviz.models import architecture, declared, described, from_description
from pacviz.posteriors.posterior import Posterior, kind_of
from pacviz.risk import RiskEstimate
from pacviz.scenario import AS_IS, Scenario

DEVICES = ("cpu", "cuda", "mps")


@dataclass(frozen=True, eq=False)
class Told:
    """What a file says and nothing else does: scenario, code, the counts of errors, and which data they are about."""

    archive: Archive
    scenario: Scenario
    train: RiskEstimate
    test: RiskEstimate
    identity: data.Identity

    @classmethod
    def of(cls, archive: Archive) -> Told:
        """Raises BrokenArchive for a header that no certificate could have made."""
        with refusing():
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
            return cls(archive, scenario, train, test, identity)

    @cached_property
    def network(self) -> Network:
        """Decoded.  Raises BrokenArchive for a code that no encoder could have made."""
        with refusing():
            return coder.decode(self.archive.code, self.scenario.model)[0]

    @cached_property
    def posterior(self) -> Posterior:
        """What is certified, with bytes and charges made anew in the version of the code that its bytes name."""
        version = coder.header(self.archive.code, self.scenario.model).version
        return posterior_of(self.network, self.scenario, version)

    def followed(self) -> list[Comparison]:
        """What the file says beside what follows from its own ledger and counts: in no time, nothing is decoded for it."""
        with refusing():
            claimed = self.archive.header["certificate"]
            said = Certificate.from_dict(claimed)
            measurement = dataclasses.replace(said.measurement, train=self.train, test=self.test)
            follows = _expected(Certificate(self.scenario, measurement), claimed)
            # Its names and fingerprints follow from nothing that is said.
            follows |= {name: claimed[name] for name in ("scenario", "fingerprints", "version", "ledger")}
            return list(compared(claimed, json.loads(json.dumps(follows)), "certificate"))

    def recomputed(self, identity: data.Identity) -> tuple[Certificate, list[Comparison]]:
        """The certificate that code, counts and data make, and everything that the file says beside what is in that."""
        scenario, network, archive = self.scenario, self.network, self.archive
        with refusing():
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
            certificate = Certificate(scenario, dataclasses.replace(measurement, version=_version(claimed["version"])))
            expected = {
                "certificate": _expected(certificate, claimed),
                **self.posterior.to_dict(),
                **declaration(network),
                "device": archive.header["device"] if archive.header["device"] in DEVICES else " or ".join(DEVICES),
            }
            if as_is:
                expected["certificate"]["scenario"] |= as_found(network)
            given = {name: value for name, value in archive.header.items() if name != "made"}
            return certificate, [
                comparison("model", scenario.model, network.model),
                *compared(given, json.loads(json.dumps(expected))),
                comparison("code", sha256(archive.code), sha256(parts.code)),
                comparison("prior", sha256(archive.prior), sha256(parts.prior)),
            ]


def _expected(certificate: Certificate, claimed: Mapping[str, Any]) -> dict[str, Any]:
    """What a file has to say of this certificate; its statement may round as earlier files do."""
    statement = (
        certificate.earlier_statement
        if claimed["statement"] == certificate.earlier_statement
        else certificate.statement
    )
    return certificate.to_dict() | {"statement": statement}


@contextmanager
def refusing() -> Iterator[None]:
    """Whatever a header or a code does to the functions that read it is one sentence."""
    try:
        yield
    except BrokenArchive:
        raise
    except PacvizError as error:
        raise BrokenArchive(f"The file holds no valid certificate: {error}") from error
    except KeyError as error:
        raise BrokenArchive(
            f"The header has no entry {reprlib.repr(error.args[0])}; ask for the file again."
        ) from error
    except (TypeError, AttributeError, ValueError, ArithmeticError, RuntimeError, MemoryError) as error:
        # An accelerator's OutOfMemoryError is a RuntimeError, too.
        if isinstance(error, MemoryError) or "alloc" in str(error):
            raise PacvizError(
                "The memory of this machine does not suffice to verify the file, which says nothing about it; close other "
                "programs, or verify it elsewhere."
            ) from error
        raise BrokenArchive(
            f"The header is not that of a certificate ({type(error).__name__}: {reprlib.repr(str(error))}); "
            "ask for the file again."
        ) from error


def declaration(network: Network) -> dict[str, Any]:
    """What rebuilds an architecture that is not pacviz's own."""
    return {"architecture": described(architecture(network.model))} if declared(network.model) else {}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _estimate(claimed: Mapping[str, Any], scenario: Scenario, n: int) -> RiskEstimate:
    """The claimed counts in an estimate that is otherwise what this scenario has to give on n examples."""
    errors = _count(claimed["errors"], "errors", n)
    borderline = _count(claimed["borderline"], "borderline answers beside its errors", n - errors)
    share = budget.spent_share(claimed["failure"], scenario.delta, scenario.seed)
    share = share or budget.interval_share(scenario.seed, preview=False)
    return kind_of(scenario).counted(errors, borderline, n, share, scenario.seed)


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
