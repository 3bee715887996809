"""Finished networks of the experiment as a recording that the page offers, as rows, and what follows from them."""

from __future__ import annotations

import gzip
import json
import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from pacviz import __version__, store
from pacviz.bounds import occam
from pacviz.errors import PacvizError
from pacviz.experiments.heavy_tails.settings import (
    CONVERGED,
    DIVERGED,
    KEPT,
    LAYERS,
    NODES,
    SINGULAR_VALUES,
    Cell,
    Certified,
    HeavyTails,
    Trained,
)
from pacviz.settings import NAME

SHIPPED = store.ASSETS / "heavy_tails"
SUFFIX = ".json.gz"


@dataclass(frozen=True)
class Certificate:
    """A pruned network with its bound in [0, 1]: with probability 1 - delta its true error is below it.

    K is the code and the description of the architecture, so that it holds for all networks of all architectures at once.
    """

    coded: Certified
    bound: float

    @property
    def bytes(self) -> int:
        return self.coded.bits // 8


@dataclass(frozen=True)
class Spread:
    """Mean, smallest and largest over the seeds, and how many there are."""

    mean: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Iterable[float | None]) -> Spread | None:
        listed = [value for value in values if value is not None]
        return cls(statistics.fmean(listed), min(listed), max(listed), len(listed)) if listed else None


@dataclass(frozen=True)
class Correlation:
    """Spearman's rank correlation over networks with an interval of 95 % by bootstrap, and how many networks there are."""

    value: float
    interval: tuple[float, float]
    count: int


