"""Recipes to a tight certificate: the trainings behind every recorded point of a family, and what becomes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacviz import data, store
from pacviz.certificates.archive import Made
from pacviz.certificates.certificate import Certificate, certify
from pacviz.certificates.verified import verify_here
from pacviz.certificates.verify import pack
from pacviz.library.checkpoints import Checkpoint
from pacviz.library.weights import Weights, scenario_of
from pacviz.progress import Progress
from pacviz.training.recipe import Training
from pacviz.training.sequence import part, train_all
from pacviz.words import at_most

TRAINING_SHARE = 0.95
"""The share of a recipe that training is taken for in its progress."""
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


def reproduce(recipe: Recipe, folder: Path, progress: Progress) -> Result:
    """Trains, certifies and keeps every target; the files of those that are certified lie in `folder` and among the points.

    A recipe that was stopped goes on where it was.  Raises PacvizError where the data are missing or the folder holds
    trainings with other settings.
    """
    dataset = data.load(recipe.targets[0].training.data)
    store.require_writable(folder)
    stages = (*recipe.starts, *(target.training for target in recipe.targets))
    trained = train_all(stages, dataset, folder, part(progress, 0.0, TRAINING_SHARE))
    results: list[tuple[Target, Certificate]] = []
    for index, (target, checkpoint) in enumerate(zip(recipe.targets, trained[len(recipe.starts) :], strict=True)):
        start, stop = (TRAINING_SHARE + (1 - TRAINING_SHARE) * (index + done) / len(recipe.targets) for done in (0, 1))
        certificate, content = certified(recipe, target, checkpoint, part(progress, start, stop))
        for place in (folder, store.cache_dir() / "tight"):
            _write(target.file(place), content)
        # What is shown as a result was verified from its file, this one too.
        verify_here(content, dataset)
        results.append((target, certificate))
    results.sort(key=lambda result: result[1].bound)
    progress(1.0, "certified")
    return Result(recipe, tuple(results), results[0][0].file(folder))


def _write(path: Path, content: bytes) -> None:
    store.write_atomic(path, lambda temporary: temporary.write_bytes(content))


def certified(recipe: Recipe, target: Target, checkpoint: Checkpoint, progress: Progress) -> tuple[Certificate, bytes]:
    """The certificate of a target and its file."""
    weights = Weights(checkpoint.model, checkpoint.matrices)
    scenario = scenario_of(weights, {"data": checkpoint.data, "bound": BOUND}, as_is=True)
    certificate = certify(scenario, progress=progress, weights=weights)
    made = Made(recipe.family, target.settings, f"python -m pacviz reproduce {recipe.name}")
    return certificate, pack(certificate, weights, made)
