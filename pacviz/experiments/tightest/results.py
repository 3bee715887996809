"""The recorded points: certificate files that tell how their networks were made, and how the points lie to each other."""

from __future__ import annotations

import dataclasses
import math
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

from pacviz import store
from pacviz.bounds import largest_kl
from pacviz.certificates.archive import Archive, BrokenArchive, content_of
from pacviz.certificates.certificate import Certificate
from pacviz.certificates.verified import Outcome, fingerprint, outcome
from pacviz.certificates.verify import claimed
from pacviz.codes.coder import decode
from pacviz.codes.network import Network
from pacviz.errors import PacvizError
from pacviz.models import from_description

SUFFIX = ".pacviz"
LARGEST = 2**18
"""Most bytes of a file that is shown as a point: those of small networks have a few thousand."""
DELTA = 0.05
"""Probability with which the record and the curves may be wrong."""
Value = str | int | float
"""What a setting may be."""


@dataclass(frozen=True)
class Family:
    """A kind of small network.  command: makes its recorded points.  what: one sentence for a person."""

    title: str
    what: str
    command: str


FAMILIES: dict[str, Family] = {
    "tiny": Family(
        "Tiny networks",
        "A few hundred weights from the start, each of them a small integer that was paid for while it was trained.",
        "python -m pacviz reproduce tiny-mnist",
    ),
    "subspace": Family(
        "Random subspaces",
        "A large network that may move in a few random directions only; the integers say how far along each.",
        "python -m pacviz reproduce lotfi2022-mnist",
    ),
}
"""Families by name, in the order in which they are shown."""


SETTINGS: dict[str, tuple[str, str]] = {
    "kind": ("Kind", "How the network looks at an image: the first name of its architecture."),
    "width": ("Width", "Channels of each layer: the recorded runs of the tiny networks, from narrow to wide."),
    "dimension": ("Dimension d", "In how many random directions the large network was allowed to move."),
    "levels": ("Levels L", "How many values a coordinate may take."),
    "price": (
        "Price of a bit",
        "What a bit of the code cost while the weights were trained: dear bits, smaller codes.",
    ),
}
"""Title and meaning of what recorded runs differ in: the broadest first, as the sliders are shown."""


@dataclass(frozen=True, eq=False)
class Point:
    """A certificate that was read from a file, and how its network was made.

    name: of the file.  family: a key of FAMILIES.  settings: what was set, by name.  command: makes it again.
    code: the bytes of the network.  verified: whether the file was verified here, or ships; else all that takes the data
    to know is only claimed.
    """

    name: str
    family: str
    settings: Mapping[str, Value]
    command: str
    certificate: Certificate
    code: bytes
    file: Path
    verified: bool

    @property
    def error(self) -> float:
        """The training error that the bound is computed from, in [0, 1]."""
        return self.certificate.risk.upper

    @property
    def bytes(self) -> float:
        """All that it is charged besides its architecture, in bytes."""
        return self.certificate.effective_bytes

    @property
    def bound(self) -> float:
        """What the certificate says with the architecture charged: with probability 1 - delta the true error is below it."""
        return self.certificate.bound_with_architecture

    @property
    def bound_of_fixed_architecture(self) -> float:
        """The same with the architecture taken as fixed before the data, as published results take theirs."""
        return self.certificate.bound

    @cached_property
    def network(self) -> Network:
        """The network that its bytes decode to."""
        return decode(self.code, self.certificate.scenario.model)[0]


def folders() -> tuple[Path, Path]:
    """Where points are kept: those that ship with pacviz, and those that were made here."""
    return store.ASSETS / "tight", store.cache_dir() / "tight"


def points(places: Iterable[Path] | None = None) -> tuple[Point, ...]:
    """The points in these folders (those of `folders` where None), by family and name.

    Of two files of one name the later folder's counts, unless only the earlier one was verified: then both do.
    Files that are no points are left out: see `problems`.
    """
    order = list(FAMILIES)
    listed = [result for result in _results(places).values() if isinstance(result, Point)]
    return tuple(sorted(listed, key=lambda point: (order.index(point.family), point.name)))


def problems(places: Iterable[Path] | None = None) -> tuple[str, ...]:
    """A sentence for each file in these folders that is no point."""
    return tuple(result for result in _results(places).values() if isinstance(result, str))


def _results(places: Iterable[Path] | None) -> dict[str, Point | str]:
    by_name: dict[str, Point | str] = {}
    for folder in folders() if places is None else places:
        for file in store.files(folder, f"**/*{SUFFIX}"):
            name = file.relative_to(folder).as_posix().removesuffix(SUFFIX)
            result = _result(name, file)
            # What is only claimed, or is no point at all, takes no name from what was verified.
            while _is_verified(by_name.get(name)) and not _is_verified(result):
                name += "-claimed"
                result = _result(name, file)
            by_name[name] = result
    return by_name


def _is_verified(result: Point | str | None) -> bool:
    return isinstance(result, Point) and result.verified


