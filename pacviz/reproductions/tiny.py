"""Recipes to a tight certificate: the trainings behind every recorded point of a family, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacviz import data, store
from pacviz.certificates.archive import Archive, Provenance
from pacviz.certificates.certificate import Certificate, certify
from pacviz.certificates.measure import RESULTS_FORMAT
from pacviz.certificates.verified import verify_here
from pacviz.certificates.verify import pack
from pacviz.device import one_thread
from pacviz.jobs.executors import HERE, run
from pacviz.jobs.units import Plan, Unit
from pacviz.library.weights import Weights, scenario_of
from pacviz.progress import Progress
from pacviz.reproductions.units import (
    checkpoint_of,
    file_of,
    file_text,
    hand_out,
    seconds,
    take_over,
    training_units,
)
from pacviz.training.recipe import Training
from pacviz.words import at_most

CERTIFYING = 2
"""Certifying takes about as long as seeing all examples so many times."""
BOUND = "occam"
"""Chosen before looking: the networks are deterministic, and this bound is the tightest for those."""


@dataclass(frozen=True)
class Target:
    """A network that is certified in the end.

    training: ends with its weights.  settings: what was set and may be compared, by name.
    """

    training: Training
    settings: Mapping[str, str | int | float]

    def file(self, folder: Path) -> Path:
        """Where its certificate file lies in a folder."""
        training = self.training
        return store.shelf(folder, training.data, training.model, training.name, suffix=".pacviz")


@dataclass(frozen=True)
class Recipe:
    """A published record and how it is met.

    source, bound, sizes: the published result; its points of the same bound as (training error, bytes).  family: of the
    points.  starts: trainings that the runs begin with.
    """

    name: str
    title: str
    source: str
    bound: float
    sizes: tuple[tuple[float, float], ...]
    family: str
    starts: tuple[Training, ...]
    targets: tuple[Target, ...]

    def plan(self) -> Plan:
        """What a recipe consists of: its trainings, and a certificate of each target.  Raises PacvizError without its data."""
        trainings = training_units((*self.starts, *(target.training for target in self.targets)))
        certificates = (
            Unit(
                "certificate",
                json.dumps([self.name, self.family, dict(target.settings), BOUND, RESULTS_FORMAT]),
                f"certify {target.training.model} {target.training.name}",
                f"{__name__}:certify_target",
                {"name": self.name, "family": self.family, "settings": dict(target.settings)},
                seconds(target.training.model, CERTIFYING),
                (trainings[target.training.model, target.training.name],),
            )
            for target in self.targets
        )
        return Plan.of(f"reproduce {self.name}", (*trainings.values(), *certificates))

    def reproduce(self, folder: Path, progress: Progress, on: str = HERE) -> Result:
        """Trains, certifies and keeps every target; the files of those that are certified lie in `folder` and among the points.

        A recipe that was stopped goes on where it was.  on: who does the work (`jobs.executors`).  Raises PacvizError where the
        data are missing or the folder holds trainings with other settings.
        """
        data.load(self.targets[0].training.data, progress=progress)
        store.require_writable(folder)
        take_over(self.plan(), folder)
        wanted = self.plan()
        texts = run(wanted, on, progress)
        trained = len(wanted.units) - len(self.targets)
        hand_out([checkpoint_of(text) for text in texts[:trained]], folder)
        results: list[tuple[Target, Certificate]] = []
        for target, content in zip(self.targets, map(file_of, texts[trained:]), strict=True):
            for place in (folder, store.cache_dir() / "tight"):
                _write(target.file(place), content)
            # What is shown as a result was verified from its file, this one too.
            verify_here(content)
            results.append((target, Certificate.from_dict(dict(Archive.from_bytes(content).header["certificate"]))))
        results.sort(key=lambda result: result[1].bound)
        return Result(self, tuple(results), results[0][0].file(folder))


@dataclass(frozen=True)
class Result:
    """What a recipe ended in.  results: every target with its certificate, the smallest bound first.  file: the first one's."""

    recipe: Recipe
    results: tuple[tuple[Target, Certificate], ...]
    file: Path

    @property
    def title(self) -> str:
        return self.recipe.title

    @property
    def certificate(self) -> Certificate:
        """The best."""
        return self.results[0][1]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The published points and ours: sizes in bytes, errors and bounds in [0, 1]; None where nothing is printed."""
        published = [
            {
                "result": self.recipe.source,
                "bytes": size,
                "training error": error,
                "test error": None,
                "bound": self.recipe.bound,
            }
            for error, size in self.recipe.sizes
        ]
        return published + [
            {
                "result": f"{target.training.model} {target.training.name}",
                "bytes": certificate.effective_bytes,
                "training error": certificate.risk.upper,
                "test error": certificate.test.mean,
                "bound": certificate.bound,
            }
            for target, certificate in self.results
        ]

    @property
    def table(self) -> str:
        """The rows for a person."""
        lines = [f"{'':28}{'bytes':>8}{'training':>10}{'test':>8}{'bound':>8}"]
        for row in self.rows:
            test = "" if row["test error"] is None else f"{row['test error']:.2%}"
            lines.append(
                f"{row['result']:28}{row['bytes']:8,.0f}{row['training error']:10.2%}{test:>8}{at_most(row['bound']):>8}"
            )
        return "\n".join(lines)


def certify_target(arguments: Mapping[str, Any], progress: Progress, trained: str) -> str:
    """The certificate file of a target as a text: the work of a unit of `plan`."""
    checkpoint = checkpoint_of(trained)
    weights = Weights(checkpoint.model, checkpoint.matrices)
    scenario = scenario_of(weights, {"data": checkpoint.data, "bound": BOUND}, as_is=True)
    with one_thread():
        certificate = certify(scenario, progress=progress, weights=weights)
    provenance = Provenance(
        arguments["family"], arguments["settings"], f"python -m pacviz reproduce {arguments['name']}"
    )
    return file_text(pack(certificate, weights, provenance))


def _write(path: Path, content: bytes) -> None:
    store.write_atomic(path, lambda temporary: temporary.write_bytes(content))