@dataclass(frozen=True)
class Recording:
    """An experiment and those of its networks that are there."""

    experiment: HeavyTails
    networks: tuple[Trained, ...]
    version: str = __version__

    @property
    def complete(self) -> bool:
        return len(self.networks) == len(self.experiment.cells)

    @cached_property
    def by_cell(self) -> dict[Cell, Trained]:
        return {network.cell: network for network in self.networks}

    def at(self, ratio: float, width: int) -> list[Trained]:
        """The networks of one ratio and width, one a seed and a pair of step and batch size."""
        return [one for one in self.networks if (one.cell.ratio, one.width) == (ratio, width)]

    def spread(self, value: Callable[[Trained], float | None], width: int) -> dict[float, Spread]:
        """Over the seeds, by ratio ascending; ratios where nothing is known are left out."""
        found = {
            ratio: Spread.of(value(one) for one in self.at(ratio, width) if one.how != DIVERGED)
            for ratio in self.experiment.ratios
        }
        return {ratio: spread for ratio, spread in found.items() if spread is not None}

    def certificate(self, network: Trained, ways: Sequence[str] | None = None) -> Certificate | None:
        """The best of a network's certificates, of all ways or of these; they hold all at once, so choosing is free."""
        found = [self._certificate(one) for one in network.certified if ways is None or one.way in ways]
        return min(found, key=lambda one: (one.bound, one.coded.bits), default=None)

    def bound(self, network: Trained, ways: Sequence[str] | None = None) -> float | None:
        """The bound of `certificate`; None where there is none."""
        best = self.certificate(network, ways)
        return None if best is None else best.bound

    def _certificate(self, coded: Certified) -> Certificate:
        nats = (coded.bits + coded.architecture_bits) * math.log(2)
        n = self.experiment.n
        return Certificate(coded, occam(coded.errors / n, nats, n, self.experiment.delta))

    def correlation(
        self, value: Callable[[Trained], float | None], against: Callable[[Trained], float | None] | None = None
    ) -> Correlation | None:
        """Of a value with another (the ratio where None), over all networks that converged, within each width."""
        pairs = [
            (one.width, against(one) if against else one.cell.ratio, value(one))
            for one in self.networks
            if one.how == CONVERGED
        ]
        known = [(width, x, y) for width, x, y in pairs if x is not None and y is not None]
        return rank_correlation(known)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """A row a network, under the documented keys of `python -m pacviz heavy-tails --json`."""
        return [self.row(network) for network in self.networks]

    def row(self, network: Trained) -> dict[str, Any]:
        certificate = self.certificate(network)
        learned = network.how != DIVERGED
        return {
            **network.cell.to_dict(),
            "how": network.how,
            "steps": network.steps,
            "alpha": network.alpha,
            "train_error": None if network.errors is None else network.errors / self.experiment.n,
            "test_error": network.test_error,
            **{way: prunable(network, way) if learned else None for way in (LAYERS, SINGULAR_VALUES, NODES)},
            "accuracy_at_a_tenth": {way: accuracy[KEPT.index(0.1)] for way, accuracy in network.accuracy.items()},
            "bytes": certificate and certificate.bytes,
            "bound": certificate and certificate.bound,
        }

    def to_json(self) -> str:
        values = {"experiment": self.experiment.to_dict(), "networks": [asdict(one) for one in self.networks]}
        return json.dumps({**values, "version": self.version}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Recording:
        """The inverse of `to_json`; raises PacvizError where the text is something else."""
        try:
            values = json.loads(text)
            networks = tuple(Trained.from_dict(one) for one in values["networks"])
            return cls(HeavyTails(**values["experiment"]), networks, str(values["version"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise store.Damaged(
                f"This is no recording of heavy tails ({store.cut(str(error), 160)}); make one by `heavy-tails`."
            ) from error


def prunable(network: Trained, way: str) -> float | None:
    """The share of a layer's weights that may go at a relative error of 0.1: the median over layers."""
    shares = [layer.prunable[way] for layer in network.layers]
    return statistics.median(shares) if shares else None


def accuracy_at(network: Trained, way: str, kept: float) -> float | None:
    """On fresh images, at one of KEPT."""
    return network.accuracy[way][KEPT.index(kept)] if way in network.accuracy else None


BOOTSTRAPS = 1000


def rank_correlation(known: Sequence[tuple[int, float, float]]) -> Correlation | None:
    """Of (group, x, y): ranks are taken within each group and centred, so that groups differ by nothing but their size."""
    groups = sorted({group for group, _, _ in known})
    by_group = [np.array([(x, y) for group, x, y in known if group == wanted]) for wanted in groups]
    by_group = [pairs for pairs in by_group if len(pairs) >= 3]
    count = sum(map(len, by_group))
    if count < 6:
        return None
    value = _pooled(by_group)
    rng = np.random.default_rng(0)
    draws = []
    for _ in range(BOOTSTRAPS):
        drawn = _pooled([pairs[rng.integers(len(pairs), size=len(pairs))] for pairs in by_group])
        if drawn is not None:
            draws.append(drawn)
    if value is None or not draws:
        return None
    low, high = np.quantile(draws, [0.025, 0.975])
    return Correlation(value, (float(low), float(high)), count)


def _pooled(groups: Sequence[np.ndarray]) -> float | None:
    """Spearman's correlation within groups: of the centred ranks of all."""
    from scipy.stats import rankdata

    parts = [rankdata(pairs, axis=0) / len(pairs) for pairs in groups]
    ranks = np.concatenate([part - part.mean(axis=0) for part in parts])
    scale = math.sqrt(float((ranks[:, 0] ** 2).sum() * (ranks[:, 1] ** 2).sum()))
    return float((ranks[:, 0] * ranks[:, 1]).sum()) / scale if scale > 0 else None


def user_folder() -> Path:
    """Where the user's own recordings lie."""
    return store.cache_dir() / "heavy_tails"


def available() -> dict[str, Path]:
    """The recordings by name, the shipped ones first; none is opened."""
    paths = (path for folder in (SHIPPED, user_folder()) for path in store.files(folder, f"*{SUFFIX}"))
    known: dict[str, Path] = {}
    for path in paths:
        name = path.name.removesuffix(SUFFIX)
        if NAME.fullmatch(name):
            known.setdefault(name, path)
    return known


def check_name(name: str, folder: Path | None = None) -> None:
    """Raises PacvizError for a name that a recording cannot have in a folder (the user's where None)."""
    if not NAME.fullmatch(name):
        raise PacvizError(f"name must be made of lower-case letters, digits, dots and dashes, got {name!r}.")
    if folder is None and (SHIPPED / f"{name}{SUFFIX}").exists():
        raise PacvizError(f"A recording {name!r} comes with pacviz; choose another name.")


def save(recording: Recording, name: str, folder: Path | None = None) -> Path:
    """Writes a recording under a name, to the user's folder where None; returns the file."""
    check_name(name, folder)
    path = (folder or user_folder()) / f"{name}{SUFFIX}"
    packed = gzip.compress(recording.to_json().encode(), mtime=0)
    store.write_atomic(path, lambda temporary: temporary.write_bytes(packed))
    return path


def read(path: Path) -> Recording:
    """The recording in a file; quick when it was read before.  Raises PacvizError where there is none."""
    return store.read(
        path, lambda path: _read(path, path.stat().st_mtime_ns), "a recording of heavy tails", "record it again"
    )


LARGEST = 50_000_000
"""Bytes of a recording when it is unpacked."""


@lru_cache(maxsize=8)
def _read(path: Path, modified: int) -> Recording:
    try:
        with gzip.open(path) as file:
            text = file.read(LARGEST + 1)
    except (OSError, EOFError) as error:
        raise store.Damaged(f"This is no packed recording ({store.cut(str(error), 160)}).") from error
    if len(text) > LARGEST:
        raise store.Damaged("This recording is larger than any that pacviz writes.")
    return Recording.from_json(text.decode("utf-8", "replace"))


def sound() -> dict[str, Recording]:
    """The recordings that can be read, by name; the others are set aside."""
    known = {}
    for name, path in available().items():
        with suppress(store.Damaged):
            known[name] = read(path)
    return known