def _result(name: str, file: Path) -> Point | str:
    """What is in a file: a point, or a sentence that says why there is none."""
    try:
        about = file.stat()
        if about.st_size > LARGEST:
            raise BrokenArchive(f"it has {about.st_size:,} bytes, but a small network takes {LARGEST:,} at most.")
        content = _content(file, about.st_mtime_ns, about.st_size)
        return _point(name, file, content, outcome(fingerprint(content)))
    except (PacvizError, OSError) as error:
        return f"{file} is left out: {error}"


@lru_cache(maxsize=512)
def _content(file: Path, changed: int, size: int) -> bytes:
    """The bytes of a file that was changed at that time."""
    return content_of(file)


@lru_cache(maxsize=512)
def _point(name: str, file: Path, content: bytes, verified: Outcome | None) -> Point:
    """The point in the bytes of a certificate file, of which verifying has come to that; None where nobody has verified it.

    Everything that does not take the data is computed anew, unless it was verified; the rest is only claimed then.
    Raises BrokenArchive where the file tells no family, contradicts itself, or was verified and does not hold.
    """
    archive = Archive.from_bytes(content)
    made = archive.provenance
    if made is None or made.family not in FAMILIES:
        told = "nothing about it" if made is None else reprlib.repr(made.family)
        raise BrokenArchive(
            f"its header must tell how the network was made, a family of {', '.join(FAMILIES)}, but it says {told}; "
            f"make one by `{next(iter(FAMILIES.values())).command}`."
        )
    if verified is not None and verified.problem is not None:
        raise BrokenArchive(verified.problem)
    certificate = claimed(archive) if verified is None else _proved(archive, verified)
    return Point(name, made.family, made.settings, made.command, certificate, archive.code, file, verified is not None)


def _proved(archive: Archive, verified: Outcome) -> Certificate:
    if "architecture" in archive.header:
        from_description(archive.header["architecture"])
    certificate = Certificate.from_dict(archive.header["certificate"])
    if verified.train is None:
        return certificate
    measurement = dataclasses.replace(certificate.measurement, train=verified.train)
    return Certificate(certificate.scenario, measurement)


def best(points: Iterable[Point]) -> Point | None:
    """The point among the `rivals` with the smallest bound, None where there is none."""
    return min(rivals(points), key=lambda point: point.bound, default=None)


def rivals(points: Iterable[Point]) -> list[Point]:
    """The points that may be the best: verified, since what is only claimed is no result, and as sure as the record is."""
    return [point for point in points if point.verified and point.certificate.scenario.delta <= DELTA]


def pareto(points: Iterable[Point]) -> tuple[Point, ...]:
    """The `rivals` that no other beats in both error and size, by rising error."""
    kept: list[Point] = []
    for point in sorted(rivals(points), key=lambda point: (point.error, point.bytes)):
        if not kept or point.bytes < kept[-1].bytes:
            kept.append(point)
    return tuple(kept)


def along(points: Sequence[Point], point: Point, setting: str) -> dict[Value, Point]:
    """The recorded runs along one setting: for each of its values, ascending, the run of the family most like `point`.

    The settings before it (see `setting_names`) keep their values; those after it may have others, where nothing nearer was
    recorded.  The point itself stands at its own value; what is only claimed is no run of others.
    """
    order = setting_names(point)
    fixed = order[: order.index(setting)]
    runs: dict[Value, Point] = {}
    rivals = [
        other
        for other in points
        if (other.verified or other is point)
        and other.family == point.family
        and setting in other.settings
        and all(other.settings.get(name) == point.settings[name] for name in fixed)
    ]
    for other in sorted(rivals, key=lambda other: _unlikeness(point, other, setting)):
        runs.setdefault(other.settings[setting], other)
    return dict(sorted(runs.items(), key=lambda run: (isinstance(run[0], str), run[0])))


def setting_names(point: Point) -> tuple[str, ...]:
    """The names of a point's settings, those of SETTINGS first and in their order."""
    known = [name for name in SETTINGS if name in point.settings]
    return (*known, *sorted(point.settings.keys() - SETTINGS.keys()))


def _unlikeness(point: Point, other: Point, setting: str) -> tuple[bool, int, float, float]:
    """How many other settings differ, and by what factors; between equals the better bound comes first."""
    others = (point.settings.keys() | other.settings.keys()) - {setting}
    pairs = [(point.settings.get(name), other.settings.get(name)) for name in others]
    different = [(mine, its) for mine, its in pairs if mine != its]
    factors = [
        abs(math.log(mine / its))
        for mine, its in different
        if isinstance(mine, int | float) and isinstance(its, int | float) and mine > 0 and its > 0
    ]
    return other is not point, len(different), math.fsum(factors), other.bound


def adjustable(points: Sequence[Point], point: Point) -> tuple[str, ...]:
    """The settings of a point of which other values were recorded."""
    return tuple(name for name in setting_names(point) if len(along(points, point, name)) > 1)


def worth_bytes(certificate: Certificate, errors: int) -> float | None:
    """How many more bytes the same Maurer-Seeger bound allows for so many training errors less; None where there are fewer."""
    risk, n, delta = certificate.risk.upper, certificate.n, certificate.bound_delta
    target = certificate.bounds["seeger"]
    if target is None or risk * n < errors:
        return None
    less, now = (largest_kl(r, target, n, delta) for r in (risk - errors / n, risk))
    return None if less is None or now is None else (less - now) / (8 * math.log(2))
