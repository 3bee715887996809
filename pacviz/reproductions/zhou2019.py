"""Published results made again, from random weights to a certificate: `python -m pacviz reproduce NAME`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacviz import data, store
from pacviz.certificates.certificate import Certificate, certify
from pacviz.certificates.choose import Option, choose, compressions
from pacviz.certificates.verify import pack
from pacviz.library.checkpoints import Checkpoint
from pacviz.literature.rows import KIB, ZHOU, Published
from pacviz.progress import Progress
from pacviz.scenario import Scenario
from pacviz.training.recipe import Training
from pacviz.training.sequence import part, train_all
from pacviz.words import at_most


@dataclass(frozen=True)
class Recipe:
    """How a published result is made again, and the row that it is held against.

    ladder: densities and the epochs towards each, from the one before; quick: shorter ones.  tuning: epochs in which
    codebooks are learned.
    """

    title: str
    published: Published
    model: str
    data: str
    method: str
    epochs: int
    ladder: tuple[tuple[float, int], ...]
    tuning: int

    def stages(self) -> tuple[Training, ...]:
        """A plain training, then a pruning towards each density, each starting from the one before."""
        stages = [Training.of("dense", model=self.model, data=self.data, name="plain", epochs=self.epochs)]
        for density, epochs in self.ladder:
            stages.append(
                Training.of(
                    self.method,
                    model=self.model,
                    data=self.data,
                    name=f"{self.method}-{100 * density:g}",
                    start=stages[-1].name,
                    density=density,
                    epochs=epochs,
                )
            )
        return tuple(stages)

    def tunings(self, best: Option, start: str) -> tuple[Training, ...]:
        """Codebooks learned for the network that was chosen: with fixed assignments, and straight through."""
        return tuple(
            Training.of(
                method,
                model=self.model,
                data=self.data,
                name=f"{self.method}-{method}",
                start=start,
                density=round(1 - best.scenario.sparsity, 6),
                bits=best.scenario.bits,
                epochs=self.tuning,
            )
            for method in ("codebook", "straight-through")
        )


LADDER = ((0.1, 3), (0.05, 3), (0.03, 3), (0.015, 4), (0.01, 4), (0.005, 8), (0.002, 16))
QUICK_LADDER = ((0.05, 2), (0.01, 3), (0.003, 6))
TITLE = "LeNet-5 by dynamic network surgery, codebook tuning and noise"

RECIPES = {
    "zhou2019-lenet5": Recipe(TITLE, ZHOU, "lenet5", "mnist", "surgery", 10, LADDER, 6),
}
QUICK = {
    "zhou2019-lenet5": Recipe(TITLE, ZHOU, "lenet5", "mnist", "surgery", 3, QUICK_LADDER, 1),
}
SHOWN = 12
"""How many of the compared scenarios are printed."""
CHOOSING = 8
"""Comparing by the bound takes about as long as so many epochs: for the progress."""
CANDIDATES = 3
"""How many of the sparsest networks are compared by their bounds."""


@dataclass(frozen=True)
class Reproduction:
    """What came of a recipe.

    options: every scenario that was compared, best first.  file: the certificate with the network.
    """

    recipe: Recipe
    options: tuple[Option, ...]
    certificate: Certificate
    file: Path

    @property
    def title(self) -> str:
        return self.recipe.title

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The published row and ours: sizes in bytes, errors and bound in [0, 1]; None where the paper says nothing."""
        published, measured = self.recipe.published, self.certificate.measurement
        return [
            {
                "result": published.source,
                "compressed": published.compressed,
                "effective": published.effective,
                "weights": None,
                "training error": None,
                "test error": None,
                "bound": published.bound,
            },
            {
                "result": "pacviz",
                "compressed": measured.code_bytes,
                "effective": self.certificate.effective_bytes,
                "weights": measured.nonzeros,
                "training error": self.certificate.risk.mean,
                "test error": self.certificate.test.mean,
                "bound": self.certificate.bound,
            },
        ]

    @property
    def table(self) -> str:
        """The rows, and the scenarios that were compared, for a person."""
        head = f"{'':28}{'compressed':>12}{'effective':>12}{'weights':>10}{'training':>10}{'test':>8}{'bound':>8}"
        lines = [head]
        for row in self.rows:
            weights = "" if row["weights"] is None else f"{row['weights']:,}"
            train, test = ("" if row[name] is None else f"{row[name]:.2%}" for name in ("training error", "test error"))
            lines.append(
                f"{row['result']:28}{row['compressed'] / KIB:8.2f} KiB{row['effective'] / KIB:8.2f} KiB"
                f"{weights:>10}{train:>10}{test:>8}{at_most(row['bound']):>8}"
            )
        lines += ["", "Compared by the bound (* estimated from draws that the certificate does not use):"]
        lines.append(f"{'':28}{'sparsity':>12}{'bits':>12}{'noise':>10}{'training':>10}{'bytes':>8}{'bound':>8}")
        for option in self.options[:SHOWN]:
            scenario = option.scenario
            lines.append(
                f"{scenario.checkpoint:28}{scenario.sparsity:12.2%}{scenario.bits:12}{scenario.noise:10.1%}"
                f"{option.train_error:10.2%}{option.effective_bytes:8,.0f}{at_most(option.bound):>8}{'*' * option.preview}"
            )
        return "\n".join(lines)


def recipe(name: str, quick: bool) -> Recipe:
    """The recipe of that name."""
    return (QUICK if quick else RECIPES)[name]


def reproduce(recipe: Recipe, folder: Path, progress: Progress) -> Reproduction:
    """Trains, prunes, tunes, chooses density, codebook and noise by the bound, and certifies.

    Everything lies in `folder`: a run that was stopped goes on where it was, one that ended is only read.
    Raises PacvizError where the data are missing or the folder holds trainings of another recipe.
    """
    dataset = data.load(recipe.data)
    store.require_writable(folder)
    stages = recipe.stages()
    epochs = sum(stage.epochs for stage in stages) + 2 * recipe.tuning
    share = sum(stage.epochs for stage in stages) / (epochs + CHOOSING)
    pruned = train_all(stages, dataset, folder, part(progress, 0.0, share))
    base = Scenario(model=recipe.model, data=recipe.data, sparsity=0.0, bits=1, noise=0.0)

    def points(weights: Sequence[Checkpoint]) -> list[tuple[Checkpoint, Scenario]]:
        return [(checkpoint, scenario) for checkpoint in weights for scenario in compressions(checkpoint, base)]

    middle = share + CHOOSING / 2 / (epochs + CHOOSING)
    compared = choose(points(pruned[-CANDIDATES:]), part(progress, share, middle))
    first, best = compared[0]
    last = 1 - CHOOSING / 2 / (epochs + CHOOSING)
    tuned = train_all(recipe.tunings(best, first.name), dataset, folder, part(progress, middle, last), first)
    compared += choose(points(tuned), part(progress, last, 1.0))
    compared.sort(key=lambda row: row[1].bound)
    weights, option = compared[0]
    certificate = certify(option.scenario, weights=weights)
    file = folder / f"{recipe.model}-{recipe.data}.pacviz"
    store.write_atomic(file, lambda path: path.write_bytes(pack(certificate, weights)))
    progress(1.0, "certified")
    return Reproduction(recipe, tuple(option for _, option in compared), certificate, file)
