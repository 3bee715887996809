"""Which certificate files were verified on this machine; what a file merely claims is no result.

An outcome is kept in the cache by the file's SHA-256.  The file names its data by their fingerprints, which verification
found in the data of this machine, so that the outcome is about those data whatever lies there later.  The files that ship
are listed by their SHA-256 in assets/tight/SHA256SUMS (`sha256sum *.pacviz`), and a test verifies each of them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pacviz import store
from pacviz.certificates.archive import Archive, BrokenArchive, content_of
from pacviz.certificates.verify import Verification, verify
from pacviz.data import Dataset
from pacviz.progress import Progress
from pacviz.risk import RiskEstimate

SHIPPED = store.ASSETS / "tight" / "SHA256SUMS"
RULES = 2
"""Raised whenever verification becomes stricter: what was verified before is then only claimed again."""


@dataclass(frozen=True)
class Outcome:
    """What verifying a file came to.

    problem: the first disagreement in one sentence, None where all agree.  train: the training errors that prove its
    bound, which may be a few more than the file claims; None where they are the claimed ones (files that ship).
    """

    problem: str | None = None
    train: RiskEstimate | None = None

    @property
    def ok(self) -> bool:
        return self.problem is None


def verified_here(file: Path) -> Outcome | None:
    """What verifying this very file came to, here or before it shipped; None where nobody has verified it.

    Raises PacvizError for a file that cannot be read.
    """
    return outcome(fingerprint(content_of(file)))


def verify_here(content: bytes, dataset: Dataset | None = None, progress: Progress | None = None) -> Verification:
    """As `verify` on the bytes of a file; the outcome is kept, unless it is only that the data here are others."""
    try:
        verification = verify(Archive.from_bytes(content), dataset, progress)
    except BrokenArchive as error:
        keep(content, Outcome(str(error)))
        raise
    if verification.ok or not verification.other_data:
        keep(content, Outcome(verification.problem, verification.train))
    return verification


def outcome(sha256: str) -> Outcome | None:
    """As `verified_here`, for the file with this fingerprint."""
    if sha256 in shipped():
        return Outcome()
    return store.revive(_key(sha256), _outcome)


def _outcome(text: str) -> Outcome:
    problem, train = (json.loads(text)[name] for name in ("problem", "train"))
    return Outcome(None if problem is None else str(problem), None if train is None else RiskEstimate(**train))


def keep(content: bytes, outcome: Outcome) -> None:
    """Remembers what verifying a file came to."""
    train = None if outcome.train is None else outcome.train.to_dict()
    store.remember(_key(fingerprint(content)), json.dumps({"problem": outcome.problem, "train": train}))


def fingerprint(content: bytes) -> str:
    """Hex SHA-256 of a file's bytes."""
    return hashlib.sha256(content).hexdigest()


@cache
def shipped() -> frozenset[str]:
    """The fingerprints of the files that ship."""
    if not SHIPPED.exists():
        return frozenset()
    return frozenset(line.split()[0] for line in SHIPPED.read_text().splitlines() if line)


def _key(sha256: str) -> str:
    return f"verified {RULES} {sha256}"
