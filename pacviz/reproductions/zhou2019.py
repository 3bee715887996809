"""Published results made again, from random weights to a certificate: `python -m pacviz reproduce NAME`."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pacviz import data, store
from pacviz.certificates.archive import Archive
from pacviz.certificates.certificate import Certificate, certify
from pacviz.certificates.choose import Option, choose, compressions
from pacviz.certificates.measure import RESULTS_FORMAT
from pacviz.certificates.verify import pack
from pacviz.device import one_thread
from pacviz.jobs.executors import HERE, run
from pacviz.jobs.units import Plan, Unit
from pacviz.literature.rows import KIB, ZHOU, Published
from pacviz.progress import Progress
from pacviz.reproductions.units import (
    TRAINING,
    checkpoint_of,
    file_of,
    file_text,
    hand_out,
    images,
    seconds,
    take_over,
    trained,
    training_units,
)
from pacviz.scenario import Scenario
from pacviz.training.recipe import Training
from pacviz.words import at_most


@dataclass(frozen=True)
class Recipe:
    """How a published result is made again, and the row that it is held against.

    ladder: densities and the epochs towards each, from the one before; quick: shorter ones.  tuning: epochs in which
    codebooks are learned.
    """

    name: str
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

    def plan(self) -> Plan:
        """What a recipe consists of: trainings, comparisons by the bound, and the certificate of the best.

        Raises PacvizError where the data are missing.
        """
        pruned = tuple(training_units(self.stages()).values())
        candidates = pruned[-CANDIDATES:]
        base = json.dumps([RESULTS_FORMAT, images(self.data)])

        def comparison(of: tuple[Unit, ...], what: str) -> Unit:
            arguments = {"model": self.model, "data": self.data}
            cost = seconds(self.model, CHOOSING * len(of))
            return Unit("comparison", base, what, f"{__name__}:compare", arguments, cost, of)

        first = comparison(candidates, f"compare {self.model} at {len(candidates)} densities")
        tuned = tuple(
            Unit(
                TRAINING,
                json.dumps([self.method, method, self.tuning, base]),
                f"tune the codebook of {self.model} by {method}",
                f"{__name__}:tune",
                {"method": method, "name": f"{self.method}-{method}", "epochs": self.tuning},
                round(Training.of("dense", model=self.model, data=self.data, epochs=self.tuning).estimate.seconds),
                (first, *candidates),
            )
            for method in TUNINGS
        )
        second = comparison(tuned, f"compare {self.model} with tuned codebooks")
        certificate = Unit(
            "certificate",
            base,
            f"certify the best {self.model}",
            f"{__name__}:certify_best",
            {},
            seconds(self.model, CERTIFYING),
            (first, second, *candidates, *tuned),
        )
        return Plan.of(f"reproduce {self.name}", (*pruned, first, *tuned, second, certificate))

    def reproduce(self, folder: Path, progress: Progress, on: str = HERE) -> Result:
        """Trains, prunes, tunes, chooses density, codebook and noise by the bound, and certifies.

        What comes of it lies in `folder`; a recipe that was stopped goes on where it was, one that ended is only read.
        on: who does the work (`jobs.executors`).  Raises PacvizError where the data are missing or the folder holds trainings
        of another self.
        """
        data.load(self.data, progress=progress)
        store.require_writable(folder)
        take_over(self.plan(), folder)
        wanted = self.plan()
        made = list(zip(wanted.units, run(wanted, on, progress), strict=True))
        hand_out([checkpoint_of(text) for unit, text in made if unit.kind == TRAINING], folder)
        compared = [option for unit, text in made if unit.kind == "comparison" for option in options(text)]
        content = file_of(made[-1][1])
        file = folder / f"{self.name}.pacviz"
        store.write_atomic(file, lambda path: path.write_bytes(content))
        certificate = Certificate.from_dict(dict(Archive.from_bytes(content).header["certificate"]))
        return Result(self, tuple(sorted(compared, key=lambda option: option.bound)), certificate, file)


LADDER = ((0.1, 3), (0.05, 3), (0.03, 3), (0.015, 4), (0.01, 4), (0.005, 8), (0.002, 16))
QUICK_LADDER = ((0.05, 2), (0.01, 3), (0.003, 6))
TITLE = "LeNet-5 by dynamic network surgery, codebook tuning and noise"

NAME = "zhou2019-lenet5"
RECIPES = {
    NAME: Recipe(NAME, TITLE, ZHOU, "lenet5", "mnist", "surgery", 10, LADDER, 6),
}
QUICK = {
    NAME: Recipe(NAME, TITLE, ZHOU, "lenet5", "mnist", "surgery", 3, QUICK_LADDER, 1),
}
SHOWN = 12
"""How many of the compared scenarios are printed."""
TUNINGS = ("codebook", "straight-through")
"""How codebooks are learned for the network that was chosen: with fixed assignments, and straight through."""
CHOOSING = 30
"""Comparing a network by the bound takes about as long as seeing all examples so many times, certifying one CERTIFYING."""
CERTIFYING = 2
CANDIDATES = 3
"""How many of the sparsest networks are compared by their bounds."""


@dataclass(frozen=True)
class Result:
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


def compare(arguments: Mapping[str, Any], progress: Progress, *texts: str) -> str:
    """The options of these networks, best first, as JSON: the work of a unit."""
    base = Scenario(**arguments, sparsity=0.0, bits=1, noise=0.0)
    weights = [checkpoint_of(text) for text in texts]
    points = [(checkpoint, scenario) for checkpoint in weights for scenario in compressions(checkpoint, base)]
    with one_thread():
        return json.dumps([dataclasses.asdict(option) for _, option in choose(points, progress)])


def options(text: str) -> list[Option]:
    """The inverse of what `compare` writes."""
    return [Option(**{**values, "scenario": Scenario(**values["scenario"])}) for values in json.loads(text)]


def tune(arguments: Mapping[str, Any], progress: Progress, compared: str, *texts: str) -> str:
    """Learns a codebook for the best of the networks that were compared: the work of a unit."""
    best = options(compared)[0].scenario
    start = next(one for one in map(checkpoint_of, texts) if one.name == best.checkpoint)
    density = round(1 - best.sparsity, 6)
    given = {"model": best.model, "data": best.data, "start": start.name, "density": density, "bits": best.bits}
    return trained(Training.of(**{**arguments, **given}), progress, start)


def certify_best(arguments: Mapping[str, Any], progress: Progress, first: str, second: str, *texts: str) -> str:
    """The certificate file of the best of all that was compared, as a text: the work of a unit."""
    best = min((*options(first), *options(second)), key=lambda option: option.bound).scenario
    weights = next(one for one in map(checkpoint_of, texts) if one.name == best.checkpoint)
    with one_thread():
        return file_text(pack(certify(best, progress=progress, weights=weights), weights))
